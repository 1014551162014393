import { exitCodeOfRun } from '../../src/cli/exit-codes.ts';
import { isFault } from '../../src/core/errors.ts';
import type { RunResult } from '../../src/run/around/close-run.ts';
import type { Account, Talk } from './account.ts';
import { judge, limitsOf, type OracleHold, type WrittenPolicy } from './oracle.ts';
import type { Referee, SentDelete } from './referee.ts';
import {
  chainProblem,
  foldEntries,
  openIn,
  outcomeIn,
  type LoggedEntry,
  type StateReader,
} from './referee-log.ts';

const DAY = 86_400_000;
const SETTLING = ['verified', 'already_gone'];

/** Whether what a run says of itself is what its entries say. */
export function checkResult(referee: Referee, state: StateReader, result: RunResult): void {
  const { run, counts, fault } = result;
  if ((exitCodeOfRun(result) === 0) !== (run.status === 'completed' && fault === undefined))
    referee.blame('exit', `${run.runId} is ${run.status} and exits with ${exitCodeOfRun(result)}`);
  if (isFault(fault, 'state_unusable') || isFault(fault, 'lease_held')) return;
  const entries = state.entriesOf(run.runId);
  const fold = foldEntries(entries);
  for (const [outcome, count] of Object.entries(fold)) {
    if (counts[outcome as keyof typeof counts] !== count)
      referee.blame(
        'counts',
        `${run.runId} counts ${String(counts[outcome as keyof typeof counts])} ${outcome}, the log ${count}`,
      );
  }
  const intents = entries.filter(({ event }) => event === 'deletion.intended').length;
  const isOnlyPlan = run.mode === 'dry-run' && run.trigger !== 'manual';
  if ((isOnlyPlan || run.status === 'refused') && intents > 0)
    referee.blame('mode', `${run.runId} is ${run.status}, ${run.mode}, and intended ${intents} deletions`);
  checkStatus(referee, result, remainsOf(result, { entries, fold, open: openCount(state, run) }));
}

/** What keeps this run from being complete: what is open, and was not reported as hopeless by an earlier one. */
function openCount(state: StateReader, run: { readonly policy: string; readonly runId: string }): number {
  return [...openIn(state.entries()).values()].filter(
    ({ entry, parkedBy }) =>
      entry.policy === run.policy && (parkedBy === undefined || parkedBy === run.runId),
  ).length;
}

/** What is there to say why a run is not complete. */
interface Remains {
  readonly undone: number;
  readonly done: number;
  readonly open: number;
  readonly unconfirmed: number;
  readonly isIncomplete: boolean;
}

function remainsOf(
  { plan }: RunResult,
  of: {
    readonly entries: readonly LoggedEntry[];
    readonly fold: Readonly<Record<string, number>>;
    readonly open: number;
  },
): Remains {
  const count = (outcome: string): number => of.fold[outcome] ?? 0;
  const projects = plan?.projects ?? [];
  const unconfirmed = (of.entries.at(-1)?.facts['unconfirmed'] as unknown[] | undefined) ?? [];
  return {
    undone: count('unverified') + count('failed') + count('skipped'),
    done: count('verified') + count('already_gone'),
    open: of.open,
    unconfirmed: unconfirmed.length,
    isIncomplete:
      of.entries.some(({ event }) => event === 'listing.incomplete') ||
      projects.some(({ incomplete }) => incomplete !== undefined),
  };
}

function checkStatus(referee: Referee, { run, counts, plan }: RunResult, remains: Remains): void {
  const { undone, done, open, unconfirmed, isIncomplete } = remains;
  const isLeft = undone + open > 0 || isIncomplete;
  if (run.status === 'completed' && isLeft)
    referee.blame('status', `${run.runId} is completed with ${JSON.stringify(remains)}`);
  const wasApplied = run.mode === 'enforce' && (plan?.status === 'applied' || done > 0);
  if (run.status === 'completed' && wasApplied && done !== counts.planned - counts.deferred)
    referee.blame('status', `${run.runId} is completed with ${done} of ${counts.planned}`);
  if (run.status === 'partial' && !isLeft && unconfirmed === 0 && done >= counts.planned - counts.deferred)
    referee.blame('status', `${run.runId} is partial, and nothing says why`);
}

/** What the whole log and all DELETEs must bear out at the end. */
export function checkLog(
  referee: Referee,
  state: StateReader,
  facts: { readonly clockMoved: boolean },
): void {
  const entries = state.allAfresh();
  const broken = chainProblem(entries);
  if (broken !== undefined) referee.blame('chain', broken);
  checkHolds(referee, entries);
  checkRunsInTurn(referee, entries);
  checkLimits(referee, state, { entries, ...facts });
}

/** In the order of the log: no intent under a hold. */
function checkHolds(referee: Referee, entries: readonly LoggedEntry[]): void {
  const holds = new Map<unknown, OracleHold>();
  for (const { event, facts, project_id: projectId, session_id: sessionId, time, seq } of entries) {
    if (projectId === null) continue;
    const { hold_id: id, until } = facts;
    const untilAt = typeof until === 'string' ? Date.parse(until) : undefined;
    if (event === 'hold.added') holds.set(id, { projectId, sessionId: sessionId ?? undefined, untilAt });
    if (event === 'hold.released') holds.delete(id);
    if (event !== 'deletion.intended') continue;
    const row = { project_id: projectId, session_id: sessionId ?? '' };
    const now = Date.parse(time);
    if (heldUnder([...holds.values()], row, now)) referee.blame('hold', `entry ${seq} intends what is held`);
  }
}

function heldUnder(
  holds: readonly OracleHold[],
  row: { project_id: number; session_id: string },
  now: number,
): boolean {
  const policy: WrittenPolicy = {
    version: 1,
    name: 'none',
    mode: 'enforce',
    projects: { include: ['*'] },
    rules: [],
  };
  return judge({ policy, row, messages: 'unread', holds, now }) === 'held';
}

/** Once a later run of a policy has begun, an earlier one intends nothing any more. */
function checkRunsInTurn(referee: Referee, entries: readonly LoggedEntry[]): void {
  const latest = new Map<string | null, string | null>();
  for (const { event, policy, run_id: runId, seq } of entries) {
    if (event === 'run.started') latest.set(policy, runId);
    if (event === 'deletion.intended' && latest.get(policy) !== runId)
      referee.blame(
        'lease',
        `entry ${seq}: ${String(runId)} intends after ${String(latest.get(policy))} began`,
      );
  }
}

function checkLimits(
  referee: Referee,
  state: StateReader,
  facts: { readonly entries: readonly LoggedEntry[]; readonly clockMoved: boolean },
): void {
  const overridden = new Set(
    facts.entries.filter(({ event }) => event === 'limits.overridden').map(({ run_id: runId }) => runId),
  );
  const intents = facts.entries.filter(({ event }) => event === 'deletion.intended');
  const planOf = new Map(intents.map(({ run_id: runId, facts: { plan_id: plan } }) => [runId, plan]));
  const isBound = ({ runId }: SentDelete): boolean => !overridden.has(runId);
  for (const [runId, sent] of grouped(referee.sent.filter(isBound), (one) => one.runId))
    checkRunLimits(referee, { runId, sent, totals: state.planTotals(String(planOf.get(runId))) });
  // The days are those of the wall clock of the machine.
  if (facts.clockMoved) return;
  const started = facts.entries.filter(({ event }) => event === 'run.started');
  const dayOf = new Map(
    started.map(({ run_id: runId, time }) => [runId, Math.floor(Date.parse(time) / DAY)]),
  );
  for (const [name, sent] of grouped(referee.sent.filter(isBound), (one) => one.policy))
    checkDays(referee, { name, sent, dayOf });
}

function checkRunLimits(
  referee: Referee,
  of: {
    readonly runId: string;
    readonly sent: readonly SentDelete[];
    readonly totals: ReadonlyMap<number, number>;
  },
): void {
  const { runId, sent, totals } = of;
  const policy = referee.policies.get(sent[0]?.policy ?? '');
  if (policy === undefined) return;
  const limits = limitsOf(policy);
  if (distinct(sent) > limits.perRun)
    referee.blame('limit', `${runId} sent ${distinct(sent)} of ${limits.perRun}`);
  for (const [projectId, there] of grouped(sent, (one) => one.projectId)) {
    const count = distinct(there);
    const total = totals.get(projectId) ?? 0;
    const isMeant = count >= limits.percentFrom || limits.percent === 0;
    if (isMeant && count > (total * limits.percent) / 100)
      referee.blame(
        'limit',
        `${runId} sent ${count} of ${total} in ${projectId}, ${limits.percent} % allowed`,
      );
  }
}

/** A deletion counts for the day (UTC) on which its run started. */
function checkDays(
  referee: Referee,
  of: {
    readonly name: string;
    readonly sent: readonly SentDelete[];
    readonly dayOf: ReadonlyMap<string | null, number>;
  },
): void {
  const policy = referee.policies.get(of.name);
  if (policy === undefined) return;
  const { perDay, perWeek } = limitsOf(policy);
  const dayOf = ({ runId }: SentDelete): number => of.dayOf.get(runId) ?? 0;
  for (const last of new Set(of.sent.map(dayOf))) {
    const within = (days: number): number =>
      distinct(of.sent.filter((one) => dayOf(one) <= last && dayOf(one) > last - days));
    if (within(1) > perDay)
      referee.blame('limit', `${of.name} sent ${within(1)} in a day, ${perDay} allowed`);
    if (within(7) > perWeek)
      referee.blame('limit', `${of.name} sent ${within(7)} in a week, ${perWeek} allowed`);
  }
}

function grouped<T, K>(items: readonly T[], keyOf: (item: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
  return groups;
}

function distinct(sent: readonly SentDelete[]): number {
  return new Set(sent.map(({ projectId, sessionId }) => `${projectId} ${sessionId}`)).size;
}

/** Everything we deleted has its good end in the log; nothing that is there is called gone. */
export function checkEnds(referee: Referee, state: StateReader, account: Account): void {
  const words = new Map<string, LoggedEntry[]>();
  for (const entry of state.entries()) {
    if (entry.session_id === null || !entry.event.startsWith('deletion.')) continue;
    const key = `${String(entry.project_id)} ${entry.session_id}`;
    words.set(key, [...(words.get(key) ?? []), entry]);
  }
  for (const talk of account.allTalks()) {
    if (talk.goneBy !== 'us' || talk.isBeyondProof) continue;
    const own = words.get(`${talk.row.project_id} ${talk.row.session_id}`) ?? [];
    if (!hasGoodEnd(referee, talk, own) && !isBeyondWitness(account, own, talk)) {
      const said = own.map(({ event, seq }) => `${seq} ${event}`).join(', ');
      referee.blame('last-word', `${talk.row.session_id} was deleted by us, and the log says: ${said}`);
    }
  }
}

/**
 * A DELETE that nobody knows to have been accepted, and no other conversation of its kind in the project: then its absence from
 * the listing says nothing. Nor does it where the others of its kind that were listed with it are lost, all or too many. Or a
 * vendor that says of what it deleted something else than of what it never had: that is borne out only where much else is. It
 * stays unverified.
 */
export function isBeyondWitness(account: Account, words: readonly LoggedEntry[], { row }: Talk): boolean {
  const last = words.at(-1)?.event;
  const { goneWords, unknownWords } = account.habits;
  if (goneWords !== unknownWords) return last === 'deletion.unverified' || last === 'deletion.skipped';
  if (last !== 'deletion.unverified') return false;
  const wasAccepted = words.some(({ facts }) => facts['answer'] === 'accepted');
  const bystanders = Math.max(0, ...words.map(({ facts }) => Number(facts['bystanders'] ?? 0)));
  const lost = bystanders - alikeIn(account, row).length;
  const areLost = bystanders > 0 && (lost === bystanders || (lost > 5 && lost * 10 > bystanders));
  return areLost || (!wasAccepted && !hasWitness(account, row));
}

function hasWitness(account: Account, row: Talk['row']): boolean {
  const kind = statedKindOf(account, row);
  // Whose key it is nobody says: one of two creators is a colleague, of one it cannot be told.
  const isUnclear = kind === 'named' && account.owner === 'nobody';
  return new Set(alikeIn(account, row).map((talk) => creatorIn(talk.row))).size >= (isUnclear ? 2 : 1);
}

/** Conversations of its kind that are there, in its project. */
function alikeIn(account: Account, row: Talk['row']): readonly Talk[] {
  const kind = statedKindOf(account, row);
  return (account.project(row.project_id)?.talks ?? []).filter(
    (talk) => talk.goneAt === undefined && statedKindOf(account, talk.row) === kind,
  );
}

/** A number or its text: the same user. */
function creatorIn({ created_by: by }: Talk['row']): string {
  return JSON.stringify(by ?? null).replaceAll('"', '');
}

function statedKindOf(account: Account, row: Talk['row']): string {
  if (!('created_by' in row) || row.created_by === '') return 'unstated';
  const kind = account.kindOf({ row });
  return kind === 'own' && account.owner === 'nobody' ? 'named' : kind;
}

/** A good word of any policy after it was gone. */
function hasGoodEnd(referee: Referee, talk: Talk, words: readonly LoggedEntry[]): boolean {
  return words.some(({ event, seq }) => {
    const outcome = outcomeIn(event);
    return (
      outcome !== undefined &&
      SETTLING.includes(outcome) &&
      (referee.committedAt.get(seq) ?? 0) >= (talk.goneAt ?? 0)
    );
  });
}
