import { earliestOf, latestOf, type Instant } from '../instant.ts';
import type { Existence } from '../ports.ts';
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
  /** Must not be repeated by any reason. */
  readonly name?: string | undefined;
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
            said: without(expected.name, answer.words.said),
            shape: answer.words.shape,
          };
    case 'present': {
      const createdAt = answer.conversation?.createdAt;
      if (createdAt !== undefined && isAnother(createdAt, expected))
        return { is: 'absent', status: 200, at: answer.receivedAt, recreatedAt: createdAt };
      return { is: 'there', isPlannedOne: createdAt !== undefined && expected.createdAt !== undefined };
    }
  }
}

/** True for a known creation date that is not the expected one: a new conversation under the old id. */
export function isAnother(
  createdAt: Instant | undefined,
  expected: Pick<Expected, 'createdAt' | 'bornBefore'>,
): boolean {
  if (createdAt === undefined) return false;
  if (expected.createdAt !== undefined) return areApart(createdAt, expected.createdAt);
  return expected.bornBefore !== undefined && earliestOf(createdAt) > expected.bornBefore;
}

/** Somebody's 404 may repeat the name of what it did not find. */
function without(name: string | undefined, said: string): string {
  if (name === undefined) return said;
  const words = name
    .toLowerCase()
    .split(/[^\p{L}]+/u)
    .filter((word) => word.length >= 3);
  const lower = said.toLowerCase();
  return words.some((word) => lower.includes(word)) ? '(not repeated here)' : said;
}

/** Two dates that cannot be one and the same; of what is known only roughly, that has to be certain. */
export function areApart(one: Instant, other: Instant): boolean {
  return one !== other && (latestOf(one) < earliestOf(other) || latestOf(other) < earliestOf(one));
}
