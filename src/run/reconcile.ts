import { formatInstant } from '../core/instant.ts';
import type { Policy } from '../core/policy.ts';
import type { AuditLog, Clock, CustomGptReader, Fence, Log, OpenIntent, RunStore } from '../core/ports.ts';
import type { RunRecord } from '../core/run.ts';
import { auditFacts } from './context.ts';
import { ControlDesk } from './control-desk.ts';

/** Runs looked back on for one that never ended. */
const RECENT_RUNS = 50;

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
}

/**
 * Settles what an earlier run left open or unverified, by GET alone. 404 beside a control is `verified` in the run that
 * intended it; 200 means that it was not carried out, and the conversation is decided anew; no usable answer leaves it
 * open.
 */
export async function reconcile(context: ReconcileContext): Promise<void> {
  await closeVanishedRuns(context);
  const intents = await context.audit.openIntents(context.policy.name);
  if (intents.length === 0) return;
  context.log.info({ open_intents: intents.length }, 'settling what an earlier run left open');
  const { reader, clock, log, stop } = context;
  const desk = new ControlDesk({ reader, clock, log, signal: stop });
  desk.hurry();
  for (const intent of intents) {
    if (stop.aborted) return;
    await settle(context, desk, intent);
  }
}

async function settle(context: ReconcileContext, desk: ControlDesk, intent: OpenIntent): Promise<void> {
  const { projectId, sessionId } = intent;
  const answer = await context.reader.existence(projectId, sessionId, {
    purpose: 'messages',
    signal: context.stop,
  });
  const run = { runId: intent.runId, policy: { name: context.policy.name, hash: intent.policyHash } };
  const common = {
    requested_at: intent.intendedAt,
    delete_status: null,
    attempts: 1,
    settled_by: context.runId,
  };
  if (answer.state === 'present') {
    const facts = { ...common, reason: 'it still answers: not carried out' };
    await context.audit.append([auditFacts(run, 'deletion.failed', { about: intent, facts })], context.fence);
    return;
  }
  if (answer.state === 'no_evidence') {
    context.log.warn({ project_id: projectId, session_id: sessionId, failure: answer.failure }, 'still open');
    return;
  }
  desk.begun(projectId);
  desk.ended(projectId);
  const control = await desk.prove(projectId);
  desk.settled(projectId);
  if (!control.proven) {
    context.log.warn(
      { project_id: projectId, session_id: sessionId, problem: control.problem },
      'still open',
    );
    return;
  }
  const facts = {
    ...common,
    verify_status: answer.status,
    seen_at: intent.seenAt,
    verified_at: formatInstant(answer.receivedAt),
    control: { request: control.request, status: control.status, at: formatInstant(control.at) },
  };
  await context.audit.append([auditFacts(run, 'deletion.verified', { about: intent, facts })], context.fence);
}

/** We hold the lease, so a run of this policy that is still marked as running has no worker any more. */
async function closeVanishedRuns(context: ReconcileContext): Promise<void> {
  const recent = await context.runs.runs({ policy: context.policy.name, limit: RECENT_RUNS });
  for (const run of recent) {
    if (run.status === 'running' && run.runId !== context.runId) await closeVanishedRun(context, run);
  }
}

async function closeVanishedRun(context: ReconcileContext, run: RunRecord): Promise<void> {
  const facts = { reason: 'its worker vanished', noticed_by: context.runId };
  const entry = auditFacts(
    { runId: run.runId, policy: { name: run.policy, hash: run.policyHash } },
    'run.interrupted',
    { facts },
  );
  const [written] = await context.audit.append([entry], context.fence);
  await context.runs.updateRun(run.runId, {
    status: 'interrupted',
    endedAt: context.clock.now(),
    auditHead: written?.hash,
    problem: 'its worker vanished',
  });
}
