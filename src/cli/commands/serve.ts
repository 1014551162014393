import { isFault, RetentionError } from '../../core/errors.ts';
import { policiesBroken } from '../../core/notice.ts';
import type { Policy } from '../../core/policy.ts';
import type { Log } from '../../core/ports/surroundings.ts';
import { createCronWake } from '../../daemon/cron-wake.ts';
import { keepBeating } from '../../daemon/heartbeat.ts';
import type { SlotRequest } from '../../daemon/policy-schedule.ts';
import { createScheduler, type PoliciesNow, type Scheduler } from '../../daemon/scheduler.ts';
import type { RunResult } from '../../run/around/close-run.ts';
import type { RunDeps } from '../../run/context.ts';
import { joinStops, type StopSignals } from '../../run/stop-signals.ts';
import { runPolicy } from '../../run/run-policy.ts';
import type { Command, CommandWorld } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { loadPolicies, policiesNow } from '../policies.ts';
import { createServeWatch, type ServeWatch } from '../serve-watch.ts';
import { withStopFile, withStopSignals } from '../stopping.ts';
import { withWorker, type Worker } from '../compose.ts';

export interface ServeInput {
  readonly paths: readonly string[];
}

/** The daemon: each policy on its schedule, until SIGTERM. */
export const serve: Command<ServeInput> = async (world, { paths }) => {
  const { policies, ...neighbours } = await loadPolicies(world, paths);
  const scheduled = policies.filter(({ schedule }) => schedule !== undefined);
  if (scheduled.length === 0) {
    throw new RetentionError('usage', 'no policy has a schedule, so there is nothing to serve', {
      hint: 'Add schedule: { cron: "30 3 * * *" } to a policy, or use: customgpt-retention run',
    });
  }
  return withWorker(world, { forPeople: false }, async (worker) => {
    for (const { name } of policies.filter(({ schedule }) => schedule === undefined)) {
      worker.log.warn({ policy: name }, 'has no schedule: runs on command only');
    }
    await withStopSignals(world.surroundings, async (signals) => {
      const watch = createServeWatch(world, { worker, paths, signal: signals.stop });
      const deps = { ...worker.depsWith(neighbours), observer: watch.observer };
      const page = await watch.startPage();
      try {
        await serveUntilStopped(world, { worker, deps, policies, paths, signals, watch });
      } finally {
        await page?.close();
      }
    });
    return EXIT.interrupted;
  });
};

interface Serving extends ServeInput {
  readonly worker: Worker;
  readonly deps: RunDeps;
  readonly policies: readonly Policy[];
  readonly signals: StopSignals;
  readonly watch: ServeWatch;
}

async function serveUntilStopped(world: CommandWorld, serving: Serving): Promise<void> {
  const { worker, deps, policies, paths, signals, watch } = serving;
  const { home, log, store } = worker;
  // A state that could not be written once is not written again by this process: its supervisor starts another.
  const broken = new AbortController();
  const stops = joinStops(signals, broken.signal);
  const runOne = async (policy: Policy, request: SlotRequest): Promise<Pick<RunResult, 'fault'>> => {
    try {
      // Only the runs stop: the daemon stays, the slot stays due, and is caught up when the file is gone.
      const { result, wasStopped } = await withStopFile(
        { home, clock: deps.clock, signals: stops },
        (either) => {
          // Where it lies there already, none begins: one a minute would be all that is on record.
          either.stop.throwIfAborted();
          return watch.stops.during(policy.name, either, (signals) =>
            runPolicy(deps, { policy, ...request, signals }),
          );
        },
      );
      if (isFault(result.fault, 'state_unusable')) broken.abort(result.fault);
      // Whoever stopped this run did not mean that it begins again within a minute: its slot is over.
      return wasStopped && isFault(result.fault, 'interrupted') ? { fault: undefined } : result;
    } catch (error) {
      if (isFault(error, 'state_unusable')) broken.abort(error);
      throw error;
    }
  };
  const scheduler = createScheduler({
    policies,
    reread: tellingOfProblems(worker, deps.clock, () => policiesNow(world, paths)),
    slots: store.runs,
    clock: deps.clock,
    log,
    wake: createCronWake(deps.clock, log),
    runPolicy: runOne,
  });
  await takeUpHolds(deps, log);
  await scheduler.start();
  const stopListening = world.surroundings.onReloadRequest(() => {
    reload(scheduler, log);
  });
  const served = policies.filter(({ schedule }) => schedule !== undefined).map(({ name }) => name);
  log.info({ policies: served }, 'serving');
  const verifying = watch.keepVerifying(stops.stop);
  await keepBeating({ home, clock: deps.clock, log, signal: stops.stop });
  stopListening();
  log.info({}, 'stopping: no new deletion, what is in flight is recorded');
  await scheduler.stop();
  await verifying;
  broken.signal.throwIfAborted();
}

/** What the files of holds list is in force from the start, and seen from the start, not from the first slot on. */
async function takeUpHolds({ holds, clock }: RunDeps, log: Log): Promise<void> {
  try {
    await holds.holdsInForce(clock.now());
  } catch (error) {
    if (isFault(error, 'state_unusable')) throw error;
    const problem = error instanceof Error ? error.message : String(error);
    log.warn(
      { problem },
      'holds could not be taken up yet: each run tries again, and deletes nothing until it can',
    );
  }
}

/** Tells people once that the policies cannot be used, and again when it is for another reason. */
function tellingOfProblems(
  { tell }: Pick<Worker, 'tell'>,
  clock: Pick<RunDeps['clock'], 'now'>,
  read: () => Promise<PoliciesNow>,
): () => Promise<PoliciesNow> {
  let told = '';
  return async () => {
    const found = await read();
    const problems = 'problems' in found ? found.problems.join('; ') : '';
    if (problems !== '' && problems !== told) tell(policiesBroken(clock.now(), problems));
    told = problems;
    return found;
  };
}

function reload(scheduler: Scheduler, log: Log): void {
  log.info({}, 'reading the policies again, as asked');
  scheduler.reload().catch((error: unknown) => {
    const problem = error instanceof Error ? error.message : String(error);
    log.error({ problem }, 'the policies could not be taken up');
  });
}
