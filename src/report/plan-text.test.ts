import { describe, expect, it } from 'vitest';
import { NO_FINDINGS } from '../core/findings.ts';
import type { PlanItem, PlanProject, PlanSummary } from '../core/plan.ts';
import { TERMINAL_PAINT } from './paint.ts';
import { planRowsTable } from './plan-rows-text.ts';
import { planHeadline, projectLines } from './plan-text.ts';
import { displayWidth } from './safe-text.ts';

const DECIDED_AT = Date.parse('2026-05-04T03:30:03.000Z');

const IN_FULL: PlanProject = {
  projectId: 1234,
  listed: 454,
  total: 454,
  kept: 412,
  held: 3,
  unknown: 3,
  planned: 36,
  incomplete: undefined,
};
const PROJECT: PlanProject = { ...IN_FULL, sampled: { claimed: 1584 } };

const PLAN: PlanSummary = {
  planId: 'plan-8h3v5t0c2wqa',
  policy: 'support-chats',
  policyHash: 'a'.repeat(64),
  account: 'https://app.customgpt.ai team:7',
  policyPath: '/policies/support.yaml',
  mode: 'enforce',
  decidedAt: DECIDED_AT,
  expiresAt: DECIDED_AT + 7 * 86_400_000,
  status: 'open',
  projects: [PROJECT],
  findings: NO_FINDINGS,
  requestsUsed: 14,
  fingerprint: 'b'.repeat(64),
  fileHash: undefined,
  deferred: 0,
};

const COST = { requests: 12_345, seconds: 12_360, requestsPerMinute: 60 } as const;
const WORDS = { cost: COST, breaches: [] };

const ITEM: PlanItem = {
  ordinal: 1,
  projectId: 1234,
  sessionId: 'f3b1c2d4-0000-4000-8000-000000000001',
  seen: { name: 'test-1', createdAt: 1, updatedAt: undefined, createdBy: '4711' },
  seenAt: DECIDED_AT,
  verdict: 'delete',
  rule: 'idle',
  reason: 'rule idle matches',
  ageDays: 412,
  lastMessageAt: undefined,
  lastMessageReadAt: undefined,
};

describe('planHeadline', () => {
  it('says what would be deleted, what it costs, and how to apply it', () => {
    expect(planHeadline(PLAN, WORDS)).toEqual([
      'Plan plan-8h3v5t0c2wqa of policy support-chats, mode enforce',
      'Decided 2026-05-04 03:30:03, to be applied until 2026-05-11 03:30:03 (UTC)',
      '',
      'PROJECT          LISTED      TOTAL  WOULD DELETE     HELD  UNKNOWN       KEPT',
      '1234                454      1,584            36        3        3        412',
      '1,130 newer conversations were not listed, because no rule can reach that far; all of that stays.',
      'Order sampled in 1 project: 454 read, two later pages looked at; percentages are of what was read.',
      '',
      'Would delete 36 conversations; 418 stay (3 held, 3 unknown and 412 kept). Nothing has been deleted.',
      'Applying it takes about 12,345 requests, about 3 h 26 min at 60 a minute.',
      'Apply it: customgpt-retention apply plan-8h3v5t0c2wqa',
    ]);
  });

  it.each([
    ['applied', 'applied since'],
    ['expired', 'expired 2026-05-11 03:30:03'],
  ] as const)('says of a plan that is %s that names go, and no longer how long it lasts', (status, words) => {
    expect(planHeadline({ ...PLAN, status }, WORDS).slice(1, 3)).toEqual([
      `Decided 2026-05-04 03:30:03, ${words} (UTC)`,
      'Names of conversations are removed once a plan can no longer be applied.',
    ]);
  });

  it('says when in the zone of its reader', () => {
    expect(planHeadline(PLAN, { ...WORDS, timeZone: 'Europe/Berlin' })[1]).toBe(
      'Decided 2026-05-04 05:30:03, to be applied until 2026-05-11 05:30:03 (Europe/Berlin)',
    );
  });

  it('says how much a run would leave to later ones', () => {
    const breaches = [{ limit: 'max_deletions', wanted: 36, allowed: 10, projectId: undefined }] as const;
    const deferral = { room: 10, deferred: 26, breaches };
    const commandLine = (words: string): string => `<${words}>`;
    expect(planHeadline(PLAN, { ...WORDS, deferral, commandLine }).slice(-2)).toEqual([
      'A run would delete the 10 oldest and leave 26 to later runs: max_deletions allows 10, the plan has 36.',
      'Apply it: <apply plan-8h3v5t0c2wqa>',
    ]);
  });

  it('names the limit that would refuse it', () => {
    const breaches = [{ limit: 'max_deletions', wanted: 36, allowed: 10, projectId: undefined }] as const;
    const lines = planHeadline(PLAN, { cost: { ...COST, requestsPerMinute: 'unlimited' }, breaches });
    expect(lines.slice(-3)).toEqual([
      'Applying it takes about 12,345 requests, about 3 h 26 min with no pace set.',
      'A limit would refuse this plan: max_deletions allows 10, the plan has 36.',
      'Apply it anyway: customgpt-retention apply plan-8h3v5t0c2wqa --override-limits --by WHO --reason TEXT',
    ]);
  });

  it.each([
    [{ status: 'applied' }, 'It was applied already; a plan is applied once.'],
    [
      { status: 'expired' },
      'It has expired. Make a new one: customgpt-retention plan --policy support-chats',
    ],
    [{ projects: [] }, 'There is nothing to apply.'],
  ] as const)('ends %o with %j', (change, last) => {
    expect(planHeadline({ ...PLAN, ...change }, WORDS).at(-1)).toBe(last);
  });

  it('leaves out a time that is not known', () => {
    const lines = planHeadline(PLAN, { ...WORDS, cost: { ...COST, requests: 1, seconds: 0 } });
    expect(lines).toContain('Applying it takes about 1 request at 60 a minute.');
  });

  it('is silent about a cost that is not known', () => {
    const lines = planHeadline(PLAN, { cost: undefined, breaches: [] });
    expect(lines.filter((line) => line.startsWith('Applying'))).toEqual([]);
  });
});

describe('projectLines', () => {
  it('warns of an incomplete project, in harmless text', () => {
    const incomplete = 'page 4 of 8\n\u001b[2J is short';
    const lines = projectLines([{ ...PROJECT, total: 454, planned: 0, incomplete }]);
    expect(lines.slice(2)).toEqual([
      'Project 1234 is incomplete (page 4 of 8\\n\\e[2J is short): nothing of it is deleted.',
    ]);
  });

  it('leaves out quiet projects of a long list', () => {
    const quiet = Array.from({ length: 30 }, (_, index) => ({
      ...IN_FULL,
      projectId: index,
      listed: 1,
      total: 1,
      kept: 1,
      held: 0,
      unknown: 0,
      planned: 0,
    }));
    expect(projectLines(quiet.slice(0, 20))).toHaveLength(21);
    const lines = projectLines([...quiet, IN_FULL]);
    expect(lines).toHaveLength(3);
    expect(lines[2]).toBe('… and 30 projects where all that was listed is kept (30).');
  });

  it('says when no project falls under the policy', () => {
    expect(projectLines([])).toEqual(['No project falls under this policy.']);
  });
});

describe('planRowsTable', () => {
  it('shows one row a conversation within 80 columns, whatever it is called', () => {
    const names = ['会议记录'.repeat(20), '\u202e\u001b[31mevil\n', 'x'.repeat(500), undefined, 'สวัสดี', ''];
    const items = names.map((name) => ({ ...ITEM, seen: { ...ITEM.seen, name } }));
    const lines = planRowsTable(items, { header: true }).split('\n');
    expect(lines).toHaveLength(names.length + 1);
    for (const line of lines) expect(displayWidth(line)).toBeLessThanOrEqual(80);
    expect(lines[2]).toBe(
      String.raw`1234     f3b1c2d4   412 d  would delete  rule idle               \u202e\e[31mev…`,
    );
    expect(lines[4]).toContain('(no name)');
  });

  it('says nothing of names that were removed', () => {
    const rows = [{ ...ITEM, seen: { ...ITEM.seen, name: undefined } }];
    expect(planRowsTable(rows, { header: false })).toMatch(/\(no name\)$/);
    expect(planRowsTable(rows, { header: false, isScrubbed: true })).toMatch(/rule idle$/);
  });

  it('colours the verdict alone, and moves nothing by it', () => {
    const verdicts = (['delete', 'keep', 'held', 'unknown'] as const).map((verdict) => ({
      ...ITEM,
      verdict,
    }));
    const plain = planRowsTable(verdicts, { header: true });
    const coloured = planRowsTable(verdicts, { header: true, paint: TERMINAL_PAINT });
    expect(coloured.replaceAll(/\u001b\[\d+m/g, '')).toBe(plain);
    expect(coloured.match(/\u001b\[\d+m[a-z ]+\u001b\[\d+m/g)).toEqual([
      '\u001b[31mwould delete\u001b[39m',
      '\u001b[2mkeep\u001b[22m',
      '\u001b[36mheld\u001b[39m',
      '\u001b[33munknown\u001b[39m',
    ]);
  });

  it('uses the width that the terminal has, and from 120 columns on has room for whole ids', () => {
    const id = ITEM.sessionId ?? '';
    for (const columns of [60, 80, 119, 120, 200]) {
      const [head = '', line = ''] = planRowsTable(
        [{ ...ITEM, seen: { ...ITEM.seen, name: 'x'.repeat(500) } }],
        {
          header: true,
          columns,
        },
      ).split('\n');
      expect(displayWidth(line)).toBe(Math.max(80, columns));
      expect(line.includes(id)).toBe(columns >= 120);
      expect(line).toContain(id.slice(0, 8));
      expect(head.indexOf('NAME')).toBe(line.indexOf('xxx'));
    }
  });

  it('never calls a planned deletion deleted, and wraps a long reason', () => {
    const reason = "rule idle needs its newest message's date, which is unknown";
    const table = planRowsTable(
      [
        ITEM,
        {
          ...ITEM,
          verdict: 'unknown',
          ageDays: null,
          reason,
          sessionId: null,
          seen: { ...ITEM.seen, name: undefined },
        },
      ],
      { header: false },
    );
    expect(table.split('\n')).toEqual([
      '1234     f3b1c2d4   412 d  would delete  rule idle               test-1',
      '1234     (none)         ?  unknown       rule idle needs its     (no name)',
      "                                         newest message's date,",
      '                                         which is unknown',
    ]);
  });
});
