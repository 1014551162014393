import { DAY_MS, earliestOf, type Instant } from './instant.ts';

/** What CustomGPT.ai itself deletes in a project, by age alone: it knows neither holds nor rules. */
export interface NativeRetention {
  readonly period: 'custom' | 'year' | 'never';
  /** Of `custom` only. */
  readonly days: number | undefined;
}

export interface ProjectRetention extends NativeRetention {
  readonly projectId: number;
}

/** `after 12 months`, `after 30 days`, `never`. */
export function retentionInWords({ period, days }: NativeRetention): string {
  switch (period) {
    case 'never':
      return 'never';
    case 'year':
      return 'after 12 months';
    case 'custom':
      return days === undefined ? 'after a number of days that is not known' : `after ${days} days`;
  }
}

/**
 * Whether it may delete something before the hold on it ends. What starts its clock is not stated anywhere, so a
 * conversation is taken to be as old as it can be: `createdAt` where that is known. Times are epoch ms.
 */
export function endsBeforeHold(
  { period, days }: NativeRetention,
  hold: { readonly addedAt: number; readonly untilAt: number | undefined },
  createdAt: Instant | undefined,
): boolean {
  if (period === 'never') return false;
  if (hold.untilAt === undefined || createdAt === undefined) return true;
  const lasts = (period === 'year' ? 365 : (days ?? 0)) * DAY_MS;
  return earliestOf(createdAt) + lasts < hold.untilAt;
}
