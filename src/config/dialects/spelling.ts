import type { NameTest } from '../../core/selector.ts';

/** A test of a name as it could be written instead. */
export interface Spelling {
  readonly how: NameTest;
  readonly patterns: readonly string[];
  readonly ignoreCase?: boolean;
}

/** A text that is likely meant in the pattern language of another program. */
export interface Dialect {
  /** A phrase for a person: what the text has, and why that does not do here what it does elsewhere. */
  readonly problem: string;
  readonly instead: readonly Spelling[];
}

export function spelled(how: NameTest, text: string, ignoreCase: boolean): Spelling {
  return ignoreCase ? { how, patterns: [text], ignoreCase } : { how, patterns: [text] };
}

/** `glob: ["VIP*", "Key*"] with ignore_case: true` */
export function spellingInWords({ how, patterns, ignoreCase }: Spelling): string {
  const quoted = patterns.map((pattern) => JSON.stringify(pattern));
  const list = quoted.length === 1 ? quoted.join('') : `[${quoted.join(', ')}]`;
  return `${how}: ${list}${ignoreCase === true ? ' with ignore_case: true' : ''}`;
}

/** The glob of one plain text. */
export function escapedForGlob(text: string): string {
  return text.replaceAll(/[\\*?[{]/g, '\\$&').replace(/^!/, '\\!');
}
