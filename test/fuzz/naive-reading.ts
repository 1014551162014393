import type { NameTest, WrittenMatch, WrittenName, WrittenPolicy } from './written-policies.ts';

/*
 * What a policy says, read slowly and straight from the written file, without any code of the program: to be compared
 * with what the program makes of it. Logic in numbers: 0 is no, 1 is yes, a half is not known.
 */

export interface NaiveConversation {
  readonly sessionId: string;
  readonly name: string | undefined;
  readonly createdBy: string | undefined;
  readonly createdAt: number | undefined;
  readonly updatedAt: number | undefined;
  readonly lastMessageAt: number | undefined;
}

const UNKNOWN = 0.5;

/** Whether the first rule that cannot be passed over deletes, for sure. */
export function naivelyDeletes(policy: WrittenPolicy, row: NaiveConversation, now: number): boolean {
  for (const { match, action } of policy.rules) {
    const truth = match === 'everything' ? 1 : matches(match, { row, now, protects: action === 'keep' });
    if (truth === 0) continue;
    if (truth !== 1 || action === 'keep' || row.createdAt === undefined) return false;
    return row.createdAt <= now && row.createdAt < ago(now, policy.limits?.min_age ?? '1d');
  }
  return false;
}

interface Question {
  readonly row: NaiveConversation;
  readonly now: number;
  /** Whether less is deleted when it matches more: then ids may be written in any case. */
  readonly protects: boolean;
}

function matches(match: WrittenMatch, question: Question): number {
  const { row, now, protects } = question;
  const parts: number[] = [];
  if (match.older_than !== undefined)
    parts.push(isOlder(match.older_than, match.age_from ?? 'created', { row, now }));
  if (match.name !== undefined)
    parts.push(row.name === undefined ? UNKNOWN : Number(hasName(match.name, row.name)));
  if (match.created_by !== undefined) {
    const users = [match.created_by].flat().map(String);
    parts.push(row.createdBy === undefined ? UNKNOWN : Number(users.includes(row.createdBy)));
  }
  if (match.session_ids !== undefined) {
    const ids = [match.session_ids].flat();
    const isListed = ids.some(
      (id) => id === row.sessionId || (protects && id.toLowerCase() === row.sessionId),
    );
    parts.push(Number(isListed));
  }
  if (match.any !== undefined) parts.push(Math.max(...match.any.map((part) => matches(part, question))));
  if (match.all !== undefined) parts.push(Math.min(...match.all.map((part) => matches(part, question))));
  if (match.not !== undefined) parts.push(1 - matches(match.not, { row, now, protects: !protects }));
  return Math.min(...parts);
}

function isOlder(
  duration: string,
  clock: 'created' | 'updated' | 'last_message',
  { row, now }: { readonly row: NaiveConversation; readonly now: number },
): number {
  const cutoff = ago(now, duration);
  const { createdAt } = row;
  if (createdAt !== undefined && createdAt > now) return UNKNOWN;
  // Nothing in a conversation is older than the conversation.
  if (createdAt !== undefined && createdAt >= cutoff) return 0;
  const at = { created: createdAt, updated: row.updatedAt, last_message: row.lastMessageAt }[clock];
  if (at === undefined || at > now) return UNKNOWN;
  return Number(at < cutoff);
}

/** By counting on the calendar; a day that the earlier month does not have becomes its last one. */
export function ago(now: number, duration: string): number {
  const [, digits = '', unit = ''] = /^(\d+)(h|d|w|mo|y)$/.exec(duration) ?? [];
  const amount = Number(digits);
  const hours = { h: 1, d: 24, w: 168 }[unit];
  if (hours !== undefined) return now - amount * hours * 3_600_000;
  const at = new Date(now);
  const months = at.getUTCFullYear() * 12 + at.getUTCMonth() - amount * (unit === 'y' ? 12 : 1);
  const year = Math.floor(months / 12);
  const lastDay = new Date(Date.UTC(year, (months % 12) + 1, 0)).getUTCDate();
  return Date.UTC(year, months % 12, Math.min(at.getUTCDate(), lastDay)) + (now % 86_400_000);
}

function hasName(written: string | readonly string[] | WrittenName, name: string): boolean {
  if (typeof written === 'string' || Array.isArray(written)) {
    return [written as string | readonly string[]].flat().some((pattern) => glob(pattern, name));
  }
  const { ignore_case: ignoreCase = false, ...others } = written as WrittenName;
  const fold = (text: string): string => (ignoreCase ? text.toLowerCase() : text);
  const tests = Object.entries(others).filter(([how]) => how !== 'literal');
  return tests.some(([how, patterns]) =>
    [patterns as string | readonly string[]].flat().some((pattern) => {
      if (how === 'regex') return new RegExp(`^(?:${pattern})$`, ignoreCase ? 'is' : 's').test(name);
      return literal(how as NameTest, fold(pattern), fold(name));
    }),
  );
}

function literal(how: NameTest, pattern: string, name: string): boolean {
  if (how === 'equals') return name === pattern;
  if (how === 'contains') return name.includes(pattern);
  return how === 'starts_with' ? name.startsWith(pattern) : glob(pattern, name);
}

function glob(pattern: string, name: string): boolean {
  const [sign, ...others] = pattern;
  const rest = others.join('');
  if (sign === undefined) return name === '';
  if (sign === '*') return glob(rest, name) || (name !== '' && glob(pattern, name.slice(1)));
  if (sign === '\\')
    return name !== '' && rest.startsWith(name.charAt(0)) && glob(rest.slice(1), name.slice(1));
  return name !== '' && (sign === '?' || sign === name.charAt(0)) && glob(rest, name.slice(1));
}
