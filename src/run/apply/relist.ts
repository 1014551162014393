import type { Conversation } from '../../core/conversation.ts';
import { kindOf } from '../../core/deletion/evidence.ts';
import { IdSet } from '../../core/id-set.ts';
import type { DeletableItem, PlanItem, PlanSummary } from '../../core/plan.ts';
import { asRunFault, endsTheRun } from '../api-faults.ts';
import { Bystanders, dateOf } from '../plan/bystanders.ts';
import type { Run } from '../context.ts';
import { InconsistentListing, listProject, repeatWhileInconsistent } from '../plan/list-project.ts';

/** A second listing of the plan's projects, taken because the plan may be days old. */
export interface Relisting {
  readonly bystanders: Bystanders;
  look(item: DeletableItem): 'unchanged' | 'changed' | 'not_listed' | 'unreadable';
  readonly takenAt: number;
}

/** Lists every project of the plan that would lose something once more. Throws RetentionError as planning does. */
export async function relist(
  run: Pick<Run, 'reader' | 'clock' | 'log' | 'signals' | 'store'>,
  plan: PlanSummary,
): Promise<Relisting> {
  const { reader, store, signals } = run;
  const planned = new IdSet();
  for await (const { projectId, sessionId } of store.plans.planItems(plan.planId, { verdict: 'delete' }))
    planned.add(`${projectId} ${String(sessionId)}`);
  const bystanders = new Bystanders();
  const listed = new IdSet();
  const snapshots = new IdSet();
  const unreadable = new Set<number>();
  const takenAt = run.clock.now();
  const note = (row: Conversation): void => {
    const id = `${row.projectId} ${row.sessionId}`;
    listed.add(id);
    snapshots.add(snapshotOf(row, row));
    if (row.deletedAt === undefined && !planned.has(id))
      bystanders.note(row.projectId, kindOf(row.createdBy, reader.viewer()), dateOf(row.createdAt));
  };
  // Whatever the plan deletes was created before it was decided.
  const options = { reach: plan.decidedAt, signal: signals.stop };
  for (const { projectId } of plan.projects.filter((project) => project.planned > 0)) {
    try {
      await repeatWhileInconsistent(async () => {
        bystanders.begin(projectId);
        for await (const { rows } of listProject(reader, projectId, options))
          for (const row of rows) if (row.kind === 'conversation') note(row);
      });
    } catch (error) {
      if (!(error instanceof InconsistentListing) && endsTheRun(error)) throw asRunFault(error);
      unreadable.add(projectId);
      run.log.warn({ project_id: projectId }, 'could not be listed again: nothing of it is deleted');
    }
  }
  return {
    takenAt,
    bystanders,
    look(item) {
      if (unreadable.has(item.projectId)) return 'unreadable';
      if (snapshots.has(snapshotOf(item, item.seen))) return 'unchanged';
      return listed.has(`${item.projectId} ${item.sessionId}`) ? 'changed' : 'not_listed';
    },
  };
}

function snapshotOf(
  { projectId, sessionId }: Pick<PlanItem, 'projectId' | 'sessionId'>,
  { name, createdAt, updatedAt, createdBy }: PlanItem['seen'],
): string {
  return JSON.stringify([projectId, sessionId, name, createdAt, updatedAt, createdBy]);
}
