import {
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  parseAllDocuments,
  type Document,
  type Node,
  type Scalar,
  type YAMLError,
} from 'yaml';
import { formatPath, shortened, type Path, type Problem } from './problems.ts';
import { scanYaml } from './yaml-scan.ts';

/** A policy file's text as plain data, and where each part of it stands. */
export interface YamlDocument {
  /**
   * Objects without prototype, lists, text, numbers, booleans and null. A number that is not written as a plain decimal
   * (`0x1F`, `1e3`, `007`) is given as the text it was written in: identifiers may look like that.
   */
  readonly data: unknown;
  /** Duplicate keys: the only faults that leave the data readable. */
  readonly problems: readonly Problem[];
  /** Where an unquoted text is followed on its line by a comment that starts without a space: `VIP #gold`. */
  readonly cutTexts: readonly Path[];
  /** Makes a problem of a message about a key or a value; one that is missing is placed where it should be. */
  readonly problemAt: (path: Path, message: string, options?: ProblemOptions) => Problem;
}

export interface ProblemOptions {
  readonly at?: 'key' | 'value';
  readonly suggestion?: string | undefined;
}

export type YamlResult =
  | { readonly ok: true; readonly document: YamlDocument }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** More syntax errors than this follow from the first ones. */
const MOST_SYNTAX_PROBLEMS = 20;

/** What YAML does not allow anywhere; the parser lets some of it pass. */
const CONTROL = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f]/;

/** Where a text stands that is a part of a file, for its problems. */
export interface PartOfFile {
  /** Both counted from 1. */
  readonly lineInFile: (line: number) => number;
  readonly pathInFile: (path: Path) => Path;
}

const WHOLE: PartOfFile = { lineInFile: (line) => line, pathInFile: (path) => path };

/**
 * Reads a text as one strict YAML 1.2 document (core schema): no aliases, tags, directives, second documents, duplicate
 * keys, or keys that are not text.
 */
export function readYaml(file: string, text: string, part = WHOLE): YamlResult {
  const lines = new LineCounter();
  // Columns are those an editor shows, and no editor shows the byte order mark.
  const source = text.startsWith('\uFEFF') ? text.slice(1) : text;
  lines.addNewLine(0);
  for (let at = source.indexOf('\n'); at !== -1; at = source.indexOf('\n', at + 1)) lines.addNewLine(at + 1);
  const problem: ProblemMaker = ({ offset, path = [], message, suggestion }) => {
    const { line, col } = lines.linePos(offset);
    const place = { line: part.lineInFile(line), column: col, path: formatPath(part.pathInFile(path)) };
    const where = { file, ...place, message };
    return suggestion === undefined ? where : { ...where, suggestion };
  };
  const control = CONTROL.exec(source);
  if (control !== null) {
    const message = 'a control character is not allowed in YAML';
    return { ok: false, problems: [problem({ offset: control.index, message })] };
  }
  const scanned = scanYaml(source);
  if (scanned !== undefined) return { ok: false, problems: [problem(scanned)] };
  return composed(source, problem);
}

type ProblemMaker = (fault: {
  readonly offset: number;
  readonly path?: Path;
  readonly message: string;
  readonly suggestion?: string | undefined;
}) => Problem;

function composed(source: string, problem: ProblemMaker): YamlResult {
  const [parsed] = parseAllDocuments(source, {
    version: '1.2',
    schema: 'core',
    strict: true,
    uniqueKeys: true,
    stringKeys: true,
    prettyErrors: false,
    logLevel: 'silent',
  }) as readonly (Document.Parsed | undefined)[];
  if (parsed === undefined)
    return { ok: false, problems: [problem({ offset: 0, message: 'the file is empty' })] };
  const faults = [...parsed.errors, ...parsed.warnings];
  const syntax = faults.filter((fault) => fault.code !== 'DUPLICATE_KEY');
  if (syntax.length > 0) return { ok: false, problems: problemsOfSyntax(syntax, problem) };
  const places: Places = { source, keys: new Map(), values: new Map(), cutTexts: [] };
  const data = plain(parsed.contents, [], places);
  return {
    ok: true,
    document: {
      data,
      cutTexts: places.cutTexts,
      problems: faults.map((fault) => problemOfDuplicate(fault.pos[0], places, problem)),
      problemAt: (path, message, options = {}) =>
        problem({
          offset: placeOf(path, places, options.at),
          path,
          message,
          suggestion: options.suggestion,
        }),
    },
  };
}

function problemsOfSyntax(faults: readonly YAMLError[], problem: ProblemMaker): readonly Problem[] {
  const told = faults.slice(0, MOST_SYNTAX_PROBLEMS).map((fault) =>
    problem({
      offset: fault.pos[0],
      message: `this is not valid YAML: ${shortened(fault.message, 200)}`,
    }),
  );
  const untold = faults.length - told.length;
  const last = faults[MOST_SYNTAX_PROBLEMS];
  if (last !== undefined)
    told.push(problem({ offset: last.pos[0], message: `and ${untold} more faults like these` }));
  return told;
}

function problemOfDuplicate(offset: number, places: Places, problem: ProblemMaker): Problem {
  const path = places.keys.get(offset) ?? [];
  return problem({ offset, path, message: 'is written twice; each key may appear only once' });
}

// ── Where things stand ──────────────────────────────────────────────────────────────────────────────────────

interface Places {
  readonly source: string;
  /** Offset of a key to its path: two keys of one path stand at two offsets. */
  readonly keys: Map<number, Path>;
  /** Path, as JSON, to the offsets of its key (the same as the value's in a list) and its value. */
  readonly values: Map<string, { readonly key: number; readonly value: number }>;
  readonly cutTexts: Path[];
}

function placeOf(path: Path, places: Places, at: 'key' | 'value' = 'value'): number {
  for (let length = path.length; length > 0; length -= 1) {
    const place = places.values.get(JSON.stringify(path.slice(0, length)));
    if (place === undefined) continue;
    // What is missing is missed at the key of the block it belongs in.
    return at === 'key' || length < path.length ? place.key : place.value;
  }
  return 0;
}

/** The data of a node. Recursive: the scan has seen to it that the text is shallow. */
function plain(node: Node | null, path: Path, places: Places): unknown {
  if (isMap(node)) {
    // Without prototype, or a key `__proto__` would vanish instead of being refused.
    const data = Object.create(null) as Record<string, unknown>;
    for (const pair of node.items) {
      const key = pair.key as Node;
      const name = isScalar(key) && typeof key.value === 'string' ? key.value : '';
      const place = [...path, name];
      data[name] = plainAt(pair.value as Node | null, place, { places, key: offsetOf(key) });
    }
    return data;
  }
  if (isSeq(node)) {
    return node.items.map((item, index) =>
      plainAt(item as Node, [...path, index], { places, key: undefined }),
    );
  }
  if (!isScalar(node)) return null;
  if (isCutShort(node, places.source)) places.cutTexts.push(path);
  return scalar(node.value, node.source);
}

function isCutShort({ type, value, range }: Scalar, source: string): boolean {
  if (type !== 'PLAIN' || typeof value !== 'string' || value === '' || range == null) return false;
  return GLUED_COMMENT.test(source.slice(range[1], range[1] + LONGEST_GAP));
}

/** Not `##`, which only a comment starts with. */
const GLUED_COMMENT = /^[ \t]+#[^\s#]/;

/** Columns between a text and its comment, so that a long line is not copied. */
const LONGEST_GAP = 100;

function plainAt(
  node: Node | null,
  path: Path,
  { places, key }: { readonly places: Places; readonly key: number | undefined },
): unknown {
  const value = node === null || (isScalar(node) && node.source === '') ? undefined : offsetOf(node);
  places.values.set(JSON.stringify(path), { key: key ?? value ?? 0, value: value ?? key ?? 0 });
  if (key !== undefined) places.keys.set(key, path);
  return plain(node, path, places);
}

function offsetOf(node: Node): number {
  return node.range?.[0] ?? 0;
}

function scalar(value: unknown, source: string | undefined): unknown {
  if (typeof value !== 'number') return value;
  return String(value) === source ? value : (source ?? String(value));
}

/** What kind of thing a value is, for a person. */
export function kindInWords(value: unknown): string {
  if (value === null || value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  switch (typeof value) {
    case 'string':
      return `the text "${shortened(value)}"`;
    case 'number':
      return `the number ${value}`;
    case 'boolean':
      return `the word ${String(value)}`;
    default:
      return 'a block of keys';
  }
}
