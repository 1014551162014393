import Database from 'better-sqlite3';
import { randomBytes } from 'node:crypto';
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { systemClock } from '../../src/cli/surroundings.ts';
import {
  addConversations,
  onlyRun,
  openTerminal,
  until,
  type Env,
  type Ended,
  type Terminal,
} from '../support/command.ts';
import { AGE_POLICY } from '../support/purge.ts';
import { documentIn, signatureOf, startReceiver, type Receiver } from '../support/receiver.ts';
import { openState } from '../support/state.ts';
import { terminalTest } from '../support/terminal-test.ts';
import { DAY } from '../support/world.ts';

const TOKEN = 'T0KEN-that-nobody-may-print';
const SECRET = `whsec_${randomBytes(32).toString('base64')}`;
const REFUSED = AGE_POLICY.replace('max_percent: 100', 'max_deletions: 1');

const test = terminalTest.extend<{ receiver: Receiver }>({
  receiver: async ({}, use) => {
    const receiver = await startReceiver();
    await use(receiver);
    await receiver.close();
  },
});

function environment({ folder }: Terminal, { url }: Receiver): Env {
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), `${text}\n`);
    return join(folder, name);
  };
  return {
    RETENTION_NOTICE_URL_FILE: file('hook', `${url}/hook/${TOKEN}`),
    RETENTION_NOTICE_SECRET_FILE: file('secret', SECRET),
    RETENTION_NOTICE_SLACK_URL: `${url}/slack/${TOKEN}`,
    RETENTION_HEARTBEAT_URL: `${url}/alive/${TOKEN}/{policy}`,
  };
}

function expectSilent({ stdout, stderr }: Ended): void {
  for (const secret of [TOKEN, SECRET]) {
    expect(stdout).not.toContain(secret);
    expect(stderr).not.toContain(secret);
  }
}

const pathsOf = ({ received }: Receiver): readonly string[] =>
  received.map(({ path }) => path.replace(`/${TOKEN}`, '')).sort();

describe.concurrent('run and apply', () => {
  test('tell of a refusal before they end, and of a good run by a heartbeat', async ({
    terminal,
    receiver,
  }) => {
    addConversations(terminal.sandbox, 101, { old: 3, young: 3 });
    terminal.policy(REFUSED);
    const env = { ...environment(terminal, receiver), LOG_LEVEL: 'trace' };
    const refused = await terminal.run(['run', '--json'], env);
    expect(refused.code).toBe(4);
    expectSilent(refused);
    expect(pathsOf(receiver)).toEqual(['/hook', '/slack']);
    const hook = receiver.received.find(({ path }) => path.startsWith('/hook'));
    if (hook === undefined) throw new Error('no webhook');
    expect(hook.headers['webhook-signature']).toBe(signatureOf(hook, SECRET));
    const { run_id, plan_id, counts } = onlyRun(refused);
    if (plan_id === null) throw new Error('no plan');
    expect(documentIn(hook)).toMatchObject({ type: 'run_refused', data: { run_id, plan_id, counts } });
    receiver.take();

    const override = ['--override-limits', '--by', 'J. Doe', '--reason', 'all of it'];
    const applied = await terminal.run(['apply', plan_id, ...override], env);
    expect(applied.code).toBe(0);
    expectSilent(applied);
    expect(pathsOf(receiver)).toEqual(['/alive/by-age', '/hook', '/slack']);
    expect(receiver.everything()).not.toContain('secret name');
  });

  test('name the flags that were given in what to do next', async ({ terminal, receiver }) => {
    addConversations(terminal.sandbox, 101, { old: 3 });
    terminal.policy(REFUSED);
    await terminal.run(['run', '--state-dir', 'elsewhere'], environment(terminal, receiver));
    const hook = receiver.received.find(({ path }) => path.startsWith('/hook'));
    expect(hook?.body).toMatch(/customgpt-retention plan --state-dir elsewhere --show plan-\w+/);
  });

  test('end as they do without, where nobody takes the notices', async ({ terminal, receiver }) => {
    addConversations(terminal.sandbox, 101, { old: 3, young: 3 });
    terminal.policy(REFUSED);
    const [alone, told] = [
      await terminal.run(['run', '--json']),
      await terminal.run(
        ['run', '--json'],
        environment(terminal, { ...receiver, url: 'http://127.0.0.1:1' }),
      ),
    ];
    expect(told.code).toBe(alone.code);
    expect(onlyRun(told).counts).toEqual(onlyRun(alone).counts);
    expectSilent(told);
  });

  test('begin nothing where a setting is wrong', async ({ terminal, receiver }) => {
    addConversations(terminal.sandbox, 101, { old: 3 });
    terminal.policy(AGE_POLICY);
    const env = { ...environment(terminal, receiver), RETENTION_NOTICE_SECRET_FILE: undefined };
    const ended = await terminal.run(['run'], env);
    expect(ended.code).toBe(2);
    expect(ended.stderr).toContain('RETENTION_NOTICE_URL needs RETENTION_NOTICE_SECRET_FILE');
    expectSilent(ended);
    expect(terminal.sandbox.journal.count({})).toBe(0);
  });
});

describe.concurrent('nobody is told', () => {
  test('of a plan, or of the demo', async ({ terminal, receiver }) => {
    addConversations(terminal.sandbox, 101, { old: 3 });
    terminal.policy(AGE_POLICY);
    const env = { ...environment(terminal, receiver), RETENTION_NOTICE_EACH_RUN: 'true' };
    for (const command of [['plan'], ['demo']]) {
      expect((await terminal.run(command, env)).code).toBe(0);
    }
    expect(receiver.received).toEqual([]);
  });
});

test('serve beats the heart after a run on its schedule', async ({ terminal, receiver }) => {
  addConversations(terminal.sandbox, 101, { old: 3, young: 3 });
  const farHour = (new Date().getUTCHours() + 12) % 24;
  terminal.policy(`${AGE_POLICY}schedule: { cron: "0 ${farHour} * * *" }\n`);
  // As if the daemon had been down for three days: it catches up at its start.
  const store = await openState(terminal.stateDir, { clock: systemClock });
  await store.runs.recordSlot('by-age', Date.now() - 3 * DAY);
  await store.close();
  const env = { ...environment(terminal, receiver), RETENTION_NOTICE_EACH_RUN: 'true' };
  const serving = terminal.start(['serve'], env);
  await until(() => receiver.received.length === 3);
  serving.kill('SIGTERM');
  const ended = await serving.ended;
  expect(ended.code).toBe(130);
  expectSilent(ended);
  expect(pathsOf(receiver)).toEqual(['/alive/by-age', '/hook', '/slack']);
});

test('serve tells of a log that was changed, and of policies that cannot be used', async ({
  terminal,
  receiver,
}) => {
  // A log so long that its start looks only at the end.
  addConversations(terminal.sandbox, 101, { old: 400, young: 3 });
  terminal.policy(AGE_POLICY);
  await terminal.run(['run']);
  const file = join(terminal.stateDir, 'retention.db');
  const database = new Database(file);
  database.exec('DROP TRIGGER audit_entries_never_change');
  const alter = (from: string, to: string): void => {
    database.prepare('UPDATE audit_entries SET event = ? WHERE seq = 3 AND event = ?').run(to, from);
  };
  const { event } = database.prepare('SELECT event FROM audit_entries WHERE seq = 3').get() as {
    event: string;
  };
  alter(event, 'conversation.marked');
  const farHour = (new Date().getUTCHours() + 12) % 24;
  const scheduled = `${AGE_POLICY}schedule: { cron: "0 ${farHour} * * *" }\n`;
  terminal.policy(scheduled);
  const serving = terminal.start(['serve'], environment(terminal, receiver));
  const types = () =>
    receiver.received.filter(({ path }) => path.startsWith('/hook')).map((hook) => documentIn(hook)['type']);
  await until(() => types().includes('audit_broken'));
  terminal.policy(scheduled.replace('rules:', 'rulez:'));
  serving.kill('SIGHUP');
  await until(() => types().includes('policies_broken'));
  serving.kill('SIGHUP');
  await until(() => (serving.stderr().match(/nothing runs until they can/g) ?? []).length === 2);
  serving.kill('SIGTERM');
  expectSilent(await serving.ended);
  expect(types()).toEqual(['audit_broken', 'policies_broken']);
  // As the terminal's own check wants it at the end.
  alter('conversation.marked', event);
  database.close();
});

describe.concurrent('notices test', () => {
  test('says what each answered', async ({ terminal, receiver }) => {
    const env = environment(terminal, receiver);
    const ended = await terminal.run(['notices', 'test', '--policy', 'by-age'], env);
    expect(ended.code).toBe(0);
    const { host } = receiver;
    expect(ended.stdout.split('\n')).toEqual([
      ...['webhook', 'slack', 'heartbeat'].map((target) => `${target} (${host}): delivered (HTTP 204)`),
      '',
    ]);
    expect(pathsOf(receiver)).toEqual(['/alive/by-age', '/hook', '/slack']);
    expectSilent(ended);
  });

  test('exits with 1 where one did not take it', async ({ terminal, receiver }) => {
    receiver.replies = [{ status: 302, headers: { location: '/elsewhere' } }];
    const env = environment(terminal, receiver);
    const ended = await terminal.run(['notices', 'test', '--json'], env);
    expect(ended.code).toBe(1);
    const { host } = receiver;
    const failed = { host, delivered: false, status: 302, problem: null };
    expect(JSON.parse(ended.stdout)).toEqual({
      targets: [
        { target: 'webhook', ...failed },
        { target: 'slack', ...failed },
      ],
    });
    const away = { ...env, RETENTION_NOTICE_SLACK_URL: undefined, RETENTION_NOTICE_URL_FILE: undefined };
    const gone = { ...away, RETENTION_NOTICE_URL: `http://127.0.0.1:1/${TOKEN}` };
    const refused = await terminal.run(['notices', 'test'], gone);
    expect(refused.code).toBe(1);
    expect(refused.stdout).toContain('webhook (127.0.0.1:1): not delivered (ECONNREFUSED)');
    expect(refused.stdout).toContain('heartbeat: not tried');
    expectSilent(refused);
  });

  test('has to know somebody to tell', async ({ terminal }) => {
    const ended = await terminal.run(['notices', 'test']);
    expect(ended.code).toBe(2);
    expect(ended.stderr).toContain('no target for notices is set');
  });
});

describe('the examples of the documents', () => {
  const text = readFileSync(join(import.meta.dirname, '../../docs/notices.md'), 'utf8');
  const example = (language: string): string =>
    new RegExp(`\`\`\`${language}\\n(.*?)\`\`\``, 's').exec(text)?.[1] ?? '';
  const JS = `${example('js')}
    const { headers, body, secret } = JSON.parse(process.argv[1]);
    console.log(String(isGenuine(headers, body, secret)));`;
  const PYTHON = `${example('python')}
import json, sys
given = json.loads(sys.argv[1])
print(str(is_genuine(given["headers"], given["body"].encode(), given["secret"])).lower())`;

  test.each([
    ['node', ['--input-type=module', '-e', JS]],
    ['python3', ['-c', PYTHON]],
  ])('tell what is genuine: %s', async (program, args) => {
    const receiver = await startReceiver();
    const terminal = await openTerminal();
    await terminal.run(['notices', 'test'], {
      ...{ RETENTION_NOTICE_URL: receiver.url, RETENTION_NOTICE_SECRET: SECRET },
    });
    const [request] = receiver.received;
    if (request === undefined) throw new Error('nothing arrived');
    const says = (change: object): string => {
      const given = JSON.stringify({
        headers: request.headers,
        body: request.body,
        secret: SECRET,
        ...change,
      });
      return spawnSync(program, [...args, given], { encoding: 'utf8' }).stdout.trim();
    };
    expect(says({})).toBe('true');
    expect(says({ body: `${request.body} ` })).toBe('false');
    expect(says({ secret: `whsec_${randomBytes(32).toString('base64')}` })).toBe('false');
    expect(says({ headers: { ...request.headers, 'webhook-timestamp': '1700000000' } })).toBe('false');
    await terminal.close();
    await receiver.close();
  });
});
