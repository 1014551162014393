import type { AuditEntry } from '../core/audit-entry.ts';
import { ApiError } from '../core/errors.ts';
import { formatInstant, parseInstant } from '../core/instant.ts';
import type { PlanItem } from '../core/plan.ts';
import { endsTheRun } from './api-faults.ts';
import { auditFacts } from './context.ts';
import { deleteAll } from './delete-all.ts';
import type { DeletionContext, Sent } from './deletion.ts';
import { InconsistentListing, listProject, repeatWhileInconsistent } from './list-project.ts';
import type { VerifiedDeletions } from './verified-deletions.ts';

const FIRST_PAUSE_MS = 2000;
const LONGEST_PAUSE_MS = 15_000;

/**
 * The last step of the proof: a fresh listing of each project must not show what was verified as deleted. A
 * conversation that it does show, with the creation date it had, is looked at again: where it still answers, that is
 * recorded and it is deleted once more; where it answers 404, the listing is given the verify time-out to catch up.
 * A conversation that came back with a new creation date is a new one and no business of this run.
 *
 * Resolves with the projects that could not be listed, or whose listing went on showing deleted conversations.
 */
export async function confirmAbsence(context: DeletionContext): Promise<readonly number[]> {
  const unconfirmed: number[] = [];
  for (const [projectId, verified] of context.verified) {
    if (context.signals.stop.aborted) break;
    if (context.lostProjects.has(projectId)) continue;
    if (!(await confirmProject(context, projectId, verified))) unconfirmed.push(projectId);
  }
  return unconfirmed;
}

async function* plannedIn(
  context: DeletionContext,
  projectId: number,
  sessionIds: ReadonlySet<string>,
): AsyncGenerator<PlanItem> {
  for await (const item of context.plans.planItems(context.plan.planId, { verdict: 'delete' })) {
    if (item.projectId === projectId && item.sessionId !== null && sessionIds.has(item.sessionId)) yield item;
  }
}

async function confirmProject(
  context: DeletionContext,
  projectId: number,
  verified: VerifiedDeletions,
): Promise<boolean> {
  const deadline = context.clock.monotonic() + context.verifyTimeoutMs;
  const triedAgain = new Set<string>();
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    const shown = await stillListed(context, projectId, verified);
    if (shown === undefined) return false;
    if (shown.length === 0) return true;
    if (context.clock.monotonic() >= deadline) {
      await report(context, projectId, { shown, reason: 'the fresh listing still shows it' });
      return false;
    }
    const present = await stillAnswering(context, verified, { projectId, shown });
    const again = present.filter((sessionId) => !triedAgain.has(sessionId));
    await report(context, projectId, { shown: again, reason: 'it answers again after its 404' });
    await deleteAgain(context, projectId, new Set(again));
    for (const sessionId of again) triedAgain.add(sessionId);
    if (again.length === 0) await context.clock.sleep(pauseMs, context.signals.stop);
  }
}

/** Session ids that a fresh listing shows although they were verified; undefined when it could not be taken. */
async function stillListed(
  context: DeletionContext,
  projectId: number,
  verified: VerifiedDeletions,
): Promise<readonly string[] | undefined> {
  try {
    const options = { reach: verified.newestAt + 1, signal: context.signals.stop };
    return await repeatWhileInconsistent(async () => {
      const shown: string[] = [];
      for await (const { rows } of listProject(context.deleter, projectId, options)) {
        for (const row of rows)
          if (row.kind === 'conversation' && verified.has(row)) shown.push(row.sessionId);
      }
      return shown;
    });
  } catch (error) {
    if (!(error instanceof InconsistentListing) && endsTheRun(error)) throw error;
    const problem = error instanceof ApiError ? error.failure : 'the listing contradicts itself';
    const facts = { phase: 'confirm', reason: problem, at: formatInstant(context.clock.now()) };
    await context.audit.append([auditFacts(context, 'listing.incomplete', { about: { projectId }, facts })]);
    return undefined;
  }
}

async function stillAnswering(
  context: DeletionContext,
  verified: VerifiedDeletions,
  { projectId, shown }: { readonly projectId: number; readonly shown: readonly string[] },
): Promise<readonly string[]> {
  const answers = await Promise.all(
    shown.map((sessionId) =>
      context.slot(() =>
        context.deleter.existence(projectId, sessionId, { purpose: 'verify', signal: context.signals.stop }),
      ),
    ),
  );
  return shown.filter((_, index) => {
    const answer = answers[index];
    // A cached listing may still show the old one while the session was created anew: that is another conversation.
    const isTheOne =
      answer?.state === 'present' && answer.conversation !== undefined && verified.has(answer.conversation);
    return isTheOne;
  });
}

async function report(
  context: DeletionContext,
  projectId: number,
  { shown, reason }: { readonly shown: readonly string[]; readonly reason: string },
): Promise<void> {
  const entries = shown.map((sessionId) =>
    auditFacts(context, 'deletion.unverified', { about: { projectId, sessionId }, facts: { reason } }),
  );
  if (entries.length > 0) await context.audit.append(entries);
}

/** With the memory of the first DELETE: whatever becomes of the second, it stays one that was sent. */
async function deleteAgain(
  context: DeletionContext,
  projectId: number,
  again: ReadonlySet<string>,
): Promise<void> {
  if (again.size === 0) return;
  const sentBefore = new Map<string, Sent>();
  for await (const entry of context.audit.entries({ runId: context.runId })) {
    const { event, session_id: sessionId } = entry;
    if (event !== 'deletion.verified' || entry.project_id !== projectId || sessionId === null) continue;
    if (again.has(sessionId)) sentBefore.set(sessionId, sentOf(entry));
  }
  await deleteAll(context, plannedIn(context, projectId, again), sentBefore);
}

function sentOf(entry: AuditEntry): Sent {
  const {
    attempts,
    seen_at: seenAt,
    seen_by: seenBy,
    requested_at: requestedAt,
    delete_status: status,
  } = entry;
  return {
    attempt: typeof attempts === 'number' ? attempts : 1,
    seen: { at: parseInstant(seenAt) ?? 0, how: seenBy === 'messages' ? 'messages' : 'listing' },
    requestedAt: parseInstant(requestedAt) ?? 0,
    answer:
      typeof status === 'number'
        ? { kind: 'accepted', status }
        : { kind: 'ambiguous', status: undefined, failure: 'network' },
  };
}
