import { lstatSync } from 'node:fs';
import path from 'node:path';
import { RetentionError } from '../core/errors.ts';
import { revisionOf } from '../core/hold-list.ts';
import type { HoldList } from '../core/hold-list.ts';
import type { HoldFile } from '../core/ports/holds.ts';
import type { Clock } from '../core/ports/surroundings.ts';
import { readHoldsText, type HoldsText } from './holds-text.ts';
import { HOLDS_FILES, isFolder, unreadHolds } from './lookalike-files.ts';
import { formatProblem, type Problem } from './problems.ts';
import { decodedText, fileProblem, isStill, LARGEST_HOLDS_FILE, readSavedFile } from './text-file.ts';
import type { SavedFile } from './text-file.ts';

/** By its name: such a file is never taken for a policy. */
export function isHoldsFile(file: string): boolean {
  return HOLDS_FILES.includes(path.basename(file));
}

/** Where holds may be listed. */
export interface HoldsPlace {
  /** As the user named it, or its folder. */
  readonly file: string;
  /** The user named it: then it must be there. */
  readonly isNamed: boolean;
  /** Why a file there is not read, although it looks like holds: as long as it is there, it is refused. */
  readonly problem?: string;
}

/**
 * The files of holds that belong to policies at these paths: those in a folder that was given, and those beside a policy file
 * that was given; and `named`, wherever it is. What in these folders only looks like such a file is a place, too.
 */
export async function holdsPlaces(
  paths: readonly string[],
  named: string | undefined,
): Promise<readonly HoldsPlace[]> {
  const places: HoldsPlace[] = [];
  const lookalikes: HoldsPlace[] = [];
  for (const given of paths) {
    if (isHoldsFile(given)) places.push({ file: given, isNamed: true });
    const isAlone = !(await isFolder(given));
    const folder = isAlone ? path.dirname(given) : given;
    places.push(...HOLDS_FILES.map((name) => ({ file: path.join(folder, name), isNamed: false })));
    const unread = await unreadHolds(folder, { isAlone });
    lookalikes.push(...unread.map((one) => ({ ...one, isNamed: false })));
  }
  if (named !== undefined) places.unshift({ file: named, isNamed: true });
  const first = new Map<string, HoldsPlace>();
  const given = new Set(paths.map((one) => path.resolve(one)));
  const unread = lookalikes.filter(({ file }) => !given.has(path.resolve(file)));
  for (const place of [...places, ...unread]) {
    const source = path.resolve(place.file);
    const known = first.get(source);
    if (known === undefined) first.set(source, place);
    else if (place.isNamed && !known.isNamed) first.set(source, { ...known, isNamed: true });
  }
  return [...first.values()];
}

export type HoldsRead = HoldsText | { readonly state: 'missing' };

/** Reads a file of holds as strictly as a policy. Never throws for what the user can have caused. */
export async function readHolds(place: HoldsPlace): Promise<HoldsRead> {
  const saved = savedAt(place);
  if (saved === undefined) return { state: 'missing' };
  return 'message' in saved ? { state: 'wrong', problems: [saved] } : parsed(place.file, saved);
}

async function parsed(file: string, { bytes }: SavedFile): Promise<HoldsText> {
  const text = decodedText(file, bytes);
  return typeof text === 'string' ? readHoldsText(file, text) : { state: 'wrong', problems: [text] };
}

function savedAt({ file, isNamed, problem }: HoldsPlace): SavedFile | Problem | undefined {
  if (!isNamed && isMissing(file)) return undefined;
  return problem === undefined ? readSavedFile(file, LARGEST_HOLDS_FILE) : fileProblem(file, problem);
}

/** A link that leads nowhere is not missing: somebody meant to have holds there. */
function isMissing(file: string): boolean {
  try {
    return lstatSync(file, { throwIfNoEntry: false }) === undefined;
  } catch {
    return false;
  }
}

// ── For a run ───────────────────────────────────────────────────────────────────────────────────────────────

/** The file of a place, for a run to ask again and again. It is parsed only when somebody has saved it anew. */
export function createHoldFile(place: HoldsPlace, clock: Pick<Clock, 'now'>): HoldFile {
  const source = path.resolve(place.file);
  let last: { readonly list: HoldList; readonly saved: SavedFile } | undefined;
  return {
    source,
    name: place.file,
    async read() {
      if (last !== undefined && isStill(source, last.saved)) return last.list;
      const saved = savedAt(place);
      if (saved === undefined) return undefined;
      if ('message' in saved) throw unusableHolds([saved]);
      const revision = revisionOf(saved.modifiedAt, clock.now());
      const read = await parsed(place.file, saved);
      if (read.state === 'wrong') throw unusableHolds(read.problems);
      last = { saved, list: { source, holds: read.holds, revision } };
      return last.list;
    },
  };
}

/** How many problems stand in the record of a run. */
const MOST_TOLD = 5;

/** In one line, as the record of a run has it. */
function unusableHolds(problems: readonly Problem[]): RetentionError {
  const told = problems.slice(0, MOST_TOLD).map(formatProblem);
  const untold = problems.length - told.length;
  if (untold > 0) told.push(`and ${untold} more`);
  return new RetentionError('usage', `the holds cannot be used: ${told.join('; ')}`, {
    hint: 'Nothing is deleted until they can. Look with: customgpt-retention validate',
  });
}
