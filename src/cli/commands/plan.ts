import { statSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { RetentionError } from '../../core/errors.ts';
import { countsOf } from '../../core/plan.ts';
import type { Policy } from '../../core/policy.ts';
import type { PlanStore } from '../../core/ports/plans.ts';
import { plansJsonText, type PlanToShow } from '../../report/run-json.ts';
import type { RunDeps } from '../../run/context.ts';
import { enterAccount } from '../../run/around/enter-account.ts';
import { estimateOf } from '../../run/apply/estimate-plan.ts';
import { planPolicy } from '../../run/plan/plan-policy.ts';
import { scrubIdlePlans } from '../../run/around/scrub.ts';
import { checkLimits, type LimitCheck } from '../../run/plan/check-limits.ts';
import type { Command, CommandWorld } from '../command.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { MOST_ASKED, readRetention } from '../native-retention.ts';
import { isOutOfRoom, OutputError } from '../output.ts';
import { writeHashed } from '../plan-document.ts';
import { loadPolicies } from '../policies.ts';
import { showPlans } from '../show-plans.ts';
import { withStopSignals } from '../stopping.ts';
import { formatOf, writeReportOf } from '../write-report.ts';
import { withWorker, type Worker } from '../compose.ts';

export interface PlanInput {
  readonly paths: readonly string[];
  readonly policy?: string;
  readonly out?: string;
  /** Where a report goes. */
  readonly report?: string;
  /** Tells scripts by the exit code what the plans would do. */
  readonly detailedExitcode?: boolean;
  /** Stores and lists what is merely kept, too. */
  readonly all?: boolean;
}

/** The dry run: lists, decides, stores the plan, prints it. Sends nothing but GET. */
export const plan: Command<PlanInput> = async (world, input) => {
  const { policies, ...neighbours } = await loadPolicies(world, input.paths, input.policy);
  for (const [flag, file] of [
    ['--out', input.out],
    ['--report', input.report],
  ] as const) {
    if (file === undefined || policies.length === 1) continue;
    throw new RetentionError('usage', `${flag} writes one plan, and there are several policies`, {
      hint: 'Choose one with --policy NAME.',
    });
  }
  const format = formatOf(undefined, input.report);
  return withWorker(world, { forPeople: true }, async (worker) => {
    const deps = worker.depsWith(neighbours);
    const planned = await withStopSignals(world.surroundings, async ({ stop }) => {
      const { reader } = deps.openApi();
      const { text: account } = await enterAccount({ reader, accounts: deps.store.accounts, signal: stop });
      const plans: PlanToShow[] = [];
      for (const policy of policies)
        plans.push(await planOne(deps, policy, { input, stop, account, worker }));
      return plans;
    });
    if (input.out !== undefined)
      await writePlanFile(world, { path: input.out, planned, plans: worker.store.plans });
    const [subject] = planned;
    if (input.report !== undefined && subject !== undefined)
      await writeReportOf(world, worker.store, { subject, file: input.report, format });
    await showPlans({ ...world, timeZone: worker.settings.timeZone }, planned);
    return input.detailedExitcode === true ? codeOf(planned) : EXIT.done;
  });
};

/** The same for several plans as for one that does what any of them does. */
function codeOf(planned: readonly PlanToShow[]): ExitCode {
  if (planned.some(({ plan: { findings }, breaches }) => findings.stops.length + breaches.length > 0))
    return EXIT.limit;
  return planned.some(({ plan: { projects } }) => countsOf(projects).planned > 0)
    ? EXIT.would_delete
    : EXIT.done;
}

interface Planning {
  readonly input: PlanInput;
  readonly stop: AbortSignal;
  readonly account: string;
  readonly worker: Worker;
}

async function planOne(
  deps: RunDeps,
  policy: Policy,
  { input, stop, account, worker }: Planning,
): Promise<PlanToShow> {
  const { store, clock, requestsPerMinute } = deps;
  await scrubIdlePlans(store, clock.now());
  const { reader } = deps.openApi();
  const request = { policy, account, withKept: input.all === true, signal: stop };
  const { plan, others, tookMs } = await planPolicy({ ...deps, reader, progress: worker.progress }, request);
  const protectedIn = plan.findings.protectedIn.slice(0, MOST_ASKED);
  const retention = await readRetention(worker.places, protectedIn, stop);
  const check = await checkLimits(deps, { policy, projects: plan.projects, at: clock.now() });
  return {
    plan,
    retention,
    cost: { requestsPerMinute, ...estimateOf(policy, plan, { tookMs, requestsPerMinute, others }) },
    // Read afresh by whoever asks: the file and the screen both do.
    items: { [Symbol.asyncIterator]: () => store.plans.planItems(plan.planId)[Symbol.asyncIterator]() },
    breaches: check.refusing,
    deferral: deferralOf(check, countsOf(plan.projects).planned),
  };
}

function deferralOf(
  { refusing, deferring, room }: LimitCheck,
  planned: number,
): NonNullable<PlanToShow['deferral']> | undefined {
  if (refusing.length > 0 || deferring.length === 0) return undefined;
  return { room, deferred: planned - room, breaches: deferring };
}

/** The file is the JSON document of this one plan; its hash in the store is what `apply FILE` finds it by. */
async function writePlanFile(
  { output }: CommandWorld,
  file: { readonly path: string; readonly planned: readonly PlanToShow[]; readonly plans: PlanStore },
): Promise<void> {
  const [one] = file.planned;
  if (one === undefined) return;
  // Written beside and renamed, so that nobody finds half a plan. What is no file, such as a pipe, is not to be replaced.
  const isFile = statSync(file.path, { throwIfNoEntry: false })?.isFile() ?? true;
  const draft = isFile ? `${file.path}.${one.plan.planId}` : file.path;
  try {
    await file.plans.setPlanFileHash(one.plan.planId, await writeHashed(draft, plansJsonText([one])));
    if (isFile) await rename(draft, file.path);
  } catch (error) {
    if (isFile) await rm(draft, { force: true });
    if (error instanceof RetentionError) throw error;
    throw planFileError(error, file.path, one.plan.planId);
  }
  output.note(`plan written to ${file.path}; it holds conversation names`);
}

function planFileError(cause: unknown, path: string, planId: string): Error {
  if (!isOutOfRoom(cause)) return new RetentionError('usage', `${path} cannot be written`, { cause });
  const hint = `The plan itself is stored: customgpt-retention plan --show ${planId}`;
  return new OutputError(path, { cause, state: 'was not written', hint });
}
