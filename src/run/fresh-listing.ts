import type { Viewer } from '../core/account.ts';
import { witnessesOf, type Sighting } from '../core/deletion/evidence.ts';
import { isAnother } from '../core/deletion/reading.ts';
import { ApiError, failureInWords } from '../core/errors.ts';
import { earliestOf, type Instant } from '../core/instant.ts';
import type { CustomGptReader } from '../core/ports.ts';
import { endsTheRun, MAX_SKEW_MS } from './api-faults.ts';
import { areLost } from './bystanders.ts';
import { readAnew, witnessOf, type FreshReading } from './fresh-reading.ts';
import { InconsistentListing, repeatWhileInconsistent } from './list-project.ts';
import type { Passing } from './passing.ts';
import type { Witnesses } from './witnesses.ts';

/** What a listing that was taken after the last follow-up GET says. */
export interface FreshListing {
  sightingOf(passing: Passing): Sighting;
  readonly control: { readonly request: string; readonly status: number; readonly at: number } | undefined;
  /** One row that it shows; undefined: it shows none. */
  readonly anyRow: string | undefined;
  /** The project itself is missing or forbidden. */
  readonly isProjectLost: boolean;
}

interface FreshListingParts {
  readonly reader: CustomGptReader;
  readonly witnesses: Witnesses;
  readonly signal: AbortSignal;
  /** Another listing follows: what this one would have to be read to its end for is left to that. */
  readonly mayWait?: boolean;
  /** How many of the project's conversations other runs have begun to delete meanwhile. */
  readonly takenByOthers?: () => Promise<number>;
}

/**
 * Lists the project once more, as far as the last of those that it must answer for, by the same rules as planning does.
 * Throws ApiError `unauthorized` and `aborted`.
 */
export async function takeFreshListing(
  parts: FreshListingParts,
  projectId: number,
  waiting: readonly Passing[],
): Promise<FreshListing> {
  try {
    const read = await repeatWhileInconsistent(() => readAnew(parts, projectId, waiting));
    for (const [kind, sessionId] of read.kinds)
      parts.witnesses.note(projectId, kind, { sessionId, at: read.listing.at });
    const viewer = parts.reader.viewer();
    const isBlind = (takenByOthers: number): boolean =>
      waiting.some((one) => lossOf(read, one, { viewer, takenByOthers }) !== undefined);
    const takenByOthers = isBlind(0) ? ((await parts.takenByOthers?.()) ?? 0) : 0;
    return {
      sightingOf: (passing) => sightingIn(read, passing, { ...parts, viewer, takenByOthers }),
      control: { request: read.request, status: 200, at: read.listing.at },
      anyRow: read.anyRow,
      isProjectLost: false,
    };
  } catch (error) {
    if (!(error instanceof InconsistentListing) && endsTheRun(error)) throw error;
    const said = error instanceof ApiError ? failureInWords(error) : (error as Error).message;
    const isProjectLost =
      error instanceof ApiError && (error.failure === 'not_found' || error.failure === 'forbidden');
    const sighting: Sighting = { is: 'unreadable', said };
    return { sightingOf: () => sighting, control: undefined, anyRow: undefined, isProjectLost };
  }
}

function sightingIn(
  read: FreshReading,
  passing: Passing,
  {
    witnesses,
    viewer,
    takenByOthers,
  }: { readonly witnesses: Witnesses; readonly viewer: Viewer; readonly takenByOthers: number },
): Sighting {
  const { shown, kinds, listing, isShort } = read;
  const { about, createdAt, bornBefore, kind, life } = passing;
  const rows = (shown.get(about.sessionId) ?? []).filter(
    // Marked as deleted, and gone by its own GET: the listing says the same.
    (row) => !(life.reading?.is === 'absent' && isMark(row.deletedAt, listing.at)),
  );
  if (rows.some((row) => !isAnother(row.createdAt, { createdAt, bornBefore }))) return { is: 'shown' };
  const loss = lossOf(read, passing, { viewer, takenByOthers });
  if (loss !== undefined) return { is: 'blind', said: loss };
  const witness = isShort
    ? undefined
    : (witnessOf(kind, kinds, viewer) ??
      witnesses.elsewhere(about.projectId, witnessesOf(kind ?? 'unstated', viewer), listing.at));
  return { is: 'not_shown', listing, witness, recreatedAt: rows[0]?.createdAt };
}

/** A date of the future is no sign of a deletion. */
function isMark(deletedAt: Instant | undefined, listedAt: number): boolean {
  return deletedAt !== undefined && earliestOf(deletedAt) <= listedAt + MAX_SKEW_MS;
}

/** What the listing no longer shows of those that were listed with this one and that nobody of ours deletes, in words. */
function lossOf(
  { bystanders, isWhole }: FreshReading,
  { about, kind, bystanders: before }: Passing,
  { viewer, takenByOthers }: { readonly viewer: Viewer; readonly takenByOthers: number },
): string | undefined {
  if (kind === undefined) return undefined;
  const now = bystanders.count(about.projectId, witnessesOf(kind, viewer));
  const expected = before - takenByOthers;
  // As far as it was read it needs to show only one of them.
  if (isWhole ? !areLost({ before: expected, now }) : expected <= 0 || now > 0) return undefined;
  const shown = now === 0 ? 'none' : `only ${now}`;
  return `it shows ${shown} of the ${before} others of its kind that were listed with it and that nobody deleted`;
}
