import { afterEach, describe, expect, test } from 'vitest';
import type { Policy } from '../../src/core/policy.ts';
import { createCustomGptClient } from '../../src/customgpt/client.ts';
import type { RunResult } from '../../src/run/around/close-run.ts';
import { addProject, AGE_POLICY, runOnce } from '../support/purge.ts';
import { createWorld, type TestWorld } from '../support/world.ts';

const SECOND = 'the-second-key';

let world: TestWorld;

afterEach(async () => {
  await world.assertSound();
  await world.close();
});

interface Key {
  value: string;
  asked: number;
}

/** The world with a client of its own; `renew` is what looking into the key's file does. */
async function worldWithKey(renew: (key: Key) => boolean): Promise<{ policy: Policy; key: Key }> {
  world = await createWorld();
  addProject(world, 101, { old: 12, young: 12 });
  const key: Key = { value: world.sandbox.apiKey, asked: 0 };
  const client = createCustomGptClient({
    baseUrl: world.sandbox.url,
    apiKey: {
      reveal: () => key.value,
      renew: () => {
        key.asked += 1;
        return renew(key);
      },
    },
    requestsPerMinute: 'unlimited',
    clock: world.clock,
    chance: world.deps.chance,
    log: world.log,
  });
  world = { ...world, deps: { ...world.deps, openApi: () => client.view() } };
  return { policy: await world.policy(AGE_POLICY), key };
}

/** The right key is another one from the fifth intended deletion on. */
function exchangeInMidRun(): void {
  const { deps } = world;
  let intents = 0;
  const append: typeof deps.store.audit.append = async (entries, fence) => {
    intents += entries.filter(({ event }) => event === 'deletion.intended').length;
    if (intents >= 5) world.sandbox.faults.exchangedKey = SECOND;
    return deps.store.audit.append(entries, fence);
  };
  const store = { ...deps.store, audit: { ...deps.store.audit, append } };
  world = { ...world, deps: { ...deps, store } };
}

function refusals(): number {
  return world.sandbox.journal.entries.filter(({ status }) => status === 401).length;
}

function lookForSecond(key: Key): boolean {
  key.value = SECOND;
  return true;
}

describe('a key that is exchanged while a run is under way', () => {
  test('is looked for once the old one is refused, each request is sent once more, and the run goes on', async () => {
    const { policy, key } = await worldWithKey(lookForSecond);
    exchangeInMidRun();
    const { run, counts } = await runOnce(world, policy);
    expect(run.status).toBe('completed');
    expect(counts.verified).toBe(12);
    expect(key.asked).toBe(1);
    expect(refusals()).toBeGreaterThan(0);
    expect(refusals()).toBeLessThanOrEqual(policy.concurrency);
  });

  test('after a DELETE that was carried out all the same: what was created anew meanwhile is left alone', async () => {
    const accounts = () => world.sandbox.accounts;
    const faults = () => world.sandbox.faults;
    const { policy } = await worldWithKey((key) => {
      faults().exchangedKey = SECOND;
      accounts().postMessage(101, 'old-101-00000000', { query: 'hello?' });
      return lookForSecond(key);
    });
    faults().add({
      when: { method: 'DELETE', sessionId: 'old-101-00000000' },
      times: 1,
      then: { status: 401, executed: true },
    });
    const { run, counts } = await runOnce(world, policy);
    expect(run.status).toBe('completed');
    expect(counts.verified).toBe(12);
    expect(accounts().has(101, 'old-101-00000000')).toBe(true);
    expect(world.sandbox.journal.count({ method: 'DELETE' })).toBe(12);
  });

  test('that is refused as well ends the run like any other', async () => {
    const { policy } = await worldWithKey((key) => {
      key.value = 'a-third-key';
      return true;
    });
    exchangeInMidRun();
    const result: RunResult = await runOnce(world, policy);
    expect(result.fault?.kind).toBe('credential_refused');
    expect(world.sandbox.accounts.count(101)).toBeGreaterThan(12);
    expect((await world.entries()).at(-1)).toMatchObject({ event: 'run.failed', status: 'failed' });
  });

  test('for one of another account deletes nothing with it', async () => {
    const { policy } = await worldWithKey((key) => {
      world.sandbox.accounts.user.teamId = 702;
      return lookForSecond(key);
    });
    exchangeInMidRun();
    const result = await runOnce(world, policy);
    expect(result.fault).toMatchObject({
      kind: 'other_account',
      message: 'the key was exchanged for one of team:702, and this program works for team:701',
    });
    const { journal } = world.sandbox;
    const exchanged = journal.entries.findIndex(({ status }) => status === 401);
    const after = journal.entries.slice(exchanged).filter(({ status }) => status !== 401);
    expect(new Set(after.map(({ path }) => path))).toEqual(new Set(['/api/v1/user']));
    expect((await runOnce(world, policy)).fault?.kind).toBe('other_account');
    expect(journal.count({ method: 'DELETE' })).toBeLessThanOrEqual(12);
  });

  test('whose account is not named is not used', async () => {
    const { policy } = await worldWithKey((key) => {
      world.sandbox.faults.add({ when: { route: 'user' }, then: { status: 500 } });
      return lookForSecond(key);
    });
    exchangeInMidRun();
    expect((await runOnce(world, policy)).fault?.kind).toBe('credential_refused');
  });

  test('that nobody has put there yet ends the run, too', async () => {
    const { policy } = await worldWithKey(() => false);
    exchangeInMidRun();
    expect((await runOnce(world, policy)).fault?.kind).toBe('credential_refused');
  });
});
