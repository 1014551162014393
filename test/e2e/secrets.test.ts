import Database from 'better-sqlite3';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { addConversations, API_KEY, type Ended, type Terminal } from '../support/command.ts';
import { AGE_POLICY } from '../support/purge.ts';
import { terminalTest as test } from '../support/terminal-test.ts';

/** As far as they may be in nobody's output: names and texts of `addConversations`, and the key. */
const SECRETS = ['secret name', 'secret question', 'secret answer', API_KEY];

// The newest message is read too, so that texts and not only names pass through the program.
const READS_MESSAGES = AGE_POLICY.replace('older_than: 90d', 'older_than: 90d, age_from: last_message');

function expectNoSecret(what: string, text: string): void {
  for (const secret of SECRETS) {
    expect({ what, secret, isThere: text.includes(secret) }).toEqual({ what, secret, isThere: false });
  }
}

function expectSilent({ stdout, stderr }: Ended): void {
  expectNoSecret('stdout', stdout);
  expectNoSecret('stderr', stderr);
}

function expectNoSecretAtRest({ stateDir }: Terminal): void {
  const database = new Database(join(stateDir, 'retention.db'), { readonly: true });
  expectNoSecret('audit_entries', JSON.stringify(database.prepare('SELECT * FROM audit_entries').all()));
  database.close();
  for (const file of readdirSync(stateDir))
    expectNoSecret(file, readFileSync(join(stateDir, file), 'latin1'));
}

describe.concurrent('neither key, name nor message text', () => {
  test('is in the output of a run, or in the state it leaves', async ({ terminal }) => {
    addConversations(terminal.sandbox, 101, { old: 60, young: 40 });
    terminal.policy(READS_MESSAGES);
    const ended = await terminal.run(['run'], { LOG_LEVEL: 'trace' });
    expect(ended.code).toBe(0);
    expect(terminal.sandbox.journal.count({ route: 'messages.list' })).toBeGreaterThan(60);
    expectSilent(ended);
    expectNoSecretAtRest(terminal);
    for (const command of [['runs'], ['audit', 'export']]) expectSilent(await terminal.run(command));
  });

  test('is in the output of apply, or left of the plan once it is applied', async ({ terminal }) => {
    addConversations(terminal.sandbox, 101, { old: 30, young: 5 });
    terminal.policy(READS_MESSAGES);
    // Told to: names are what a plan is looked at for.
    const planned = await terminal.run(['plan', '--all']);
    expect(planned.stdout).toContain('secret name');
    expect(planned.stderr).not.toContain('secret name');
    const plan = /^Plan (plan-\w+) of policy/m.exec(planned.stdout)?.[1] ?? 'none';
    const applied = await terminal.run(['apply', plan, '--json'], { LOG_LEVEL: 'trace' });
    expect(applied.code).toBe(0);
    expectSilent(applied);
    expectNoSecretAtRest(terminal);
  });

  test('is in the output when everything goes wrong', async ({ terminal }) => {
    addConversations(terminal.sandbox, 101, { old: 8, young: 1 });
    addConversations(terminal.sandbox, 102, { old: 8 });
    terminal.policy(READS_MESSAGES);
    const { faults } = terminal.sandbox;
    faults.forbiddenProjects.set(102, 403);
    faults.add({ when: { method: 'DELETE' }, then: { status: 500, body: 'html' } });
    faults.add({ when: { route: 'messages.list', nth: 4 }, then: { cut: 'mid-body' } });
    const ended = await terminal.run(['run'], { LOG_LEVEL: 'trace', RETENTION_VERIFY_TIMEOUT: '300ms' });
    expect(ended.code).toBe(3);
    expectSilent(ended);
    expectNoSecretAtRest(terminal);
    const revoked = await terminal.run(['run'], { CUSTOMGPT_API_KEY: `${API_KEY}-old` });
    expect(revoked.code).toBe(8);
    expectSilent(revoked);
  });
});

test('a key that comes through a pipe is read once, and not asked for again when it is refused', async ({
  terminal,
}) => {
  addConversations(terminal.sandbox, 101, { old: 3 });
  terminal.policy(AGE_POLICY);
  // A pipe with a name gives its text once; whoever opens it again waits for ever.
  const within =
    'mkfifo key; (printf %s "$KEY" >key &); unset CUSTOMGPT_API_KEY; CUSTOMGPT_API_KEY_FILE=key exec "$@"';
  const ended = await terminal.run(['run', '--json'], { KEY: API_KEY }, { within });
  expect(ended.code).toBe(0);
  expect(terminal.deleteCount()).toBe(3);
  const again = within.replace('mkfifo key; ', '');
  const refused = await terminal.run(['run', '--json'], { KEY: `${API_KEY}-old` }, { within: again });
  expect(refused.code).toBe(8);
});
