import { createHash } from 'node:crypto';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import {
  addConversations,
  auditLines,
  documentOf,
  jsonLines,
  onlyRun,
  onlyPlan,
  runsOf,
  type Terminal,
} from '../support/command.ts';
import { AGE_POLICY } from '../support/purge.ts';
import { terminalTest } from '../support/terminal-test.ts';

const RUN_KEYS = [
  'as_before',
  'as_before_since',
  'audit_head',
  'counts',
  'ended_at',
  'mode',
  'plan_id',
  'policy',
  'requests',
  'run_id',
  'runs_remaining',
  'started_at',
  'status',
  'trigger',
  'warnings',
];
const PLAN_COUNTS = ['deferred', 'held', 'kept', 'listed', 'planned', 'unknown'];
const RUN_COUNTS = [...PLAN_COUNTS, 'already_gone', 'failed', 'skipped', 'unverified', 'verified'].sort();
const DECISION_KEYS = ['age_days', 'name', 'project_id', 'reason', 'rule', 'session_id', 'verdict'];
const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

const keysOf = (value: object | null | undefined): readonly string[] => Object.keys(value ?? {}).sort();

const test = terminalTest.extend<{ old: readonly string[] }>({
  old: [
    async ({ terminal: { sandbox } }, use) => {
      const mixed = addConversations(sandbox, 101, { old: 12, young: 15 });
      await use([...mixed, ...addConversations(sandbox, 102, { old: 3 })]);
    },
    { auto: true },
  ],
});

function left({ sandbox: { accounts } }: Terminal): readonly string[] {
  return [...accounts.conversationIds(101), ...accounts.conversationIds(102)];
}

function methods({ sandbox: { journal } }: Terminal): ReadonlySet<string> {
  return new Set(journal.entries.map(({ method }) => method));
}

function expectEachGone(terminal: Terminal, sessions: readonly string[]): void {
  expect(left(terminal).filter((session) => sessions.includes(session))).toEqual([]);
  expect(left(terminal)).toHaveLength(15);
}

/** The check of an exported log as the contract describes it, from nothing but its words. */
function expectChained(entries: readonly Readonly<Record<string, unknown>>[]): void {
  let before = '0'.repeat(64);
  entries.forEach(({ hash, ...entry }, index) => {
    expect(entry).toMatchObject({ seq: index + 1, prev: before });
    expect(createHash('sha256').update(canonical(entry)).digest('hex')).toBe(hash);
    before = String(hash);
  });
}

/** RFC 8785, as far as an audit entry needs it: keys in order, no blanks. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
  return `{${members.map(([key, member]) => `${JSON.stringify(key)}:${canonical(member)}`).join(',')}}`;
}

describe.concurrent('plan and apply', () => {
  test('a plan sends only GET, names every conversation, and apply executes it by its id', async ({
    terminal,
    old,
  }) => {
    terminal.policy(AGE_POLICY.replace('enforce', 'dry-run'));
    const planned = await terminal.run(['plan']);
    expect(planned.code).toBe(0);
    expect(planned.stdout).toContain('Would delete 15 conversations');
    expect(planned.stdout).not.toMatch(/\b[Dd]eleted\b(?!\.)/);
    for (const index of Array.from({ length: 12 }, (_, i) => i)) {
      expect(planned.stdout).toContain(`secret name ${index}`);
    }
    expect(methods(terminal)).toEqual(new Set(['GET']));
    expect(left(terminal)).toHaveLength(30);

    const applied = await terminal.run([
      'apply',
      /^Plan (plan-\w+) of policy/m.exec(planned.stdout)?.[1] ?? 'none',
    ]);
    expect(applied.code).toBe(0);
    expect(applied.stdout).toContain('Deleted 15 conversations, each one proven gone.');
    expectEachGone(terminal, old);
  });

  test('a plan can be shown again, by its id and its file, without key or request, until its names are gone', async ({
    terminal,
    old,
  }) => {
    terminal.policy(AGE_POLICY);
    const made = onlyPlan(await terminal.run(['plan', '--out', 'plan.json', '--json']));
    const requests = terminal.sandbox.journal.entries.length;
    const offline = { CUSTOMGPT_API_KEY: undefined };
    const show = (named: string, ...more: string[]) =>
      terminal.run(['plan', '--show', named, ...more], offline);
    for (const named of [made.plan_id, 'plan.json']) {
      const shown = await show(named, '--json');
      expect(shown.code).toBe(0);
      expect(onlyPlan(shown)).toEqual({ ...made, estimate: null });
    }
    const text = await show(made.plan_id);
    expect(text.stdout).toContain('secret name 11');
    expect(text.stdout).toContain('Would delete 15 conversations');
    expect(text.stdout).toContain(`Apply it: customgpt-retention apply ${made.plan_id}`);
    expect(terminal.sandbox.journal.entries).toHaveLength(requests);

    expect((await terminal.run(['apply', made.plan_id])).code).toBe(0);
    const afterwards = await show(made.plan_id);
    expect(afterwards.stdout).toContain('It was applied already');
    expect(afterwards.stdout).toContain(old[0]?.slice(0, 8) ?? 'none');
    expect(afterwards.stdout).not.toContain('secret name');
  });

  test.for<readonly [string, number, RegExp, ...string[]]>([
    ['of an unknown plan', 5, /neither a plan/, 'plan-000000000000'],
    ['beside what makes a new one', 2, /takes no --policy, --all/, 'plan-1', '--policy', 'x', '--all'],
    ['beside a path', 2, /takes no path of a policy/, 'plan-1', 'policies'],
  ])('--show %s is refused', async ([, code, problem, ...args], { terminal }) => {
    terminal.policy(AGE_POLICY);
    await terminal.plan();
    const refused = await terminal.run(['plan', '--show', ...args]);
    expect(refused.code).toBe(code);
    expect(refused.stderr).toMatch(problem);
  });

  test('apply takes the file that --out wrote, which only its owner can read', async ({ terminal, old }) => {
    terminal.policy(AGE_POLICY);
    const planned = await terminal.run(['plan', '--out', 'plan.json', '--json']);
    const file = join(terminal.folder, 'plan.json');
    expect(planned.code).toBe(0);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(documentOf(planned));
    expect(planned.stderr).toContain('conversation names');
    const applied = await terminal.run(['apply', 'plan.json']);
    expect(applied.code).toBe(0);
    expectEachGone(terminal, old);
  });

  test('--policy chooses one of several policies', async ({ terminal }) => {
    terminal.policy(AGE_POLICY);
    terminal.policy(AGE_POLICY.replace('by-age', 'other').replace('["*"]', '[102]'), 'other');
    const plan = onlyPlan(await terminal.run(['plan', '--json', '--policy', 'other']));
    expect(plan.counts).toMatchObject({ planned: 3 });
    const refused = await terminal.run(['plan', '--out', 'plan.json']);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain('--policy');
  });
});

describe.concurrent('run', () => {
  test('in dry-run mode sends only GET and deletes nothing, and its plan can be applied', async ({
    terminal,
    old,
  }) => {
    terminal.policy(AGE_POLICY.replace('enforce', 'dry-run'));
    const { code, stdout } = await terminal.run(['run']);
    expect(code).toBe(0);
    expect(stdout).toContain('Would delete 15 conversations. A dry run: nothing was deleted.');
    expect(methods(terminal)).toEqual(new Set(['GET']));
    expect(left(terminal)).toHaveLength(30);
    const next = /^Apply it: customgpt-retention (apply plan-\w+)$/m.exec(stdout)?.[1] ?? '';
    expect((await terminal.run(next.split(' '))).code).toBe(0);
    expectEachGone(terminal, old);
  });

  test('in enforce mode deletes what is expired; history and audit log tell the same', async ({
    terminal,
    old,
  }) => {
    terminal.policy(AGE_POLICY);
    const { code, stdout } = await terminal.run(['run']);
    expect(code).toBe(0);
    expect(stdout).toContain('Deleted 15 conversations, each one proven gone.');
    expectEachGone(terminal, old);
    const runId = /^(run-\w+) of policy by-age: completed$/m.exec(stdout)?.[1] ?? 'none';
    const auditHead = /^Audit head ([0-9a-f]{64})$/m.exec(stdout)?.[1] ?? 'none';

    const history = await terminal.run(['runs']);
    expect(history.stdout).toMatch(new RegExp(`${runId} .* completed .*15 of 15 .*by-age`));
    const detail = await terminal.run(['runs', runId]);
    expect(detail.stdout).toContain(auditHead);
    for (const session of old) expect(detail.stdout).toContain(session);
    expect(detail.stdout.match(/DELETE 200, GET 404/g)).toHaveLength(15);

    const verified = await terminal.run(['audit', 'verify']);
    expect(verified).toMatchObject({ code: 0, stderr: '' });
    expect(verified.stdout).toContain(`Head: 51 ${auditHead}`);
  });

  test('runs ID --json is one document with the entries of that run', async ({ terminal }) => {
    terminal.policy(AGE_POLICY);
    const first = onlyRun(await terminal.run(['run', '--json']));
    const second = onlyRun(await terminal.run(['run', '--json']));
    expect(second.counts).toMatchObject({ planned: 0, verified: 0 });
    expect(runsOf(await terminal.run(['runs', '--json']))).toEqual([second, first]);
    const detail = documentOf(await terminal.run(['runs', first.run_id, '--json']));
    expect(detail).toMatchObject(first);
    expect(detail).toHaveProperty('entries.length', 50);
    expect((await terminal.run(['runs', 'run-nope'])).code).toBe(2);
  });
});

describe.concurrent('--json', () => {
  test('of run and apply is one document with the keys of the contract', async ({ terminal }) => {
    terminal.policy(AGE_POLICY.replace('["*"]', '[101]'), 'first');
    terminal.policy(AGE_POLICY.replace('by-age', 'second').replace('["*"]', '[102]'), 'second');
    const run = onlyRun(await terminal.run(['run', '--policy', 'by-age', '--json']));
    const plan = onlyPlan(await terminal.run(['plan', '--policy', 'second', '--json']));
    const apply = onlyRun(await terminal.run(['apply', plan.plan_id, '--json']));
    for (const { counts, requests, ...rest } of [run, apply]) {
      expect(keysOf({ counts, requests, ...rest })).toEqual(RUN_KEYS);
      expect(keysOf(counts)).toEqual(RUN_COUNTS);
      expect(keysOf(requests)).toContain('delete');
      expect(rest).toMatchObject({ mode: 'enforce', trigger: 'manual', status: 'completed' });
      expect(rest.started_at).toMatch(INSTANT);
      expect(rest.ended_at).toMatch(INSTANT);
      expect(rest.audit_head).toMatch(/^[0-9a-f]{64}$/);
    }
    expect(run.counts).toMatchObject({ planned: 12, verified: 12 });
    expect(apply).toMatchObject({ policy: 'second', plan_id: plan.plan_id, counts: { verified: 3 } });
  });

  test('of run holds one entry a policy', async ({ terminal }) => {
    terminal.policy(AGE_POLICY.replace('["*"]', '[101]'), 'first');
    terminal.policy(AGE_POLICY.replace('by-age', 'second').replace('["*"]', '[102]'), 'second');
    const runs = runsOf(await terminal.run(['run', '--json']));
    expect(runs).toMatchObject([{ policy: 'by-age' }, { policy: 'second' }]);
  });

  test('of plan is one document with the keys of the contract; what is kept is listed with --all', async ({
    terminal,
    old,
  }) => {
    terminal.policy(AGE_POLICY);
    const plan = onlyPlan(await terminal.run(['plan', '--json']));
    expect(keysOf(plan)).toEqual([
      ...['counts', 'decisions', 'estimate', 'incomplete', 'native_retention', 'plan_id', 'policy'],
      ...['policy_hash', 'protections', 'refused_by', 'warnings'],
    ]);
    expect(keysOf(plan.counts)).toEqual(PLAN_COUNTS);
    expect(keysOf(plan.estimate)).toEqual(['requests', 'seconds']);
    expect(plan.decisions.map(({ session_id }) => session_id)).toEqual(old);
    for (const decision of plan.decisions) expect(keysOf(decision)).toEqual(DECISION_KEYS);

    const everything = onlyPlan(await terminal.run(['plan', '--json', '--all']));
    const verdicts = everything.decisions.map(({ verdict }) => verdict);
    expect(verdicts.filter((verdict) => verdict === 'delete')).toHaveLength(15);
    expect(verdicts).toContain('keep');
  });
});

describe.concurrent('the audit log', () => {
  test('goes out on stderr, one JSON line an entry, and the export holds the same entries', async ({
    terminal,
  }) => {
    terminal.policy(AGE_POLICY);
    const first = await terminal.run(['run', '--json']);
    const second = await terminal.run(['run', '--json']);
    // Every line is JSON: that it can be read is half of the test.
    const written = [...auditLines(first), ...auditLines(second)];
    expect(written).toHaveLength(54);
    expect(written).toEqual(await terminal.entries());

    const { run_id: runId, audit_head: auditHead } = onlyRun(first);
    const ofRun = await terminal.run(['audit', 'export', '--run', runId]);
    // Whose the state is was written beside the run, and is no part of it.
    const own = auditLines(first).filter(({ event }) => event !== 'account.bound');
    expect(jsonLines(ofRun.stdout)).toEqual(own);
    expect(jsonLines(ofRun.stdout).at(-2)).toMatchObject({ event: 'run.completed' });
    expect(jsonLines(ofRun.stdout).at(-1)).toMatchObject({ event: 'checkpoint', hash: auditHead });
    expect((await terminal.run(['audit', 'export', '--run', 'run-nope'])).code).toBe(2);
  });

  test('is written whatever the log level hides', async ({ terminal }) => {
    terminal.policy(AGE_POLICY);
    const quiet = await terminal.run(['run'], { LOG_LEVEL: 'error' });
    expect(auditLines(quiet)).toEqual(await terminal.entries());
  });

  test('can be checked from an exported file, without state or key', async ({ terminal }) => {
    terminal.policy(AGE_POLICY);
    await terminal.run(['run']);
    const { stdout } = await terminal.run(['audit', 'export']);
    const file = join(terminal.folder, 'export.jsonl');
    writeFileSync(file, stdout);
    const elsewhere = { CUSTOMGPT_API_KEY: undefined, RETENTION_STATE_DIR: 'nowhere' };
    const sound = await terminal.run(['audit', 'verify', 'export.jsonl', '--json'], elsewhere);
    expect(sound.code).toBe(0);
    expect(documentOf(sound)).toMatchObject({ ok: true, entries: 51 });
    expectChained(jsonLines(stdout));

    writeFileSync(file, stdout.replace('"attempts":1', '"attempts":2'));
    const broken = await terminal.run(['audit', 'verify', 'export.jsonl', '--json'], elsewhere);
    expect(broken.code).toBe(6);
    const line = stdout.slice(0, stdout.indexOf('"attempts":1')).split('\n').length;
    expect(documentOf(broken)).toMatchObject({ ok: false, seq: line });
    expect(broken.stderr).toContain(`at entry ${line}`);
  });
});
