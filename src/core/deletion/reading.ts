import { earliestOf, latestOf, type Instant } from '../instant.ts';
import type { Existence } from '../vendor-answers.ts';
import type { Reading } from './evidence.ts';

/** What *gone* looks like in one project today. */
export interface Calibration {
  /** Of the audit entry `project.calibrated`. */
  readonly seq: number;
  /** Words of 404s that an id got which cannot exist (`NotFoundWords.shape`), or one whose deletion was proven otherwise. */
  readonly shapes: ReadonlySet<string>;
}

/** What was planned, or intended, about the conversation whose GET is read. */
export interface Expected {
  /** Undefined: not on record. */
  readonly createdAt: Instant | undefined;
  /** Where that is not on record: it was meant at this instant (epoch ms), so what was created later is another one. */
  readonly bornBefore?: number | undefined;
  /** It was there at this instant (epoch ms) still, so what took its place is younger. */
  readonly thereAt?: number | undefined;
  /** Must not be repeated by any reason. null: it has none; undefined: not known, so that no words are repeated. */
  readonly name?: string | null | undefined;
}

/** Reads one answer of a conversation's own GET: the only place that says what it means. */
export function readingOf(
  answer: Existence,
  expected: Expected,
  { shapes }: Pick<Calibration, 'shapes'>,
): Reading {
  switch (answer.state) {
    case 'no_evidence':
      return { is: 'unknown', status: answer.status, said: answer.failure };
    case 'not_found':
      return shapes.has(answer.words.shape)
        ? { is: 'absent', status: 404, at: answer.receivedAt, recreatedAt: undefined }
        : {
            is: 'unlike',
            status: 404,
            at: answer.receivedAt,
            said: withoutName(expected.name, answer.words.said),
            shape: answer.words.shape,
          };
    case 'present': {
      const createdAt = answer.conversation?.createdAt;
      if (createdAt !== undefined && isAnother(createdAt, expected))
        return { is: 'absent', status: 200, at: answer.receivedAt, recreatedAt: createdAt };
      return { is: 'there', isPlannedOne: isSameDate(createdAt, expected.createdAt) };
    }
  }
}

/**
 * True for a known creation date that is not the expected one, and that one which took its place can have: a new conversation
 * under the old id. A date from before that only says that the API tells dates in another way than it did.
 */
export function isAnother(
  createdAt: Instant | undefined,
  expected: Pick<Expected, 'createdAt' | 'bornBefore' | 'thereAt'>,
): boolean {
  if (createdAt === undefined) return false;
  if (expected.thereAt !== undefined && latestOf(createdAt) < expected.thereAt) return false;
  if (expected.createdAt !== undefined) return areApart(createdAt, expected.createdAt);
  return expected.bornBefore !== undefined && earliestOf(createdAt) > expected.bornBefore;
}

/** Both known, and not apart. */
export function isSameDate(one: Instant | undefined, other: Instant | undefined): boolean {
  return one !== undefined && other !== undefined && !areApart(one, other);
}

/** Somebody's 404 may repeat the name of what it did not find; names as {@link Expected.name}. */
export function withoutName(name: string | null | undefined, said: string): string {
  if (name === null) return said;
  if (name === undefined) return NOT_REPEATED;
  const lower = said.toLowerCase();
  const whole = name.trim().toLowerCase();
  // A short word is no name by itself, unless it is written in signs that say more.
  const words = whole.split(/[^\p{L}]+/u).filter((word) => word.length >= 3 || /[^a-z]/.test(word));
  return [whole, ...words].some((word) => word.length >= 2 && lower.includes(word)) ? NOT_REPEATED : said;
}

const NOT_REPEATED = '(not repeated here)';

/** Two dates that cannot be one and the same; of what is known only roughly, that has to be certain. */
export function areApart(one: Instant, other: Instant): boolean {
  return one !== other && (latestOf(one) < earliestOf(other) || latestOf(other) < earliestOf(one));
}
