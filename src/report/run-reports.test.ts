import { describe, expect, it } from 'vitest';
import { NO_FINDINGS } from '../core/findings.ts';
import type { AuditEntry, AuditEvent, Fact } from '../core/audit-entry.ts';
import { formatInstant } from '../core/instant.ts';
import { LastOutcomes } from '../core/last-outcomes.ts';
import type { PlanItem, PlanProject, PlanSummary } from '../core/plan.ts';
import { runCountsOf, type RunRecord } from '../core/run.ts';
import { deletionsIn } from './deletion-proof.ts';
import { runReportHtml, type RunReport } from './run-html.ts';
import { outcomeRows, runDetail, runsTable, runSummary } from './run-text.ts';

const AT = Date.parse('2026-05-04T23:59:50.000Z');
const HEAD = 'c'.repeat(64);

const RUN: RunRecord = {
  runId: 'run-4k2m9x7q1bzd',
  policy: 'support-chats',
  policyHash: 'a'.repeat(64),
  mode: 'enforce',
  trigger: 'schedule',
  slotAt: AT - 214,
  planId: 'plan-8h3v5t0c2wqa',
  status: 'completed',
  startedAt: AT,
  endedAt: AT + 65_000,
  requests: { list: 2, messages: 0, calibrate: 0, delete: 2, verify: 3, control: 1, account: 0 },
  auditHead: HEAD,
  problem: undefined,
  warnings: [],
  asBefore: 0,
};

const CONTROL = {
  request: 'GET /api/v1/projects/7/conversations?page=1',
  status: 200,
  at: formatInstant(AT + 3_000),
};
const PROOF = {
  attempts: 1,
  requested_at: formatInstant(AT + 1_000),
  delete_status: 200,
  verify_status: 404,
  verified_at: formatInstant(AT + 11_512),
  control: CONTROL,
  evidence: 2,
};

interface Sample {
  readonly planned?: number;
  readonly run?: Partial<RunRecord>;
  readonly events?: readonly (readonly [AuditEvent, string | null, { readonly [key: string]: Fact }])[];
  readonly projects?: readonly PlanProject[];
  readonly others?: readonly Partial<PlanItem>[];
}

const idOf = (index: number): string => `f3b1c2d4-0000-4000-8000-${String(index).padStart(12, '0')}`;

const verified = (index: number): readonly [AuditEvent, string, { readonly [key: string]: Fact }] => [
  'deletion.verified',
  idOf(index),
  PROOF,
];

function itemOf(index: number, change: Partial<PlanItem> = {}): PlanItem {
  return {
    ordinal: index,
    projectId: 7,
    sessionId: idOf(index),
    seen: { name: 'Divorce of Ms Miller', createdAt: AT, updatedAt: AT, createdBy: 'user-4711' },
    seenAt: AT,
    verdict: 'delete',
    rule: 'idle',
    reason: 'rule idle matches',
    ageDays: 91,
    lastMessageAt: undefined,
    lastMessageReadAt: undefined,
    ...change,
  };
}

function sample({ planned = 2, run = {}, events, projects, others = [] }: Sample = {}): RunReport {
  const entries = (events ?? [verified(1), verified(2)]).map(
    ([event, sessionId, facts], index): AuditEntry => ({
      seq: index + 1,
      time: formatInstant(AT + index),
      event,
      run_id: RUN.runId,
      policy: RUN.policy,
      policy_hash: RUN.policyHash,
      rule: sessionId === null ? null : 'idle',
      project_id: 7,
      session_id: sessionId,
      ...facts,
      prev: '0'.repeat(64),
      hash: HEAD,
    }),
  );
  const project = { projectId: 7, listed: planned + 10, total: planned + 10, kept: 10, held: 0, unknown: 0 };
  const plan: PlanSummary = {
    planId: 'plan-8h3v5t0c2wqa',
    policy: RUN.policy,
    policyHash: RUN.policyHash,
    account: 'https://app.customgpt.ai team:7',
    policyPath: '/policies/support.yaml',
    mode: 'enforce',
    decidedAt: AT,
    expiresAt: AT,
    status: 'applied',
    projects: projects ?? [{ ...project, planned, incomplete: undefined }],
    findings: NO_FINDINGS,
    requestsUsed: 2,
    fingerprint: 'b'.repeat(64),
    fileHash: undefined,
    deferred: 0,
  };
  const last = new LastOutcomes();
  deletionsIn(entries).forEach(({ outcome }, index) => {
    last.take({ projectId: 1, sessionId: String(index) }, `deletion.${outcome}`, undefined);
  });
  return {
    title: 'Deletion report',
    run: { ...RUN, ...run },
    counts: runCountsOf(plan, last.outcomes().counts),
    plan,
    items: [
      ...Array.from({ length: planned }, (_, index) => itemOf(index + 1)),
      ...others.map((change, index) => itemOf(planned + index + 1, change)),
    ],
    entries,
    generatedAt: AT + 100_000,
    auditHead: { seq: 12_345, hash: 'd'.repeat(64) },
    policyWords: ['Rule 1, idle, deletes <b>old</b> conversations.'],
  };
}

const PARTIAL: Sample = {
  planned: 6,
  run: { status: 'partial' },
  events: [
    ['deletion.intended', idOf(1), { attempt: 1 }],
    verified(1),
    ['deletion.already_gone', idOf(2), { found_by: 'recheck', control: CONTROL, evidence: 2 }],
    [
      'deletion.unverified',
      idOf(3),
      { delete_status: 202, requested_at: PROOF.requested_at, reason: 'it still answers' },
    ],
    [
      'deletion.failed',
      idOf(4),
      { attempts: 3, delete_status: null, requested_at: PROOF.requested_at, reason: 'not carried out' },
    ],
    ['deletion.skipped', idOf(5), { reason: 'renamed since the plan' }],
    ['deletion.intended', idOf(6), { attempt: 1 }],
  ],
};

const INCOMPLETE: PlanProject = {
  projectId: 9,
  listed: 300,
  total: 800,
  kept: 0,
  held: 0,
  unknown: 300,
  planned: 0,
  incomplete: 'page 4 of 8 is short',
};

describe('deletionsIn', () => {
  it('keeps the last outcome of each conversation, and an intent only where there is none', () => {
    const { entries } = sample({
      events: [
        verified(1),
        ['deletion.unverified', idOf(1), { reason: 'it answers again after its 404' }],
        ['deletion.intended', idOf(1), {}],
        ['deletion.intended', idOf(2), {}],
        ['run.completed', null, {}],
      ],
    });
    expect(deletionsIn(entries).map(({ sessionId, outcome }) => [sessionId, outcome])).toEqual([
      [idOf(1), 'unverified'],
      [idOf(2), 'open'],
    ]);
  });

  it('takes a control only when it is whole', () => {
    const { entries } = sample({ events: [['deletion.verified', idOf(1), { control: { status: 200 } }]] });
    expect(deletionsIn(entries)[0]?.control).toBeUndefined();
  });
});

describe('runSummary', () => {
  it('calls verified conversations deleted', () => {
    expect(runSummary(sample())).toEqual([
      'run-4k2m9x7q1bzd of policy support-chats: completed',
      'Deleted 2 conversations, each one proven gone.',
      'Listed 12 conversations: 2 planned, 0 held, 0 unknown and 10 kept.',
      '8 requests, 1 min 5 s',
      `Audit head ${HEAD}`,
    ]);
  });

  it('says what is left of a partial run, and what becomes of it', () => {
    expect(runSummary(sample(PARTIAL)).slice(1, 7)).toEqual([
      'Deleted 1 of 6 planned conversations; 1 already gone, 1 unverified, 1 failed and 1 skipped.',
      '1 already gone: no longer visible to this key, and not by us.',
      '1 unverified, not proven gone: the next run looks again.',
      '1 failed, not carried out: tried again in the next run.',
      '1 skipped: decided anew in the next run.',
      '1 without an outcome: the next run settles or decides it anew.',
    ]);
    expect(runSummary(sample(PARTIAL)).at(-1)).toBe('See: customgpt-retention runs run-4k2m9x7q1bzd');
  });

  it('says why what was skipped was, each reason by itself', () => {
    const skipped = { stopped: 1, brake: 2, project: 3, held: 4, limit: 5, not_known: 6 };
    const counts = { ...sample(PARTIAL).counts, skipped: 22 };
    expect(
      runSummary({ ...sample(PARTIAL), counts, skipped }).filter((line) => /^\d+ skipped/.test(line)),
    ).toEqual([
      '1 skipped, because the run was stopped before its turn: decided anew in the next run.',
      '2 skipped, because too many in a row had failed by then: decided anew in the next run.',
      '3 skipped, because their project could not be worked on: decided anew in the next run.',
      '4 skipped, because a hold covers them by now: decided anew in the next run.',
      '5 skipped, because the limits left no room: decided anew in the next run.',
      '6 skipped, because nobody can tell what became of them: decided anew in the next run.',
      '1 skipped: decided anew in the next run.',
    ]);
  });

  it.each([
    ['stopped', 'the run was stopped before its turn', 'the run was stopped before their turn'],
    ['brake', 'too many in a row had failed by then', 'too many in a row had failed by then'],
    ['project', 'its project could not be worked on', 'their project could not be worked on'],
    ['elsewhere', 'another run was deleting it', 'another run was deleting them'],
    [
      'vanished',
      'it and many others are no longer visible to this key',
      'they and many others are no longer visible to this key',
    ],
    ['changed', 'it changed after the plan was made', 'they changed after the plan was made'],
    ['held', 'a hold covers it by now', 'a hold covers them by now'],
    ['kept', 'a rule keeps it by now', 'a rule keeps them by now'],
    ['limit', 'the limits left no room', 'the limits left no room'],
    ['not_known', 'nobody can tell what became of it', 'nobody can tell what became of them'],
    ['unreachable', 'the API could not be reached', 'the API could not be reached'],
    ['right', 'the key may not delete or read it', 'the key may not delete or read them'],
  ] as const)('says of one, and of two, why they were skipped: %s', (cause, one, two) => {
    const { counts, ...rest } = sample(PARTIAL);
    const lines = [1, 2].map((skipped) =>
      runSummary({ ...rest, counts: { ...counts, skipped }, skipped: { [cause]: skipped } }),
    );
    const then =
      cause === 'vanished'
        ? 'check what the key can see: later runs do not mention conversations that are not listed'
        : 'decided anew in the next run';
    expect(lines[0]).toContain(`1 skipped, because ${one}: ${then}.`);
    expect(lines[1]).toContain(`2 skipped, because ${two}: ${then}.`);
  });

  it('says what is deferred, and for how many runs', () => {
    const some = sample({ planned: 12, run: { runsRemaining: 5 } });
    const deferred = { ...some, counts: { ...some.counts, deferred: 10 } };
    expect(runSummary(deferred).slice(1, 3)).toEqual([
      'Deleted 2 conversations, each one proven gone.',
      '10 deferred, because the oldest come first: at least 5 more runs.',
    ]);
    const none = sample({ planned: 12, events: [], run: {} });
    expect(runSummary({ ...none, counts: { ...none.counts, deferred: 12 } }).slice(1, 3)).toEqual([
      'The limits leave no room for this run. Nothing was deleted.',
      '12 deferred, because the oldest come first: no run has room for them.',
    ]);
  });

  it.each([
    [1, 'It ended as the run before did, since 2026-05-01.'],
    [4, 'It ended as the last 4 runs did, since 2026-05-01.'],
  ])('says that it ended as %i before, in every report', (asBefore, sentence) => {
    const alike = { asBefore, alikeSince: AT - 3 * 86_400_000, warnings: ['Look at this.'] };
    const report = sample({ ...PARTIAL, run: { ...PARTIAL.run, ...alike } });
    for (const lines of [runSummary(report), runDetail(report, [])]) {
      expect(lines).toContain(sentence);
      expect(lines).toContain('Warning: Look at this.');
    }
    expect(runReportHtml(report)).toContain(`<li>${sentence}</li>`);
    expect(runReportHtml(report)).toContain('<li>Look at this.</li>');
  });

  it('repeats in each command what the user gave', () => {
    const refused = sample({ run: { status: 'refused', problem: 'no' }, events: [] });
    const commands = [
      ...runSummary(refused, { commandLine: (words) => `<${words}>` }),
      ...runDetail(refused, [], { commandLine: (words) => `<${words}>` }),
    ];
    expect(commands.filter((line) => line.includes('<'))).toEqual([
      'See: <runs run-4k2m9x7q1bzd>',
      ...Array.from({ length: 2 }, () => [
        'Look at its plan: <plan --show plan-8h3v5t0c2wqa>',
        'Apply it anyway: <apply plan-8h3v5t0c2wqa --override-limits --by WHO --reason TEXT>',
      ]).flat(),
    ]);
    expect(commands.join()).not.toContain('customgpt-retention');
    const page = runReportHtml({ ...sample(), commandLine: (words) => `${words} --state-dir elsewhere` });
    expect(page).toContain('<code>audit verify --state-dir elsewhere</code>');
  });

  it.each([
    ['enforce', 'dry-run', 'dry-run, applied by command'],
    ['dry-run', 'dry-run', 'dry-run, applied by command'],
    ['enforce', 'enforce', 'enforce'],
  ] as const)('shows a run in mode %s with a plan in mode %s as %s', (mode, planMode, words) => {
    const { plan, ...report } = sample({ run: { mode } });
    const applied = { ...report, plan: plan && { ...plan, mode: planMode } };
    expect(runDetail(applied, [])).toContain(`Policy mode ${words}`);
    expect(runReportHtml(applied)).toContain(`support-chats, mode ${words}`);
  });

  it('names the limit and the plan of a refused run', () => {
    const problem = 'max_deletions allows 1, the plan has 2';
    const lines = runSummary(sample({ run: { status: 'refused', problem }, events: [] }));
    expect(lines.slice(1, 3)).toEqual([
      'A limit refused this run before the first DELETE. Nothing was deleted.',
      `Why: ${problem}`,
    ]);
    expect(lines.slice(-2)).toEqual([
      'Look at its plan: customgpt-retention plan --show plan-8h3v5t0c2wqa',
      'Apply it anyway: customgpt-retention apply plan-8h3v5t0c2wqa --override-limits --by WHO --reason TEXT',
    ]);
  });

  it('names the first three reasons of a refusal, and where the others are', () => {
    const reasons = [1, 2, 3, 4, 5].map((id) => `max_percent allows 1 in project ${id}, the plan has 2`);
    const refused = sample({ run: { status: 'refused', problem: reasons.join('; ') }, events: [] });
    expect(runSummary(refused)[2]).toBe(
      `Why: ${reasons.slice(0, 3).join('; ')}; and 2 more: see customgpt-retention runs ${RUN.runId}`,
    );
    expect(runDetail(refused, [])).toContain(`Why: ${reasons.join('; ')}`);
  });

  it('cuts a long reason between two words, and only in the summary', () => {
    const problem = 'words of it '.repeat(200).trim();
    const failed = sample({ run: { status: 'failed', problem }, events: [] });
    expect(runSummary(failed)[2]).toMatch(/^Why: [wordsfit ]{980,995}(words|of|it) …$/);
    expect(runDetail(failed, [])).toContain(`Why: ${problem}`);
  });

  it('says of a dry run what it would delete, and how to apply it', () => {
    const dry = sample({ run: { mode: 'dry-run', requests: undefined }, events: [] });
    const plan = dry.plan === undefined ? undefined : { ...dry.plan, status: 'open' as const };
    const lines = runSummary({ ...dry, plan });
    expect(lines[1]).toBe('Would delete 2 conversations. A dry run: nothing was deleted.');
    expect(lines.at(-1)).toBe('Apply it: customgpt-retention apply plan-8h3v5t0c2wqa');
  });

  it('does not take the failed application of a dry-run policy for a dry run', () => {
    const lines = runSummary(
      sample({ run: { mode: 'dry-run', status: 'failed', problem: 'no' }, events: [] }),
    );
    expect(lines).toContain('2 without an outcome: the next run settles or decides them anew.');
  });

  it.each([
    [{ status: 'failed' }, [], 'The run failed. Nothing is verified as deleted.'],
    [
      { status: 'failed', requests: { ...RUN.requests, delete: 0 } },
      [],
      'The run failed. No DELETE was sent.',
    ],
    [
      { status: 'interrupted' },
      [verified(1)],
      'The run was interrupted. Deleted 1 of 2 planned conversations before that.',
    ],
    [{ status: 'running', endedAt: undefined }, [], 'The run is under way. Nothing is verified as deleted.'],
  ] as const)('%o', (run, events, sentence) => {
    expect(runSummary(sample({ run: run as Partial<RunRecord>, events }))[1]).toBe(sentence);
  });

  it('says when there was nothing to delete, and when a project is incomplete', () => {
    const report = sample({ planned: 0, run: { status: 'partial' }, events: [], projects: [INCOMPLETE] });
    expect(runSummary(report).slice(1, 3)).toEqual([
      'There was nothing to delete.',
      'Project 9 could not be listed in full (page 4 of 8 is short): nothing of it was deleted.',
    ]);
  });

  it('explains a partial run that has nothing else to explain it', () => {
    expect(runSummary(sample({ run: { status: 'partial' } }))).toContain(
      'What an earlier run began is still open: the next run looks again.',
    );
  });

  it('makes a problem harmless', () => {
    const lines = runSummary({
      ...sample({ run: { status: 'failed', problem: 'a\n\u001b[2Jb' } }),
      plan: undefined,
    });
    expect(lines).toContain('Why: a\\n\\e[2Jb');
  });
});

describe('runsTable and runDetail', () => {
  it('shows a run a line within 80 columns', () => {
    const dry = sample({ run: { mode: 'dry-run', requests: undefined }, events: [] });
    expect(runsTable([sample(), { run: dry.run, counts: dry.counts }]).split('\n')).toEqual([
      'RUN               STARTED (UTC)     STATUS       DELETED        POLICY',
      'run-4k2m9x7q1bzd  2026-05-04 23:59  completed    2 of 2         support-chats',
      'run-4k2m9x7q1bzd  2026-05-04 23:59  completed    dry run, 2     support-chats',
    ]);
    expect(runsTable([])).toBe('No run yet.');
  });

  it('shows each conversation with its proof or the reason', () => {
    const report = sample(PARTIAL);
    const rows = outcomeRows(report.entries).split('\n');
    expect(rows[1]).toBe(`verified      7        ${idOf(1)}  DELETE 200, GET 404`);
    expect(rows.join(' ')).toContain('renamed since the');
    const lines = runDetail(report, report.entries);
    expect(lines).toContain('Requests    2 list, 2 delete, 3 verify, 1 control');
    expect(lines.slice(-rows.length)).toEqual(rows);
    expect(lines.join('\n')).not.toContain('customgpt-retention runs');
    for (const line of rows) expect(line.length).toBeLessThanOrEqual(80);
  });

  it('shows times in the zone of its reader', () => {
    const alike = { status: 'running', endedAt: undefined, asBefore: 1, alikeSince: AT } as const;
    const report = sample({ run: alike, events: [] });
    const timeZone = 'Europe/Berlin';
    expect(runsTable([report], timeZone).split('\n')).toEqual([
      'RUN               STARTED           STATUS       DELETED        POLICY',
      '                  (Europe/Berlin)',
      'run-4k2m9x7q1bzd  2026-05-05 01:59  running      0 of 2         support-chats',
    ]);
    expect(runsTable([report], 'America/Los_Angeles')).toMatch(
      /STARTED .*\n {18}\(America\/\n {18}Los_Angeles\)\n.* 2026-05-04 16:59 /,
    );
    const started = '2026-05-05 01:59:50 Europe/Berlin';
    expect(runSummary(report, { timeZone })).toContain(`8 requests, since ${started}`);
    expect(runSummary(report, { timeZone })).toContain('It ended as the run before did, since 2026-05-05.');
    const lines = runDetail(report, [], { timeZone });
    expect(lines).toContain(`Started     ${started}`);
    expect(lines).toContain('Trigger     schedule, slot 2026-05-05 01:59:49 Europe/Berlin');
    expect(runReportHtml(report)).toContain('2026-05-04 23:59:50 UTC');
  });

  it('shows a run that never planned', () => {
    const run = { status: 'failed', slotAt: undefined, endedAt: undefined, requests: undefined } as const;
    const lines = runDetail({ ...sample({ run, events: [] }), plan: undefined }, []);
    expect(lines).toContain('Ended       not yet');
    expect(lines.at(-1)).toBe('No DELETE was sent for any conversation.');
  });
});

describe('runReportHtml', () => {
  it('is a page of its own: no script, nothing from outside, a policy that forbids both', () => {
    const page = runReportHtml(sample(PARTIAL));
    expect(page).toMatch(/^<!doctype html>\s*<html lang="en">/);
    expect(page).toContain(`content="default-src 'none'; style-src 'unsafe-inline'"`);
    expect(page).not.toMatch(/<script|<link|<img|src=|url\(|@import|href=/i);
  });

  it('never holds a name or a user', () => {
    const others = [{ verdict: 'held' as const, rule: null, reason: 'held for case 17' }];
    const page = runReportHtml(sample({ ...PARTIAL, others }));
    expect(page).not.toContain('Miller');
    expect(page).not.toContain('4711');
    expect(page).toContain('held for case 17');
  });

  it('proves each deletion: DELETE, follow-up and fresh listing, each with its instant', () => {
    const page = textOf(runReportHtml(sample()));
    expect(page).toContain(
      `${idOf(1)} idle 91 d 200 23:59:51.000 404 2026-05-05 00:00:01.512 200 23:59:53.000`,
    );
    expect(page).toContain(
      'Project 7, 2 conversations; fresh listing by GET /api/v1/projects/7/conversations?page=1',
    );
    expect(page).toContain(`entry 12,345, ${'d'.repeat(64)}`);
    expect(page).not.toContain('Please note');
  });

  it('says why the rest is not deleted, and shows every second attempt and later settlement', () => {
    const settled = { ...PROOF, delete_status: null, settled_by: 'run-later' };
    const page = textOf(
      runReportHtml(
        sample({ ...PARTIAL, events: [...(PARTIAL.events ?? []), ['deletion.verified', idOf(6), settled]] }),
      ),
    );
    expect(page).toContain(`${idOf(5)} skipped renamed since the plan idle not sent –`);
    expect(page).toContain(
      `${idOf(2)} already gone no longer visible to this key, and not by us idle not sent –`,
    );
    expect(page).toContain('unanswered 23:59:51.000 attempt 3');
    expect(page).toContain('settled by run-later');
    expect(page).toContain('Please note');
  });

  it('warns of incomplete projects, overridden limits and missing confirmations', () => {
    const page = textOf(
      runReportHtml(
        sample({
          run: { status: 'partial' },
          projects: [INCOMPLETE],
          events: [
            ['limits.overridden', null, { by: 'Ada', reason: '<i>audit</i>' }],
            ['listing.incomplete', null, { phase: 'plan', reason: 'told by the plan' }],
            ['listing.incomplete', null, { phase: 'confirm', reason: 'timeout' }],
            ['run.completed', null, { unconfirmed: [7] }],
          ],
        }),
      ),
    );
    expect(page).toContain('Project 9 could not be listed in full (page 4 of 8 is short)');
    expect(page).toContain('overridden by Ada; reason given: &#60;i&#62;audit');
    expect(page).toContain('Project 7 could not be listed again at the end: timeout.');
    expect(page).toContain('No fresh listing of project 7');
    expect(page).not.toContain('told by the plan');
    expect(page).toContain('its project could not be listed in full unknown 300');
  });

  it('shows a refused run in red, with the plan that nobody applied', () => {
    const problem = 'max_deletions allows 1, the plan has 2';
    const page = runReportHtml(sample({ run: { status: 'refused', problem }, events: [] }));
    expect(page).toContain('class="note bad"');
    expect(textOf(page)).toContain(
      `The reason: ${problem}. No DELETE was sent; the plan is kept as plan-8h3v5t0c2wqa.`,
    );
    expect(textOf(page)).toContain('No conversation was deleted in this run.');
  });

  it('says what is proven by an earlier rule', () => {
    const old = sample({ events: [['deletion.verified', idOf(1), { ...PROOF, evidence: null }]] });
    expect(textOf(runReportHtml(old))).toContain('200 23:59:53.000, by an earlier rule');
    expect(outcomeRows(old.entries).replace(/\s+/g, ' ')).toContain(
      'DELETE 200, GET 404, by an earlier rule',
    );
  });

  it('renders a run without plan, requests, end, head or words', () => {
    const run = { status: 'running', requests: undefined, endedAt: undefined, auditHead: undefined } as const;
    const bare = sample({ run, planned: 0, events: [], projects: [] });
    const page = textOf(
      runReportHtml({ ...bare, plan: undefined, auditHead: undefined, policyWords: [], items: [] }),
    );
    expect(page).toContain('No project fell under the policy.');
    expect(page).not.toContain('The policy in words');
  });

  it('escapes whatever comes from outside', () => {
    const hostile = '<script>alert(1)</script>';
    const others = [{ verdict: 'unknown' as const, reason: hostile, sessionId: null, ageDays: null }];
    const page = runReportHtml({ ...sample({ others }), title: hostile });
    expect(page).not.toContain('<script');
    expect(page).toContain('&#60;b&#62;old');
    expect(page).toContain('no usable id');
  });

  it('cuts a table of ten thousand rows and says where the rest is', () => {
    const events = Array.from({ length: 10_000 }, (_, index) => verified(index + 1));
    const page = runReportHtml(sample({ planned: 10_000, events }));
    expect(page.match(/<tr>/g)?.length).toBeLessThan(5_100);
    expect(textOf(page)).toContain(
      '… and 5,000 more: customgpt-retention audit export --run run-4k2m9x7q1bzd.',
    );
  });

  it('has a caption for every table, scoped headings, and no id twice', () => {
    const others = [{ verdict: 'unknown' as const }];
    const page = runReportHtml(sample({ ...PARTIAL, others }));
    expect(page.match(/<table>/g)?.length).toBe(6);
    expect(page.match(/<caption /g)?.length).toBe(6);
    expect(page).not.toMatch(/<th(?![^>]*scope=)[ >]/);
    const ids = [...page.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const [, id] of page.matchAll(/aria-labelledby="([^"]+)"/g)) expect(ids).toContain(id);
  });
});

/** What a reader sees, blanks collapsed. */
function textOf(page: string): string {
  return page
    .replace(/<style>[^]*<\/style>/, '')
    .replaceAll(/<(?:td|th|li|dd|dt|p|tr|caption)\b[^>]*>/g, ' ')
    .replaceAll(/<[^>]+>/g, '')
    .replaceAll(/\s+/g, ' ');
}
