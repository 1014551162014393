import { escapedForGlob, spelled, type Dialect, type Spelling } from './spelling.ts';

/** A text between slashes, as JavaScript, sed and Perl write a regular expression. */
export interface Slashed {
  readonly body: string;
  readonly flags: string;
  readonly ignoreCase: boolean;
}

export function slashedRegex(text: string): Slashed | undefined {
  const parts = /^\/((?:\\.|[^\\/])+)\/([a-z]*)$/su.exec(text);
  if (parts === null) return undefined;
  const [, body = '', flags = ''] = parts;
  // Otherwise it is a path: /docs/intro.
  if (!/^[dgimsuvxy]*$/.test(flags) || new Set(flags).size < flags.length) return undefined;
  return { body: body.replaceAll('\\/', '/'), flags, ignoreCase: flags.includes('i') };
}

const SIGNS = String.raw`\\^$.|?*+()[\]{}`;
const HAS_SIGN = new RegExp(`[${SIGNS}]`);
const STAR_AFTER_TEXT = new RegExp(`^[^${SIGNS}]+\\*$`, 's');

const STARTS_AT_START = /^(?:\((?:\?:)?)*(?:\^|\\A)/;
const STARTS_ANYWHERE = /^(?:\((?:\?:)?)*(?:\.[*+]|\[\\[sS]\\[sS]\][*+])/;
const ENDS_AT_END = /(?<!\\)(?:\\\\)*(?:\$|\\z)\)*$/;
/** `(a+)+$`: one repeated group describes the whole, and its end is the end of that. */
const IS_ONE_REPEATED_GROUP = /^\([^()]*\)[*+]\$$/;
const ENDS_ANYWHERE = /(?:(?<!\\)(?:\\\\)*\.[*+]|\[\\[sS]\\[sS]\][*+])\??\)*$/;

/**
 * Regular expressions for programs that look for a match anywhere in a text; here the whole name must match. `plain` is
 * what a text without any sign of a regular expression is taken for.
 */
export function regexDialect(text: string, plain: Dialect | undefined): Dialect | undefined {
  const slashed = slashedRegex(text);
  if (slashed !== undefined) {
    return {
      problem: 'has slashes around it, which belong to the text here',
      instead: [spelled('regex', searchAsWhole(slashed.body), slashed.ignoreCase)],
    };
  }
  const flags = /^\(\?[imsU]+\)/.exec(text)?.[0] ?? '';
  const body = text.slice(flags.length);
  const ignoreCase = flags.includes('i');
  if (!HAS_SIGN.test(body)) {
    return (
      plain ?? {
        problem: 'has no sign of a regular expression, and so matches only a name that equals it',
        instead: [spelled('contains', body, ignoreCase), spelled('equals', body, ignoreCase)],
      }
    );
  }
  if (STAR_AFTER_TEXT.test(body)) {
    return {
      problem: 'ends in "*", which repeats the sign before it and is no wildcard in a regex',
      instead: [spelled('glob', `${escapedForGlob(body.slice(0, -1))}*`, ignoreCase)],
    };
  }
  return halfAnchored(body, flags);
}

function halfAnchored(body: string, flags: string): Dialect | undefined {
  const instead: readonly Spelling[] = [spelled('regex', flags + searchAsWhole(body), false)];
  if (STARTS_AT_START.test(body) && !ENDS_AT_END.test(body) && !ENDS_ANYWHERE.test(body)) {
    return { problem: 'has a start and no end, and must match the whole name here', instead };
  }
  const hasStart = [STARTS_AT_START, STARTS_ANYWHERE, IS_ONE_REPEATED_GROUP].some((start) =>
    start.test(body),
  );
  if (ENDS_AT_END.test(body) && !hasStart) {
    return { problem: 'has an end and no start, and must match the whole name here', instead };
  }
  return undefined;
}

/** A regular expression that is looked for anywhere, as one that must match the whole. */
export function searchAsWhole(body: string): string {
  if (body.includes('|')) return `.*(?:${body}).*`;
  const start = STARTS_AT_START.test(body) || STARTS_ANYWHERE.test(body) ? '' : '.*';
  const end = ENDS_AT_END.test(body) || ENDS_ANYWHERE.test(body) ? '' : '.*';
  return `${start}${body}${end}`;
}
