import { afterEach, expect, test } from 'vitest';
import type { CustomGptDeleter } from '../../src/core/ports/vendor.ts';
import { runPolicy } from '../../src/run/run-policy.ts';
import { addProject, AGE_POLICY, GO_ON } from '../support/purge.ts';
import { createWorld, type TestWorld } from '../support/world.ts';

let world: TestWorld;
afterEach(async () => {
  await world.assertSound();
  await world.close();
});

/** An API that takes so long to connect to that something can happen between the last question and the writing. */
function connectingFor(ms: number, onConnecting: (sessionId: string) => Promise<void>) {
  return () => {
    const api = world.client.view();
    const deleteConversation: CustomGptDeleter['deleteConversation'] = (projectId, sessionId, options) =>
      api.deleter.deleteConversation(projectId, sessionId, {
        ...options,
        mayBeSent: async () => {
          const may = (await options?.mayBeSent?.()) ?? true;
          await onConnecting(sessionId);
          await world.clock.advance(ms);
          return may;
        },
      });
    return { ...api, deleter: { ...api.deleter, deleteConversation } };
  };
}

test('a hold that is placed while a DELETE waits for a connection keeps it', async () => {
  world = await createWorld();
  const [first = '', second = ''] = addProject(world, 101, { old: 2, young: 3 });
  const hold = async (sessionId: string): Promise<void> => {
    if (sessionId !== first || (await world.store.holds.holdsInForce(world.clock.now())).length > 0) return;
    const about = { projectId: 101, sessionId, untilAt: undefined, addedAt: world.clock.now() };
    await world.store.holds.addHold({ ...about, holdId: 'h', matter: 'M', reason: 'r', by: 'b' });
  };
  const deps = { ...world.deps, openApi: connectingFor(2000, hold) };
  const policy = await world.policy(`${AGE_POLICY}concurrency: 1\n`);
  const result = await runPolicy(deps, { policy, trigger: 'manual', signals: GO_ON });
  expect(world.sandbox.accounts.has(101, first)).toBe(true);
  expect(world.sandbox.accounts.has(101, second)).toBe(false);
  expect(result.counts).toMatchObject({ planned: 2, verified: 1, skipped: 1 });
});

test('where connecting always takes long, DELETEs get through all the same', async () => {
  world = await createWorld();
  addProject(world, 101, { old: 2, young: 3 });
  const deps = { ...world.deps, openApi: connectingFor(5000, () => Promise.resolve()) };
  const policy = await world.policy(`${AGE_POLICY}concurrency: 1\n`);
  const result = await runPolicy(deps, { policy, trigger: 'manual', signals: GO_ON });
  expect(result.counts).toMatchObject({ planned: 2, verified: 2 });
});
