import { backlogCount, oldestDueAt, type Backlog } from '../core/backlog.ts';
import type { LiveRun } from '../core/live-runs.ts';
import type { PolicyStanding, Standing } from '../core/ports/status.ts';
import { needsAttention, type PolicyState } from '../core/status.ts';
import { lostProtections, unmatchedProtections } from '../core/unmatched.ts';
import type { MetricsRegistry, Row } from './registry.ts';

const STATES: readonly PolicyState[] = ['ok', 'failing', 'overdue', 'waiting'];

type ShowPolicies = (standing: Pick<Standing, 'policies' | 'now'> | undefined) => void;
type ValueOf = (standing: PolicyStanding, now: number) => number | undefined;

/** One value for each policy that there is; `undefined` where nobody can say. */
const GAUGES: readonly (readonly [name: string, help: string, value: ValueOf])[] = [
  [
    'policy_attention',
    '1 where somebody has to look: the policy is failing or overdue.',
    (one) => Number(needsAttention(one)),
  ],
  [
    'overdue_seconds',
    'How long ago the slot was that nobody has run; 0 where none is owed; absent without a schedule.',
    ({ policy, state, dueAt }, now) => {
      if (policy.schedule === undefined) return undefined;
      return state === 'overdue' && dueAt !== undefined ? secondsSince(dueAt, now) : 0;
    },
  ],
  [
    'next_run_timestamp_seconds',
    'When the policy is due next; absent without a schedule.',
    ({ nextAt }) => seconds(nextAt),
  ],
  [
    'last_success_timestamp_seconds',
    'When the last completed run ended; absent where there is none.',
    (one) => seconds(successAt(one)),
  ],
  [
    'seconds_since_last_success',
    'How long ago the last completed run ended; absent where there is none.',
    (one, now) => secondsSince(successAt(one), now),
  ],
  [
    'failures_in_a_row',
    'Runs since the last completed one that ended otherwise.',
    ({ history }) => history.failuresInARow,
  ],
  [
    'backlog_conversations',
    'Expired by the latest plan, and still there; absent where that is not known.',
    ({ backlog }) => (isKnown(backlog) ? backlogCount(backlog) : undefined),
  ],
  [
    'backlog_unread_projects',
    'Projects of which nobody can say what is expired there: no plan could list them.',
    ({ backlog }) => backlog?.unread.length,
  ],
  [
    'backlog_as_of_timestamp_seconds',
    'When the plan was decided that backlog_conversations is counted from.',
    ({ backlog }) => seconds(backlog?.asOf),
  ],
  ['oldest_expired_seconds', 'How long the longest expired of them is past its cutoff.', oldestExpired],
  [
    'protections_unmatched',
    'Keep rules, excludes and holds that match nothing in the latest plan.',
    (one) => unmatchedIn(one)?.length,
  ],
  [
    'protections_lost',
    'Those of them that matched something in an earlier plan.',
    (one) => {
      const unmatched = unmatchedIn(one);
      return unmatched === undefined ? undefined : lostProtections(unmatched).length;
    },
  ],
];

/** Tells how each policy stands. Without a standing nothing is told: an old value would be taken for today's. */
export function createPolicyGauges(registry: MetricsRegistry): ShowPolicies {
  const info = registry.gauge({
    name: 'policy_info',
    help: '1 for each policy, with its mode: dry-run deletes nothing.',
    labels: ['policy', 'mode'],
  });
  const state = registry.gauge({
    name: 'policy_state',
    help: '1 for the state that the policy is in, 0 for the others.',
    labels: ['policy', 'state'],
  });
  const shows = GAUGES.map(([name, help, value]) => {
    const show = registry.gauge({ name, help, labels: ['policy'] });
    return (policies: readonly PolicyStanding[], now: number): void => {
      show(policies.map((one): Row<'policy'> => [{ policy: one.policy.name }, value(one, now)]));
    };
  });
  return (standing) => {
    const { policies = [], now = 0 } = standing ?? {};
    info(policies.map(({ policy: { name, mode } }) => [{ policy: name, mode }, 1]));
    state(
      policies.flatMap((one) =>
        STATES.map((name): Row<'policy' | 'state'> => [
          { policy: one.policy.name, state: name },
          Number(one.state === name),
        ]),
      ),
    );
    for (const show of shows) show(policies, now);
  };
}

/** Counts the runs under way for each of these policies, and for those that only a run knows. */
export function runsInProgress(
  live: readonly LiveRun[],
  policies: readonly string[],
): readonly Row<'policy'>[] {
  const counts = new Map(policies.map((name) => [name, 0]));
  for (const { run } of live) counts.set(run.policy, (counts.get(run.policy) ?? 0) + 1);
  return [...counts].map(([policy, count]) => [{ policy }, count]);
}

function oldestExpired({ backlog }: PolicyStanding, now: number): number | undefined {
  if (!isKnown(backlog)) return undefined;
  return backlogCount(backlog) === 0 ? 0 : secondsSince(oldestDueAt(backlog), now);
}

/** A part of it would be taken for all. */
function isKnown(backlog: Backlog | undefined): backlog is Backlog {
  return backlog !== undefined && backlog.unread.length === 0;
}

function successAt({ history: { lastSuccess } }: PolicyStanding): number | undefined {
  return lastSuccess?.endedAt ?? lastSuccess?.startedAt;
}

function unmatchedIn({ policy, plan }: PolicyStanding): ReturnType<typeof unmatchedProtections> | undefined {
  return plan === undefined ? undefined : unmatchedProtections(policy, plan);
}

function seconds(at: number | undefined): number | undefined {
  return at === undefined ? undefined : at / 1000;
}

function secondsSince(at: number | undefined, now: number): number | undefined {
  return at === undefined ? undefined : Math.max(0, now - at) / 1000;
}
