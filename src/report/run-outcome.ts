import { isStopped } from '../core/findings.ts';
import type { PlanProject, PlanSummary } from '../core/plan.ts';
import type { RunCounts, RunRecord } from '../core/run.ts';
import { counted, enumerated, grouped } from './quantities.ts';

/** A run as every report of it starts from. */
export interface FinishedRun {
  readonly run: RunRecord;
  readonly counts: RunCounts;
  readonly plan: PlanSummary | undefined;
}

/** Projects of which nothing could be deleted, because their listing failed. */
export function incompleteIn(plan: PlanSummary | undefined): readonly PlanProject[] {
  return plan?.projects.filter((project) => project.incomplete !== undefined) ?? [];
}

type WithOrWithoutPlan = Pick<FinishedRun, 'run' | 'counts'> & { readonly plan?: PlanSummary | undefined };

/** What a run came to, in one sentence. Only what is verified is called deleted. */
export function runSentence(finished: FinishedRun): string {
  const { run, counts } = finished;
  const { planned, verified } = counts;
  switch (run.status) {
    case 'refused':
      return `A ${isStopped(run.problem) ? 'protection' : 'limit'} refused this run before the first DELETE. Nothing was deleted.`;
    case 'running':
      return `The run is under way. ${deletedSoFar(finished)}`;
    case 'failed':
      return `The run failed. ${deletedSoFar(finished)}`;
    case 'interrupted':
      return `The run was interrupted. ${deletedSoFar(finished)}`;
    case 'completed':
    case 'partial':
      break;
  }
  if (wasOnlyPlanned(finished)) {
    return `Would delete ${counted(planned, 'conversation')}. A dry run: nothing was deleted.`;
  }
  if (planned === 0) return 'There was nothing to delete.';
  if (verified === planned) return `Deleted ${counted(verified, 'conversation')}, each one proven gone.`;
  const of = `Deleted ${grouped(verified)} of ${counted(planned, 'planned conversation')}`;
  const others = otherOutcomes(counts);
  return others === '' ? `${of}.` : `${of}; ${others}.`;
}

/** A dry run that came to its end. */
export function wasOnlyPlanned(finished: WithOrWithoutPlan): boolean {
  const { status } = finished.run;
  return (status === 'completed' || status === 'partial') && isUnapplied(finished);
}

/** Planned conversations without an outcome: not begun, or begun and left open. */
export function withoutOutcome(finished: FinishedRun): number {
  const { run, counts } = finished;
  if (run.status === 'refused' || isUnapplied(finished)) return 0;
  return Math.max(0, counts.planned - settledCount(counts));
}

/** What is left of a run, and what becomes of it: one sentence each, none when nothing is left. */
export function leftovers(finished: FinishedRun): string[] {
  const { run, counts, plan } = finished;
  const { unverified, failed, skipped } = counts;
  const open = withoutOutcome(finished);
  return [
    ...said(unverified, `${grouped(unverified)} unverified, not proven gone: tried again in the next run.`),
    ...said(failed, `${grouped(failed)} failed, not carried out: tried again in the next run.`),
    ...said(skipped, `${grouped(skipped)} skipped, because something changed: decided anew in the next run.`),
    ...said(open, `${grouped(open)} without an outcome: the next run settles or decides them anew.`),
    // Nothing else explains it: every deletion is verified, but the listing at the end did not bear it out.
    ...(run.status === 'partial' &&
    unverified + failed + skipped + open === 0 &&
    incompleteIn(plan).length === 0
      ? ['A fresh listing at the end could not confirm every project.']
      : []),
  ];
}

/** How long it took, in seconds; undefined while it runs. */
export function secondsOf({ startedAt, endedAt }: RunRecord): number | undefined {
  return endedAt === undefined ? undefined : (endedAt - startedAt) / 1000;
}

function settledCount(counts: RunCounts): number {
  return counts.verified + counts.already_gone + counts.unverified + counts.failed + counts.skipped;
}

/** `run` and `serve` never apply the plan of a policy in `dry-run` mode; a person may have. */
function isUnapplied({ run, counts, plan }: WithOrWithoutPlan): boolean {
  if (run.mode !== 'dry-run' || plan?.status === 'applied') return false;
  return settledCount(counts) === 0 && (run.requests?.delete ?? 0) === 0;
}

function deletedSoFar({ run, counts: { planned, verified } }: FinishedRun): string {
  if (run.requests?.delete === 0 && verified === 0) return 'No DELETE was sent.';
  if (verified === 0) return 'Nothing is verified as deleted.';
  return `Deleted ${grouped(verified)} of ${counted(planned, 'planned conversation')} before that.`;
}

function otherOutcomes(counts: RunCounts): string {
  const words = [
    [counts.already_gone, 'already gone'],
    [counts.unverified, 'unverified'],
    [counts.failed, 'failed'],
    [counts.skipped, 'skipped'],
  ] as const;
  return enumerated(words.filter(([count]) => count > 0).map(([count, word]) => `${grouped(count)} ${word}`));
}

function said(count: number, sentence: string): string[] {
  return count > 0 ? [sentence] : [];
}
