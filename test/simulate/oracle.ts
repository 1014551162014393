import { ago, readSpan, type Span } from './oracle-dates.ts';
import { globMatches, listed, nameMatches } from './oracle-names.ts';

/*
 * A second opinion on every decision, written from the contract and the documentation of policies alone. It imports
 * nothing of the program, is slow and plain, and reads the policy as a person wrote it and the API's rows as they came.
 */

export interface WrittenMatch {
  readonly older_than?: string;
  readonly age_from?: 'created' | 'updated' | 'last_message';
  readonly name?: string | readonly string[] | WrittenName;
  readonly created_by?: string | number | readonly (string | number)[];
  readonly session_ids?: string | readonly string[];
  readonly any?: readonly WrittenMatch[];
  readonly all?: readonly WrittenMatch[];
  readonly not?: WrittenMatch;
}

export interface WrittenName {
  readonly glob?: string | readonly string[];
  readonly equals?: string | readonly string[];
  readonly contains?: string | readonly string[];
  readonly starts_with?: string | readonly string[];
  readonly regex?: string | readonly string[];
  readonly ignore_case?: boolean;
}

export interface WrittenPolicy {
  readonly version: 1;
  readonly name: string;
  readonly mode: 'dry-run' | 'enforce';
  readonly schedule?: { readonly cron: string; readonly timezone?: string };
  readonly projects: {
    readonly include: readonly (string | number)[];
    readonly exclude?: readonly (string | number)[];
  };
  readonly rules: readonly {
    readonly name: string;
    readonly match: 'everything' | WrittenMatch;
    readonly action: 'keep' | 'delete';
    readonly binds?: 'this_policy';
  }[];
  readonly limits?: {
    readonly max_deletions?: number;
    readonly max_percent?: number;
    readonly percent_applies_from?: number;
    readonly max_per_day?: number;
    readonly max_per_week?: number;
    readonly min_age?: string;
    readonly when_exceeded?: 'refuse' | 'oldest_first';
  };
  readonly concurrency?: number;
}

/** A conversation as the API's JSON shows it. */
export interface ShownRow {
  readonly session_id: string;
  readonly project_id: number;
  readonly created_at?: unknown;
  readonly updated_at?: unknown;
  readonly created_by?: unknown;
  readonly name?: unknown;
}

/** Dates of the messages as the API shows them; `unread` where nobody asked. */
export type ShownMessages = readonly unknown[] | 'unread';

export interface OracleHold {
  readonly projectId: number;
  readonly sessionId: string | undefined;
  readonly untilAt: number | undefined;
}

export interface Case {
  readonly policy: WrittenPolicy;
  readonly row: ShownRow;
  readonly messages: ShownMessages;
  readonly holds: readonly OracleHold[];
  readonly now: number;
  /** The other policies of the folder that look at its project. */
  readonly others?: readonly WrittenPolicy[];
}

export type OracleVerdict = 'delete' | 'keep' | 'held' | 'unknown';

/** Yes, no, or cannot be known. */
type Answer = boolean | undefined;

export function judge(question: Case): OracleVerdict {
  return decide(question).verdict;
}

/** With the rule that decided; undefined where none did. */
function decide(question: Case): { readonly verdict: OracleVerdict; readonly rule?: WrittenRule } {
  const { policy, row, holds, now, others = [] } = question;
  if (holds.some((hold) => covers(hold, row, now))) return { verdict: 'held' };
  for (const rule of policy.rules) {
    const answer = isMatch(rule, question);
    if (answer === undefined) return { verdict: 'unknown', rule };
    if (!answer) continue;
    if (rule.action === 'keep') return { verdict: 'keep', rule };
    const created = readSpan(row.created_at);
    if (created === undefined || created.from > now) return { verdict: 'unknown', rule };
    const isOldEnough = created.to < ago(now, policy.limits?.min_age ?? '1d');
    const isKept = others.some((other) => keepsForAll({ ...question, policy: other }));
    return { verdict: isOldEnough && !isKept ? 'delete' : 'keep', rule };
  }
  return { verdict: 'keep' };
}

/** Whether the first rule that matches, or may match, keeps it, whoever would delete it. */
function keepsForAll(question: Case): boolean {
  for (const rule of question.policy.rules) {
    const answer = isMatch(rule, question);
    if (bindsAll(rule) && answer !== false) return true;
    if (answer === true) return false;
  }
  return false;
}

/**
 * What a deletion is told from older and younger ones by: the latest instant that its rule's clock may mean. Undefined for a
 * newest message, which the program may not have had to read.
 */
export function judgedAt(question: Case): number | undefined {
  const { rule } = decide(question);
  const text = JSON.stringify(rule?.match ?? '');
  if (text.includes('"age_from":"last_message"')) return undefined;
  const { created_at: created, updated_at: updated } = question.row;
  const own = text.includes('"age_from":"updated"') ? readSpan(updated) : undefined;
  return (own ?? readSpan(created))?.to;
}

function bindsAll({ action, match, binds }: WrittenRule): boolean {
  return action === 'keep' && match !== 'everything' && binds === undefined;
}

type WrittenRule = WrittenPolicy['rules'][number];

function isMatch(rule: WrittenRule, question: Case): Answer {
  return rule.match === 'everything' ? true : matches(rule.match, question);
}

function covers(hold: OracleHold, row: ShownRow, now: number): boolean {
  if (hold.projectId !== row.project_id) return false;
  if (hold.untilAt !== undefined && hold.untilAt <= now) return false;
  return hold.sessionId === undefined || hold.sessionId.toUpperCase() === row.session_id.toUpperCase();
}

function matches(match: WrittenMatch, question: Case): Answer {
  const { row } = question;
  const parts: Answer[] = [];
  if (match.older_than !== undefined) parts.push(isOlder(match, match.older_than, question));
  if (match.name !== undefined)
    parts.push(typeof row.name === 'string' ? nameMatches(match.name, row.name) : undefined);
  if (match.created_by !== undefined) {
    const creator = creatorOf(row);
    parts.push(creator === undefined ? undefined : listed(match.created_by).map(String).includes(creator));
  }
  if (match.session_ids !== undefined) parts.push(listed(match.session_ids).includes(row.session_id));
  if (match.any !== undefined) parts.push(anyOf(match.any.map((part) => matches(part, question))));
  if (match.all !== undefined) parts.push(allOf(match.all.map((part) => matches(part, question))));
  if (match.not !== undefined) {
    const inner = matches(match.not, question);
    parts.push(inner === undefined ? undefined : !inner);
  }
  return allOf(parts);
}

function allOf(parts: readonly Answer[]): Answer {
  if (parts.includes(false)) return false;
  return parts.includes(undefined) ? undefined : true;
}

function anyOf(parts: readonly Answer[]): Answer {
  if (parts.includes(true)) return true;
  return parts.includes(undefined) ? undefined : false;
}

function isOlder(match: WrittenMatch, duration: string, { row, messages, now }: Case): Answer {
  const cutoff = ago(now, duration);
  const created = readSpan(row.created_at);
  // Nothing of a conversation is older than the conversation.
  if (created !== undefined && created.from > now) return undefined;
  if (created !== undefined && created.from >= cutoff) return false;
  const dates = { created, updated: readSpan(row.updated_at), last_message: newestOf(messages) };
  const date = dates[match.age_from ?? 'created'];
  if (date === undefined || date.from > now) return undefined;
  const { from, to } = latest([date, ...(created === undefined ? [] : [created])]);
  if (to < cutoff) return true;
  return from >= cutoff ? false : undefined;
}

export function newestOf(messages: ShownMessages): Span | undefined {
  if (messages === 'unread' || messages.length === 0) return undefined;
  const dates = messages.map(readSpan);
  return dates.includes(undefined) ? undefined : latest(dates as Span[]);
}

function latest(spans: readonly Span[]): Span {
  return {
    from: Math.max(...spans.map(({ from }) => from)),
    to: Math.max(...spans.map(({ to }) => to)),
  };
}

function creatorOf(row: ShownRow): string | undefined {
  if (!('created_by' in row)) return undefined;
  if (row.created_by === null) return 'anonymous';
  return typeof row.created_by === 'number' || typeof row.created_by === 'string'
    ? String(row.created_by)
    : undefined;
}

// ── What a policy covers, and what its decisions rest on ────────────────────────────────────────────────────

export function coversProject(policy: WrittenPolicy, project: { id: number; name: string }): boolean {
  const named = (pattern: string | number): boolean =>
    /^[0-9]+$/.test(String(pattern))
      ? Number(pattern) === project.id
      : globMatches(String(pattern), project.name);
  return policy.projects.include.some(named) && !(policy.projects.exclude ?? []).some(named);
}

/** The other policies, as far as they have something to say of this project. */
export function othersIn(
  policies: ReadonlyMap<string, WrittenPolicy>,
  policy: WrittenPolicy,
  project: { id: number; name: string },
): readonly WrittenPolicy[] {
  return [...policies.values()].filter((one) => one.name !== policy.name && coversProject(one, project));
}

/** Whether the rule of this name, or one above it, or one of another policy, looks at something that people can change. */
export function restsOn(
  policy: WrittenPolicy,
  ruleName: string,
  others: readonly WrittenPolicy[],
): { readonly listed: boolean; readonly messages: boolean } {
  const index = policy.rules.findIndex(({ name }) => name === ruleName);
  // What stands behind the last keep that binds others can keep nothing from them.
  const foreign = others.flatMap(({ rules }) => rules.slice(0, rules.findLastIndex(bindsAll) + 1));
  const asked = [...policy.rules.slice(0, index + 1), ...foreign].map(({ match }) => JSON.stringify(match));
  return {
    listed: asked.some((text) => text.includes('"name":') || text.includes('"age_from":"updated"')),
    messages: asked.some((text) => text.includes('"age_from":"last_message"')),
  };
}

export function limitsOf(policy: WrittenPolicy): {
  readonly perRun: number;
  readonly perDay: number;
  readonly perWeek: number;
  readonly percent: number;
  readonly percentFrom: number;
  readonly isOldestFirst: boolean;
} {
  const { limits = {} } = policy;
  const perRun = limits.max_deletions ?? 1000;
  return {
    perRun,
    perDay: limits.max_per_day ?? 3 * perRun,
    perWeek: limits.max_per_week ?? 10 * perRun,
    percent: limits.max_percent ?? 50,
    percentFrom: limits.percent_applies_from ?? 20,
    isOldestFirst: limits.when_exceeded === 'oldest_first',
  };
}
