import { describe, expect } from 'vitest';
import { systemClock } from '../../src/cli/surroundings.ts';
import type { Store } from '../../src/core/ports/store.ts';
import { DONE, facts, header, item, RUN } from '../contract/store-samples.ts';
import { addConversations, documentOf, onlyRun, type Terminal } from '../support/command.ts';
import { AGE_POLICY } from '../support/purge.ts';
import { openState } from '../support/state.ts';
import { expectPlainWords, terminalTest as test } from '../support/terminal-test.ts';

const WORDS = ['--matter', 'M-17', '--reason', 'Smith v. Acme', '--by', 'legal', '--offline', '--json'];

async function onRecord(terminal: Terminal, write: (store: Store) => Promise<void>): Promise<void> {
  const store = await openState(terminal.stateDir, { clock: systemClock });
  await write(store);
  await store.close();
}

async function plan(store: Store, planId: string, sessionIds: readonly string[] = []): Promise<void> {
  const writer = await store.plans.createPlan(header(planId));
  await writer.add(sessionIds.map((sessionId, index) => item(index + 1, { sessionId, projectId: 101 })));
  await writer.finish(DONE);
}

describe.concurrent('the start of an id', () => {
  test('of a session is taken for the only one on record that begins like it', async ({ terminal }) => {
    terminal.policy(AGE_POLICY);
    const [first = '', second = ''] = addConversations(terminal.sandbox, 101, { old: 2 });
    await terminal.run(['plan']);
    const short = first.slice(0, 9);
    const several = await terminal.run(['why', `101/${short}`]);
    expect(several).toMatchObject({ code: 2, stdout: '' });
    expectPlainWords(
      several,
      `${short} is the start of several conversations of project 101: ${first}, ${second}\n`,
    );
    await onRecord(terminal, async (store) => {
      await plan(store, 'plan-1', ['2D01c486-c65c-4d68-803c-bde8df8b7ac8']);
      await store.audit.append([
        facts('deletion.skipped', { project_id: 101, session_id: 'ffff0000-logged' }),
      ]);
    });
    for (const [given, whole] of [
      ['2D01c486', '2D01c486-c65c-4d68-803c-bde8df8b7ac8'],
      ['2d01C486', '2D01c486-c65c-4d68-803c-bde8df8b7ac8'],
      ['ffff0000', 'ffff0000-logged'],
    ] as const) {
      const asked = await terminal.run(['why', `101/${given}`, '--offline', '--json']);
      expect(documentOf(asked)).toMatchObject({ session_id: whole });
      expect(asked.stderr).toBe(`${given} is ${whole}\n`);
      const held = await terminal.run(['hold', 'add', `101/${given}`, ...WORDS]);
      expect(documentOf(held)).toMatchObject({ session_id: whole });
      expect(held.stderr).toContain(`${given} is ${whole}\n`);
    }
  });

  test('of a session yields to an id that is on record as it is, and to none that is not', async ({
    terminal,
  }) => {
    const unknown = await terminal.run(['hold', 'add', '101/abcd1234', ...WORDS]);
    expect(documentOf(unknown)).toMatchObject({ session_id: 'abcd1234' });
    await onRecord(terminal, (store) => plan(store, 'plan-1', ['abcd1234', 'abcd1234-a', 'abcd1234-b']));
    const exact = await terminal.run(['hold', 'add', '101/abcd1234', ...WORDS]);
    expect(documentOf(exact)).toMatchObject({ session_id: 'abcd1234' });
    expect(exact.stderr).not.toContain('abcd1234 is');
    const other = await terminal.run(['hold', 'add', '102/abcd1234', ...WORDS]);
    expect(documentOf(other)).toMatchObject({ session_id: 'abcd1234' });
  });

  test('names five of many that begin alike, and nothing is placed', async ({ terminal }) => {
    const ids = Array.from({ length: 7 }, (_, index) => `abcd1234-${index}`);
    await onRecord(terminal, (store) => plan(store, 'plan-1', ids));
    const many = await terminal.run(['hold', 'add', '101/abcd1234', ...WORDS]);
    expect(many).toMatchObject({ code: 2, stdout: '' });
    expectPlainWords(many, `conversations of project 101: ${ids.slice(0, 5).join(', ')}, …\n`);
    expect(documentOf(await terminal.run(['hold', 'list', '--json']))).toEqual({ holds: [] });
  });

  test('of a run or a plan is taken by every command that takes one', async ({ terminal }) => {
    terminal.policy(AGE_POLICY);
    addConversations(terminal.sandbox, 101, { old: 1, young: 1 });
    const { run_id: runId, plan_id: planId } = onlyRun(await terminal.run(['run', '--json']));
    if (planId === null) throw new Error('no plan');
    const [run, made] = [runId.slice(0, 9), planId.slice(0, 10)];
    for (const [args, given, whole] of [
      [['runs', run], run, runId],
      [['policy', run], run, runId],
      [['policy', made], made, planId],
      [['report', run, '--format', 'md'], run, runId],
      [['report', made, '--format', 'md'], made, planId],
      [['plan', '--show', made], made, planId],
      [['audit', 'export', '--run', run], run, runId],
    ] as const) {
      const ended = await terminal.run(args);
      expect(ended).toMatchObject({ code: 0 });
      expect(ended.stderr).toMatch(`${given} is ${whole}\n`);
      const exact = await terminal.run(args.map((arg) => (arg === given ? whole : arg)));
      expect(exact.stdout.replaceAll(/Made .*|\d\d:\d\d(:\d\d)?/g, '')).toBe(
        ended.stdout.replaceAll(/Made .*|\d\d:\d\d(:\d\d)?/g, ''),
      );
      expect(exact.stderr).not.toContain(' is ');
    }
    const tooShort = await terminal.run(['runs', runId.slice(0, 7)]);
    expect(tooShort.code).toBe(2);
    expectPlainWords(tooShort, `there is no run ${runId.slice(0, 7)}`);
  });

  test('of several plans or runs stops the command, which names them', async ({ terminal }) => {
    terminal.policy(AGE_POLICY);
    await onRecord(terminal, async (store) => {
      for (const end of ['aaaa', 'bbbb']) {
        await plan(store, `plan-k3v9${end}`);
        await store.runs.startRun({ ...RUN, runId: `run-k3v9${end}` });
      }
    });
    for (const args of [['apply'], ['plan', '--show'], ['report'], ['policy']]) {
      const ended = await terminal.run([...args, 'plan-k3v9']);
      expect(ended).toMatchObject({ code: 2, stdout: '' });
      expectPlainWords(ended, /plan-k3v9 is the start of several plans: plan-k3v9aaaa, plan-k3v9bbbb\n/);
    }
    for (const args of [['runs'], ['report'], ['policy'], ['audit', 'export', '--run']]) {
      const ended = await terminal.run([...args, 'run-k3v9']);
      expect(ended).toMatchObject({ code: 2, stdout: '' });
      expectPlainWords(ended, /run-k3v9 is the start of several runs: run-k3v9aaaa, run-k3v9bbbb\n/);
    }
  });

  test('of a plan is applied when it is the only one, and the whole id is said before', async ({
    terminal,
  }) => {
    terminal.policy(AGE_POLICY);
    addConversations(terminal.sandbox, 101, { old: 1, young: 1 });
    const planId = await terminal.plan();
    let saidBefore = '';
    const start = planId.slice(0, 10);
    const applying = terminal.start(['apply', start]);
    terminal.onDelete = () => (saidBefore = applying.stderr());
    expect((await applying.ended).code).toBe(0);
    expect(terminal.deleteCount()).toBe(1);
    expect(saidBefore).toContain(`${start} is ${planId}\n`);
  });
});
