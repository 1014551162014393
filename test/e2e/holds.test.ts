import Database from 'better-sqlite3';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { systemClock } from '../../src/cli/surroundings.ts';
import { openState } from '../support/state.ts';
import { addConversations, documentOf } from '../support/command.ts';
import { AGE_POLICY } from '../support/purge.ts';
import { expectPlainWords, terminalTest as test } from '../support/terminal-test.ts';

const WHY = ['--matter', 'M-17', '--reason', 'Smith v. Acme', '--by', 'legal'];

describe.concurrent('hold', () => {
  test('keeps a project until it is released, and says so in plan, list and log', async ({ terminal }) => {
    terminal.policy(AGE_POLICY);
    addConversations(terminal.sandbox, 101, { old: 3, young: 0 });
    const added = await terminal.run(['hold', 'add', '101', ...WHY, '--until', '2099-12-31']);
    expect(added.stdout).toMatch(
      /^hold-[a-z0-9]{12}: nothing of project 101 is deleted until the end of 2099-12-31 \(UTC\) \(matter M-17\)\.\nCustomGPT\.ai's own retention deletes conversations of project 101 after 12 months and knows no holds: .*\nRecorded in /,
    );
    const holdId = added.stdout.slice(0, added.stdout.indexOf(':'));
    const held = documentOf(await terminal.run(['run', '--json']));
    expect(held).toMatchObject({ runs: [{ counts: { held: 3, planned: 0 } }] });

    const listed = documentOf(await terminal.run(['hold', 'list', '--json']));
    expect(listed).toMatchObject({
      holds: [{ hold_id: holdId, state: 'in_force', project_id: 101, session_id: null, by: 'legal' }],
    });
    const end = ['--by', 'legal', '--reason', 'case closed'];
    expect((await terminal.run(['hold', 'release', holdId, ...end])).code).toBe(0);
    const list = await terminal.run(['hold', 'list']);
    expect(list.stdout).toContain(`${holdId}  released\n  project 101\n  matter M-17, by legal on `);
    expect(list.stdout).toContain('case closed');
    expect(documentOf(await terminal.run(['run', '--json']))).toMatchObject({
      runs: [{ counts: { held: 0, verified: 3 } }],
    });
    expect((await terminal.run(['audit', 'verify'])).code).toBe(0);
    const twice = await terminal.run(['hold', 'release', holdId, ...end]);
    expect(twice).toMatchObject({ code: 2, stdout: '' });
    expect(twice.stderr).toContain(`hold ${holdId} is released already`);
  });

  test('names what was begun before it: an intent without an outcome', async ({ terminal }) => {
    const store = await openState(terminal.stateDir, { clock: systemClock });
    const session = 'begun-0001';
    await store.audit.append([
      {
        event: 'deletion.intended',
        run_id: 'run-1',
        policy: 'by-age',
        policy_hash: null,
        rule: 'old',
        project_id: 101,
        session_id: session,
        facts: { attempt: 1, seen_at: '2026-01-01T00:00:00.000Z', seen_by: 'listing' },
      },
    ]);
    await store.close();
    const elsewhere = documentOf(await terminal.run(['hold', 'add', '102', ...WHY, '--offline', '--json']));
    expect(elsewhere).toMatchObject({ state: 'in_force', already_begun: [] });
    const document = documentOf(await terminal.run(['hold', 'add', '101', ...WHY, '--offline', '--json']));
    expect(document).toMatchObject({ already_begun: [{ project_id: 101, session_id: session }] });
    const { stdout } = await terminal.run(['hold', 'add', `101/${session}`, ...WHY, '--offline']);
    expect(stdout).toContain(
      `Deletion already begun for conversation 101/${session}: if its DELETE is on its way, it will be carried out.`,
    );
  });

  test('needs neither key nor server', async ({ terminal }) => {
    const env = { CUSTOMGPT_API_KEY: undefined, CUSTOMGPT_BASE_URL: undefined };
    const session = 'a'.repeat(36);
    const { code, stdout } = await terminal.run(['hold', 'add', `101/${session}`, ...WHY], env);
    expect({ code, stdout }).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(`conversation 101/${session}[^]*no API key is set`) as string,
    });
    expect(terminal.sandbox.journal.count()).toBe(0);
  });

  test('looks whether the place exists, and says when nobody could tell', async ({ terminal }) => {
    const [session] = addConversations(terminal.sandbox, 101, { old: 1 });
    const add = (...args: readonly string[]) => terminal.run(['hold', 'add', ...args, ...WHY]);
    for (const target of ['909', '101/no-such-session']) {
      const refused = await add(target);
      expect(refused.code).toBe(2);
      expectPlainWords(refused, new RegExp(`there is no .*${target}.* nothing was placed\\n.*--offline`));
    }
    expect(await terminal.entries('hold.added')).toEqual([]);
    const asked = terminal.sandbox.journal.count();
    const placed = documentOf(await add(`101/${session ?? ''}`, '--until', '2030-12-31', '--json'));
    expect(placed).toMatchObject({ warnings: [expect.stringContaining('after 12 months') as string] });
    expect(terminal.sandbox.journal.count()).toBe(asked + 2);
    expect(documentOf(await add(`101/${session?.toUpperCase() ?? ''}`, '--json'))).toMatchObject({
      warnings: [expect.stringContaining('after 12 months') as string],
    });
    terminal.sandbox.faults.add({ when: { route: 'projects.get' }, then: { status: 403 } });
    const unclear = await add('101');
    expect(unclear).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('Could not find out whether it exists: HTTP 403.') as string,
    });
  });

  test.for([
    [['x101', ...WHY], /project id/],
    [['101/..', ...WHY], /project id/],
    [['101/abcdefgh/more', ...WHY], /project id/],
    [['0', ...WHY], /project id/],
    [['101', ...WHY, '--until', '2026-02-30'], /--until must be a day/],
    [['101', ...WHY, '--until', '3mo'], /--until must be a day/],
    [['101', ...WHY, '--until', '2020-01-01'], /over already/],
    [['101', '--matter', 'M', '--reason', ' ', '--by', 'x'], /--reason must not be empty/],
    [['101', '--matter', 'M\u001b[2J', '--reason', 'r', '--by', 'x'], /--matter must not hold control/],
    [['101', '--matter', 'M', '--reason', 'r'.repeat(501), '--by', 'x'], /--reason must not be longer/],
    [['101', '--matter', 'M', '--reason', 'r'], /required option '--by <who>'/],
  ] as const)('is refused: add %j', async ([args, problem], { terminal }) => {
    const { code, stdout, stderr } = await terminal.run(['hold', 'add', ...args]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(problem);
    expect(stderr).not.toContain('\u001b');
  });
});

describe.concurrent('a file of holds', () => {
  const HELD = `version: 1
holds:
  - { project: 101, matter: CASE-1, reason: Smith v. Acme, by: legal@example.com }
`;
  const NONE = 'version: 1\nholds: []\n';

  test('beside the policies keeps what it lists, until that is taken out', async ({ terminal }) => {
    terminal.policy(AGE_POLICY);
    addConversations(terminal.sandbox, 101, { old: 3, young: 0 });
    const file = terminal.policy(HELD, 'holds');
    const validated = await terminal.run(['validate']);
    expect(validated).toMatchObject({ code: 0 });
    expect(validated.stdout).toContain(
      'Nothing of project 101 is deleted until it is taken out of the file (matter CASE-1, by legal@example.com)',
    );
    expect(validated.stdout).toContain('1 policy, 1 hold, no problems.');
    const planId = await terminal.plan();
    expect(documentOf(await terminal.run(['run', '--json']))).toMatchObject({
      runs: [{ counts: { held: 3, planned: 0 } }],
    });
    const { holds } = documentOf(await terminal.run(['hold', 'list', '--json'])) as {
      holds: { hold_id: string }[];
    };
    expect(holds).toMatchObject([{ state: 'in_force', source: file, project_id: 101 }]);
    expect((await terminal.run(['hold', 'list'])).stdout).toContain(`  from ${file.slice(0, 20)}`);
    const end = ['--by', 'me', '--reason', 'done'];
    const refused = await terminal.run(['hold', 'release', holds[0]?.hold_id ?? '', ...end]);
    expect(refused.code).toBe(2);
    expectPlainWords(refused, `is listed in ${file}: take it out of that file instead`);

    writeFileSync(file, NONE);
    expect((await terminal.run(['apply', planId])).code).toBe(0);
    expect(await terminal.entries('hold.released')).toMatchObject([
      { reason: 'no longer in holds.yaml', by: 'holds.yaml' },
    ]);
    expect(documentOf(await terminal.run(['run', '--json']))).toMatchObject({
      runs: [{ counts: { held: 0, verified: 3 } }],
    });
  });

  test('that is wrong stops plan, run, apply and serve, with all problems', async ({ terminal }) => {
    terminal.policy(AGE_POLICY);
    addConversations(terminal.sandbox, 101, { old: 1, young: 0 });
    const planId = await terminal.plan();
    terminal.policy('version: 1\nholds:\n  - { projct: 101 }\n', 'holds');
    terminal.policy('nmae: x\n', 'other');
    const count = terminal.sandbox.journal.count();
    for (const args of [['plan'], ['run'], ['serve'], ['validate'], ['apply', planId]]) {
      const ended = await terminal.run(args);
      expect(ended).toMatchObject({ code: 2, stdout: '' });
      expectPlainWords(ended, /policies.holds\.yaml:3:7 holds\[0\]\.projct: .*did you mean "project"/);
      if (args.length === 1) expectPlainWords(ended, /policies.other\.yaml:1:1 nmae/);
    }
    expect(terminal.sandbox.journal.count()).toBe(count);
  });

  test('that is gone, or named and not there, stops everything', async ({ terminal }) => {
    terminal.policy(AGE_POLICY);
    addConversations(terminal.sandbox, 102, { old: 2, young: 0 });
    const file = terminal.policy(HELD, 'holds');
    const planId = await terminal.plan();
    rmSync(file);
    for (const args of [['run'], ['plan'], ['apply', planId]]) {
      const ended = await terminal.run(args);
      expect(ended.code).toBe(2);
      expectPlainWords(ended, /holds\.yaml is gone, but 1 hold from it is in force/);
    }
    const missing = await terminal.run(['run'], { RETENTION_HOLDS_FILE: 'legal.yaml' });
    expect(missing.code).toBe(2);
    expectPlainWords(missing, /legal\.yaml:1:1 there is no such file/);
    expect(terminal.deleteCount()).toBe(0);
    // The way out by command: what its file does not list any more can be released.
    const { holds } = documentOf(await terminal.run(['hold', 'list', '--json'])) as {
      holds: { hold_id: string }[];
    };
    const end = ['--by', 'legal', '--reason', 'file removed on purpose'];
    expect((await terminal.run(['hold', 'release', holds[0]?.hold_id ?? '', ...end])).code).toBe(0);
    expect((await terminal.run(['run'])).code).toBe(0);
  });

  test('may lie elsewhere, also among the policies', async ({ terminal }) => {
    terminal.policy(AGE_POLICY);
    addConversations(terminal.sandbox, 101, { old: 2, young: 0 });
    terminal.policy(HELD, 'legal');
    const env = { RETENTION_HOLDS_FILE: 'policies/legal.yaml' };
    expect(documentOf(await terminal.run(['run', '--json'], env))).toMatchObject({
      runs: [{ counts: { held: 2 } }],
    });
    expect((await terminal.run(['run'])).code).toBe(2);
    const alone = await terminal.run(['validate', 'policies/holds.yaml', '--json']);
    expect(alone.code).toBe(2);
    writeFileSync(join(terminal.folder, 'policies', 'holds.yaml'), NONE);
    // Nobody may take the other one for a policy, or for holds that count here.
    rmSync(join(terminal.folder, 'policies', 'legal.yaml'));
    expect((await terminal.run(['validate', 'policies/holds.yaml'])).stdout).toBe(
      'Holds in policies/holds.yaml: none.\n\n0 policies, 0 holds, no problems.\n',
    );
  });

  test('a hold that somebody removes from the database is missed', async ({ terminal }) => {
    terminal.policy(AGE_POLICY);
    addConversations(terminal.sandbox, 101, { old: 2, young: 0 });
    await terminal.run(['hold', 'add', '101', ...WHY]);
    const database = new Database(join(terminal.stateDir, 'retention.db'));
    const restore = database.prepare<[], { sql: string }>(
      "SELECT sql FROM sqlite_schema WHERE name = 'holds_never_change'",
    );
    const trigger = restore.get();
    database.exec('DROP TRIGGER holds_never_change; UPDATE holds SET project_id = 102');
    for (const args of [['run'], ['plan'], ['audit', 'verify'], ['audit', 'verify', '--json']]) {
      const ended = await terminal.run(args);
      expect(ended.code).toBe(6);
      expectPlainWords(ended, /what the audit log says of hold-[a-z0-9]{12}: what it says was altered/);
    }
    expect(terminal.deleteCount()).toBe(0);
    database.exec(`UPDATE holds SET project_id = 101; ${trigger?.sql ?? ''}`);
    database.close();
    expect((await terminal.run(['run'])).code).toBe(0);
  });
});
