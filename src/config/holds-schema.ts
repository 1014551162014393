import * as z from 'zod';
import {
  endOfHoldDay,
  LONGEST_HOLD_TEXT,
  LONGEST_MATTER,
  NO_HOLD_DAY,
  problemOfHoldText,
} from '../core/hold-fields.ts';
import { checkedText, oneOrMore, projectId, sessionId } from './schema-parts.ts';
import type { Path } from './problems.ts';

function text(description: string, longest = LONGEST_HOLD_TEXT): z.ZodString {
  return checkedText((written) => problemOfHoldText(written, longest)).meta({
    description,
    minLength: 1,
    maxLength: longest,
  });
}

const hold = z.strictObject({
  project: projectId.describe("The project's id."),
  session: oneOrMore(sessionId)
    .optional()
    .describe('Session ids of single conversations. Without this key the whole project is held.'),
  matter: text('What the hold belongs to; stands in plans and in the audit log.', LONGEST_MATTER),
  reason: text('Why; stays in the audit log.'),
  by: text('Who places it; stays in the audit log.'),
  until: checkedText((day) => (endOfHoldDay(day) === undefined ? NO_HOLD_DAY : undefined))
    .optional()
    .meta({
      description: 'The last day of the hold (UTC). Without it, it lasts until it is taken out of this file.',
      pattern: '^[0-9]{4}-[0-9]{2}-[0-9]{2}$',
      examples: ['2027-12-31'],
    }),
});

/** A file of holds as written. */
export const holdsSchema = z
  .strictObject({
    version: z.literal(1),
    holds: z.array(hold).describe('Each beats every rule of every policy. An empty list holds nothing.'),
  })
  .meta({ title: 'Holds', description: 'What must not be deleted, whatever a policy says.' });

/** Some of its entries by themselves. */
export const holdsEntriesSchema = holdsSchema.pick({ holds: true });

export type HoldsAsWritten = z.infer<typeof holdsSchema>;
export type HoldAsWritten = HoldsAsWritten['holds'][number];

/** One hold by itself: what is sound of a file that has faults elsewhere. */
export function parseHold(data: unknown): HoldAsWritten | undefined {
  return hold.safeParse(data).data;
}

/** The keys that may stand in the block at a path, for suggestions. */
export function holdKeysAt(path: Path): readonly string[] {
  return Object.keys(path.length === 0 ? holdsSchema.shape : hold.shape);
}
