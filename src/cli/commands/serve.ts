import { RetentionError } from '../../core/errors.ts';
import type { Policy } from '../../core/policy.ts';
import { createCronWake } from '../../daemon/cron-wake.ts';
import { createScheduler } from '../../daemon/scheduler.ts';
import type { StopSignals } from '../../run/context.ts';
import { runPolicy } from '../../run/run-policy.ts';
import type { Command } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { beat } from '../heartbeat.ts';
import { loadPolicies } from '../policies.ts';
import { withStopSignals } from '../stopping.ts';
import { openWorker, type Worker } from '../wire.ts';

export interface ServeInput {
  readonly paths: readonly string[];
}

/** The daemon: each policy on its schedule, until SIGTERM. */
export const serve: Command<ServeInput> = async (world, { paths }) => {
  const policies = await loadPolicies(paths);
  const scheduled = policies.filter(({ schedule }) => schedule !== undefined);
  if (scheduled.length === 0) {
    throw new RetentionError('usage', 'no policy has a schedule, so there is nothing to serve', {
      hint: 'Add schedule: { cron: "30 3 * * *" } to a policy, or use: customgpt-retention run',
    });
  }
  const worker = await openWorker(world, { forPeople: false });
  for (const { name } of policies.filter(({ schedule }) => schedule === undefined)) {
    worker.log.warn({ policy: name }, 'has no schedule: runs on command only');
  }
  try {
    await withStopSignals(world.surroundings, (signals) => serveUntilStopped(worker, scheduled, signals));
    return EXIT.interrupted;
  } finally {
    await worker.close();
  }
};

async function serveUntilStopped(
  worker: Worker,
  policies: readonly Policy[],
  signals: StopSignals,
): Promise<void> {
  const { deps, log, store } = worker;
  const scheduler = createScheduler({
    policies,
    slots: store,
    clock: deps.clock,
    log,
    wake: createCronWake(deps.clock, log),
    runPolicy: (policy, { trigger, slotAt }) => runPolicy(deps, { policy, trigger, slotAt, signals }),
  });
  await scheduler.start();
  log.info({ policies: policies.map(({ name }) => name) }, 'serving');
  await beat({ stateDir: worker.settings.stateDir, clock: deps.clock, log, signal: signals.stop });
  log.info({}, 'stopping: no new deletion, what is in flight is recorded');
  await scheduler.stop();
}
