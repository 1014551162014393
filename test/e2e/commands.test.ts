import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import DatabaseFile from 'better-sqlite3';
import { describe, expect } from 'vitest';
import { addConversations, documentOf, type Env, onlyPlan, onlyRun, until } from '../support/command.ts';
import { AGE_POLICY } from '../support/purge.ts';
import { expectPlainWords, terminalTest as test } from '../support/terminal-test.ts';

describe.concurrent('help', () => {
  const ALL = [
    '',
    'demo',
    'sandbox',
    'validate',
    'plan',
    'apply',
    'run',
    'serve',
    'runs',
    'policy',
    'report',
    'status',
    'alive',
  ];
  const AUDIT = ['audit', 'audit verify', 'audit export'];
  const HOLD = ['hold', 'hold add', 'hold list', 'hold release'];

  test.for([...ALL, ...AUDIT, ...HOLD])('of "%s" shows an example', async (command, { terminal }) => {
    const { code, stdout } = await terminal.run([...command.split(' ').filter(Boolean), '--help']);
    expect(code).toBe(0);
    expect(stdout).toMatch(
      new RegExp(`^ {2}\\$ customgpt-retention ${command === '' ? 'demo' : command}`, 'm'),
    );
  });

  test('of the demo leaves out what it refuses', async ({ terminal }) => {
    expect((await terminal.run(['demo', '--help'])).stdout).not.toContain('--state-dir');
    expect((await terminal.run(['plan', '--help'])).stdout).toContain('--state-dir');
    expect(await terminal.run(['demo', '--state-dir', 'x'])).toMatchObject({ code: 2 });
  });

  test('and the version', async ({ terminal }) => {
    const { version } = JSON.parse(readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8')) as {
      version: string;
    };
    expect(await terminal.run(['--version'])).toMatchObject({ code: 0, stdout: `${version}\n`, stderr: '' });
  });

  test.for([
    ['plna', 'plan'],
    ['run --polcy by-age', '--policy'],
    ['audit verfy', 'verify'],
  ])(
    '"%s" is refused with the name that was perhaps meant',
    async ([line = '', meant = ''], { terminal }) => {
      const { code, stdout, stderr } = await terminal.run(line.split(' '));
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
      expect(stderr).toContain(`(Did you mean ${meant}?)`);
      expect(terminal.sandbox.journal.count()).toBe(0);
    },
  );
});

describe.concurrent('validate', () => {
  test('says each policy in plain words, with its next run', async ({ terminal }) => {
    terminal.policy(AGE_POLICY, 'plain');
    terminal.policy(
      AGE_POLICY.replace('by-age', 'nightly') + 'schedule: { cron: "30 3 * * *", timezone: Europe/Berlin }\n',
      'nightly',
    );
    const { code, stdout, stderr } = await terminal.run(['validate']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('2 policies, no problems.');
    expect(stdout).toMatch(/90 days/);
    expect(stdout).toMatch(/Next run: \d{4}-\d\d-\d\d 0[12]:30 UTC/);
  });

  test('--json is one document', async ({ terminal }) => {
    terminal.policy(AGE_POLICY);
    const document = documentOf(await terminal.run(['validate', '--json']));
    expect(document).toMatchObject({ policies: [{ name: 'by-age', mode: 'enforce' }], problems: [] });
  });

  test('needs neither key nor state', async ({ terminal }) => {
    terminal.policy(AGE_POLICY);
    const env = { CUSTOMGPT_API_KEY: undefined, CUSTOMGPT_BASE_URL: undefined };
    expect((await terminal.run(['validate'], env)).code).toBe(0);
    expect(existsSync(terminal.stateDir)).toBe(false);
  });

  test.for(['validate', 'plan', 'run', 'serve'])(
    '%s reports every problem of every file with its place, and sends nothing',
    async (command, { terminal }) => {
      terminal.policy(
        `version: 1
name: one
projects: { include: ["*"] }
rules:
  - { name: a, match: { oldr_than: 90d }, action: delete }
  - { name: b, match: { older_than: 3m }, action: delete }
`,
        'a-one',
      );
      terminal.policy(AGE_POLICY, 'b-good');
      terminal.policy(AGE_POLICY.replace('enforce', 'enforced').replace('by-age', 'Three'), 'c-three');
      const { code, stdout, stderr } = await terminal.run([command]);
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
      const places = stderr.split('\n').filter((line) => line.startsWith('policies/'));
      expect(places).toHaveLength(4);
      expect(places[0]).toMatch(/^policies\/a-one\.yaml:5:\d+ .*oldr_than.*did you mean "older_than"/);
      expect(places[1]).toMatch(/^policies\/a-one\.yaml:6:\d+ rules\[1\]\.match\.older_than: .*mo/);
      expect(places[2]).toMatch(/^policies\/c-three\.yaml:3:\d+ name: /);
      expect(places[3]).toMatch(/^policies\/c-three\.yaml:4:\d+ mode: .*"enforce"/);
      expect(terminal.sandbox.journal.count()).toBe(0);
    },
  );
});

describe.concurrent('sandbox', () => {
  test('prints what a worker needs, serves it, and stops when told', async ({ terminal }) => {
    terminal.policy(AGE_POLICY.replace('enforce', 'dry-run'));
    const sandbox = terminal.start(['sandbox']);
    await until(() => sandbox.stdout().includes('Ctrl-C'));
    const lines = sandbox.stdout().matchAll(/^export (CUSTOMGPT_[A-Z_]+)=(\S+)$/gm);
    const env: Env = Object.fromEntries([...lines].map(([, name, value]) => [name ?? '', value]));
    expect(Object.keys(env).sort()).toEqual(['CUSTOMGPT_API_KEY', 'CUSTOMGPT_BASE_URL']);
    const run = await terminal.run(['run'], env);
    expect(run.code).toBe(0);
    expect(run.stdout).toMatch(/Would delete \d\d+ conversations\. A dry run: nothing was deleted\./);
    expect(terminal.sandbox.journal.count()).toBe(0);
    sandbox.kill('SIGTERM');
    expect((await sandbox.ended).code).toBe(0);
  });

  test('--json is one document; an unknown scenario is refused with the known ones', async ({ terminal }) => {
    const sandbox = terminal.start(['sandbox', '--json', '--scenario', 'stale-reads']);
    await until(() => sandbox.stdout().endsWith('\n'));
    expect(documentOf({ stdout: sandbox.stdout() })).toMatchObject({ scenario: 'stale-reads', env: {} });
    sandbox.kill('SIGINT');
    const unknown = await terminal.run(['sandbox', '--scenario', 'nope']);
    expect(unknown.code).toBe(2);
    expect(unknown.stderr).toContain('delete-500-executed');
    expect((await sandbox.ended).code).toBe(0);
  });
});

describe.concurrent('demo', () => {
  test('plans, applies, verifies, and leaves a report and a log that holds', async ({ terminal }) => {
    // Settings of a real account must not matter to it.
    const env = {
      CUSTOMGPT_API_KEY: undefined,
      CUSTOMGPT_BASE_URL: 'https://127.0.0.1:9',
      TMPDIR: terminal.folder,
    };
    const { code, stdout, stderr } = await terminal.run(['demo', '--json'], env);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const { runs, report, audit } = JSON.parse(stdout) as {
      runs: { status: string; counts: { planned: number; verified: number } }[];
      report: string;
      audit: string;
    };
    expect(runs).toHaveLength(1);
    expect(runs[0]?.status).toBe('completed');
    expect(runs[0]?.counts.verified).toBe(runs[0]?.counts.planned);
    expect(readFileSync(report, 'utf8')).toMatch(/<html/);
    expect((await terminal.run(['audit', 'verify', audit])).code).toBe(0);
  });

  test('says step by step what happens', async ({ terminal }) => {
    const { code, stdout } = await terminal.run(['demo'], { TMPDIR: terminal.folder });
    expect(code).toBe(0);
    for (const step of [1, 2, 3, 4, 5]) expect(stdout).toMatch(new RegExp(`^${step}\\. `, 'm'));
    expect(stdout).toMatch(/Deleted \d+ conversations, each one proven gone\./);
    expect(stdout).toMatch(/report +\S+report\.html/);
  });
});

test('a folder without policies, and one that is not there, are refused with what is missing', async ({
  terminal,
}) => {
  for (const path of ['policies', 'nowhere.yaml']) {
    const { code, stderr } = await terminal.run(['run', path]);
    expect(code).toBe(2);
    expect(stderr).toContain(path);
  }
  addConversations(terminal.sandbox, 101, { old: 1 });
  terminal.policy(AGE_POLICY);
  const named = await terminal.run(['run', '--policy', 'by-aeg']);
  expect(named.code).toBe(2);
  expect(named.stderr).toContain('by-age');
  expect(terminal.sandbox.journal.count()).toBe(0);
});

const DRY_RUN = AGE_POLICY.replace('enforce', 'dry-run');

describe.concurrent('status', () => {
  const LIMITED = AGE_POLICY.replace('max_percent: 100', 'max_deletions: 1');

  test('says when each policy last succeeded, and asks for somebody when one does not', async ({
    terminal,
  }) => {
    terminal.policy(AGE_POLICY);
    addConversations(terminal.sandbox, 101, { old: 6, young: 4 });
    expectPlainWords(await terminal.run(['status']), /no state in .* yet/);
    expect((await terminal.run(['plan'])).code).toBe(0);
    const waiting = await terminal.run(['status']);
    expect(waiting.code).toBe(0);
    expect(waiting.stdout).toMatch(/^waiting {2}by-age\n {9}It has not succeeded yet\./);

    terminal.policy(LIMITED);
    expect((await terminal.run(['run'])).code).toBe(4);
    expect((await terminal.run(['run'])).code).toBe(4);
    const failing = await terminal.run(['status']);
    expect(failing.code).toBe(1);
    expect(failing.stdout).toMatch(
      /^failing {2}by-age\n {9}Its last run was refused, 2 runs in a row without success .*: max_deletions allows 1/,
    );
    expect(failing.stdout).toMatch(/See: customgpt-retention runs run-/);

    terminal.policy(AGE_POLICY);
    expect((await terminal.run(['run'])).code).toBe(0);
    const ok = await terminal.run(['status', '--json']);
    expect(ok.code).toBe(0);
    expect(JSON.parse(ok.stdout)).toMatchObject({
      ok: true,
      policies: [
        { policy: 'by-age', state: 'ok', failures_in_a_row: 0, last_success: { status: 'completed' } },
      ],
      open: [],
    });
  });
});

test('a policy whose worker was killed in mid-run is failing, not under way for ever', async ({
  terminal,
}) => {
  terminal.policy(AGE_POLICY);
  addConversations(terminal.sandbox, 101, { old: 20, young: 4 });
  terminal.sandbox.faults.add({ when: { method: 'DELETE' }, then: { latencyMs: 20 } });
  const worker = terminal.start(['run'], { RETENTION_LEASE: '1s' });
  await until(() => terminal.deleteCount() >= 2);
  worker.kill('SIGKILL');
  await worker.ended;
  let status = await terminal.run(['status']);
  // Its lease outlives it by a second at most.
  while (status.code === 0) status = await terminal.run(['status']);
  expect(status.code).toBe(1);
  expect(status.stdout).toMatch(/^failing {2}by-age\n {9}A run began .*, and its worker is gone/);
  let next = await terminal.run(['run']);
  while (next.code === 7) next = await terminal.run(['run']);
  expect((await terminal.run(['status'])).stdout).toMatch(/^ok {7}by-age/);
});

describe.concurrent('plan --detailed-exitcode', () => {
  test('tells nothing, something and what would be refused apart', async ({ terminal }) => {
    addConversations(terminal.sandbox, 101, { old: 6, young: 4 });
    const code = async (policy: string): Promise<number | undefined> => {
      terminal.policy(policy);
      return (await terminal.run(['plan', '--detailed-exitcode'])).code;
    };
    expect(await code(AGE_POLICY)).toBe(20);
    expect(await code(AGE_POLICY.replace('90d', '900d'))).toBe(0);
    expect(await code(AGE_POLICY.replace('max_percent: 100', 'max_deletions: 1'))).toBe(4);
  });

  test('is not needed to hear of it: a dry run warns of the limit that would refuse it', async ({
    terminal,
  }) => {
    addConversations(terminal.sandbox, 101, { old: 6, young: 4 });
    terminal.policy(DRY_RUN.replace('max_percent: 100', 'max_deletions: 1'));
    const ended = await terminal.run(['run', '--json']);
    expect(ended.code).toBe(0);
    expect(onlyRun(ended).warnings).toContain(
      'a limit would refuse this plan: max_deletions allows 1, the plan has 6',
    );
  });
});

describe.concurrent('report', () => {
  test('is made of a plan with names, and of a run without, in each format', async ({ terminal }) => {
    terminal.policy(AGE_POLICY);
    addConversations(terminal.sandbox, 101, { old: 6, young: 4 });
    const planned = await terminal.run(['plan', '--report', 'plan.html', '--json']);
    expect(planned.code).toBe(0);
    expect(planned.stderr).toContain('report written to plan.html; it holds conversation names');
    const page = readFileSync(join(terminal.folder, 'plan.html'), 'utf8');
    expect(page).toContain('Would delete 6 conversations.');
    const plan = onlyPlan(planned);
    const name = String(plan.decisions[0]?.name);
    expect(page).toContain(name);
    const redacted = await terminal.run(['report', plan.plan_id, '--format', 'csv', '--redact']);
    expect(redacted.stdout.split('\r\n')).toHaveLength(8);
    expect(redacted.stdout).not.toContain(name);

    const ran = await terminal.run(['run', '--report', 'pages', '--json']);
    const { run_id: runId } = onlyRun(ran);
    const ofRun = readFileSync(join(terminal.folder, 'pages', `${runId}.html`), 'utf8');
    expect(ofRun).toContain('Deleted 6 conversations, each one proven gone.');
    expect(ofRun).not.toContain(name);
    const markdown = await terminal.run(['report', runId, '--out', 'run.md']);
    expect(markdown).toMatchObject({ code: 0, stdout: '' });
    expect(readFileSync(join(terminal.folder, 'run.md'), 'utf8')).toContain('# Deletion report: by-age');
    const json = await terminal.run(['report', runId, '--json']);
    expect(JSON.parse(json.stdout)).toMatchObject({ dry_run: false, by_rule: [{ planned: 6, deleted: 6 }] });
  });

  test('takes the place of no state and no policy', async ({ terminal }) => {
    const path = terminal.policy(AGE_POLICY);
    const plan = await terminal.plan();
    for (const file of [path, join(terminal.stateDir, 'retention.db')]) {
      const before = readFileSync(file);
      const refused = await terminal.run(['report', plan, '--out', file, '--format', 'html']);
      expect(refused.code).toBe(2);
      expectPlainWords(refused, /its name is not that of a report/);
      expect(readFileSync(file).equals(before)).toBe(true);
    }
  });

  test('is not made of what was altered in the state', async ({ terminal }) => {
    terminal.policy(AGE_POLICY);
    addConversations(terminal.sandbox, 101, { old: 6, young: 4 });
    const plan = await terminal.plan();
    const { run_id: runId } = onlyRun(await terminal.run(['run', '--json']));
    const database = new DatabaseFile(join(terminal.stateDir, 'retention.db'));
    database.exec("UPDATE plan_items SET verdict = 'keep' WHERE ordinal = 1");
    database.exec('DROP TRIGGER audit_entries_never_change');
    const seq = (await terminal.entries('deletion.verified'))[0]?.seq;
    const alter = database.prepare('UPDATE audit_entries SET event = ? WHERE seq = ?');
    alter.run('deletion.failed', seq);
    for (const [id, words] of [
      [plan, /what is stored of plan-.* is not as it was written/],
      [runId, /audit entry \d+ is not as it was written/],
    ] as const) {
      const refused = await terminal.run(['report', id, '--format', 'md']);
      expect(refused).toMatchObject({ code: 6, stdout: '' });
      expectPlainWords(refused, words);
    }
    alter.run('deletion.verified', seq);
    database.exec("UPDATE plan_items SET verdict = 'delete' WHERE ordinal = 1");
    database.close();
  });

  test('refuses what it cannot make or find', async ({ terminal }) => {
    const path = terminal.policy(AGE_POLICY);
    expect((await terminal.run(['plan'])).code).toBe(0);
    for (const [args, words] of [
      [['report', 'run-unknown'], /neither a plan, a plan file nor a run/],
      [['report', 'run-unknown', '--out', 'x.pdf'], /"pdf" is no format of a report/],
      [['report', 'run-unknown', '--json', '--format', 'csv'], /--json and another --format exclude/],
      [['plan', '--report', 'nowhere/x.html'], /nowhere\/x\.html cannot be written/],
      [['run', '--report', path], /cannot be a folder for reports \(it is a file\)/],
    ] as const) {
      const refused = await terminal.run(args);
      expect(refused.code).toBe(2);
      expectPlainWords(refused, words);
    }
  });
});

describe.concurrent('policy', () => {
  test('prints what a plan, a run and an audit entry went by, whatever the file says by now', async ({
    terminal,
  }) => {
    // Byte for byte: with its mark at the start, its comment, and no line break at the end.
    const asItWas = `\uFEFF# décidé par le comité\n${AGE_POLICY.trimEnd()}`;
    const path = terminal.policy(asItWas);
    addConversations(terminal.sandbox, 101, { old: 1 });
    const plan = await terminal.plan();
    terminal.policy(DRY_RUN);
    const run = onlyRun(await terminal.run(['run', '--json']));
    rmSync(path);
    expect(await terminal.run(['policy', plan])).toMatchObject({ code: 0, stdout: asItWas, stderr: '' });
    expect((await terminal.run(['policy', run.run_id])).stdout).toBe(DRY_RUN);
    const [started] = await terminal.entries('run.started');
    const hash = started?.policy_hash ?? '';
    expect(documentOf(await terminal.run(['policy', hash, '--json']))).toEqual({
      policy_hash: hash,
      text: DRY_RUN,
    });
    for (const unknown of ['plan-unknown', '0'.repeat(64)]) {
      const refused = await terminal.run(['policy', unknown]);
      expect(refused).toMatchObject({ code: 2, stdout: '' });
      expectPlainWords(refused, unknown);
    }
  });

  test('refuses a text that was altered in the state', async ({ terminal }) => {
    terminal.policy(AGE_POLICY);
    addConversations(terminal.sandbox, 101, { old: 1 });
    const plan = await terminal.plan();
    const database = new DatabaseFile(join(terminal.stateDir, 'retention.db'));
    database.prepare("UPDATE policies SET source = CAST('name: harmless' AS BLOB)").run();
    database.close();
    const refused = await terminal.run(['policy', plan]);
    expect(refused).toMatchObject({ code: 6, stdout: '' });
    expectPlainWords(refused, /does not hold the text that policy \w+ had/);
  });
});
