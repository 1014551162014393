import { isFault } from '../../core/errors.ts';
import { DAY_MS, parseInstant } from '../../core/instant.ts';
import type { OpenIntent } from '../../core/open-intent.ts';
import type { RunRecord } from '../../core/run.ts';
import { auditFacts } from '../audit-facts.ts';
import type { LookingRun } from '../context.ts';
import { settleOpen } from '../prove/settle-open.ts';
import { leaseOf, withLease } from './lease.ts';

/**
 * What another policy left behind is that policy's to settle, unless nobody ran it for so long: then it may have been
 * renamed or removed, and no run of its own will come.
 */
const ORPHANED_MS = DAY_MS;

/**
 * Settles what earlier runs left open or unverified, by looking alone: calibrated, listed, and by the same table of outcomes as
 * any other deletion, in the run that intended it. What cannot be told stays open. What other policies left is settled, too,
 * once it is old and nobody works on it.
 */
export async function reconcile(run: LookingRun): Promise<void> {
  const { policy, clock, signals } = run;
  const left = await leftBehind(run);
  await settleAll(run, left.get(policy.name));
  const oldest = clock.now() - ORPHANED_MS;
  for (const [name, leavings] of left) {
    if (name === policy.name || leavings.latestAt > oldest || signals.stop.aborted) continue;
    await settleOrphans(run, name, leavings);
  }
}

interface Leavings {
  readonly runs: RunRecord[];
  readonly intents: OpenIntent[];
  /** When a worker was last seen at it. */
  latestAt: number;
}

/** By policy: runs that never ended, and conversations whose last DELETE has no final outcome. */
async function leftBehind(run: LookingRun): Promise<Map<string, Leavings>> {
  const left = new Map<string, Leavings>();
  const of = (policy: string, at: number): Leavings => {
    const leavings = left.get(policy) ?? { runs: [], intents: [], latestAt: at };
    leavings.latestAt = Math.max(leavings.latestAt, at);
    left.set(policy, leavings);
    return leavings;
  };
  for (const other of await run.store.runs.runsUnderWay()) {
    if (other.runId !== run.runId) of(other.policy, other.startedAt).runs.push(other);
  }
  for (const intent of await ownIntents(run)) {
    of(intent.policy, parseInstant(intent.requestedAt) ?? 0).intents.push(intent);
  }
  return left;
}

/** Another account's 404 is no proof: what was begun for it waits for its own key. */
async function ownIntents({ store, account, log }: LookingRun): Promise<readonly OpenIntent[]> {
  const open = await store.audit.openIntents();
  const own = open.filter((intent) => account.ownsIntent(intent.account));
  const others = open.length - own.length;
  if (others > 0) log.warn({ open_intents: others }, 'begun for another account: they stay open');
  return own;
}

async function settleOrphans(run: LookingRun, policy: string, leavings: Leavings): Promise<void> {
  // A name of its own: this process may be at work on that policy itself, and must not let itself in.
  const another = { ...run, holder: `${run.holder}/reconcile` };
  try {
    await withLease(another, leaseOf(policy), ({ fence }) => settleAll({ ...run, fence }, leavings));
  } catch (error) {
    if (!isFault(error, 'lease_held')) throw error;
  }
}

/** `fence`: of the policy that left them. */
async function settleAll(run: LookingRun, leavings: Leavings | undefined): Promise<void> {
  if (leavings === undefined) return;
  const { runs, intents } = leavings;
  // We hold the lease, so a run of this policy that is still marked as running has no worker any more.
  for (const vanished of runs) await closeVanishedRun(run, vanished);
  if (intents.length === 0) return;
  run.log.info({ open_intents: intents.length }, 'settling what an earlier run left open');
  await settleOpen(run, intents);
}

async function closeVanishedRun(
  { store, clock, fence, runId: by }: LookingRun,
  vanished: RunRecord,
): Promise<void> {
  const { runId, policy: name, policyHash: hash } = vanished;
  const facts = { reason: 'its worker vanished', noticed_by: by };
  const entry = auditFacts({ runId, policy: { name, hash } }, 'run.interrupted', { facts });
  const written = await store.audit.append([entry], fence);
  await store.runs.updateRun(runId, {
    status: 'interrupted',
    endedAt: clock.now(),
    auditHead: written.at(-1)?.hash,
    problem: 'its worker vanished',
  });
}
