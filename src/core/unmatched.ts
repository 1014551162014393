import type { Protection } from './findings.ts';
import { countsOf, type PlanSummary } from './plan.ts';
import type { Policy } from './policy.ts';

/**
 * The protections of a plan that match nothing, and of which one can say so. Keep rules of other policies count where they
 * are written, one that keeps everything cannot be misspelt, and a hold is missed only where all was read.
 */
export function unmatchedProtections(
  { rules }: Pick<Policy, 'rules'>,
  { findings, projects }: Pick<PlanSummary, 'findings' | 'projects'>,
): readonly Protection[] {
  const isListed = countsOf(projects).listed > 0;
  const isAllRead = projects.every(
    ({ incomplete, sampled }) => incomplete === undefined && sampled === undefined,
  );
  const own = new Set(
    rules.flatMap(({ name, action, selector }) =>
      action === 'keep' && selector.kind !== 'everything' ? [name] : [],
    ),
  );
  const canBeMissed = ({ kind, name }: Protection): boolean => {
    if (kind === 'exclude') return true;
    return kind === 'hold' ? isAllRead : isListed && own.has(name);
  };
  return findings.protections.filter((one) => one.matched === 0 && canBeMissed(one));
}

/** They matched something in an earlier plan. */
export function lostProtections(unmatched: readonly Protection[]): readonly Protection[] {
  return unmatched.filter(({ before }) => before !== undefined);
}
