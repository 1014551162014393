import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import {
  addConversations,
  jsonLines,
  onlyPlan,
  onlyRun,
  until,
  type Running,
  type Terminal,
} from '../support/command.ts';
import { AGE_POLICY } from '../support/purge.ts';
import { terminalTest as test } from '../support/terminal-test.ts';

/** The words of a command that a line names, as a shell would read them; there is nothing to quote in them. */
function commandIn(text: string, start: string): readonly string[] {
  const line = text.split('\n').find((one) => one.trim().startsWith(start)) ?? '';
  return line.slice(line.indexOf('customgpt-retention ') + 'customgpt-retention '.length).split(' ');
}

describe.concurrent('hints', () => {
  test('name commands that work as they stand, with the state and the policies that were given', async ({
    terminal,
  }) => {
    addConversations(terminal.sandbox, 101, { old: 4, young: 8 });
    const path = terminal.policy(AGE_POLICY.replace('max_percent: 100', 'max_deletions: 2'));
    const given = [path, '--policy', 'by-age', '--state-dir', terminal.stateDir];
    // Without the flag a command would look there.
    const env = { RETENTION_STATE_DIR: 'elsewhere' };
    const refused = await terminal.run(['run', ...given], env);
    expect(refused.code).toBe(4);
    const look = commandIn(refused.stdout, 'Look at its plan:');
    expect((await terminal.run(look, env)).stdout).toMatch(/Plan plan-\w+ of policy by-age/);
    const all = commandIn(refused.stdout, 'Apply it anyway:');
    expect(all).toEqual(expect.arrayContaining(['--state-dir', terminal.stateDir, '--override-limits']));
    expect((await terminal.run(all, env)).code).toBe(0);
    const stale = await terminal.run(all, env);
    expect(stale.code).toBe(5);
    const again = commandIn(stale.stderr, 'Make a new one:');
    expect(again.join(' ')).toBe(`plan --state-dir ${terminal.stateDir} --policy by-age`);
  });

  test('say what was done with a policy in dry-run mode that a person applied', async ({ terminal }) => {
    addConversations(terminal.sandbox, 101, { old: 4, young: 8 });
    terminal.policy(AGE_POLICY.replace('enforce', 'dry-run'));
    const plan = await terminal.plan();
    const run = onlyRun(await terminal.run(['apply', plan, '--json']));
    expect(run).toMatchObject({ mode: 'enforce', counts: { verified: 4 }, status: 'completed' });
    const shown = await terminal.run(['runs', run.run_id]);
    expect(shown.stdout).toContain('Policy mode dry-run, applied by command');
    await terminal.assertSound();
  });

  test('a new state is said to be new once', async ({ terminal }) => {
    terminal.policy(AGE_POLICY);
    const said = /new state: the audit log starts at entry 1/;
    expect((await terminal.run(['plan'])).stderr).toMatch(said);
    expect((await terminal.run(['plan'])).stderr).not.toMatch(said);
  });
});

describe.concurrent('settings', () => {
  test('a time zone that is none is refused', async ({ terminal }) => {
    terminal.policy(AGE_POLICY);
    const ended = await terminal.run(['plan'], { RETENTION_TIME_ZONE: 'Europe/Berln' });
    expect(ended.code).toBe(2);
    expect(ended.stderr).toMatch(/RETENTION_TIME_ZONE must be an IANA time zone.*Europe\/Berlin/);
  });

  test('plan says what would be left to later runs', async ({ terminal }) => {
    addConversations(terminal.sandbox, 101, { old: 4, young: 8 });
    terminal.policy(AGE_POLICY.replace('max_percent: 100', 'max_deletions: 3, when_exceeded: oldest_first'));
    const plan = onlyPlan(await terminal.run(['plan', '--json']));
    expect(plan).toMatchObject({ counts: { planned: 4, deferred: 1 }, refused_by: [] });
    const run = onlyRun(await terminal.run(['run', '--json']));
    expect(run).toMatchObject({ status: 'completed', counts: { verified: 3, deferred: 1 } });
    expect((await terminal.run(['runs', run.run_id])).stdout).toContain('1 deferred, because the oldest');
  });
});

describe.concurrent('serve', () => {
  const every = (hour: number): string => `schedule: { cron: "0 ${hour} * * *" }\n`;
  const far = (new Date().getUTCHours() + 12) % 24;
  const logged = (serve: Running, text: string): boolean => serve.stderr().includes(text);

  async function serving(terminal: Terminal): Promise<Running> {
    const serve = terminal.start(['serve']);
    await until(() => logged(serve, '"msg":"serving"'));
    return serve;
  }

  test('reads the policies again on SIGHUP, and says what changed and what is wrong', async ({
    terminal,
  }) => {
    const path = terminal.policy(`${AGE_POLICY}${every(far)}`);
    const serve = await serving(terminal);
    const before = readFileSync(path, 'utf8');
    writeFileSync(path, before.replace(`0 ${far} `, `5 ${far} `));
    serve.kill('SIGHUP');
    await until(() => logged(serve, 'policy changed'));
    writeFileSync(path, before.replace('older_than', 'oldr_than'));
    terminal.policy('nothing: here\n', 'second');
    serve.kill('SIGHUP');
    await until(() => logged(serve, 'nothing runs until they can'));
    serve.kill('SIGTERM');
    const { code, stderr } = await serve.ended;
    expect(code).toBe(130);
    const lines = jsonLines(stderr);
    const changed = lines.find(({ msg }) => String(msg).startsWith('policy changed'));
    expect(changed).toMatchObject({ policy: 'by-age', schedule: { cron: `5 ${far} * * *` } });
    expect(String(changed?.['before'])).toMatch(/^[0-9a-f]{64}$/);
    expect(changed?.['after']).not.toBe(changed?.['before']);
    const wrong = lines.find(({ level }) => level === 50)?.['problems'] as readonly string[];
    expect(wrong.join('\n')).toMatch(/policy\.yaml:\d+:\d+.*oldr_than[^]*second\.yaml/);
  });

  test('goes on with the key that is in its file by now', async ({ terminal }) => {
    const old = addConversations(terminal.sandbox, 101, { old: 6, young: 12 });
    terminal.policy(AGE_POLICY);
    const file = join(terminal.folder, 'key');
    writeFileSync(file, `${terminal.sandbox.apiKey}\n`);
    const third = old[2];
    terminal.onDelete = (session) => {
      if (session !== third) return;
      writeFileSync(file, 'the-next-key\n');
      terminal.sandbox.faults.exchangedKey = 'the-next-key';
    };
    const ended = await terminal.run(['run', '--json'], {
      CUSTOMGPT_API_KEY: undefined,
      CUSTOMGPT_API_KEY_FILE: file,
    });
    expect(onlyRun(ended)).toMatchObject({ status: 'completed', counts: { verified: 6 } });
    expect(ended.stderr).toContain('its file holds another one');
    expect(ended.stderr).not.toContain('the-next-key');
    await terminal.assertSound();
  });
});
