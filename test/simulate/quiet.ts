import type { Policy } from '../../src/core/policy.ts';
import type { RunResult } from '../../src/run/around/close-run.ts';
import type { Account, Talk } from './account.ts';
import { coversProject, judge, othersIn, type Case, type OracleHold, type WrittenPolicy } from './oracle.ts';
import { checkDeferral, checkRefusal, type QuietRun } from './quiet-limits.ts';
import { openIn, type StateReader } from './referee-log.ts';
import type { Stage } from './stage.ts';
import { isBeyondWitness } from './verdict.ts';
import { SimWorker } from './worker.ts';

const DAY = 86_400_000;
const MOST_RUNS = 4;
/** What is deferred is followed for so many days. */
const MOST_DAYS = 4;

interface QuietParts {
  readonly account: Account;
  readonly state: StateReader;
  /** Lets time pass until the work is done. */
  readonly through: <T>(what: string, work: Promise<T>) => Promise<T | undefined>;
}

/**
 * With everything well again, each policy is run until it is done. Then what the oracle would delete is exactly what is
 * planned, and what was planned is gone, unless a limit of the policy really forbids it.
 */
export async function runInQuiet(
  stage: Stage,
  policies: readonly Policy[],
  parts: QuietParts,
): Promise<void> {
  for (const policy of policies) await finish(stage, policy, parts);
}

async function finish(stage: Stage, policy: Policy, parts: QuietParts): Promise<void> {
  const { referee } = stage;
  const written = referee.policies.get(policy.name);
  if (written === undefined) return;
  let last: RunResult | undefined;
  let days = 0;
  for (let count = 1; count <= MOST_RUNS + days; count += 1) {
    const worker = await SimWorker.start(stage, `quiet.${policy.name}.${count}`);
    last = await parts.through(`run of ${policy.name}`, worker.run(policy, { trigger: 'manual' }));
    worker.exit();
    if (last === undefined) return;
    const one: QuietRun = {
      policy: written,
      result: last,
      ...parts,
      ...comparePlan(stage, written, { ...parts, result: last }),
    };
    if (last.run.status === 'refused') {
      if (checkRefusal(stage, one)) return;
      await parts.through('a week', stage.timeline.clockOf(stage.world).sleep(7 * DAY + 60_000));
      continue;
    }
    if (last.run.status !== 'completed') continue;
    if (written.mode === 'dry-run') return;
    const done = checkDeferral(stage, one);
    if (done === 'all') checkGone(stage, one);
    if (done !== 'later' || days === MOST_DAYS) return;
    days += 1;
    await parts.through('a day', stage.timeline.clockOf(stage.world).sleep(DAY + 60_000));
  }
  if (
    last !== undefined &&
    !isInvisible(written, parts.account) &&
    !isOnlyWithoutWitness(stage, policy, parts)
  )
    referee.blame(
      'quiet',
      `${policy.name} is still ${last.run.status} after ${MOST_RUNS} quiet runs: ${last.run.problem ?? ''}`,
    );
}

/** It names a project that is not there: then no run is ever complete. */
function isInvisible(policy: WrittenPolicy, account: Account): boolean {
  return policy.projects.include.some(
    (pattern) => /^\d+$/.test(String(pattern)) && account.project(Number(pattern)) === undefined,
  );
}

/** All that is left open are DELETEs whose effect no listing can bear out. */
function isOnlyWithoutWitness({ referee }: Stage, { name }: Policy, { account, state }: QuietParts): boolean {
  const entries = state.entries();
  const open = [...openIn(entries).values()].filter(({ entry }) => entry.policy === name);
  return (
    open.length > 0 &&
    open.every(({ entry: { seq, project_id: projectId, session_id: sessionId } }) => {
      // What the DELETE of another policy was answered is not asked for once that has its outcome.
      const own = entries.filter(
        (one) => one.policy === name && one.project_id === projectId && one.session_id === sessionId,
      );
      // One that was created anew may be of another kind.
      const talk =
        referee.targets.get(seq) ??
        account.allTalks().find(({ row }) => row.project_id === projectId && row.session_id === sessionId);
      const words = own.filter(({ event }) => event.startsWith('deletion.'));
      return talk !== undefined && isBeyondWitness(account, words, talk);
    })
  );
}

/** The oracle's own plan against the stored one. Returns the oracle's. */
function comparePlan(
  stage: Stage,
  policy: WrittenPolicy,
  { account, state, result: { plan, run } }: QuietParts & { readonly result: RunResult },
): Pick<QuietRun, 'wanted' | 'questionOf'> {
  const holds = holdsIn(state, run.startedAt);
  const now = plan?.decidedAt ?? run.startedAt;
  const questionOf = ({ row, messages }: Talk): Case => {
    const project = account.project(row.project_id) ?? { id: row.project_id, name: '' };
    return { policy, row, messages, holds, now, others: othersIn(stage.referee.policies, policy, project) };
  };
  if (plan === undefined) {
    stage.referee.blame('quiet', `${policy.name} has no plan: ${run.status} ${run.problem ?? ''}`);
    return { wanted: [], questionOf };
  }
  const own = account.projects
    .filter((project) => coversProject(policy, project))
    .flatMap(({ talks }) => talks)
    // What this run itself deleted was there when it decided.
    .filter(({ goneAt }) => goneAt === undefined || goneAt > run.startedAt)
    .filter((talk) => judge({ ...questionOf(talk), others: [] }) === 'delete');
  const wanted = own.filter((talk) => judge(questionOf(talk)) === 'delete');
  stage.tally.add('kept by another policy', own.length - wanted.length);
  const planned = state.planned(plan.planId).filter(({ verdict }) => verdict === 'delete');
  const ours = new Set(wanted.map(({ row }) => `${row.project_id} ${row.session_id}`));
  const theirs = new Set(planned.map(({ projectId, sessionId }) => `${projectId} ${sessionId}`));
  for (const key of ours)
    if (!theirs.has(key)) stage.referee.blame('missing', `${policy.name} does not plan ${key}`);
  for (const key of theirs) if (!ours.has(key)) stage.referee.blame('excess', `${policy.name} plans ${key}`);
  stage.tally.add('decisions compared', account.allTalks().length);
  return { wanted, questionOf };
}

function holdsIn(state: StateReader, now: number): readonly OracleHold[] {
  const holds = new Map<unknown, OracleHold>();
  for (const { event, facts, project_id: projectId, session_id: sessionId } of state.entries()) {
    const { until } = facts;
    const untilAt = typeof until === 'string' ? Date.parse(until) : undefined;
    if (event === 'hold.added' && projectId !== null)
      holds.set(facts['hold_id'], { projectId, sessionId: sessionId ?? undefined, untilAt });
    if (event === 'hold.released') holds.delete(facts['hold_id']);
  }
  return [...holds.values()].filter(({ untilAt }) => untilAt === undefined || untilAt > now);
}

function checkGone(stage: Stage, { wanted }: QuietRun): void {
  for (const { goneAt, row } of wanted)
    if (goneAt === undefined) stage.referee.blame('missing', `${row.session_id} should be gone by now`);
}
