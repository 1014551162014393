import { describe, expect, it } from 'vitest';
import type { RunRecord } from '../core/run.ts';
import { deletionsIn } from './deletion-proof.ts';
import {
  AT,
  HEAD,
  idOf,
  INCOMPLETE,
  PARTIAL,
  RUN,
  sample,
  verified,
} from '../../test/support/run-samples.ts';
import { outcomeRows, runDetail, runsTable, runSummary } from './run-text.ts';

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
      '1 already gone: not deleted by us, and no longer visible to this key.',
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
      '4 skipped, because a hold covers them now: decided anew in the next run.',
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
    ['held', 'a hold covers it now', 'a hold covers them now'],
    ['kept', 'a rule keeps it now', 'a rule keeps them now'],
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
  });

  it.each([
    ['enforce', 'dry-run', 'dry-run, applied by command'],
    ['dry-run', 'dry-run', 'dry-run, applied by command'],
    ['enforce', 'enforce', 'enforce'],
  ] as const)('shows a run in mode %s with a plan in mode %s as %s', (mode, planMode, words) => {
    const { plan, ...report } = sample({ run: { mode } });
    const applied = { ...report, plan: plan && { ...plan, mode: planMode } };
    expect(runDetail(applied, [])).toContain(`Policy mode ${words}`);
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
    [{ status: 'failed' }, [], 'The run failed. Nothing is verified as deleted. 2 DELETEs were sent.'],
    [
      { status: 'failed', requests: { ...RUN.requests, delete: 0 } },
      [],
      'The run failed. No DELETE was sent.',
    ],
    [
      { status: 'interrupted' },
      [verified(1)],
      'The run was interrupted. Deleted 1 of 2 planned conversations before that. 2 DELETEs were sent.',
    ],
    [
      { status: 'running', endedAt: undefined },
      [],
      'The run is under way. Nothing is verified as deleted. 2 DELETEs were sent.',
    ],
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
    expect(lines.join('\n')).toMatch(/\nPROJECT +LISTED +TOTAL +PLANNED /);
    expect(lines.slice(-rows.length)).toEqual(rows);
    expect(lines.join('\n')).not.toContain('customgpt-retention runs');
    for (const line of rows) expect(line.length).toBeLessThanOrEqual(80);
  });

  it('shows times in the zone of its reader', () => {
    const alike = { status: 'running', endedAt: undefined, asBefore: 1, alikeSince: AT } as const;
    const report = sample({ run: alike, events: [] });
    const timeZone = 'Europe/Berlin';
    expect(runsTable([report], { timeZone }).split('\n')).toEqual([
      'RUN               STARTED           STATUS       DELETED        POLICY',
      '                  (Europe/Berlin)',
      'run-4k2m9x7q1bzd  2026-05-05 01:59  running      0 of 2         support-chats',
    ]);
    expect(runsTable([report], { timeZone: 'America/Los_Angeles' })).toMatch(
      /STARTED .*\n {18}\(America\/\n {18}Los_Angeles\)\n.* 2026-05-04 16:59 /,
    );
    const started = '2026-05-05 01:59:50 Europe/Berlin';
    expect(runSummary(report, { timeZone })).toContain(`8 requests, since ${started}`);
    expect(runSummary(report, { timeZone })).toContain('It ended as the run before did, since 2026-05-05.');
    const lines = runDetail(report, [], { timeZone });
    expect(lines).toContain(`Started     ${started}`);
    expect(lines).toContain('Trigger     schedule, slot 2026-05-05 01:59:49 Europe/Berlin');
  });

  it('shows a run that never planned', () => {
    const run = { status: 'failed', slotAt: undefined, endedAt: undefined, requests: undefined } as const;
    const lines = runDetail({ ...sample({ run, events: [] }), plan: undefined }, []);
    expect(lines).toContain('Ended       not yet');
    expect(lines.at(-1)).toBe('No DELETE was sent for any conversation.');
  });
});
