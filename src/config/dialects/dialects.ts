import { compileNameTest } from '../../core/name-match.ts';
import type { NameTest } from '../../core/selector.ts';
import { regexDialect, searchAsWhole, slashedRegex } from './regex.ts';
import { escapedForGlob, spelled, spellingInWords, type Dialect, type Spelling } from './spelling.ts';
import { wrappingDialect } from './wrapped-text.ts';

/*
 * Texts in the pattern language of another program: SQL, a search box, JavaScript, a shell. Taken at their word they
 * compile, match nothing, and what a keep rule meant by them is deleted. So they are refused, with the spelling that was
 * probably meant. What a person could just as well have meant as it stands passes.
 */

/** Why this text is likely meant in another dialect, and how to write it here; undefined when it may stand. */
export function dialectOf(how: NameTest, text: string): Dialect | undefined {
  return found(how, text, 0);
}

/** Spellings that lead to others this often are none. */
const MOST_STEPS = 3;

function found(how: NameTest, text: string, steps: number): Dialect | undefined {
  const dialect = wrappingDialect(how, text) ?? dialectsOf(how, text);
  if (dialect === undefined) return undefined;
  return { ...dialect, instead: dialect.instead.flatMap((spelling) => sound(spelling, steps)) };
}

function dialectsOf(how: NameTest, text: string): Dialect | undefined {
  switch (how) {
    case 'regex':
      return regexDialect(text, sqlDialect(text));
    case 'glob':
      return slashDialect(how, text) ?? globDialect(text) ?? sqlDialect(text, { isGlob: true });
    case 'equals':
    case 'contains':
    case 'starts_with':
      return slashDialect(how, text) ?? starDialect(how, text) ?? caretDialect(how, text) ?? sqlDialect(text);
  }
}

/** Only what compiles and is no dialect itself is offered to a person. */
function sound(spelling: Spelling, steps: number): readonly Spelling[] {
  const { how, patterns, ignoreCase = false } = spelling;
  const next = patterns.map((text) => found(how, text, steps + 1));
  const [first] = next;
  if (patterns.length === 1 && first !== undefined && steps < MOST_STEPS) {
    return first.instead.map((one) => (ignoreCase ? { ...one, ignoreCase } : one));
  }
  const isSound = patterns.length > 0 && patterns.every((text) => compileNameTest(how, text).ok);
  return isSound && next.every((dialect) => dialect === undefined) ? [spelling] : [];
}

// ── Signs of other languages in plain texts ─────────────────────────────────────────────────────────────────

type Literal = 'equals' | 'contains' | 'starts_with';

/** `/VIP/i`, `/^VIP/`. A path like `/docs/` may be a name. */
function slashDialect(how: Literal | 'glob', text: string): Dialect | undefined {
  const slashed = slashedRegex(text);
  if (slashed === undefined) return undefined;
  // In a glob the star and the question mark are no sign of a regular expression.
  const signs = how === 'glob' ? /[\^$()+\\|]|\.\*/ : /[\\^$*+?|()[\]{}]/;
  if (slashed.flags === '' && !signs.test(slashed.body)) return undefined;
  return {
    problem: `is written like a regular expression, which ${how} does not read`,
    instead: [spelled('regex', searchAsWhole(slashed.body), slashed.ignoreCase)],
  };
}

/** `*VIP*`. Two stars may be a mark of emphasis. */
function starDialect(how: Literal, text: string): Dialect | undefined {
  const start = /^\*(?!\*)/.test(text);
  const end = /(?<!\*)\*$/.test(text);
  if (!start && !end) return undefined;
  const core = text.slice(start ? 1 : 0, end ? -1 : undefined);
  return { problem: `has "*" at an end, which is no wildcard in ${how}`, instead: [withoutStars()] };

  function withoutStars(): Spelling {
    if (start && core === '') return { how: 'glob', patterns: ['*'] };
    if (core.includes('\\')) return { how, patterns: [] };
    if (isGlobList(text)) return { how: 'glob', patterns: listIn(text) };
    if (how === 'contains' || (how === 'starts_with' && !start)) return { how, patterns: [core] };
    const whole = `${start ? '*' : ''}${escapedForGlob(core)}${end || how === 'starts_with' ? '*' : ''}`;
    return { how: 'glob', patterns: [whole] };
  }
}

function caretDialect(how: Literal, text: string): Dialect | undefined {
  if (!/^\^[\p{L}\p{N}]/u.test(text) || isFace(text)) return undefined;
  const rest = text.slice(1);
  const problem = `starts with "^", which is no sign of a start in ${how}`;
  if (/^[^.*+?()[\]{}|\\$]+\$$/.test(rest)) {
    return { problem, instead: [{ how: 'equals', patterns: [rest.slice(0, -1)] }] };
  }
  const isRegex = /[.*+?()[\]{}|\\$]/.test(rest);
  const instead: Spelling = isRegex
    ? { how: 'regex', patterns: [searchAsWhole(text)] }
    : { how: 'starts_with', patterns: [rest] };
  return { problem, instead: [instead] };
}

/** `^_^`, `^^`, `^o^`. */
function isFace(text: string): boolean {
  return /^\^[^\s^]{0,3}\^/u.test(text);
}

/** `%VIP%`. In `Rechnung 50%` it is a percentage. */
function sqlDialect(text: string, { isGlob = false } = {}): Dialect | undefined {
  const start = /^%(?=\p{L})/u.test(text);
  const end = /(?<=\p{L})%$/u.test(text);
  if (!start && !end) return undefined;
  const core = text.slice(start ? 1 : 0, end ? -1 : undefined);
  // In a glob, the stars that are there are wildcards already.
  const glob = `${start ? '*' : ''}${isGlob ? core : escapedForGlob(core)}${end ? '*' : ''}`;
  return {
    problem: 'has "%" at an end, which is a wildcard of SQL and none here',
    instead: [{ how: 'glob', patterns: [glob] }],
  };
}

// ── Globs ───────────────────────────────────────────────────────────────────────────────────────────────────

function globDialect(text: string): Dialect | undefined {
  if (text.startsWith('.*') || (text.startsWith('^') && !isFace(text))) {
    const start = text.startsWith('^') ? '"^"' : '".*"';
    const plain = text.replace(/^\^/, '').replace(/\$$/, '').replaceAll('.*', '*');
    const isRegex = /[()[\]{}+\\|]/.test(plain);
    return {
      problem: `starts with ${start}, as a regular expression does and a glob does not`,
      instead: [
        isRegex
          ? { how: 'regex', patterns: [searchAsWhole(text)] }
          : { how: 'glob', patterns: [endsAsWritten(text, plain)] },
      ],
    };
  }
  if (!isGlobList(text)) return undefined;
  return {
    problem: 'is one glob, although it looks like a list of several',
    instead: [{ how: 'glob', patterns: listIn(text) }],
  };
}

/** A regular expression without `$` is most often meant to leave the end open. */
function endsAsWritten(text: string, plain: string): string {
  return text.endsWith('$') || plain.endsWith('*') ? plain : `${plain}*`;
}

/** `VIP*, Key*` and `VIP*|Key*`. */
function isGlobList(text: string): boolean {
  const unescaped = text.replaceAll(/\\./gsu, '\0\0');
  return /\*(?:, |\s*\|)|[\p{L}\p{N}]\*,[\p{L}\p{N}]/u.test(unescaped);
}

function listIn(text: string): readonly string[] {
  return text
    .split(/[,|]/)
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

// ── For people ──────────────────────────────────────────────────────────────────────────────────────────────

/** Longer spellings help nobody in one line. */
const LONGEST_SPELLING = 100;

/** The problem with a pattern of a conversation's name, as a phrase that says what to write. */
export function problemOfNameDialect(how: NameTest, text: string): string | undefined {
  const dialect = dialectOf(how, text);
  if (dialect === undefined) return undefined;
  const written = dialect.instead.map(spellingInWords).filter((words) => words.length <= LONGEST_SPELLING);
  const literal = `literal: true beside ${how} if names really look like that`;
  if (written.length === 0) return `${dialect.problem}: set ${literal}`;
  return `${dialect.problem}: write ${written.join(', or ')} (or ${literal})`;
}

/** The same for a pattern of a project's name, where a glob is the only test. */
export function problemOfProjectDialect(text: string): string | undefined {
  const dialect = dialectOf('glob', text);
  if (dialect === undefined) return undefined;
  const globs = dialect.instead.filter(({ how }) => how === 'glob').flatMap(({ patterns }) => patterns);
  const written = globs.map((glob) => JSON.stringify(glob)).join(', ');
  if (written === '' || written.length > LONGEST_SPELLING)
    return `${dialect.problem}: write the project's id`;
  return `${dialect.problem}: write ${written}, or the project's id`;
}
