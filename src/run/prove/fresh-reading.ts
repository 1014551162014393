import type { Viewer } from '../../core/account.ts';
import type { Conversation, UnusableRow } from '../../core/conversation.ts';
import { kindOf, witnessesOf, type Kind, type ListingFacts } from '../../core/deletion/evidence.ts';
import { needsWitness } from '../../core/deletion/life.ts';
import { isAnother } from '../../core/deletion/reading.ts';
import { foldLoosely } from '../../core/ids.ts';
import { latestOf } from '../../core/instant.ts';
import type { CustomGptReader } from '../../core/ports/vendor.ts';
import { Bystanders, dateOf } from '../plan/bystanders.ts';
import { listProject, notShownIn, withEnd, type ListOptions } from '../plan/list-project.ts';
import type { Passing } from './passing.ts';

type Shown = Pick<Conversation, 'createdAt' | 'deletedAt'>;

/** All that the rows of one reading say. */
export interface FreshReading {
  readonly shown: ReadonlyMap<string, readonly Shown[]>;
  readonly kinds: ReadonlyMap<Kind, string>;
  /** How many it shows beside those that it must answer for. */
  readonly bystanders: Bystanders;
  /** It shows all that was created before this instant (epoch ms); Infinity: it was read in full. */
  readonly reach: number;
  readonly anyRow: string | undefined;
  /** Rows that are no conversation of the project by their own word. */
  readonly unusable: readonly UnusableRow[];
  readonly listing: ListingFacts;
  /** By its own count it does not show all, so that what it does not show may be among these. */
  readonly isShort: boolean;
  /** The request of its last page, as it was sent. */
  readonly request: string;
}

export interface ReadParts {
  readonly reader: CustomGptReader;
  readonly signal: AbortSignal;
  /** Another listing follows: what this one would have to be read to its end for is left to that. */
  readonly mayWait?: boolean;
}

/** Reads the project's list as far as it has to speak of `waiting`. Throws as `listProject` does. */
export async function readAnew(
  { reader, signal, mayWait = false }: ReadParts,
  projectId: number,
  waiting: readonly Passing[],
): Promise<FreshReading> {
  const wanted = new Wanted(waiting);
  const shown = new Map<string, Shown[]>();
  const kinds = new Map<Kind, string>();
  const viewer = reader.viewer();
  const creators = new Set<string | undefined>();
  const bystanders = new Bystanders();
  let anyRow: string | undefined;
  // Who needs a witness has it read on until one is shown, or to the end.
  const missing = new Set(waiting.filter(({ life }) => needsWitness(life)).map(({ kind }) => kind));
  // So has who has bystanders, unless that can wait.
  const unseen = new Set(mayWait ? [] : waiting.filter(hasBystanders).flatMap(({ kind }) => kind ?? []));
  const note = (row: Conversation): void => {
    const sessionId = wanted.idOf(row);
    if (sessionId !== undefined) {
      shown.set(sessionId, [...(shown.get(sessionId) ?? []), row]);
      return;
    }
    if (row.deletedAt !== undefined) return;
    anyRow ??= row.sessionId;
    const kind = kindOf(row.createdBy, viewer);
    for (const one of unseen) if (witnessesOf(one, viewer).includes(kind)) unseen.delete(one);
    bystanders.note(projectId, kind, dateOf(row.createdAt));
    // Where nobody says whose the key is, one creator may be its own user: of two, one is a colleague.
    if (kind === 'named' && viewer.users.size === 0 && creators.add(row.createdBy).size < 2) return;
    if (!kinds.has(kind)) kinds.set(kind, row.sessionId);
    for (const one of missing) if (witnessOf(one, kinds, viewer) !== undefined) missing.delete(one);
  };
  let reach = reachOver(waiting);
  let read = await readAsFarAs(reader, projectId, { reach, signal, note });
  if (missing.size + unseen.size > 0 && reach !== Infinity) {
    // As far as it must answer for it shows none of the kind: those beyond may.
    bystanders.begin(projectId);
    reach = Infinity;
    read = await readAsFarAs(reader, projectId, { reach, signal, note });
  }
  return { shown, kinds, bystanders, anyRow, ...read, reach: read.isWhole ? Infinity : reach };
}

function hasBystanders({ bystanders }: Passing): boolean {
  return bystanders(Infinity) > 0;
}

/** Those that the listing has to speak of. */
class Wanted {
  readonly #ids = new Set<string>();
  readonly #folded = new Map<string, Passing>();

  constructor(waiting: readonly Passing[]) {
    for (const one of waiting) {
      this.#ids.add(one.about.sessionId);
      this.#folded.set(foldLoosely(one.about.sessionId), one);
    }
  }

  /** The id under which it is wanted: its own, or one that differs in case or hyphens alone, unless its date says that it is another. */
  idOf({ sessionId, createdAt }: Conversation): string | undefined {
    if (this.#ids.has(sessionId)) return sessionId;
    const alike = this.#folded.get(foldLoosely(sessionId));
    return alike === undefined || isAnother(createdAt, alike) ? undefined : alike.about.sessionId;
  }
}

async function readAsFarAs(
  reader: CustomGptReader,
  projectId: number,
  { note, ...options }: ListOptions & { readonly note: (row: Conversation) => void },
): Promise<
  Pick<FreshReading, 'listing' | 'request' | 'isShort' | 'unusable'> & { readonly isWhole: boolean }
> {
  const unusable: UnusableRow[] = [];
  let ids = 0;
  let total: number | undefined;
  let at = 0;
  let request = '';
  let isShort = false;
  let isWhole = false;
  const pages = withEnd(listProject(reader, projectId, options), (end) => {
    isShort = notShownIn(end) > 0;
    isWhole = end.how === 'read_in_full';
  });
  for await (const page of pages) {
    for (const row of page.rows)
      if (row.kind === 'conversation') note(row);
      else unusable.push(row);
    ids += page.rows.length;
    total = page.total;
    at = page.receivedAt;
    request = page.request;
  }
  return { listing: { at, ids, total }, request, isShort, isWhole, unusable };
}

function reachOver(waiting: readonly Passing[]): number {
  let newest = -Infinity;
  for (const { createdAt } of waiting)
    newest = Math.max(newest, createdAt === undefined ? Infinity : latestOf(createdAt));
  return newest + 1;
}

/** One row of a kind that speaks for `kind`. */
export function witnessOf(
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
