import { kindOf } from '../../core/deletion/evidence.ts';
import { IdSet } from '../../core/id-set.ts';
import type { DeletableItem, PlanItem, PlanProject, PlanSummary } from '../../core/plan.ts';
import { asRunFault, endsTheRun } from '../api-faults.ts';
import { Bystanders, dateOf } from '../plan/bystanders.ts';
import type { Run } from '../context.ts';
import {
  InconsistentListing,
  listProject,
  repeatWhileInconsistent,
  type ListedRow,
} from '../plan/list-project.ts';

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
  const { reader, store } = run;
  const planned = new IdSet();
  for await (const { projectId, sessionId } of store.plans.planItems(plan.planId, { verdict: 'delete' }))
    planned.add(`${projectId} ${String(sessionId)}`);
  const bystanders = new Bystanders();
  const listed = new IdSet();
  const snapshots = new IdSet();
  const unreadable = new Set<number>();
  const takenAt = run.clock.now();
  for (const project of plan.projects.filter(({ planned }) => planned > 0)) {
    try {
      await repeatWhileInconsistent(() => {
        bystanders.begin(project.projectId);
        return relistProject(run, { plan, project }, (row) => {
          const id = `${row.projectId} ${row.sessionId}`;
          listed.add(id);
          snapshots.add(snapshotOf(row, row));
          if (row.deletedAt === undefined && !planned.has(id))
            bystanders.note(row.projectId, kindOf(row.createdBy, reader.viewer()), dateOf(row.createdAt));
        });
      });
    } catch (error) {
      if (!(error instanceof InconsistentListing) && endsTheRun(error)) throw asRunFault(error);
      unreadable.add(project.projectId);
      run.log.warn({ project_id: project.projectId }, 'could not be listed again: nothing of it is deleted');
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

async function relistProject(
  { reader, signals }: Pick<Run, 'reader' | 'signals'>,
  { plan, project }: { readonly plan: PlanSummary; readonly project: PlanProject },
  onRow: (row: ListedRow & { readonly kind: 'conversation' }) => void,
): Promise<void> {
  // Whatever the plan deletes was created before it was decided.
  const options = { reach: plan.decidedAt, signal: signals.stop };
  for await (const page of listProject(reader, project.projectId, options)) {
    for (const row of page.rows) if (row.kind === 'conversation') onRow(row);
  }
}

function snapshotOf(
  id: { readonly projectId: number; readonly sessionId: string },
  seen: PlanItem['seen'],
): string {
  const { name, createdAt, updatedAt, createdBy } = seen;
  return JSON.stringify([
    id.projectId,
    id.sessionId,
    name ?? null,
    createdAt ?? null,
    updatedAt ?? null,
    createdBy ?? null,
  ]);
}
