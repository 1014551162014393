import { closeSync, constants, fstatSync, lstatSync, openSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { RetentionError } from '../core/errors.ts';
import { endOfHoldDay } from '../core/hold-fields.ts';
import { contentOf, type ListedHold } from '../core/hold.ts';
import type { HoldFile, HoldList } from '../core/ports.ts';
import { cutTextFaults } from './cut-texts.ts';
import { holdKeysAt, holdsSchema, parseHold, type HoldAsWritten } from './holds-schema.ts';
import { HOLDS_FILES, isFolder, unreadHolds } from './lookalike-files.ts';
import { formatProblem, type Problem } from './problems.ts';
import { faultsOf, type Fault } from './schema-problems.ts';
import { fileProblem, readTextFile, type TextFile } from './text-file.ts';
import { readYaml } from './yaml-document.ts';

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

export type HoldsRead =
  | { readonly state: 'read'; readonly holds: readonly ListedHold[] }
  | { readonly state: 'missing' }
  | { readonly state: 'wrong'; readonly problems: readonly Problem[] };

/** Reads a file of holds as strictly as a policy. Never throws for what the user can have caused. */
export function readHolds(place: HoldsPlace): HoldsRead {
  const read = textAt(place);
  if (read === undefined) return { state: 'missing' };
  return 'message' in read ? { state: 'wrong', problems: [read] } : parsed(place.file, read.text);
}

function textAt({ file, isNamed, problem }: HoldsPlace): TextFile | Problem | undefined {
  if (!isNamed && isMissing(file)) return undefined;
  return problem === undefined ? readTextFile(file) : fileProblem(file, problem);
}

/** A link that leads nowhere is not missing: somebody meant to have holds there. */
function isMissing(file: string): boolean {
  try {
    return lstatSync(file, { throwIfNoEntry: false }) === undefined;
  } catch {
    return false;
  }
}

const WORDS = { keysAt: holdKeysAt, top: 'version, holds' };

function parsed(file: string, text: string): Exclude<HoldsRead, { readonly state: 'missing' }> {
  const yaml = readYaml(file, text);
  if (!yaml.ok) return { state: 'wrong', problems: yaml.problems };
  const { document } = yaml;
  const result = holdsSchema.safeParse(document.data, { reportInput: true });
  const faults = [
    ...(result.success ? [] : faultsOf(result.error.issues, WORDS)),
    ...repeatedHolds(document.data),
    ...cutTextFaults(document.cutTexts),
  ];
  const problems = [
    ...document.problems,
    ...faults.map(({ path: place, message, ...options }) => document.problemAt(place, message, options)),
  ].sort((a, b) => a.line - b.line || a.column - b.column);
  if (!result.success || problems.length > 0) return { state: 'wrong', problems };
  return { state: 'read', holds: result.data.holds.flatMap(holdsOf) };
}

/** One for each conversation, or one for the project. */
function holdsOf({ project, session, matter, reason, by, until }: HoldAsWritten): readonly ListedHold[] {
  const sessions = session === undefined ? [undefined] : [session].flat().map(String);
  return sessions.map((sessionId) => ({
    projectId: Number(project),
    sessionId,
    matter: matter.trim(),
    reason: reason.trim(),
    by: by.trim(),
    untilAt: until === undefined ? undefined : endOfHoldDay(until),
  }));
}

/** Looked for among those that are sound by themselves, so that all faults are reported together. */
function repeatedHolds(data: unknown): readonly Fault[] {
  const block = data as { readonly holds?: unknown } | null;
  const entries: readonly unknown[] = Array.isArray(block?.holds) ? block.holds : [];
  const firsts = new Map<string, number>();
  return entries.flatMap((entry, index) => {
    const written = parseHold(entry);
    return (written === undefined ? [] : holdsOf(written)).flatMap((hold, position) => {
      const first = firsts.get(contentOf(hold));
      if (first === undefined) firsts.set(contentOf(hold), index);
      if (first === undefined) return [];
      const isList = Array.isArray(written?.session);
      const where = isList ? ['holds', index, 'session', position] : ['holds', index];
      const what = first === index ? 'stands here a second time' : `is held by holds[${first}] already`;
      return [{ path: where, message: isList ? what : `says the same as holds[${first}]` }];
    });
  });
}

// ── For a run ───────────────────────────────────────────────────────────────────────────────────────────────

/** The file of a place, for a run to ask again and again. It is parsed only when its bytes are other ones. */
export function createHoldFile(place: HoldsPlace): HoldFile {
  const source = path.resolve(place.file);
  let last: { readonly list: HoldList; readonly bytes: Uint8Array } | undefined;
  return {
    source,
    name: place.file,
    read() {
      const file = textAt(place);
      if (file === undefined) return undefined;
      if ('message' in file) throw unusableHolds([file]);
      const { bytes, text } = file;
      if (last !== undefined && isSame(last.bytes, bytes)) return last.list;
      const read = parsed(place.file, text);
      if (read.state === 'wrong') throw unusableHolds(read.problems);
      last = { bytes, list: { source, holds: read.holds, isCurrent: () => holdsJust(source, bytes) } };
      return last.list;
    },
  };
}

/** All problems in one line, as the record of a run has it. */
function unusableHolds(problems: readonly Problem[]): RetentionError {
  return new RetentionError('usage', `the holds cannot be used: ${problems.map(formatProblem).join('; ')}`, {
    hint: 'Nothing is deleted until they can. Look with: customgpt-retention validate',
  });
}

/** Synchronously, for the inside of a transaction. */
function holdsJust(file: string, bytes: Uint8Array): boolean {
  try {
    const descriptor = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      return fstatSync(descriptor).isFile() && isSame(readFileSync(descriptor), bytes);
    } finally {
      closeSync(descriptor);
    }
  } catch {
    return false;
  }
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
