import { afterEach, describe, expect, test } from 'vitest';
import { watching } from '../../src/core/observers.ts';
import type { Progress } from '../../src/core/ports/surroundings.ts';
import type { StopSignals } from '../../src/run/stop-signals.ts';
import { runPolicy } from '../../src/run/run-policy.ts';
import { addProject, AGE_POLICY, GO_ON } from '../support/purge.ts';
import { createWorld, type TestWorld } from '../support/world.ts';

let world: TestWorld;
afterEach(() => world.close());

/** Runs the policy and gives back its phases in order, with how far each bar came. */
async function phasesOf(signals: StopSignals = GO_ON): Promise<readonly string[]> {
  const said: string[] = [];
  let count = 0;
  const note = (phase: string): void => {
    if (said.at(-1) !== phase) said.push(phase);
  };
  const progress: Progress = {
    begin: (phase, total) => {
      count = 0;
      note(`${phase} of ${total ?? 'unknown'}`);
    },
    enter: note,
    advance: (by) => (count += by),
    end: () => {
      note(`done ${count}`);
    },
  };
  const policy = await world.policy(AGE_POLICY);
  const observer = { watch: () => watching(progress) };
  await runPolicy({ ...world.deps, observer }, { policy, trigger: 'manual', signals });
  return said;
}

describe('a run says which phase it is in', () => {
  test('it checks what it may delete, deletes, and confirms that it is gone', async () => {
    world = await createWorld();
    addProject(world, 101, { old: 6, young: 3 });
    expect(await phasesOf()).toEqual([
      ...['listing of unknown', 'done 9'],
      ...['checking of 6', 'deleting', 'confirming', 'done 6'],
    ]);
  });

  test('and first what an earlier run left open', async () => {
    world = await createWorld();
    addProject(world, 101, { old: 1, young: 3 });
    world.sandbox.faults.staleListMs = 10 * 60_000;
    await phasesOf();
    await world.clock.sleep(10 * 60_000);
    expect(await phasesOf()).toEqual([
      ...['confirming of 1', 'done 1'],
      ...['listing of unknown', 'done 3'],
      ...['checking of 0', 'done 0'],
    ]);
  });
});
