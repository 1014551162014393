import { MINUTE_MS } from './instant.ts';

/** DELETE and the follow-up GET. */
const REQUESTS_PER_DELETION = 2;

/** To calibrate a project: an id that cannot exist, and a conversation that does. */
const REQUESTS_TO_CALIBRATE = 2;

/** Fresh listings between the deletions of a project begin at so many, and take at most this share of their requests. */
const FEWEST_BETWEEN_LISTINGS = 250;
const SHARE_OF_LISTINGS = 0.1;

export interface EstimateInput {
  /** Conversations that would be deleted. */
  readonly planned: number;
  /** Projects that would lose at least one. */
  readonly projectsWithPlanned: number;
  /** Conversations that are read once more before their DELETE, because a rule looked at what people can change. */
  readonly rechecked: number;
  /** Pages read again in each of those projects: before the first DELETE, and for the fresh listing at the end. */
  readonly listingRequestsPerProject: number;
  readonly requestsPerMinute: number | 'unlimited';
  /** How long one request took on average so far; undefined: none was sent yet. */
  readonly observedMsPerRequest: number | undefined;
  /** Conversations in flight at once. */
  readonly concurrency: number;
}

/** What applying a plan costs. Errs upward: a person who plans a night must not run out of it. */
export interface Estimate {
  readonly requests: number;
  readonly seconds: number;
}

/** The cost of a plan, as far as it is known before the first DELETE. */
export function estimate(input: EstimateInput): Estimate {
  const { planned, projectsWithPlanned: projects } = input;
  if (planned <= 0) return { requests: 0, seconds: 0 };
  const between = planned < FEWEST_BETWEEN_LISTINGS ? 0 : SHARE_OF_LISTINGS;
  const requests = Math.ceil(
    planned * REQUESTS_PER_DELETION * (1 + between) +
      input.rechecked +
      projects * (REQUESTS_TO_CALIBRATE + input.listingRequestsPerProject),
  );
  const paceMs =
    input.requestsPerMinute === 'unlimited' ? 0 : (requests * MINUTE_MS) / input.requestsPerMinute;
  const latencyMs = ((input.observedMsPerRequest ?? 0) * requests) / input.concurrency;
  return { requests, seconds: Math.ceil(Math.max(paceMs, latencyMs) / 1000) };
}
