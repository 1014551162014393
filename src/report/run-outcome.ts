import { isStopped } from '../core/findings.ts';
import { SKIP_CAUSES, type SkipCause, type SkipCounts } from '../core/outcome.ts';
import { isIncomplete, type PlanProject, type PlanSummary } from '../core/plan.ts';
import type { RunCounts, RunRecord } from '../core/run.ts';
import { ALREADY_GONE_WORDS } from './deletion-proof.ts';
import { counted, dayIn, enumerated, grouped } from './quantities.ts';

/** A run as every report of it starts from. */
export interface FinishedRun {
  readonly run: RunRecord;
  readonly counts: RunCounts;
  readonly plan: PlanSummary | undefined;
  /** Why what was skipped was. */
  readonly skipped?: SkipCounts | undefined;
  /** Conversations that were open at its end, and that a later run has settled; undefined: nobody counted. */
  readonly settledLater?: number | undefined;
}

/** Projects of which nothing could be deleted, because their listing failed. */
export function incompleteIn(plan: PlanSummary | undefined): readonly PlanProject[] {
  return plan?.projects.filter(isIncomplete) ?? [];
}

type WithOrWithoutPlan = Pick<FinishedRun, 'run' | 'counts'> & { readonly plan?: PlanSummary | undefined };

/** What a run came to, in one sentence. Only what is verified is called deleted. */
export function runSentence(finished: FinishedRun): string {
  const { run, counts } = finished;
  const { planned, verified, deferred } = counts;
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
  if (deferred === planned) return 'The limits leave no room for this run. Nothing was deleted.';
  if (verified === planned - deferred)
    return `Deleted ${counted(verified, 'conversation')}, each one proven gone.`;
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
  return Math.max(0, counts.planned - counts.deferred - settledCount(counts));
}

/** What is left of a run, and what becomes of it: one sentence each, none when nothing is left. */
export function leftovers(finished: FinishedRun): string[] {
  const { run, counts, plan, settledLater = 0 } = finished;
  const { already_gone: alreadyGone, unverified, failed } = counts;
  const open = withoutOutcome(finished);
  return [
    ...said(alreadyGone, `${grouped(alreadyGone)} already gone: ${ALREADY_GONE_WORDS}.`),
    ...said(unverified, `${grouped(unverified)} unverified, not proven gone: the next run looks again.`),
    ...said(failed, `${grouped(failed)} failed, not carried out: tried again in the next run.`),
    ...skippedWords(finished),
    ...said(
      open,
      `${grouped(open)} without an outcome: the next run settles or decides ${open === 1 ? 'it' : 'them'} anew.`,
    ),
    ...deferredWords(finished),
    ...said(settledLater, `${grouped(settledLater)} settled by a later run.`),
    // Nothing of this run explains it.
    ...(run.status === 'partial' &&
    settledLater === 0 &&
    unverified + failed + counts.skipped + open === 0 &&
    incompleteIn(plan).length === 0
      ? ['What an earlier run began is still open: the next run looks again.']
      : []),
  ];
}

function because(cause: SkipCause, count: number): string {
  const [they, them, their] = count === 1 ? ['it', 'it', 'its'] : ['they', 'them', 'their'];
  const words: Readonly<Record<SkipCause, string>> = {
    stopped: `the run was stopped before ${their} turn`,
    brake: 'too many in a row had failed by then',
    project: `${their} project could not be worked on`,
    vanished: `${they} and many others are no longer visible to this key`,
    elsewhere: `another run was deleting ${them}`,
    changed: `${they} changed after the plan was made`,
    held: `a hold covers ${them} now`,
    kept: `a rule keeps ${them} now`,
    limit: 'the limits left no room',
    not_known: `nobody can tell what became of ${them}`,
    unreachable: 'the API could not be reached',
    right: `the key may not delete or read ${them}`,
  };
  return words[cause];
}

/** Later runs plan what is listed then, and so have no word for these. */
const LOOK_NOW = 'check what the key can see: later runs do not mention conversations that are not listed';

/** One sentence for each reason; those without any are told as one. */
function skippedWords({ counts, skipped = {} }: FinishedRun): string[] {
  const told = SKIP_CAUSES.reduce((sum, cause) => sum + (skipped[cause] ?? 0), 0);
  const rest = Math.max(0, counts.skipped - told);
  const words = (count: number, why: string, then = 'decided anew in the next run'): string[] =>
    said(count, `${grouped(count)} skipped${why}: ${then}.`);
  return [
    ...SKIP_CAUSES.flatMap((cause) => {
      const count = skipped[cause] ?? 0;
      return words(count, `, because ${because(cause, count)}`, cause === 'vanished' ? LOOK_NOW : undefined);
    }),
    ...words(rest, ''),
  ];
}

function deferredWords({ run, counts: { deferred } }: FinishedRun): string[] {
  const { runsRemaining } = run;
  const more =
    runsRemaining === undefined
      ? `no run has room for ${deferred === 1 ? 'it' : 'them'}`
      : `at least ${counted(runsRemaining, 'more run')}`;
  return said(deferred, `${grouped(deferred)} deferred, because the oldest come first: ${more}.`);
}

/** That it ended as those before did, and since when: one sentence, none for a run that ended otherwise. */
export function asBeforeWords({ asBefore, alikeSince }: RunRecord, timeZone: string): string[] {
  if (asBefore === 0 || alikeSince === undefined) return [];
  const since = dayIn(alikeSince, timeZone);
  const runs = asBefore === 1 ? 'the run before' : `the last ${grouped(asBefore)} runs`;
  return [`It ended as ${runs} did, since ${since}.`];
}

/** What a run was allowed to do. A person's `apply` goes beyond a policy in dry-run mode. */
export function modeWords(finished: FinishedRun): string {
  return isAppliedByCommand(finished) ? 'dry-run, applied by command' : finished.run.mode;
}

/** Whether a person applied a plan that its policy would never have applied. */
export function isAppliedByCommand(finished: FinishedRun | undefined): boolean {
  if (finished === undefined) return false;
  const { run, plan } = finished;
  if (plan?.mode === 'dry-run' && run.mode === 'enforce') return true;
  return run.mode === 'dry-run' && !isUnapplied(finished);
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
  const sent = run.requests?.delete;
  if (sent === 0 && verified === 0) return 'No DELETE was sent.';
  const words =
    sent === undefined || sent === verified ? '' : ` ${counted(sent, 'DELETE was', 'DELETEs were')} sent.`;
  if (verified === 0) return `Nothing is verified as deleted.${words}`;
  return `Deleted ${grouped(verified)} of ${counted(planned, 'planned conversation')} before that.${words}`;
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
