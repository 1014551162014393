import { existsSync, mkdirSync, rmSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { openState } from '../support/state.ts';
import { systemClock } from '../../src/cli/surroundings.ts';
import {
  addConversations,
  jsonLines,
  runsOf,
  until,
  type Running,
  type Terminal,
} from '../support/command.ts';
import { AGE_POLICY } from '../support/purge.ts';
import { DAY } from '../support/world.ts';
import { expectPlainWords, terminalTest } from '../support/terminal-test.ts';

const OLD = 20;

const test = terminalTest.extend<{ old: readonly string[] }>({
  old: [
    async ({ terminal }, use) => {
      terminal.policy(`${AGE_POLICY}schedule: { cron: "0 ${farHour()} * * *" }\n`);
      await use(addConversations(terminal.sandbox, 101, { old: OLD, young: 5 }));
    },
    { auto: true },
  ],
});

/** An hour of the day that is half a day away, so that no slot comes while a test runs. */
function farHour(): number {
  return (new Date().getUTCHours() + 12) % 24;
}

/** As if the daemon had been down for three days. */
async function missSlots({ stateDir }: Terminal): Promise<void> {
  const store = await openState(stateDir, { clock: systemClock });
  await store.runs.recordSlot('by-age', Date.now() - 3 * DAY);
  await store.close();
}

const hasSaid = (serve: Running, message: string): boolean => serve.stderr().includes(`"msg":"${message}"`);

async function serving(terminal: Terminal): Promise<Running> {
  const serve = terminal.start(['serve']);
  await until(() => hasSaid(serve, 'serving'));
  return serve;
}

async function expectStops(serve: Running, withinMs: number): Promise<void> {
  const stoppedAt = performance.now();
  serve.kill('SIGTERM');
  expect((await serve.ended).code).toBe(130);
  expect(performance.now() - stoppedAt).toBeLessThan(withinMs);
}

async function triggers(terminal: Terminal): Promise<readonly string[]> {
  const runs = runsOf(await terminal.run(['runs', '--json']));
  return runs.map(({ trigger, status }) => `${trigger} ${status}`);
}

describe.concurrent('serve', () => {
  test('says what it serves and when it is next due, shows that it is alive, and stops when told', async ({
    terminal,
  }) => {
    const serve = await serving(terminal);
    await until(() => existsSync(join(terminal.stateDir, 'serve.alive')));
    expect(await terminal.run(['alive', '--json'])).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^\{"alive":true,/) as string,
    });
    await expectStops(serve, 3000);
    const lines = jsonLines(serve.stderr());
    expect(lines).toContainEqual(expect.objectContaining({ msg: 'serving', policies: ['by-age'] }));
    const next = lines.find(({ msg }) => msg === 'scheduled')?.['next_at'];
    expect(Date.parse(String(next)) - Date.now()).toBeGreaterThan(10 * 3_600_000);
    expect(serve.stdout()).toBe('');
    expect(terminal.sandbox.journal.count()).toBe(0);
  });

  test('ends with 6 when the state fails under it, so that its supervisor starts another', async ({
    terminal,
  }) => {
    await missSlots(terminal);
    // The head can no longer be noted.
    mkdirSync(join(terminal.stateDir, 'last-head.1'), { recursive: true });
    rmSync(join(terminal.stateDir, 'last-head'), { force: true });
    mkdirSync(join(terminal.stateDir, 'last-head'));
    const serve = terminal.start(['serve']);
    expect((await serve.ended).code).toBe(6);
    rmSync(join(terminal.stateDir, 'last-head'), { recursive: true });
  });

  test('is not alive where its sign of life is old, or never was', async ({ terminal }) => {
    const never = await terminal.run(['alive']);
    expect(never).toMatchObject({ code: 1, stdout: 'serve has never run with ./state.\n' });
    const serve = await serving(terminal);
    const file = join(terminal.stateDir, 'serve.alive');
    await until(() => existsSync(file));
    serve.kill('SIGKILL');
    await serve.ended;
    expect((await terminal.run(['alive'])).code).toBe(0);
    const fiveMinutesAgo = Date.now() / 1000 - 300;
    utimesSync(file, fiveMinutesAgo, fiveMinutesAgo);
    const old = await terminal.run(['alive']);
    expect(old.code).toBe(1);
    expect(old.stdout).toMatch(/^serve is not alive: its last sign of life was 5 min( \d+ s)? ago\./);
  });

  test('catches up on missed slots with one run at once, and not again', async ({ terminal }) => {
    await missSlots(terminal);
    const serve = await serving(terminal);
    await until(() => hasSaid(serve, 'run.completed'));
    await expectStops(serve, 3000);
    expect(terminal.sandbox.accounts.count(101)).toBe(5);
    expect(serve.stderr()).toMatch(/"missed":3.*slots were missed: one run catches up/);
    expect(await triggers(terminal)).toEqual(['catch-up completed']);

    const again = await serving(terminal);
    await expectStops(again, 3000);
    expect(await triggers(terminal)).toEqual(['catch-up completed']);
  });

  test('stopped in mid-run sends no further DELETE, and the next start finishes', async ({ terminal }) => {
    await missSlots(terminal);
    terminal.sandbox.faults.add({ when: { method: 'DELETE' }, then: { latencyMs: 100 } });
    const serve = await serving(terminal);
    await until(() => terminal.deleteCount() >= 5);
    const stoppedAt = Date.now();
    await expectStops(serve, 10_000);
    const late = terminal.sandbox.journal.entries.filter(
      ({ method, at }) => method === 'DELETE' && at > stoppedAt + 1000,
    );
    expect(late).toEqual([]);
    expect(terminal.sandbox.accounts.count(101)).toBeGreaterThan(5);

    terminal.sandbox.faults.clearRules();
    const next = await serving(terminal);
    await until(() => hasSaid(next, 'run.completed'));
    await expectStops(next, 3000);
    expect(terminal.sandbox.accounts.count(101)).toBe(5);
    expect(await triggers(terminal)).toEqual(['catch-up completed', 'catch-up interrupted']);
    expect(await terminal.entries('deletion.verified')).toHaveLength(OLD);
  });

  test('without any schedule has nothing to do and says so', async ({ terminal }) => {
    terminal.policy(AGE_POLICY);
    const ended = await terminal.run(['serve']);
    expect(ended.code).toBe(2);
    expectPlainWords(ended, /no policy has a schedule[^]*cron/);
  });
});
