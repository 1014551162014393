import { describe, expect } from 'vitest';
import { systemClock } from '../../src/cli/surroundings.ts';
import { openSqliteStore } from '../../src/store/sqlite-store.ts';
import { addConversations, documentOf } from '../support/command.ts';
import { AGE_POLICY } from '../support/purge.ts';
import { terminalTest as test } from '../support/terminal-test.ts';

const WHY = ['--matter', 'M-17', '--reason', 'Smith v. Acme', '--by', 'legal'];

describe.concurrent('hold', () => {
  test('keeps a project until it is released, and says so in plan, list and log', async ({ terminal }) => {
    terminal.policy(AGE_POLICY);
    addConversations(terminal.sandbox, 101, { old: 3, young: 0 });
    const added = await terminal.run(['hold', 'add', '101', ...WHY, '--until', '2099-12-31']);
    expect(added.stdout).toMatch(
      /^hold-[a-z0-9]{12}: nothing of project 101 is deleted until 2100-01-01T00:00:00.000Z \(matter M-17\)\.\nRecorded in /,
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
    expect(twice.stderr).toContain(`there is no hold ${holdId} to release`);
  });

  test('names what was begun before it: an intent without an outcome', async ({ terminal }) => {
    const store = await openSqliteStore({ stateDir: terminal.stateDir, clock: systemClock });
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
    const elsewhere = documentOf(await terminal.run(['hold', 'add', '102', ...WHY, '--json']));
    expect(elsewhere).toMatchObject({ state: 'in_force', already_begun: [] });
    const document = documentOf(await terminal.run(['hold', 'add', '101', ...WHY, '--json']));
    expect(document).toMatchObject({ already_begun: [{ project_id: 101, session_id: session }] });
    const { stdout } = await terminal.run(['hold', 'add', `101/${session}`, ...WHY]);
    expect(stdout).toContain(
      `Already begun, and carried out if its DELETE is on its way: conversation 101/${session}.`,
    );
  });

  test('needs neither key nor server', async ({ terminal }) => {
    const env = { CUSTOMGPT_API_KEY: undefined, CUSTOMGPT_BASE_URL: undefined };
    const session = 'a'.repeat(36);
    const { code, stdout } = await terminal.run(['hold', 'add', `101/${session}`, ...WHY], env);
    expect({ code, stdout }).toMatchObject({
      code: 0,
      stdout: expect.stringContaining(`conversation 101/${session}`) as string,
    });
    expect(terminal.sandbox.journal.count()).toBe(0);
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
