import type { UnusableRow } from '../../core/conversation.ts';
import type { Viewer } from '../../core/account.ts';
import { witnessesOf, type Kind, type Sighting } from '../../core/deletion/evidence.ts';
import { foldLoosely } from '../../core/ids.ts';
import { areApart, isAnother } from '../../core/deletion/reading.ts';
import { ApiError, failureInWords } from '../../core/errors.ts';
import { earliestOf, type Instant } from '../../core/instant.ts';
import { endsTheRun, MAX_SKEW_MS } from '../api-faults.ts';
import { areLost } from '../plan/bystanders.ts';
import { readAnew, witnessOf, type FreshReading, type ReadParts } from './fresh-reading.ts';
import { InconsistentListing, repeatWhileInconsistent } from '../plan/list-project.ts';
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

export interface FreshListingParts extends ReadParts {
  readonly witnesses: Witnesses;
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
    const counts = countsByKind(read, viewer, waiting);
    const isAnyLost = [...counts.values()].some((ofKind) => lossIn(ofKind, 0) !== undefined);
    const takenByOthers = isAnyLost ? ((await parts.takenByOthers?.()) ?? 0) : 0;
    const lossOf = ({ kind }: Passing): string | undefined =>
      kind === undefined ? undefined : lossIn(counts.get(kind) ?? [], takenByOthers);
    return {
      sightingOf: (passing) => sightingIn(read, passing, { ...parts, viewer, lost: lossOf(passing) }),
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
  by: { readonly witnesses: Witnesses; readonly viewer: Viewer; readonly lost: string | undefined },
): Sighting {
  const { shown, kinds, listing, isShort, unusable } = read;
  const { about, kind, life } = passing;
  const { witnesses, viewer, lost } = by;
  const rows = (shown.get(about.sessionId) ?? []).filter(
    // Marked as deleted, and gone by its own GET: the listing says the same.
    (row) => !(life.reading?.is === 'absent' && isMark(row.deletedAt, listing.at)),
  );
  if (rows.some((row) => !isAnother(row.createdAt, passing))) return { is: 'shown' };
  if (lost !== undefined) return { is: 'blind', said: lost };
  // It may be the very conversation: nobody can tell.
  if (unusable.some((row) => mayBeOf(passing, row))) return { is: 'blind', said: NAMELESS };
  const witness = isShort
    ? undefined
    : (witnessOf(kind, kinds, viewer) ??
      witnesses.elsewhere(about.projectId, witnessesOf(kind ?? 'unstated', viewer), listing.at));
  return { is: 'not_shown', listing, witness, recreatedAt: rows[0]?.createdAt };
}

const NAMELESS = 'the listing shows a row that may be it, and that nobody can read';

function mayBeOf({ about, createdAt }: Passing, row: UnusableRow): boolean {
  if (row.sessionId !== undefined) return foldLoosely(row.sessionId) === foldLoosely(about.sessionId);
  return row.createdAt === undefined || createdAt === undefined || !areApart(row.createdAt, createdAt);
}

/** A date of the future is no sign of a deletion. */
function isMark(deletedAt: Instant | undefined, listedAt: number): boolean {
  return deletedAt !== undefined && earliestOf(deletedAt) <= listedAt + MAX_SKEW_MS;
}

/**
 * What the listing no longer shows of those that were listed with the conversations it must answer for, and that nobody of ours
 * deletes. All of these that are of one kind had the same others beside them, so each kind is counted once.
 */
function countsByKind(
  { bystanders, reach }: FreshReading,
  viewer: Viewer,
  waiting: readonly Passing[],
): ReadonlyMap<Kind, readonly Count[]> {
  const counts = new Map<Kind, readonly Count[]>();
  for (const { kind, about, bystanders: listed } of waiting) {
    if (kind === undefined || counts.has(kind)) continue;
    const kinds = witnessesOf(kind, viewer);
    const upTo = (before: number) => ({
      before: listed(before),
      now: bystanders.count(about.projectId, kinds, before),
    });
    const all = upTo(Infinity);
    // As far as it was read it has to show those that were listed there, and of all of them one at least.
    counts.set(kind, reach === Infinity ? [all] : [upTo(reach), atLeastOne(all)]);
  }
  return counts;
}

/** Lost only where none is shown. */
function atLeastOne({ before, now }: Count): Count {
  return { before, now: now === 0 ? 0 : before };
}

interface Count {
  /** As it was listed for the run. */
  readonly before: number;
  readonly now: number;
}

/** In words; undefined: nothing is missing. */
function lossIn(counts: readonly Count[], takenByOthers: number): string | undefined {
  const lost = counts.find(({ before, now }) => areLost({ before: before - takenByOthers, now }));
  if (lost === undefined) return undefined;
  const shown = lost.now === 0 ? 'none' : `only ${lost.now}`;
  return `it shows ${shown} of the ${lost.before} others of its kind that were listed with it and that nobody deleted`;
}
