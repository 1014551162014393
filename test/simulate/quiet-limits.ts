import type { RunResult } from '../../src/run/around/close-run.ts';
import type { Account, Talk } from './account.ts';
import { judgedAt, limitsOf, type Case, type WrittenPolicy } from './oracle.ts';
import { outcomeIn, type StateReader } from './referee-log.ts';
import type { Stage } from './stage.ts';

const DAY = 86_400_000;

/** A run of one policy while all is well, with what the oracle would have deleted. */
export interface QuietRun {
  readonly policy: WrittenPolicy;
  readonly result: RunResult;
  readonly wanted: readonly Talk[];
  /** The question whose answer was that it is to be deleted. */
  readonly questionOf: (talk: Talk) => Case;
  readonly account: Account;
  readonly state: StateReader;
}

/** Whether a limit was really passed; true when waiting would not help. */
export function checkRefusal({ referee }: Stage, of: QuietRun): boolean {
  // A pattern that only nearly protects refuses for good, if a loose reading of our own finds it, too.
  if (
    of.result.run.problem?.includes('near miss') === true &&
    nearlyProtects(referee.policies.values(), of.wanted)
  )
    return true;
  const { perRun, perDay, perWeek, percent, percentFrom, isOldestFirst } = limitsOf(of.policy);
  const count = of.wanted.length;
  const projects = of.account.projects.map(({ id, talks }) => ({
    here: of.wanted.filter(({ row }) => row.project_id === id).length,
    total: talks.filter(({ goneAt }) => goneAt === undefined).length,
  }));
  const small = projects.filter(({ here }) => here > 0 && here < percentFrom);
  const together = {
    here: small.reduce((sum, { here }) => sum + here, 0),
    total: small.reduce((sum, { total }) => sum + total, 0),
  };
  const isTooMuch = [...projects, together].some(
    ({ here, total }) => (here >= percentFrom || percent === 0) && here > (total * percent) / 100,
  );
  // Of a list that does not say how many there are, only what was read of it counts: less than there is, and refused sooner.
  const cannotTell = !of.account.habits.saysTotal;
  const isCounted = !isOldestFirst && (count > perRun || count > perDay || count > perWeek);
  const isForGood = isCounted || isTooMuch || cannotTell;
  const isForNow = !isOldestFirst && count > roomIn(of);
  if (count === 0 || !(isForGood || isForNow))
    referee.blame('refusal', `${of.policy.name} refuses ${count} deletions without need`);
  return isForGood;
}

/**
 * Under `oldest_first` as many as there is room for go, the oldest, and the rest is said: it comes another day, or never where
 * the limits are zero.
 */
export function checkDeferral({ referee, tally }: Stage, of: QuietRun): 'all' | 'later' | 'never' {
  const { policy, result, wanted } = of;
  const { perRun, perDay, perWeek, isOldestFirst } = limitsOf(policy);
  const room = roomIn(of);
  const expected = isOldestFirst ? Math.max(0, wanted.length - room) : 0;
  if (result.counts.deferred !== expected)
    referee.blame('deferral', `${result.run.runId} defers ${result.counts.deferred}, not ${expected}`);
  if (expected === 0) return 'all';
  tally.add('runs that deferred');
  checkOrder(of, (what) => {
    referee.blame('order', what);
  });
  return Math.min(perRun, perDay, perWeek) > 0 ? 'later' : 'never';
}

/** What failed before comes last, so that nothing follows from it. */
function checkOrder(of: QuietRun, blame: (what: string) => void): void {
  const { result, wanted, questionOf } = of;
  const troubled = troubledBefore(of);
  const keys = wanted
    .filter(({ row }) => !troubled.has(`${row.project_id} ${row.session_id}`))
    .map((talk) => ({ isGone: talk.goneAt !== undefined, at: judgedAt(questionOf(talk)) }))
    .filter((key): key is { isGone: boolean; at: number } => key.at !== undefined);
  const youngestGone = Math.max(...keys.filter(({ isGone }) => isGone).map(({ at }) => at));
  const oldestLeft = Math.min(...keys.filter(({ isGone }) => !isGone).map(({ at }) => at));
  if (youngestGone <= oldestLeft) return;
  const [gone, left] = [youngestGone, oldestLeft].map((at) => new Date(at).toISOString());
  blame(`${result.run.runId} deletes what is of ${String(gone)} and defers what is of ${String(left)}`);
}

/** Whose last tried deletion failed or was left unverified, when this run began. */
function troubledBefore({ state, result }: QuietRun): ReadonlySet<string> {
  const troubled = new Set<string>();
  for (const { event, run_id: runId, project_id: projectId, session_id: sessionId } of state.entries()) {
    if (runId === result.run.runId) continue;
    const key = `${String(projectId)} ${String(sessionId)}`;
    const outcome = outcomeIn(event);
    if (outcome === 'failed' || outcome === 'unverified') troubled.add(key);
    if (outcome === 'verified' || outcome === 'already_gone') troubled.delete(key);
  }
  return troubled;
}

/** What the limits that count left for this run as it began. */
function roomIn({ policy, result, state }: QuietRun): number {
  const { perRun, perDay, perWeek } = limitsOf(policy);
  const { startedAt, runId: ownId } = result.run;
  const entries = state.entries();
  const runsWith = (event: string, isSo: (at: number) => boolean): ReadonlySet<string | null> =>
    new Set(
      entries
        .filter((entry) => entry.event === event && entry.policy === policy.name && entry.run_id !== ownId)
        .filter(({ time }) => isSo(Date.parse(time)))
        .map((entry) => entry.run_id),
    );
  const overridden = runsWith('limits.overridden', () => true);
  const spent = (days: number): number => {
    const firstDay = Math.floor(startedAt / DAY) - days + 1;
    const started = runsWith('run.started', (at) => Math.floor(at / DAY) >= firstDay);
    const since = entries.filter(
      ({ event, run_id: runId }) =>
        event === 'deletion.intended' && started.has(runId) && !overridden.has(runId),
    );
    return new Set(since.map((entry) => `${String(entry.project_id)} ${String(entry.session_id)}`)).size;
  };
  return Math.max(0, Math.min(perRun, perDay - spent(1), perWeek - spent(7)));
}

/** Whether the text of some pattern of the policies, without the signs around it, stands in a name that is to be deleted. */
function nearlyProtects(policies: Iterable<WrittenPolicy>, wanted: readonly Talk[]): boolean {
  const names = wanted.map(({ row }) => JSON.stringify(row.name).normalize('NFKC').toLowerCase());
  const texts = [...JSON.stringify([...policies]).matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, text = '']) =>
    text.normalize('NFKC').toLowerCase(),
  );
  const words = texts
    .flatMap((text) => text.split(/[,|*?]/))
    .map((text) => text.replaceAll(/^[^\p{L}\p{N}]+|[^\p{L}\p{N}]+$/gu, ''));
  return words.some((word) => word !== '' && names.some((name) => name.includes(word)));
}
