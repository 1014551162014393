import type { Application } from './context.ts';
import type { ProjectWork } from './project-work.ts';
import { reappearedIn } from '../plan/reappeared.ts';
import type { Relisting } from './relist.ts';

/**
 * A stored plan may be days old: what the listing of now no longer shows, though nobody of ours sent a DELETE for it. All
 * projects were listed again by now, so the run as a whole is judged before any of them is worked on.
 */
export async function countMissing(context: Application, works: readonly ProjectWork[]): Promise<void> {
  const { relisting, bars, outOfSight } = context;
  if (relisting === undefined) return;
  const covered = works.filter(({ projectId }) => bars.ofProject(projectId) === undefined);
  for (const work of covered) await countIn(context, work, relisting);
  outOfSight.count(...covered.filter(({ isUnreadable }) => !isUnreadable));
}

async function countIn(
  { store, plan, earlier }: Application,
  work: ProjectWork,
  relisting: Relisting,
): Promise<void> {
  const { projectId } = work;
  const deleted = await reappearedIn(store.audit, projectId);
  for await (const item of store.plans.planItems(plan.planId, { verdict: 'delete', projectId })) {
    const { sessionId, seen } = item;
    if (sessionId === null || deleted.isVerified(sessionId)) continue;
    if (earlier.of({ projectId, sessionId, createdAt: seen.createdAt }) !== 'never_sent') continue;
    const look = relisting.look({ ...item, sessionId });
    if (look === 'not_listed') work.missing += 1;
    if (look === 'unreadable') work.isUnreadable = true;
  }
}
