import { setImmediate as nextTurn } from 'node:timers/promises';
import { endOfHoldDay } from '../core/hold-fields.ts';
import { contentOf, type ListedHold } from '../core/hold.ts';
import { cutTextFaults } from './cut-texts.ts';
import { piecesOf, type HoldsPiece, type PieceSize } from './holds-pieces.ts';
import {
  holdKeysAt,
  holdsEntriesSchema,
  holdsSchema,
  parseHold,
  type HoldAsWritten,
} from './holds-schema.ts';
import type { Path, Problem } from './problems.ts';
import { faultsOf, type Fault } from './schema-problems.ts';
import { readYaml } from './yaml-document.ts';

/** After so many problems the rest of the file is not looked at. */
const ENOUGH_PROBLEMS = 100;

const WORDS = { keysAt: holdKeysAt, top: 'version, holds' };

export type HoldsText =
  | { readonly state: 'read'; readonly holds: readonly ListedHold[] }
  | { readonly state: 'wrong'; readonly problems: readonly Problem[] };

/** Reads the text of a file of holds as strictly as a policy, a piece at a time. */
export async function readHoldsText(file: string, text: string, full?: PieceSize): Promise<HoldsText> {
  const holds: ListedHold[] = [];
  const problems: Problem[] = [];
  const firsts = new Map<string, number>();
  for (const piece of piecesOf(text, full)) {
    const read = readPiece(file, piece, firsts);
    for (const hold of read.holds) holds.push(hold);
    problems.push(...read.problems);
    if (problems.length >= ENOUGH_PROBLEMS) break;
    await nextTurn();
  }
  if (problems.length === 0) return { state: 'read', holds };
  problems.sort((a, b) => a.line - b.line || a.column - b.column);
  const last = problems.at(-1);
  if (problems.length >= ENOUGH_PROBLEMS && last !== undefined)
    problems.push({
      ...last,
      path: '',
      message: 'the rest may not have been checked: there are already too many problems',
    });
  return { state: 'wrong', problems };
}

function readPiece(
  file: string,
  { part, text, lineInFile, entriesBefore }: HoldsPiece,
  firsts: Map<string, number>,
): { readonly holds: readonly ListedHold[]; readonly problems: readonly Problem[] } {
  const pathInFile = (path: Path): Path =>
    typeof path[1] === 'number' ? path.with(1, path[1] + entriesBefore) : path;
  const yaml = readYaml(file, text, { lineInFile, pathInFile });
  if (!yaml.ok) return { holds: [], problems: yaml.problems };
  const { document } = yaml;
  const schema = part === 'file' ? holdsSchema : holdsEntriesSchema;
  const result = schema.safeParse(document.data, { reportInput: true });
  const faults = [
    ...(result.success ? [] : faultsOf(result.error.issues, WORDS)),
    ...repeatedHolds(document.data, entriesBefore, firsts),
    ...cutTextFaults(document.cutTexts),
  ];
  const problems = [
    ...document.problems,
    ...faults.map(({ path, message, ...options }) => document.problemAt(path, message, options)),
  ];
  return { holds: result.success ? result.data.holds.flatMap(holdsOf) : [], problems };
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

/** Looked for among those that are sound by themselves, so that all faults are reported together. `firsts`: by content, the entry that said it first. */
function repeatedHolds(data: unknown, entriesBefore: number, firsts: Map<string, number>): readonly Fault[] {
  const block = data as { readonly holds?: unknown } | null;
  const entries: readonly unknown[] = Array.isArray(block?.holds) ? block.holds : [];
  return entries.flatMap((entry, index) => {
    const written = parseHold(entry);
    const number = index + entriesBefore;
    return (written === undefined ? [] : holdsOf(written)).flatMap((hold, position) => {
      const first = firsts.get(contentOf(hold));
      if (first === undefined) firsts.set(contentOf(hold), number);
      if (first === undefined) return [];
      const isList = Array.isArray(written?.session);
      const where = isList ? ['holds', index, 'session', position] : ['holds', index];
      const what = first === number ? 'stands here a second time' : `is held by holds[${first}] already`;
      return [{ path: where, message: isList ? what : `says the same as holds[${first}]` }];
    });
  });
}
