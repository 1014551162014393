import type { Fact } from '../core/audit-entry.ts';
import { isFault } from '../core/errors.ts';
import { formatInstant, parseInstant } from '../core/instant.ts';
import type { OpenIntent } from '../core/open-intent.ts';
import type { Policy } from '../core/policy.ts';
import type { AuditLog, Clock, CustomGptReader, Existence, Fence, Log, RunStore } from '../core/ports.ts';
import type { RunRecord } from '../core/run.ts';
import { MAX_SKEW_MS } from './api-faults.ts';
import { auditFacts } from './context.ts';
import { ControlDesk, type Control } from './control-desk.ts';
import { withLease, type LeaseParts } from './lease.ts';
import { look, watchUntilGone } from './watch.ts';

/**
 * What another policy left behind is that policy's to settle, unless nobody ran it for so long: then it may have been
 * renamed or removed, and no run of its own will come.
 */
const ORPHANED_MS = 24 * 60 * 60 * 1000;

/** A DELETE leaves this long after its intent at most: at a slow pace, or in a pause that the API asked for. */
const MOST_HELD_UP_MS = 60 * 60 * 1000;

export interface ReconcileContext {
  readonly runId: string;
  readonly policy: Policy;
  readonly fence: Fence;
  readonly reader: CustomGptReader;
  readonly audit: AuditLog;
  readonly runs: RunStore;
  readonly clock: Clock;
  readonly log: Log;
  readonly stop: AbortSignal;
  readonly lease: LeaseParts;
  readonly verifyTimeoutMs: number;
}

/**
 * Settles what earlier runs left open or unverified, by GET alone. 404 beside a control is `verified` in the run that
 * intended it; 200 means that it was not carried out, and the conversation is decided anew; no usable answer leaves it
 * open. What other policies left is settled too, once it is old and nobody works on it.
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
  for (const intent of await context.audit.openIntents()) {
    of(intent.policy, parseInstant(intent.requestedAt) ?? 0).intents.push(intent);
  }
  return left;
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
  const { reader, clock, log, stop } = context;
  const desk = new ControlDesk({ reader, clock, log, signal: stop });
  desk.hurry();
  const beganAt = clock.now();
  for (const intent of intents) {
    if (stop.aborted) return;
    await settle(context, { desk, fence, beganAt }, intent);
  }
}

interface Settling {
  readonly desk: ControlDesk;
  readonly fence: Fence;
  readonly beganAt: number;
}

async function settle(
  context: ReconcileContext,
  { desk, fence, beganAt }: Settling,
  intent: OpenIntent,
): Promise<void> {
  const found = await findOut(context, { desk, beganAt }, intent);
  if (found.state === 'open') {
    const { projectId: project_id, sessionId: session_id } = intent;
    context.log.warn({ project_id, session_id, problem: found.problem }, 'still open');
    return;
  }
  const run = { runId: intent.runId, policy: { name: intent.policy, hash: intent.policyHash } };
  const facts = {
    attempts: intent.attempts,
    requested_at: intent.requestedAt,
    delete_status: intent.deleteStatus,
    settled_by: context.runId,
  };
  if (found.state === 'present') {
    await recordPresent(context, fence, { intent, answer: found.answer, run, facts });
    return;
  }
  const { request, status, at } = found.control;
  const proof = { control: { request, status, at: formatInstant(at) } };
  if (intent.foundBy !== null) {
    // It was gone before our DELETE, or no DELETE was sent: what can be proven now does not make it ours.
    const gone = { ...facts, found_by: intent.foundBy, ...proof };
    await context.audit.append(
      [auditFacts(run, 'deletion.already_gone', { about: intent, facts: gone })],
      fence,
    );
    return;
  }
  const verified = {
    ...facts,
    verify_status: found.answer.status,
    seen_at: intent.seenAt,
    seen_by: intent.seenBy,
    verified_at: formatInstant(found.answer.receivedAt),
    ...proof,
  };
  await context.audit.append(
    [auditFacts(run, 'deletion.verified', { about: intent, facts: verified })],
    fence,
  );
}

type Found =
  | { readonly state: 'open'; readonly problem: string }
  | { readonly state: 'present'; readonly answer: Extract<Existence, { state: 'present' }> }
  | {
      readonly state: 'gone';
      readonly answer: Extract<Existence, { state: 'gone' }>;
      readonly control: Extract<Control, { proven: true }>;
    };

async function findOut(
  context: ReconcileContext,
  { desk, beganAt }: Pick<Settling, 'desk' | 'beganAt'>,
  intent: OpenIntent,
): Promise<Found> {
  const { reader, clock, stop: signal, verifyTimeoutMs } = context;
  const watcher = { reader, clock, signal };
  // A deletion that is still on its way is given the time it would have had in its own run.
  const sinceMs = clock.now() - leftBy(intent, beganAt);
  const timeoutMs = Math.min(verifyTimeoutMs, verifyTimeoutMs - sinceMs);
  const answer = await watchUntilGone(watcher, intent, { timeoutMs });
  if (answer.state === 'no_evidence') return { state: 'open', problem: answer.failure };
  if (answer.state === 'present') return { state: 'present', answer };
  const { projectId } = intent;
  desk.begun(projectId);
  desk.ended(projectId);
  const control = await desk.prove(projectId);
  desk.settled(projectId);
  if (!control.proven) {
    if (control.refusal !== undefined) throw control.refusal;
    return { state: 'open', problem: control.problem };
  }
  // The project may have been away when that 404 came, and have come back before the control.
  const again = await look(watcher, intent);
  if (again.state === 'no_evidence') return { state: 'open', problem: again.failure };
  return again.state === 'present' ? { state: 'present', answer: again } : { state: 'gone', answer, control };
}

/**
 * The latest instant at which the DELETE can have left: we hold the lease since `beganAt`, and whoever lost it sends none.
 * All that are settled together wait out the verify time-out together.
 */
function leftBy({ requestedAt, isRequestKnown }: OpenIntent, beganAt: number): number {
  const at = parseInstant(requestedAt) ?? 0;
  return isRequestKnown ? at : Math.min(beganAt, at + MOST_HELD_UP_MS);
}

/** It answers: another one by now, or the one that was meant, and then the DELETE was not carried out. */
async function recordPresent(
  context: ReconcileContext,
  fence: Fence,
  settled: {
    readonly intent: OpenIntent;
    readonly answer: Extract<Existence, { state: 'present' }>;
    readonly run: Parameters<typeof auditFacts>[0];
    readonly facts: { readonly [key: string]: Fact };
  },
): Promise<void> {
  const { intent, answer, run, facts } = settled;
  // Whoever ended the one that was meant: it is gone, and that it was our DELETE nobody can prove any more.
  const entry = isCreatedAnew(intent, answer)
    ? auditFacts(run, 'deletion.already_gone', {
        about: intent,
        facts: { ...facts, found_by: 'reconcile', reason: 'the session was created anew since' },
      })
    : auditFacts(run, 'deletion.failed', {
        about: intent,
        facts: { ...facts, reason: 'it still answers: not carried out' },
      });
  await context.audit.append([entry], fence);
}

/** Nothing as young as that is ever meant: `min_age` is an hour at least. */
function isCreatedAnew(
  { requestedAt }: OpenIntent,
  { conversation }: Extract<Existence, { state: 'present' }>,
): boolean {
  const since = (parseInstant(requestedAt) ?? Infinity) - MAX_SKEW_MS;
  return conversation?.createdAt !== undefined && conversation.createdAt > since;
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
