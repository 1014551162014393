import { RetentionError } from '../core/errors.ts';
import { LONGEST_HOLD_TEXT, problemOfHoldText } from '../core/hold-fields.ts';

/** What a person says of a hold, or of a state's account: it stays in the audit log. @throws RetentionError `usage` */
export function textOf(flag: string, given: string, longest = LONGEST_HOLD_TEXT): string {
  const problem = problemOfHoldText(given, longest);
  if (problem === undefined) return given.trim();
  throw new RetentionError('usage', `${flag} ${problem}`);
}
