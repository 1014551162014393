import { RetentionError } from '../../core/errors.ts';
import { formatInstant } from '../../core/instant.ts';
import type { RunWatch } from '../../core/ports/observer.ts';
import type { RunRecord } from '../../core/run.ts';
import { auditFacts } from '../audit-facts.ts';
import { assertClockAfterLog, ClockWatch } from '../clock-watch.ts';
import type { Run, RunDeps, RunRequest } from '../context.ts';
import { joinStops } from '../stop-signals.ts';
import { enterAccount } from './enter-account.ts';
import type { HeldLease } from './lease.ts';
import { reconcile } from './reconcile.ts';

/** A run that stands on record, before it is known whose key it has. */
export interface OpenedRun {
  readonly run: Omit<Run, 'account'>;
  readonly record: RunRecord;
  readonly watch: RunWatch;
}

/** Makes the context of a run and begins its record. Throws `lease_held` where another worker has just run its slot. */
export async function openRun(
  { openApi, observer, ...deps }: RunDeps,
  request: RunRequest,
  { fence, isLive, lost }: HeldLease,
): Promise<OpenedRun> {
  const { clock, chance, log } = deps;
  const warnings: string[] = [];
  const opening = {
    ...deps,
    ...request,
    signals: joinStops(request.signals, lost),
    runId: `run-${chance.token(12)}`,
    startedAt: clock.now(),
    fence,
    isLeaseLive: isLive,
    clockWatch: new ClockWatch(clock),
    warnings,
    warn: (sentence: string) => {
      if (warnings.includes(sentence)) return;
      warnings.push(sentence);
      log.warn({ policy: request.policy.name }, sentence);
    },
  };
  await assertSlotDue(opening);
  const record = await begin(opening);
  const watch = observer.watch(record);
  return { run: { ...opening, ...openApi(watch.requested), progress: watch }, record, watch };
}

/** Before the body of a run: whose key it is, and what earlier runs left open. Throws RetentionError. */
export async function enterRun({ run }: OpenedRun): Promise<Run> {
  const { store, clock, policy, reader, plan, signals } = run;
  await assertClockAfterLog({ audit: store.audit, clock }, policy);
  const account = await enterAccount({ reader, accounts: store.accounts, signal: signals.stop }, plan);
  const entered = { ...run, account };
  await reconcile(entered);
  return entered;
}

type Opening = Omit<OpenedRun['run'], 'progress' | 'reader' | 'deleter'>;

/** Asked again under the lease: the worker that held it until a moment ago may have run this very slot. */
async function assertSlotDue({ store, clock, policy, slotAt }: Opening): Promise<void> {
  if (slotAt === undefined) return;
  const lastSlotAt = await store.runs.lastSlot(policy.name);
  // A record from the future says nothing: the clock was set back since.
  if (lastSlotAt === undefined || lastSlotAt < slotAt || lastSlotAt > clock.now()) return;
  throw new RetentionError('lease_held', `another worker has just run the slot of ${policy.name}`);
}

async function begin(run: Opening): Promise<RunRecord> {
  const { store, policy, trigger, slotAt, runId, startedAt, by, mode = policy.mode } = run;
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
  await store.policies.keepPolicy(policy);
  await store.runs.startRun(record);
  const slot = slotAt === undefined ? {} : { slot_at: formatInstant(slotAt) };
  const decider = by === undefined ? {} : { by: by.by, reason: by.reason ?? null };
  const facts = { trigger, mode, ...slot, ...decider };
  await store.audit.append([auditFacts(run, 'run.started', { facts })], run.fence);
  return record;
}
