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
  }[];
  readonly limits?: {
    readonly max_deletions?: number;
    readonly max_percent?: number;
    readonly percent_applies_from?: number;
    readonly max_per_day?: number;
    readonly max_per_week?: number;
    readonly min_age?: string;
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
}

export type OracleVerdict = 'delete' | 'keep' | 'held' | 'unknown';

/** Yes, no, or cannot be known. */
type Answer = boolean | undefined;

export function judge(question: Case): OracleVerdict {
  const { policy, row, holds, now } = question;
  if (holds.some((hold) => covers(hold, row, now))) return 'held';
  for (const rule of policy.rules) {
    const answer = rule.match === 'everything' ? true : matches(rule.match, question);
    if (answer === undefined) return 'unknown';
    if (!answer) continue;
    if (rule.action === 'keep') return 'keep';
    const created = readSpan(row.created_at);
    if (created === undefined || created.from > now) return 'unknown';
    return created.to < ago(now, policy.limits?.min_age ?? '1d') ? 'delete' : 'keep';
  }
  return 'keep';
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

// ── Names ───────────────────────────────────────────────────────────────────────────────────────────────────

function nameMatches(pattern: string | readonly string[] | WrittenName, name: string): boolean {
  if (typeof pattern === 'string') return globMatches(pattern, name);
  if (isListOfGlobs(pattern)) return pattern.some((glob) => globMatches(glob, name));
  const fold = (text: string): string =>
    pattern.ignore_case === true ? text.normalize('NFC').toLowerCase() : text.normalize('NFC');
  const flags = pattern.ignore_case === true ? 'iu' : 'u';
  return (
    listed(pattern.glob ?? []).some((glob) => globMatches(fold(glob), fold(name))) ||
    listed(pattern.equals ?? []).some((text) => fold(text) === fold(name)) ||
    listed(pattern.contains ?? []).some((text) => fold(name).includes(fold(text))) ||
    listed(pattern.starts_with ?? []).some((text) => fold(name).startsWith(fold(text))) ||
    listed(pattern.regex ?? []).some((text) => new RegExp(`^(?:${text})$`, flags).test(name.normalize('NFC')))
  );
}

function isListOfGlobs(pattern: readonly string[] | WrittenName): pattern is readonly string[] {
  return Array.isArray(pattern);
}

/** By trying every way: `*` takes nothing, or one character and is asked again. */
function globMatches(glob: string, name: string): boolean {
  const signs = Array.from(glob.normalize('NFC'));
  const characters = Array.from(name.normalize('NFC'));
  const known = new Map<string, boolean>();
  const from = (s: number, c: number): boolean => {
    const key = `${s} ${c}`;
    const result = known.get(key) ?? step(s, c);
    known.set(key, result);
    return result;
  };
  const step = (s: number, c: number): boolean => {
    if (s === signs.length) return c === characters.length;
    const sign = signs[s];
    if (sign === '*') return from(s + 1, c) || (c < characters.length && from(s, c + 1));
    return c < characters.length && (sign === '?' || sign === characters[c]) && from(s + 1, c + 1);
  };
  return from(0, 0);
}

function listed<Item>(value: Item | readonly Item[]): readonly Item[] {
  return Array.isArray(value) ? (value as readonly Item[]) : [value as Item];
}

// ── Time ────────────────────────────────────────────────────────────────────────────────────────────────────

const HOURS: Readonly<Record<string, number>> = { h: 1, d: 24, w: 168 };

/** The instant one duration before. Months and years by the UTC calendar; a day that is not there is the month's last. */
export function ago(now: number, duration: string): number {
  const [, amount = '', unit = ''] = /^([0-9]+)(h|d|w|mo|y)$/.exec(duration) ?? [];
  const hours = HOURS[unit];
  if (hours !== undefined) return now - Number(amount) * hours * 3_600_000;
  const date = new Date(now);
  const months = Number(amount) * (unit === 'y' ? 12 : 1);
  const day = date.getUTCDate();
  date.setUTCDate(1);
  date.setUTCMonth(date.getUTCMonth() - months);
  const lastDay = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate();
  date.setUTCDate(Math.min(day, lastDay));
  return date.getTime();
}

/** `2025-11-17T21:09:16.000000Z`, or with a space and no zone, which is UTC. All else cannot be known. */
export function readDate(value: unknown): number | undefined {
  if (typeof value !== 'string') return undefined;
  const found = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?Z?$/.exec(value);
  if (found === null) return undefined;
  const [, day = '', time = '', fraction = ''] = found;
  const at = Date.parse(`${day}T${time}.${fraction.padEnd(3, '0').slice(0, 3)}Z`);
  // A day that does not exist is moved to one that does: then it is not what was written.
  if (Number.isNaN(at) || !new Date(at).toISOString().startsWith(`${day}T${time}`)) return undefined;
  return at < Date.UTC(2000, 0, 1) ? undefined : at;
}

/** Where an instant lies, both ends included. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

const HOUR = 3_600_000;

/** A date; `25 Jun 2023 05:01:11` was shown by a clock of 12 hours somewhere between UTC+14 and UTC-12. */
export function readSpan(value: unknown): Span | undefined {
  const at = readDate(value);
  if (at !== undefined) return { from: at, to: at };
  const found =
    typeof value === 'string' && /^(\d\d?) ([A-Z][a-z]{2}) (\d{4}) (\d\d)(:\d\d:\d\d)$/.exec(value);
  if (!found) return undefined;
  const [, day = '', name = '', year = '', hour = '', rest = ''] = found;
  const month = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ').indexOf(name) + 1;
  const two = (number: string | number): string => String(number).padStart(2, '0');
  const shownAt = (shown: string): number | undefined =>
    readDate(`${year}-${two(month)}-${two(day)} ${shown}${rest}`);
  const halves = Number(hour) >= 1 && Number(hour) <= 12;
  const first = halves ? shownAt(two(Number(hour) % 12)) : shownAt(hour);
  const second = halves ? shownAt(two((Number(hour) % 12) + 12)) : first;
  if (first === undefined || second === undefined) return undefined;
  return { from: first - 14 * HOUR, to: second + 12 * HOUR };
}

// ── What a policy covers, and what its decisions rest on ────────────────────────────────────────────────────

export function coversProject(policy: WrittenPolicy, project: { id: number; name: string }): boolean {
  const named = (pattern: string | number): boolean =>
    /^[0-9]+$/.test(String(pattern))
      ? Number(pattern) === project.id
      : globMatches(String(pattern), project.name);
  return policy.projects.include.some(named) && !(policy.projects.exclude ?? []).some(named);
}

/** Whether the rule of this name, or one above it, looks at something that people can change. */
export function restsOn(
  policy: WrittenPolicy,
  ruleName: string,
): { readonly listed: boolean; readonly messages: boolean } {
  const index = policy.rules.findIndex(({ name }) => name === ruleName);
  const asked = policy.rules.slice(0, index + 1).map(({ match }) => JSON.stringify(match));
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
} {
  const { limits = {} } = policy;
  const perRun = limits.max_deletions ?? 1000;
  return {
    perRun,
    perDay: limits.max_per_day ?? 3 * perRun,
    perWeek: limits.max_per_week ?? 10 * perRun,
    percent: limits.max_percent ?? 50,
    percentFrom: limits.percent_applies_from ?? 20,
  };
}
