import type { PlanSummary } from '../core/plan.ts';
import type { RunCounts, RunRecord } from '../core/run.ts';
import { counted, enumerated, grouped } from './quantities.ts';

/** A run as every report of it starts from. */
export interface FinishedRun {
  readonly run: RunRecord;
  readonly counts: RunCounts;
  readonly plan: PlanSummary | undefined;
}

/** What a run came to, in one sentence. Only what is verified is called deleted. */
export function runSentence({ run, counts }: FinishedRun): string {
  const { planned, verified } = counts;
  switch (run.status) {
    case 'refused':
      return 'A limit refused this run before the first DELETE. Nothing was deleted.';
    case 'running':
      return `The run is under way. ${deletedSoFar(counts)}`;
    case 'failed':
      return `The run failed. ${deletedSoFar(counts)}`;
    case 'interrupted':
      return `The run was interrupted. ${deletedSoFar(counts)}`;
    case 'completed':
    case 'partial':
      break;
  }
  if (wasOnlyPlanned({ run, counts })) {
    return `Would delete ${counted(planned, 'conversation')}. A dry run: nothing was deleted.`;
  }
  if (planned === 0) return 'There was nothing to delete.';
  if (verified === planned) return `Deleted ${counted(verified, 'conversation')}, each one proven gone.`;
  const of = `Deleted ${grouped(verified)} of ${counted(planned, 'planned conversation')}`;
  const others = otherOutcomes(counts);
  return others === '' ? `${of}.` : `${of}; ${others}.`;
}

/** `run` and `serve` never apply the plan of a policy in `dry-run` mode; a person may have. */
export function wasOnlyPlanned({ run, counts }: Pick<FinishedRun, 'run' | 'counts'>): boolean {
  return run.mode === 'dry-run' && settledCount(counts) === 0 && (run.requests?.delete ?? 0) === 0;
}

/** Planned conversations without an outcome: not begun, or begun and left open. */
export function withoutOutcome(finished: FinishedRun): number {
  const { run, counts } = finished;
  if (run.status === 'refused' || wasOnlyPlanned(finished)) return 0;
  return Math.max(0, counts.planned - settledCount(counts));
}

/** What is left of a run, and what becomes of it: one sentence each, none when nothing is left. */
export function leftovers(finished: FinishedRun): string[] {
  const { run, counts, plan } = finished;
  const { already_gone: gone, unverified, failed, skipped } = counts;
  const open = withoutOutcome(finished);
  const lines = [
    ...said(gone, `${grouped(gone)} already gone when their turn came: not counted as deleted.`),
    ...said(unverified, `${grouped(unverified)} unverified, not proven gone: tried again in the next run.`),
    ...said(failed, `${grouped(failed)} failed, not carried out: tried again in the next run.`),
    ...said(skipped, `${grouped(skipped)} skipped, because something changed: decided anew in the next run.`),
    ...said(open, `${grouped(open)} without an outcome: the next run settles or decides them anew.`),
  ];
  const incomplete = plan?.projects.filter((project) => project.incomplete !== undefined).length ?? 0;
  lines.push(
    ...said(
      incomplete,
      `${counted(incomplete, 'project')} could not be listed in full: nothing of ${incomplete === 1 ? 'it' : 'them'} was deleted.`,
    ),
  );
  // Nothing else explains it: every deletion is verified, but the listing at the end did not bear it out.
  if (run.status === 'partial' && unverified + failed + skipped + open + incomplete === 0) {
    lines.push('A fresh listing at the end could not confirm every project.');
  }
  return lines;
}

/** How long it took, in seconds; undefined while it runs. */
export function secondsOf({ startedAt, endedAt }: RunRecord): number | undefined {
  return endedAt === undefined ? undefined : (endedAt - startedAt) / 1000;
}

function settledCount(counts: RunCounts): number {
  return counts.verified + counts.already_gone + counts.unverified + counts.failed + counts.skipped;
}

function deletedSoFar({ planned, verified }: RunCounts): string {
  if (verified === 0) return 'Nothing was verified as deleted.';
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
