/** Something wrong with a policy file, where it is, and what was perhaps meant. */
export interface Problem {
  /** As the user named it, or found in the folder the user named. */
  readonly file: string;
  /** Counted from 1. */
  readonly line: number;
  /** Counted from 1, in UTF-16 units. */
  readonly column: number;
  /** `rules[2].match.older_than`; empty for the file as a whole. */
  readonly path: string;
  readonly message: string;
  /** The nearest valid name. */
  readonly suggestion?: string;
}

/** Keys and list positions (from 0) from the top of the file down to a value. */
export type Path = readonly (string | number)[];

/** One line: `policies/a.yaml:3:5 rules[0].match.oldr_than: is not a key here (did you mean "older_than"?)`. */
export function formatProblem(problem: Problem): string {
  const { file, line, column, path, message, suggestion } = problem;
  const hint = suggestion === undefined ? '' : ` (did you mean "${suggestion}"?)`;
  return printable(`${file}:${line}:${column} ${path === '' ? '' : `${path}: `}${message}${hint}`);
}

/** `rules[2].match.older_than`; keys that are not plain words are quoted: `limits["max deletions"]`. */
export function formatPath(path: Path): string {
  return path
    .map((step, index) => {
      if (typeof step === 'number') return `[${step}]`;
      if (!/^[A-Za-z_][\w-]*$/.test(step)) return `[${JSON.stringify(shortened(step))}]`;
      return index === 0 ? step : `.${step}`;
    })
    .join('');
}

/** The candidate that differs least from `name`; undefined when none is near enough to have been meant. */
export function nearestName(name: string, candidates: readonly string[]): string | undefined {
  if (name.length > 60) return undefined;
  const plain = (text: string): string => text.toLowerCase().replaceAll(/[-_ ]/g, '');
  const ranked = candidates
    .map((candidate) => ({ candidate, distance: distanceBetween(plain(name), plain(candidate)) }))
    .filter(({ candidate, distance }) => distance <= Math.max(1, Math.floor(candidate.length / 3)))
    .sort((a, b) => a.distance - b.distance);
  return ranked[0]?.candidate;
}

/** A text from a file, cut to a length that fits a message. */
export function shortened(text: string, most = 60): string {
  return text.length <= most ? text : `${text.slice(0, most - 3)}...`;
}

/** Names and patterns in a message may hold anything; a terminal must not obey it. */
function printable(text: string): string {
  return text.replaceAll(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu,
    (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`,
  );
}

/**
 * Insertions, deletions, replacements and swaps of neighbours that make one text of the other. Libraries such as
 * fastest-levenshtein count a swap, the commonest slip, as two.
 */
function distanceBetween(from: string, to: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let row = 1; row <= from.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= to.length; column += 1) {
      const same = from[row - 1] === to[column - 1];
      const swapped =
        row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      current.push(
        Math.min(
          cell(last, column) + 1,
          cell(current, column - 1) + 1,
          cell(last, column - 1) + (same ? 0 : 1),
          swapped ? cell(beforeLast, column - 2) + 1 : Infinity,
        ),
      );
    }
    beforeLast = last;
    last = current;
  }
  return cell(last, to.length);
}

function cell(row: readonly number[], column: number): number {
  return row[column] ?? Infinity;
}
