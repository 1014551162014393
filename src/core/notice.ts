import type { Protection } from './findings.ts';
import type { OpenIntent } from './open-intent.ts';
import type { RunCounts, RunRecord, RunStatus } from './run.ts';

/* What people are told of without looking: which notices the end of a run gives, and what stands in them. */

/** `test`: on request, to see whether it arrives. */
export const NOTICE_KINDS = [
  ...(['run_refused', 'run_failed', 'run_partial', 'run_interrupted', 'run_completed'] as const),
  ...(['as_before', 'recovered', 'conversations_stuck', 'protection_unmatched'] as const),
  ...(['policies_broken', 'audit_broken', 'test'] as const),
] as const;
export type NoticeKind = (typeof NOTICE_KINDS)[number];

export type Severity = 'info' | 'warning' | 'error';

/** Runs of one policy, one right after the other. */
export interface Streak {
  readonly runs: number;
  /** When the first of them started. */
  readonly since: number;
}

/** Never holds a name: of a conversation, a project or a user. */
export interface Notice {
  readonly kind: NoticeKind;
  readonly severity: Severity;
  readonly at: number;
  readonly policy?: string | undefined;
  readonly run?: RunRecord | undefined;
  /** The fold over the run's outcomes; undefined where nobody could make it. */
  readonly counts?: RunCounts | undefined;
  /** What went wrong, without what stands in quotes there, and without accounts. */
  readonly problem?: string | undefined;
  /** Of `as_before`: runs that ended in the same way, this one included. Of `recovered`: those before that were not good. */
  readonly streak?: Streak | undefined;
  /** Of `conversations_stuck`. */
  readonly stuck?: { readonly conversations: number; readonly projectIds: readonly number[] } | undefined;
  /** Of `protection_unmatched`. */
  readonly unmatched?: readonly Protection[] | undefined;
  /** The command to go on with: verb and arguments. */
  readonly next: string;
}

/** The end of a run, and what was there before it. */
export interface EndSeen {
  readonly at: number;
  /** As it ended; as it began, where no end of it is on record. */
  readonly run: RunRecord;
  readonly counts: RunCounts | undefined;
  /** Runs of its policy before it, the latest first. */
  readonly earlier: readonly RunRecord[];
  /** Of its plan. */
  readonly protections: readonly Protection[];
  /** Of the latest plan of an earlier run. */
  readonly protectionsBefore: readonly Protection[];
  /** What is open of its policy. */
  readonly open: readonly Pick<OpenIntent, 'projectId' | 'parkedBy'>[];
}

/** All that is to be told of the end of a run; `eachRun`: of a good one, too. */
export function noticesOf(seen: EndSeen, { eachRun }: { readonly eachRun: boolean }): readonly Notice[] {
  return [...aboutEnd(seen, eachRun), ...aboutStuck(seen), ...aboutProtections(seen)];
}

export function isGood({ status }: Pick<RunRecord, 'status'>): boolean {
  return status === 'completed';
}

type BadStatus = Exclude<RunStatus, 'running' | 'completed'>;

const SEVERITIES: Readonly<Record<BadStatus, Severity>> = {
  refused: 'error',
  failed: 'error',
  partial: 'warning',
  interrupted: 'warning',
};

const UNRECORDED = 'something unexpected broke it off; no end of it is on record';

function aboutEnd(seen: EndSeen, eachRun: boolean): readonly Notice[] {
  const { run, earlier } = seen;
  const common = commonOf(seen);
  const see = `runs ${run.runId}`;
  if (run.status === 'completed') {
    const streak = badBefore(earlier);
    return [
      ...(streak === undefined
        ? []
        : [{ ...common, kind: 'recovered', severity: 'info', streak, next: see } as const]),
      ...(eachRun ? [{ ...common, kind: 'run_completed', severity: 'info', next: see } as const] : []),
    ];
  }
  const isUnrecorded = run.status === 'running';
  const status = run.status === 'running' ? 'failed' : run.status;
  const severity = SEVERITIES[status];
  const problem = isUnrecorded ? UNRECORDED : shownProblem(run.problem);
  const next = status === 'refused' && run.planId !== undefined ? `plan --show ${run.planId}` : see;
  const runs = run.asBefore + 1;
  if (runs === 1) return [{ ...common, kind: `run_${status}`, severity, problem, next }];
  if (!isToldAgain(runs)) return [];
  const streak = { runs, since: run.alikeSince ?? run.startedAt };
  return [{ ...common, kind: 'as_before', severity, problem, streak, next }];
}

/** What stays as it is is told again after 3, 6, 12, 24 … runs: nobody reads the same line every day. */
function isToldAgain(runs: number): boolean {
  return Number.isInteger(Math.log2(runs / 3)) && runs >= 3;
}

function badBefore(earlier: readonly RunRecord[]): Streak | undefined {
  const good = earlier.findIndex(isGood);
  const bad = good === -1 ? earlier : earlier.slice(0, good);
  const first = bad.at(-1);
  return first === undefined ? undefined : { runs: bad.length, since: first.startedAt };
}

/** Only what this very run reported: the next ones find it as it is. */
function aboutStuck(seen: EndSeen): readonly Notice[] {
  const { run, open } = seen;
  const stuck = open.filter(({ parkedBy }) => parkedBy === run.runId);
  if (stuck.length === 0) return [];
  const projectIds = [...new Set(stuck.map(({ projectId }) => projectId))].sort((one, other) => one - other);
  return [
    {
      ...commonOf(seen),
      ...{ kind: 'conversations_stuck', severity: 'error', next: `runs ${run.runId}` },
      stuck: { conversations: stuck.length, projectIds },
    },
  ];
}

/** Told once: not again for as long as it goes on matching nothing. */
function aboutProtections(seen: EndSeen): readonly Notice[] {
  const { run, protections, protectionsBefore } = seen;
  const known = new Set(protectionsBefore.filter(isUnmatched).map(keyOf));
  const unmatched = protections
    .filter((one) => isUnmatched(one) && !known.has(keyOf(one)))
    .map((one) => ({ ...one, name: shownName(one) }));
  if (unmatched.length === 0) return [];
  const next = run.planId === undefined ? `runs ${run.runId}` : `plan --show ${run.planId}`;
  return [
    { ...commonOf(seen), ...{ kind: 'protection_unmatched', severity: 'warning' }, unmatched, next } as const,
  ];
}

function isUnmatched({ matched, before = 0 }: Protection): boolean {
  return matched === 0 && before > 0;
}

/** An entry of `exclude` that is no id is a project's name, or nearly. */
function shownName({ kind, name }: Protection): string {
  return kind === 'exclude' && !/^\d+$/.test(name) ? '…' : name;
}

function keyOf({ kind, name }: Protection): string {
  return JSON.stringify([kind, name]);
}

function commonOf({ at, run, counts }: EndSeen): Pick<Notice, 'at' | 'policy' | 'run' | 'counts'> {
  return { at, policy: run.policy, run, counts };
}

/** The policies could not be used when their time came: none of them ran. */
export function policiesBroken(at: number, problem: string): Notice {
  const next = 'validate';
  return { at, kind: 'policies_broken', severity: 'error', problem: shownProblem(problem), next };
}

/** The audit log is not as it was written. */
export function auditBroken(at: number, problem: string): Notice {
  const next = 'audit verify';
  return { at, kind: 'audit_broken', severity: 'error', problem: shownProblem(problem), next };
}

/** To see whether notices arrive. */
export function testNotice(at: number): Notice {
  return { at, kind: 'test', severity: 'info', next: 'status' };
}

/** Characters. A refusal may name a thousand projects. */
const LONGEST_PROBLEM = 1000;

/** What the policy says: patterns of names, and names of projects. */
const QUOTED = /"(?:[^"\\]|\\.)*"/gs;
/** As accounts are spelled in problems: `https://host team:12`. */
const ACCOUNT = /(?:https?:\/\/[^\s,]+ )?\b(?:team|user|key):[^\s,]+/g;

/** What a problem quotes, and whose account it is, stays on the machine. */
function shownProblem(problem: string | undefined): string | undefined {
  const shown = problem?.replace(QUOTED, '"…"').replace(ACCOUNT, '…');
  if (shown === undefined || shown.length <= LONGEST_PROBLEM) return shown;
  return `${shown.slice(0, LONGEST_PROBLEM).replace(/[\ud800-\udbff]$/, '')}…`;
}
