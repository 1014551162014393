import type { OwnAccount } from '../../core/account.ts';
import { isFault } from '../../core/errors.ts';
import { parseInstant } from '../../core/instant.ts';
import type { OpenIntent } from '../../core/open-intent.ts';
import type { Policy } from '../../core/policy.ts';
import type { Fence } from '../../core/ports/audit-log.ts';
import type { RunStore } from '../../core/ports/store.ts';
import type { RunRecord } from '../../core/run.ts';
import { auditFacts } from '../context.ts';
import { withLease, type LeaseParts } from './lease.ts';
import { settleOpen, type SettleOpenContext } from '../prove/settle-open.ts';

/**
 * What another policy left behind is that policy's to settle, unless nobody ran it for so long: then it may have been
 * renamed or removed, and no run of its own will come.
 */
const ORPHANED_MS = 24 * 60 * 60 * 1000;

export interface ReconcileContext extends SettleOpenContext {
  readonly policy: Policy;
  /** What it answers says nothing about the conversations of another one. */
  readonly account: OwnAccount;
  readonly runs: RunStore;
  readonly lease: LeaseParts;
}

/**
 * Settles what earlier runs left open or unverified, by looking alone: calibrated, listed, and by the same table of outcomes as
 * any other deletion, in the run that intended it. What cannot be told stays open. What other policies left is settled, too,
 * once it is old and nobody works on it.
 */
export async function reconcile(context: ReconcileContext): Promise<void> {
  const { policy, fence, clock } = context;
  const left = await leftBehind(context);
  await settleAll(context, fence, left.get(policy.name));
  const oldest = clock.now() - ORPHANED_MS;
  for (const [name, leavings] of left) {
    if (name === policy.name || leavings.latestAt > oldest || context.stop.aborted) continue;
    await settleOrphans(context, name, leavings);
  }
}

interface Leavings {
  readonly runs: RunRecord[];
  readonly intents: OpenIntent[];
  /** When a worker was last seen at it. */
  latestAt: number;
}

/** By policy: runs that never ended, and conversations whose last DELETE has no final outcome. */
async function leftBehind(context: ReconcileContext): Promise<Map<string, Leavings>> {
  const left = new Map<string, Leavings>();
  const of = (policy: string, at: number): Leavings => {
    const leavings = left.get(policy) ?? { runs: [], intents: [], latestAt: at };
    leavings.latestAt = Math.max(leavings.latestAt, at);
    left.set(policy, leavings);
    return leavings;
  };
  for (const run of await context.runs.runsUnderWay()) {
    if (run.runId === context.runId) continue;
    of(run.policy, run.startedAt).runs.push(run);
  }
  for (const intent of await ownIntents(context)) {
    of(intent.policy, parseInstant(intent.requestedAt) ?? 0).intents.push(intent);
  }
  return left;
}

/** Another account's 404 is no proof: what was begun for it waits for its own key. */
async function ownIntents({ audit, account, log }: ReconcileContext): Promise<readonly OpenIntent[]> {
  const open = await audit.openIntents();
  const own = open.filter((intent) => account.ownsIntent(intent.account));
  const others = open.length - own.length;
  if (others > 0) log.warn({ open_intents: others }, 'begun for another account: they stay open');
  return own;
}

async function settleOrphans(context: ReconcileContext, policy: string, leavings: Leavings): Promise<void> {
  // A name of its own: this process may be at work on that policy itself, and must not let itself in.
  const parts = { ...context.lease, holder: `${context.lease.holder}/reconcile` };
  try {
    await withLease(parts, `policy:${policy}`, ({ fence }) => settleAll(context, fence, leavings));
  } catch (error) {
    if (!isFault(error, 'lease_held')) throw error;
  }
}

async function settleAll(
  context: ReconcileContext,
  fence: Fence,
  leavings: Leavings | undefined,
): Promise<void> {
  if (leavings === undefined) return;
  const { runs, intents } = leavings;
  // We hold the lease, so a run of this policy that is still marked as running has no worker any more.
  for (const run of runs) await closeVanishedRun(context, fence, run);
  if (intents.length === 0) return;
  context.log.info({ open_intents: intents.length }, 'settling what an earlier run left open');
  await settleOpen({ ...context, fence }, intents);
}

async function closeVanishedRun(context: ReconcileContext, fence: Fence, run: RunRecord): Promise<void> {
  const facts = { reason: 'its worker vanished', noticed_by: context.runId };
  const entry = auditFacts(
    { runId: run.runId, policy: { name: run.policy, hash: run.policyHash } },
    'run.interrupted',
    { facts },
  );
  const written = await context.audit.append([entry], fence);
  await context.runs.updateRun(run.runId, {
    status: 'interrupted',
    endedAt: context.clock.now(),
    auditHead: written.at(-1)?.hash,
    problem: 'its worker vanished',
  });
}
