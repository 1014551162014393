import type { Policy } from '../../src/core/policy.ts';
import type { RunResult } from '../../src/run/conduct-run.ts';
import type { Account, Talk } from './account.ts';
import { coversProject, judge, limitsOf, type OracleHold, type WrittenPolicy } from './oracle.ts';
import { openIn, type StateReader } from './referee-log.ts';
import type { Stage } from './stage.ts';
import { isBeyondWitness } from './verdict.ts';
import { SimWorker } from './worker.ts';

const DAY = 86_400_000;
const MOST_RUNS = 4;

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
  for (let count = 1; count <= MOST_RUNS; count += 1) {
    const worker = await SimWorker.start(stage, `quiet.${policy.name}.${count}`);
    last = await parts.through(`run of ${policy.name}`, worker.run(policy, { trigger: 'manual' }));
    worker.exit();
    if (last === undefined) return;
    const wanted = comparePlan(stage, { policy: written, result: last, ...parts });
    if (last.run.status === 'refused') {
      const isForGood = checkRefusal(stage, { policy: written, result: last, wanted, ...parts });
      if (isForGood) return;
      await parts.through('a week', stage.timeline.clockOf(stage.world).sleep(7 * DAY + 60_000));
      continue;
    }
    if (last.run.status === 'completed') {
      if (written.mode === 'enforce') checkGone(stage, wanted);
      return;
    }
  }
  if (last !== undefined && !isInvisible(written, parts.account) && !isOnlyWithoutWitness(policy, parts))
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
function isOnlyWithoutWitness({ name }: Policy, { account, state }: QuietParts): boolean {
  const entries = state.entries();
  const open = [...openIn(entries).values()].filter(({ entry }) => entry.policy === name);
  return (
    open.length > 0 &&
    open.every(({ entry: { project_id: projectId, session_id: sessionId } }) => {
      const own = entries.filter((one) => one.project_id === projectId && one.session_id === sessionId);
      const talk = account
        .allTalks()
        .findLast(({ row }) => row.project_id === projectId && row.session_id === sessionId);
      const words = own.filter(({ event }) => event.startsWith('deletion.'));
      return talk !== undefined && isBeyondWitness(account, words, talk);
    })
  );
}

/** The oracle's own plan against the stored one. Returns the oracle's. */
function comparePlan(
  stage: Stage,
  of: { policy: WrittenPolicy; result: RunResult; account: Account; state: StateReader },
): readonly Talk[] {
  const { plan, run } = of.result;
  if (plan === undefined) {
    stage.referee.blame('quiet', `${of.policy.name} has no plan: ${run.status} ${run.problem ?? ''}`);
    return [];
  }
  const holds = holdsIn(of.state, run.startedAt);
  const wanted = of.account.projects
    .filter((project) => coversProject(of.policy, project))
    .flatMap(({ talks }) => talks)
    // What this run itself deleted was there when it decided.
    .filter(({ goneAt }) => goneAt === undefined || goneAt > run.startedAt)
    .filter(
      ({ row, messages }) =>
        judge({ policy: of.policy, row, messages, holds, now: plan.decidedAt }) === 'delete',
    );
  const planned = of.state.planned(plan.planId).filter(({ verdict }) => verdict === 'delete');
  const ours = new Set(wanted.map(({ row }) => `${row.project_id} ${row.session_id}`));
  const theirs = new Set(planned.map(({ projectId, sessionId }) => `${projectId} ${sessionId}`));
  for (const key of ours)
    if (!theirs.has(key)) stage.referee.blame('missing', `${of.policy.name} does not plan ${key}`);
  for (const key of theirs)
    if (!ours.has(key)) stage.referee.blame('excess', `${of.policy.name} plans ${key}`);
  stage.tally.add('decisions compared', of.account.allTalks().length);
  return wanted;
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

/** Whether a limit was really passed; true when waiting would not help. */
function checkRefusal(
  stage: Stage,
  of: {
    policy: WrittenPolicy;
    result: RunResult;
    wanted: readonly Talk[];
    account: Account;
    state: StateReader;
  },
): boolean {
  // A pattern that only nearly protects refuses for good, if a loose reading of our own finds it, too.
  if (of.result.run.problem?.includes('near miss') === true && nearlyProtects(of.policy, of.wanted))
    return true;
  const { perRun, perDay, perWeek, percent, percentFrom } = limitsOf(of.policy);
  const { startedAt } = of.result.run;
  const entries = of.state.entries();
  const runsWith = (event: string, isSo: (at: number) => boolean): ReadonlySet<string | null> =>
    new Set(
      entries
        .filter((entry) => entry.event === event && entry.policy === of.policy.name)
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
  const isForGood = count > perRun || count > perDay || count > perWeek || isTooMuch || cannotTell;
  const isForNow = count > perDay - spent(1) || count > perWeek - spent(7);
  if (count === 0 || !(isForGood || isForNow))
    stage.referee.blame('refusal', `${of.policy.name} refuses ${count} deletions without need`);
  return isForGood;
}

function checkGone(stage: Stage, wanted: readonly Talk[]): void {
  for (const { goneAt, row } of wanted)
    if (goneAt === undefined) stage.referee.blame('missing', `${row.session_id} should be gone by now`);
}

/** Whether the text of some pattern of the policy, without the signs around it, stands in a name that is to be deleted. */
function nearlyProtects(policy: WrittenPolicy, wanted: readonly Talk[]): boolean {
  const names = wanted.map(({ row }) => JSON.stringify(row.name).normalize('NFKC').toLowerCase());
  const texts = [...JSON.stringify(policy.rules).matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, text = '']) =>
    text.normalize('NFKC').toLowerCase(),
  );
  const words = texts
    .flatMap((text) => text.split(/[,|*?]/))
    .map((text) => text.replaceAll(/^[^\p{L}\p{N}]+|[^\p{L}\p{N}]+$/gu, ''));
  return words.some((word) => word !== '' && names.some((name) => name.includes(word)));
}
