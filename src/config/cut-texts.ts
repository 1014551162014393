import type { Path } from './problems.ts';
import type { Fault } from './schema-problems.ts';

/** Keys whose values are numbers, durations, days, or words of the grammar: none of them has a `#` in it. */
const WITHOUT_HASH: ReadonlySet<string> = new Set([
  ...['version', 'mode', 'cron', 'timezone', 'action', 'binds', 'older_than', 'age_from', 'until'],
  ...['ignore_case', 'literal', 'max_deletions', 'max_percent', 'percent_applies_from', 'max_per_day'],
  ...['max_per_week', 'when_exceeded', 'min_age', 'concurrency', 'match'],
]);

/**
 * Unquoted texts that end where a comment starts without a space after its `#`: `VIP #gold*` is the text `VIP`. A comment
 * that somebody means has a space there, and behind a word of the grammar there is nothing else to mean.
 */
export function cutTextFaults(cutTexts: readonly Path[]): readonly Fault[] {
  return cutTexts.flatMap((path): readonly Fault[] => {
    const key = path.findLast((step) => typeof step === 'string');
    if (key === undefined || WITHOUT_HASH.has(key)) return [];
    return [{ path, message: CUT }];
  });
}

const CUT = 'is cut short by " #", which starts a comment: put the text in quotes, or a space behind the #';
