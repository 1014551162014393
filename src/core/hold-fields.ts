import { DAY_MS, parseInstant } from './instant.ts';

/** Characters of a hold's reason, and of who placed it. */
export const LONGEST_HOLD_TEXT = 500;

/** Characters of a hold's matter: it is repeated in the reason of each decision. */
export const LONGEST_MATTER = 60;

/** Why a text, less the space around it, cannot be part of a hold, which goes into the audit log, which is never erased, and onto terminals. */
export function problemOfHoldText(text: string, longest = LONGEST_HOLD_TEXT): string | undefined {
  const trimmed = text.trim();
  if (trimmed === '') return 'must not be empty';
  if (trimmed.length > longest) return `must not be longer than ${longest} characters`;
  return /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u.test(trimmed)
    ? 'must not hold control or invisible characters'
    : undefined;
}

export const NO_HOLD_DAY = 'must be a day, such as 2027-12-31; it counts to its end, in UTC';

/** When the last day of a hold (`2027-12-31`) is over in UTC, in epoch ms; undefined for what is no day. */
export function endOfHoldDay(text: string): number | undefined {
  const isDay = /^\d{4}-\d\d-\d\d$/.test(text);
  const startsAt = isDay ? parseInstant(`${text}T00:00:00Z`) : undefined;
  return startsAt === undefined ? undefined : startsAt + DAY_MS;
}
