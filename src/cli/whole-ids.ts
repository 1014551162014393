import { RetentionError } from '../core/errors.ts';
import type { PlanStore } from '../core/ports/plans.ts';
import type { RunStore, Store } from '../core/ports/store.ts';

/** Ids that an error names. */
const MOST_NAMED = 5;

/** The start of an id that a program made: fewer signs behind the hyphen are no start but a slip. */
const START = /^(?:plan|run)-[a-z0-9]{4,}$/;

/** From here on it is no start that a table showed: the vendor's ids are UUIDs. */
const UUID_LENGTH = 36;

/** Tells the user which whole id was taken. */
export type Say = (sentence: string) => void;

/** A plan's id as given, or the only one that begins like that; as given where none does. Throws `usage` where several do. */
export function wholePlanId(
  plans: Pick<PlanStore, 'planIdsStarting'>,
  given: string,
  say: Say,
): Promise<string> {
  return wholeId(given, { find: (start, limit) => plans.planIdsStarting(start, limit), what: 'plans', say });
}

/** The same of a run. */
export function wholeRunId(runs: Pick<RunStore, 'runIdsStarting'>, given: string, say: Say): Promise<string> {
  return wholeId(given, { find: (start, limit) => runs.runIdsStarting(start, limit), what: 'runs', say });
}

async function wholeId(
  given: string,
  how: Omit<Found, 'ids'> & {
    readonly find: (start: string, limit: number) => Promise<readonly string[]>;
  },
): Promise<string> {
  if (!START.test(given)) return given;
  return chosen(given, { ...how, ids: await how.find(given, MOST_NAMED + 1) });
}

/**
 * A session's id as given where it is on record of the project, else the only one there that begins like that, as the rows of
 * a plan show it. As given where none does. Throws `usage` where several do.
 */
export async function wholeSessionId(
  { plans, audit }: Pick<Store, 'plans' | 'audit'>,
  { projectId, sessionId }: { readonly projectId: number; readonly sessionId: string },
  say: Say,
): Promise<string> {
  if (sessionId.length >= UUID_LENGTH) return sessionId;
  const planned = await plans.sessionsStarting(projectId, sessionId, MOST_NAMED + 1);
  const logged = await audit.sessionsStarting(projectId, sessionId, MOST_NAMED + 1);
  const ids = [...new Set([...planned, ...logged])];
  return chosen(sessionId, { ids, what: `conversations of project ${projectId}`, say });
}

interface Found {
  readonly ids: readonly string[];
  readonly what: string;
  readonly say: Say;
}

function chosen(given: string, { ids, what, say }: Found): string {
  const [whole = given, ...others] = ids;
  if (ids.includes(given)) return given;
  if (others.length > 0) {
    const told = ids.slice(0, MOST_NAMED);
    const more = ids.length > told.length ? ['…'] : [];
    throw new RetentionError(
      'usage',
      `${given} is the start of several ${what}: ${[...told, ...more].join(', ')}`,
      {
        hint: 'Give more of it.',
      },
    );
  }
  if (whole !== given) say(`${given} is ${whole}`);
  return whole;
}
