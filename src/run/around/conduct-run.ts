import type { OwnAccount } from '../../core/account.ts';
import type { Fact } from '../../core/audit-entry.ts';
import { isFault, RetentionError } from '../../core/errors.ts';
import { formatInstant } from '../../core/instant.ts';
import type { RunOutcomes } from '../../core/last-outcomes.ts';
import { NO_OUTCOMES, type SkipCounts } from '../../core/outcome.ts';
import type { PlanSummary } from '../../core/plan.ts';
import type { Mode, Policy } from '../../core/policy.ts';
import type { Fence } from '../../core/ports/audit-log.ts';
import type { HoldSource } from '../../core/ports/holds.ts';
import type { KeepSource } from '../../core/ports/policies.ts';
import type { Store } from '../../core/ports/store.ts';
import type { Chance, Clock, Log, Progress } from '../../core/ports/surroundings.ts';
import type { CustomGptDeleter, CustomGptReader } from '../../core/ports/vendor.ts';
import { runCountsOf, type RunCounts, type RunRecord, type RunStatus, type Trigger } from '../../core/run.ts';
import { asRunFault } from '../api-faults.ts';
import { assertClockAfterLog, ClockWatch } from './clock-watch.ts';
import { auditFacts, joinStops, type StopSignals } from '../context.ts';
import { enterAccount } from './enter-account.ts';
import { withLease, type LeaseParts } from './lease.ts';
import { comparedWithBefore, endBy, eventOf } from './run-end.ts';
import { scrubIdlePlans } from './scrub.ts';
import { reconcile } from './reconcile.ts';

/** All that a run needs from outside. */
export interface RunDeps {
  /** A view of the vendor with request counts of its own; pace and pauses are shared by all of a key. */
  readonly openApi: () => { readonly reader: CustomGptReader; readonly deleter: CustomGptDeleter };
  readonly store: Store;
  readonly holds: HoldSource;
  readonly keeps: KeepSource;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly log: Log;
  readonly progress: Progress;
  /** Who we are, unique per process. */
  readonly holder: string;
  readonly leaseMs: number;
  readonly verifyTimeoutMs: number;
  readonly requestsPerMinute: number | 'unlimited';
  /** What the program itself has to say of a run, asked at its end: warnings. */
  readonly remarks?: () => readonly string[];
  /** IANA name: where the days of policies without a schedule begin. */
  readonly timeZone: string;
}

export interface RunRequest {
  readonly policy: Policy;
  readonly trigger: Trigger;
  readonly slotAt?: number | undefined;
  /** The stored plan that is applied: it must be of the account that the key is of. */
  readonly plan?: PlanSummary | undefined;
  /** What the run does, where a person's word goes beyond the policy's own mode. */
  readonly mode?: Mode | undefined;
  readonly signals: StopSignals;
}

/** A run under way: what its body works with. */
export interface OpenRun extends RunRequest {
  readonly runId: string;
  /** Whose conversations they are; `text` is the fact of an intent. */
  readonly account: OwnAccount;
  readonly startedAt: number;
  readonly fence: Fence;
  readonly isLeaseLive: () => boolean;
  readonly clockWatch: ClockWatch;
  readonly reader: CustomGptReader;
  readonly deleter: CustomGptDeleter;
  /** Says what a person should look at: in the log, in the run's record, in every report. Each sentence once. */
  readonly warn: (sentence: string) => void;
  readonly warnings: readonly string[];
}

/** Before it is known whose key it has. */
type BegunRun = Omit<OpenRun, 'account'>;

/** How the body of a run ended. */
export interface Ending {
  readonly status: Exclude<RunStatus, 'running' | 'interrupted'>;
  readonly plan: PlanSummary | undefined;
  readonly problem?: string | undefined;
  /** What the audit log says of its deletions, where that was asked: it takes as long as reading them all. */
  readonly outcomes?: RunOutcomes;
  /** How many more runs what was deferred takes. */
  readonly runsRemaining?: number | undefined;
  /** The event's own facts, beside status and counts. */
  readonly facts?: { readonly [key: string]: Fact };
}

export interface RunResult {
  readonly run: RunRecord;
  readonly counts: RunCounts;
  /** Why what was skipped was. */
  readonly skipped: SkipCounts;
  readonly plan: PlanSummary | undefined;
  /** What ended the run early; undefined when it came to its own end. */
  readonly fault: RetentionError | undefined;
}

/**
 * Everything around the body of a run: the lease, the record, what an earlier run left open, the first and the last
 * audit entry. Faults of the body end up in the result; only a lease that somebody else holds, and a state that cannot
 * be written at the very start, throw.
 */
export function conductRun(
  deps: RunDeps,
  request: RunRequest,
  body: (run: OpenRun) => Promise<Ending>,
): Promise<RunResult> {
  return withLease(leaseParts(deps), `policy:${request.policy.name}`, async ({ fence, isLive, lost }) => {
    const warnings: string[] = [];
    const run: BegunRun = {
      ...request,
      ...deps.openApi(),
      signals: joinStops(request.signals, lost),
      runId: `run-${deps.chance.token(12)}`,
      startedAt: deps.clock.now(),
      fence,
      isLeaseLive: isLive,
      clockWatch: new ClockWatch(deps.clock),
      warnings,
      warn: (sentence) => {
        if (warnings.includes(sentence)) return;
        warnings.push(sentence);
        deps.log.warn({ policy: request.policy.name }, sentence);
      },
    };
    await assertSlotDue(deps, run);
    const record = await begin(deps, run);
    const ending = await endingOf(deps, run, body);
    return finish(deps, { run, record, ending });
  });
}

/** Asked again under the lease: the worker that held it until a moment ago may have run this very slot. */
async function assertSlotDue({ store, clock }: RunDeps, { policy, slotAt }: BegunRun): Promise<void> {
  if (slotAt === undefined) return;
  const lastSlotAt = await store.runs.lastSlot(policy.name);
  // A record from the future says nothing: the clock was set back since.
  if (lastSlotAt === undefined || lastSlotAt < slotAt || lastSlotAt > clock.now()) return;
  throw new RetentionError('lease_held', `another worker has just run the slot of ${policy.name}`);
}

function leaseParts({ store, clock, log, holder, leaseMs }: RunDeps): LeaseParts {
  return { leases: store.leases, clock, log, holder, ttlMs: leaseMs };
}

async function begin(deps: RunDeps, run: BegunRun): Promise<RunRecord> {
  const { policy, trigger, slotAt, runId, startedAt, mode = policy.mode } = run;
  const record: RunRecord = {
    runId,
    policy: policy.name,
    policyHash: policy.hash,
    mode,
    trigger,
    slotAt,
    planId: undefined,
    status: 'running',
    startedAt,
    endedAt: undefined,
    requests: undefined,
    auditHead: undefined,
    problem: undefined,
    warnings: [],
    asBefore: 0,
  };
  await deps.store.runs.startRun(record);
  await deps.store.audit.append(
    [auditFacts(run, 'run.started', { facts: { trigger, mode, ...slotFact(slotAt) } })],
    run.fence,
  );
  return record;
}

function slotFact(slotAt: number | undefined): { readonly [key: string]: Fact } {
  return slotAt === undefined ? {} : { slot_at: formatInstant(slotAt) };
}

type EndingOrFault = Ending | { readonly fault: RetentionError };

async function endingOf(
  deps: RunDeps,
  run: BegunRun,
  body: (run: OpenRun) => Promise<Ending>,
): Promise<EndingOrFault> {
  try {
    const { store, clock } = deps;
    const { policy, reader, plan, signals } = run;
    const { stop } = signals;
    await assertClockAfterLog({ audit: store.audit, clock }, policy);
    const account = await enterAccount({ reader, accounts: store.accounts, signal: stop }, plan);
    const parts = { audit: store.audit, runs: store.runs, lease: leaseParts(deps) };
    await reconcile({ ...deps, ...run, ...parts, account, stop });
    const ending = await body({ ...run, account });
    if (stop.aborted) return { fault: faultOfStop(stop) };
    return withStillOpen(ending, await store.audit.openIntentCount(policy.name, run.runId));
  } catch (error) {
    // Whatever a stop makes fail on its way out, the stop is what happened.
    if (run.signals.stop.aborted && !isFault(error, 'state_unusable'))
      return { fault: faultOfStop(run.signals.stop) };
    const fault = asRunFault(error);
    if (fault instanceof RetentionError) return { fault };
    throw fault;
  }
}

/** A run is not complete while nobody can tell what became of a DELETE, whichever run sent it. */
function withStillOpen(ending: Ending, stillOpen: number): Ending {
  if (stillOpen === 0) return ending;
  const status = ending.status === 'completed' ? 'partial' : ending.status;
  return { ...ending, status, facts: { ...ending.facts, still_open: stillOpen } };
}

/** A person's stop, or the loss of the lease: whoever aborted said why. */
function faultOfStop({ reason }: AbortSignal): RetentionError {
  return reason instanceof RetentionError ? reason : new RetentionError('interrupted', 'stopped on request');
}

interface Ended {
  readonly run: BegunRun;
  readonly record: RunRecord;
  readonly ending: EndingOrFault;
}

async function finish(deps: RunDeps, ended: Ended): Promise<RunResult> {
  const { ending } = ended;
  // A state that cannot be written cannot hold this run's end either; what was done stands in the log so far.
  if ('fault' in ending && ending.fault.kind === 'state_unusable')
    return unrecorded(deps, { ...ended, fault: ending.fault });
  try {
    return await recorded(deps, ended);
  } catch (error) {
    if (!isFault(error, 'state_unusable')) throw error;
    return unrecorded(deps, { ...ended, fault: error });
  }
}

async function recorded(deps: RunDeps, { run, record, ending }: Ended): Promise<RunResult> {
  const { store, clock } = deps;
  const fault = 'fault' in ending ? ending.fault : undefined;
  const plan = 'fault' in ending ? await planOf(deps, run.runId) : ending.plan;
  const asked = 'fault' in ending ? undefined : ending.outcomes;
  const outcomes = asked ?? (await store.audit.outcomes(run.runId));
  const counts = runCountsOf(plan, outcomes.counts);
  const requests = run.reader.requestCounts();
  deps.remarks?.().forEach(run.warn);
  const { skipped } = outcomes;
  const { status, problem, facts, runsRemaining } = inRecord(ending);
  const common = { status, counts: { ...counts }, requests: { ...requests } };
  const written = await store.audit.append([
    auditFacts(run, eventOf(status), { facts: { ...facts, ...common } }),
  ]);
  const change = {
    ...{ status, endedAt: clock.now(), requests, auditHead: written.at(-1)?.hash, problem },
    warnings: [...run.warnings],
    runsRemaining,
    ...(await comparedWithBefore(store.runs, run, { status, counts, plan, facts })),
  };
  await store.runs.updateRun(run.runId, change);
  // Before the lease is given back. An interrupted run leaves its slot due.
  if (run.slotAt !== undefined && status !== 'interrupted')
    await store.runs.recordSlot(run.policy.name, run.slotAt);
  await scrubIdlePlans(store, clock.now());
  return { run: { ...record, ...change, planId: plan?.planId }, counts, skipped, plan, fault };
}

function inRecord(
  ending: EndingOrFault,
): Pick<Ending, 'problem' | 'facts' | 'runsRemaining'> & { readonly status: RunStatus } {
  if (!('fault' in ending)) return ending;
  return endBy(ending.fault);
}

async function unrecorded(
  { store, clock }: RunDeps,
  { run, record, fault }: Omit<Ended, 'ending'> & { readonly fault: RetentionError },
): Promise<RunResult> {
  // Reading may still work where writing does not; if not, nothing is known, and nothing is claimed.
  const outcomes = await store.audit.outcomes(run.runId).catch(() => undefined);
  const stored = await store.runs.run(run.runId).catch(() => undefined);
  const plan =
    stored?.planId === undefined ? undefined : await store.plans.plan(stored.planId).catch(() => undefined);
  const counts = runCountsOf(plan, outcomes?.counts ?? NO_OUTCOMES);
  const ended = { status: 'failed', endedAt: clock.now(), problem: fault.message } as const;
  const requests = run.reader.requestCounts();
  return {
    run: { ...record, ...ended, requests, planId: plan?.planId, warnings: [...run.warnings] },
    ...{ counts, skipped: {}, plan, fault },
  };
}

async function planOf({ store }: RunDeps, runId: string): Promise<PlanSummary | undefined> {
  const planId = (await store.runs.run(runId))?.planId;
  return planId === undefined ? undefined : store.plans.plan(planId);
}
