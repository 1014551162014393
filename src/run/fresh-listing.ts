import {
  kindOf,
  witnessesOf,
  type Kind,
  type ListingFacts,
  type Sighting,
} from '../core/deletion/evidence.ts';
import type { Viewer } from '../core/account.ts';
import { needsWitness } from '../core/deletion/life.ts';
import { ApiError, failureInWords } from '../core/errors.ts';
import { isAnother } from '../core/deletion/reading.ts';
import { foldSessionId } from '../core/ids.ts';
import { earliestOf, latestOf, type Instant } from '../core/instant.ts';
import type { CustomGptReader } from '../core/ports.ts';
import { endsTheRun, MAX_SKEW_MS } from './api-faults.ts';
import { areLost, Bystanders } from './bystanders.ts';
import {
  InconsistentListing,
  listProject,
  notShownIn,
  repeatWhileInconsistent,
  withEnd,
  type ListedRow,
} from './list-project.ts';
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
  /** How many of the project's conversations other runs have begun to delete meanwhile. */
  readonly takenByOthers?: () => Promise<number>;
}

interface Shown {
  readonly createdAt: Instant | undefined;
  readonly deletedAt?: Instant | undefined;
}

interface Read {
  readonly shown: ReadonlyMap<string, readonly Shown[]>;
  readonly kinds: ReadonlyMap<Kind, string>;
  /** How many it shows beside those that it must answer for. */
  readonly bystanders: Bystanders;
  readonly isWhole: boolean;
  readonly anyRow: string | undefined;
  readonly listing: ListingFacts;
  /** By its own count it does not show all, so that what it does not show may be among these. */
  readonly isShort: boolean;
  /** The request of its last page, as it was sent. */
  readonly request: string;
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
    const read = await repeatWhileInconsistent(() => readListing(parts, projectId, waiting));
    for (const [kind, sessionId] of read.kinds)
      parts.witnesses.note(projectId, kind, { sessionId, at: read.listing.at });
    const viewer = parts.reader.viewer();
    const isBlind = (takenByOthers: number): boolean =>
      read.isWhole && waiting.some((one) => lossOf(read, one, { viewer, takenByOthers }) !== undefined);
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

async function readListing(
  { reader, signal }: FreshListingParts,
  projectId: number,
  waiting: readonly Passing[],
): Promise<Read> {
  const wanted = new Wanted(waiting);
  const shown = new Map<string, Shown[]>();
  const kinds = new Map<Kind, string>();
  const viewer = reader.viewer();
  const creators = new Set<string | undefined>();
  const bystanders = new Bystanders();
  let anyRow: string | undefined;
  // Who needs a witness, or has bystanders, has it read on until one is shown, or to the end.
  const missing = new Set(
    waiting.filter((one) => needsWitness(one.life) || one.bystanders > 0).map(({ kind }) => kind),
  );
  const note = (row: ListedRow & { readonly kind: 'conversation' }): void => {
    const sessionId = wanted.idOf(row);
    if (sessionId !== undefined) {
      shown.set(sessionId, [...(shown.get(sessionId) ?? []), row]);
      return;
    }
    if (row.deletedAt !== undefined) return;
    anyRow ??= row.sessionId;
    const kind = kindOf(row.createdBy, viewer);
    bystanders.note(projectId, kind);
    // Where nobody says whose the key is, one creator may be its own user: of two, one is a colleague.
    if (kind === 'named' && viewer.users.size === 0 && creators.add(row.createdBy).size < 2) return;
    if (!kinds.has(kind)) kinds.set(kind, row.sessionId);
    for (const one of missing) if (witnessOf(one, kinds, viewer) !== undefined) missing.delete(one);
  };
  const reach = reachOver(waiting);
  let read = await readAsFarAs(reader, { projectId, reach, signal, note });
  if (missing.size > 0 && reach !== Infinity) {
    // As far as it must answer for it shows none of the kind: those beyond may.
    bystanders.begin(projectId);
    read = await readAsFarAs(reader, { projectId, reach: Infinity, signal, note });
  }
  return { shown, kinds, bystanders, anyRow, ...read };
}

/** Those that the listing has to speak of. */
class Wanted {
  readonly #ids = new Set<string>();
  readonly #folded = new Map<string, Passing>();

  constructor(waiting: readonly Passing[]) {
    for (const one of waiting) {
      this.#ids.add(one.about.sessionId);
      this.#folded.set(foldSessionId(one.about.sessionId), one);
    }
  }

  /** The id under which it is wanted: its own, or one that differs in case alone, unless its date says that it is another. */
  idOf({ sessionId, createdAt }: ListedRow & { readonly kind: 'conversation' }): string | undefined {
    if (this.#ids.has(sessionId)) return sessionId;
    const alike = this.#folded.get(foldSessionId(sessionId));
    return alike === undefined || isAnother(createdAt, alike) ? undefined : alike.about.sessionId;
  }
}

async function readAsFarAs(
  reader: CustomGptReader,
  {
    projectId,
    reach,
    signal,
    note,
  }: {
    readonly projectId: number;
    readonly reach: number;
    readonly signal: AbortSignal;
    readonly note: (row: ListedRow & { readonly kind: 'conversation' }) => void;
  },
): Promise<Pick<Read, 'listing' | 'request' | 'isShort' | 'isWhole'>> {
  let ids = 0;
  let total: number | undefined;
  let at = 0;
  let request = '';
  let isShort = false;
  let isWhole = false;
  const pages = withEnd(listProject(reader, projectId, { reach, signal }), (end) => {
    isShort = notShownIn(end) > 0;
    isWhole = end.how === 'read_in_full';
  });
  for await (const page of pages) {
    for (const row of page.rows) if (row.kind === 'conversation') note(row);
    ids += page.rows.length;
    total = page.total;
    at = page.receivedAt;
    request = page.request;
  }
  return { listing: { at, ids, total }, request, isShort, isWhole };
}

function reachOver(waiting: readonly Passing[]): number {
  let newest = -Infinity;
  for (const { createdAt } of waiting)
    newest = Math.max(newest, createdAt === undefined ? Infinity : latestOf(createdAt));
  return newest + 1;
}

function sightingIn(
  read: Read,
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
    (row) => !(life.reading?.is === 'absent' && isNewMark(row.deletedAt, passing, listing.at)),
  );
  if (rows.some((row) => !isAnother(row.createdAt, { createdAt, bornBefore }))) return { is: 'shown' };
  const loss = read.isWhole ? lossOf(read, passing, { viewer, takenByOthers }) : undefined;
  if (loss !== undefined) return { is: 'blind', said: loss };
  const witness = isShort
    ? undefined
    : (witnessOf(kind, kinds, viewer) ??
      witnesses.elsewhere(about.projectId, witnessesOf(kind ?? 'unstated', viewer), listing.at));
  return { is: 'not_shown', listing, witness, recreatedAt: rows[0]?.createdAt };
}

/** What was marked before it was last known to be there, or for the future, is not marked because it is gone. */
function isNewMark(deletedAt: Instant | undefined, { sent }: Passing, listedAt: number): boolean {
  if (deletedAt === undefined) return false;
  const since = sent.sight?.at ?? -Infinity;
  return latestOf(deletedAt) >= since - MAX_SKEW_MS && earliestOf(deletedAt) <= listedAt + MAX_SKEW_MS;
}

/** What the listing no longer shows of those that were listed with this one and that nobody of ours deletes, in words. */
function lossOf(
  { bystanders }: Read,
  { about, kind, bystanders: before }: Passing,
  { viewer, takenByOthers }: { readonly viewer: Viewer; readonly takenByOthers: number },
): string | undefined {
  if (kind === undefined) return undefined;
  const now = bystanders.count(about.projectId, witnessesOf(kind, viewer));
  if (!areLost({ before: before - takenByOthers, now })) return undefined;
  const shown = now === 0 ? 'none' : `only ${now}`;
  return `it shows ${shown} of the ${before} others of its kind that were listed with it and that nobody deleted`;
}

function witnessOf(
  kind: Kind | undefined,
  kinds: ReadonlyMap<Kind, string>,
  viewer: Viewer,
): string | undefined {
  // An intent by an earlier rule does not say which kind it was about.
  if (kind === undefined) return [...kinds.values()][0];
  const speaking = witnessesOf(kind, viewer).find((one) => kinds.has(one));
  if (speaking !== undefined) return kinds.get(speaking);
  // Whose creator the API does not say is one of the two.
  const isEither = kind === 'unstated' && kinds.has('anonymous') && kinds.has('named');
  return isEither ? kinds.get('anonymous') : undefined;
}
