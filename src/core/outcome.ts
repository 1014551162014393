/** How a planned deletion ended. Only `verified` is success. */
export const OUTCOMES = ['verified', 'already_gone', 'unverified', 'failed', 'skipped'] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** Why nothing, or nothing further, was sent for a conversation. */
export const SKIP_CAUSES = [
  'stopped',
  'brake',
  'project',
  'vanished',
  'elsewhere',
  'changed',
  'held',
  'kept',
  'limit',
  'not_known',
  'unreachable',
  'right',
] as const;
export type SkipCause = (typeof SKIP_CAUSES)[number];
export type SkipCounts = Readonly<Partial<Record<SkipCause, number>>>;

/** The cause that an entry names; entries of earlier versions name none, and said `changed` of all. */
export function skipCauseOf(fact: unknown): SkipCause {
  return SKIP_CAUSES.find((cause) => cause === fact) ?? 'changed';
}

export type OutcomeCounts = Readonly<Record<Outcome, number>>;

export const NO_OUTCOMES: OutcomeCounts = {
  verified: 0,
  already_gone: 0,
  unverified: 0,
  failed: 0,
  skipped: 0,
};

/** The outcome that an audit event states; undefined for every other event. */
export function outcomeOfEvent(event: string): Outcome | undefined {
  return OUTCOMES.find((outcome) => event === `deletion.${outcome}`);
}
