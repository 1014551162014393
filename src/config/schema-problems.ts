import type * as z from 'zod';
import { parseDuration } from '../core/duration.ts';
import { nearestName, type Path } from './problems.ts';
import { kindInWords } from './yaml-document.ts';

/** A fault at a path of the data, before it has a line. */
export interface Fault {
  readonly path: Path;
  readonly message: string;
  readonly at?: 'key' | 'value';
  readonly suggestion?: string | undefined;
}

/** What the faults of one kind of file speak of. */
export interface SchemaWords {
  /** The keys that may stand in the block at a path, for suggestions. */
  readonly keysAt: (path: Path) => readonly string[];
  /** Keys at the top of the file. */
  readonly top: string;
}

type Issue = z.core.$ZodIssue;

const KINDS: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a whole number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a block of keys',
};

/** The schema's issues (parsed with `reportInput`) as faults that a person can act on. */
export function faultsOf(issues: readonly Issue[], words: SchemaWords, base: Path = []): readonly Fault[] {
  return issues.flatMap((issue) => {
    const path = [...base, ...pathOf(issue)];
    switch (issue.code) {
      case 'unrecognized_keys':
        return issue.keys.map((key) => unknownKey(path, key, words));
      case 'invalid_union':
        return faultsOfUnion(issue, path, words);
      case 'custom':
        return [{ path, message: issue.message, suggestion: suggestionOf(issue.params) }];
      default:
        return [{ path, ...explain(issue, path, words) }];
    }
  });
}

function pathOf(issue: Issue): Path {
  return issue.path.map((step) => (typeof step === 'number' ? step : String(step)));
}

function suggestionOf(params: Readonly<Record<string, unknown>> | undefined): string | undefined {
  const suggestion = params?.['suggestion'];
  return typeof suggestion === 'string' ? suggestion : undefined;
}

function unknownKey(path: Path, key: string, { keysAt }: SchemaWords): Fault {
  const keys = keysAt(path);
  const suggestion = nearestName(key, keys);
  const message =
    suggestion === undefined ? `is not a key here; there are ${listed(keys)}` : 'is not a key here';
  return { path: [...path, key], at: 'key', message, suggestion };
}

/** Of the alternatives only the one that the value was meant as has anything to say. */
function faultsOfUnion(
  issue: z.core.$ZodIssueInvalidUnion,
  path: Path,
  words: SchemaWords,
): readonly Fault[] {
  const meant = issue.errors.find((branch) => !branch.some(isOtherKind));
  if (meant !== undefined && issue.input !== undefined) return faultsOf(meant, words, path);
  const expected = expectedBy({ ...issue, path: [] });
  return [{ path, ...wrongKind(issue.input, expected, path) }];
}

function isOtherKind(issue: Issue): boolean {
  if (issue.path.length > 0) return false;
  if (issue.code === 'invalid_union') return issue.errors.every((branch) => branch.some(isOtherKind));
  return issue.code === 'invalid_type' || issue.code === 'invalid_value';
}

function expectedBy(issue: Issue): readonly string[] {
  if (issue.path.length > 0) return [];
  switch (issue.code) {
    case 'invalid_union':
      return [...new Set(issue.errors.flat().flatMap(expectedBy))];
    case 'invalid_type':
      return [KINDS[issue.expected] ?? issue.expected];
    case 'invalid_value':
      return issue.values.map(String);
    default:
      return [];
  }
}

function explain(issue: Issue, path: Path, words: SchemaWords): Omit<Fault, 'path'> {
  switch (issue.code) {
    case 'invalid_type':
    case 'invalid_value':
      if (path.length === 0) return { message: problemOfTop(issue.input, words) };
      return wrongKind(issue.input, expectedBy({ ...issue, path: [] }), path);
    case 'too_small':
      return { message: tooSmall(issue.input, Number(issue.minimum)) };
    case 'too_big':
      return typeof issue.input === 'string'
        ? { message: `must not be longer than ${Number(issue.maximum)} characters` }
        : { message: `must be at most ${Number(issue.maximum)}, not ${String(issue.input)}` };
    default:
      return { message: issue.message };
  }
}

function tooSmall(input: unknown, minimum: number): string {
  if (Array.isArray(input)) return 'is an empty list: it needs one entry at least';
  return typeof input === 'string' ? 'is an empty text' : `must be at least ${minimum}, not ${String(input)}`;
}

function wrongKind(input: unknown, expected: readonly string[], path: Path): Omit<Fault, 'path'> {
  const key = path.at(-1);
  if (input === undefined) return { message: `is missing: it must be ${listed(expected, 'or')}`, at: 'key' };
  if (key === 'match' && input === null) return { message: EMPTY_MATCH };
  if (key === 'holds' && input === null)
    return { message: 'must be a list, not nothing: write holds: [] where nothing is held' };
  if (key === 'match')
    return {
      message: 'must be a block of keys, or the one word everything',
      suggestion: near(input, ['everything']),
    };
  if (key === 'version')
    return { message: `must be the number 1, the only version there is, not ${kindInWords(input)}` };
  if ((key === 'older_than' || key === 'min_age') && typeof input === 'number') {
    const parsed = parseDuration(String(input));
    if (!parsed.ok) return { message: parsed.problem };
  }
  const quotes =
    typeof input !== 'object' && typeof input !== 'string' && expected.includes('text')
      ? ': put it in quotes'
      : '';
  const message = `must be ${listed(expected, 'or')}, not ${kindInWords(input)}${quotes}`;
  return { message, suggestion: near(input, expected) };
}

/** Said of an empty block as well as of a key with nothing after it. */
export const EMPTY_MATCH =
  'is empty: say which conversations, or write "match: everything" if it is really about all of them';

function problemOfTop(input: unknown, { top }: SchemaWords): string {
  if (input === null) return 'the file is empty';
  if (typeof input === 'string' && /^["']?[A-Za-z_]+:\S/.test(input)) {
    return `the file is one text and not a block of keys: write a space after each colon, as in "version: 1"`;
  }
  return `the file must be a block of keys (${top}), not ${kindInWords(input)}`;
}

function near(input: unknown, names: readonly string[]): string | undefined {
  const words = names.filter((name) => !name.includes(' '));
  return typeof input === 'string' ? nearestName(input, words) : undefined;
}

function listed(names: readonly string[], word: 'and' | 'or' = 'and'): string {
  if (names.length < 2) return names.join('');
  return `${names.slice(0, -1).join(', ')} ${word} ${names.at(-1) ?? ''}`;
}
