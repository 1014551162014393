import type { WrittenName } from './oracle.ts';

/* Names and the patterns for them, by the oracle. */

export function nameMatches(pattern: string | readonly string[] | WrittenName, name: string): boolean {
  if (typeof pattern === 'string') return globMatches(pattern, name);
  if (isListOfGlobs(pattern)) return pattern.some((glob) => globMatches(glob, name));
  const fold = (text: string): string =>
    pattern.ignore_case === true ? text.normalize('NFC').toLowerCase() : text.normalize('NFC');
  const flags = pattern.ignore_case === true ? 'iu' : 'u';
  return (
    listed(pattern.glob ?? []).some((glob) => globMatches(fold(glob), fold(name))) ||
    listed(pattern.equals ?? []).some((text) => fold(text) === fold(name)) ||
    listed(pattern.contains ?? []).some((text) => fold(name).includes(fold(text))) ||
    listed(pattern.starts_with ?? []).some((text) => fold(name).startsWith(fold(text))) ||
    listed(pattern.regex ?? []).some((text) => new RegExp(`^(?:${text})$`, flags).test(name.normalize('NFC')))
  );
}

function isListOfGlobs(pattern: readonly string[] | WrittenName): pattern is readonly string[] {
  return Array.isArray(pattern);
}

/** By trying every way: `*` takes nothing, or one character and is asked again. */
export function globMatches(glob: string, name: string): boolean {
  const signs = Array.from(glob.normalize('NFC'));
  const characters = Array.from(name.normalize('NFC'));
  const known = new Map<string, boolean>();
  const from = (s: number, c: number): boolean => {
    const key = `${s} ${c}`;
    const result = known.get(key) ?? step(s, c);
    known.set(key, result);
    return result;
  };
  const step = (s: number, c: number): boolean => {
    if (s === signs.length) return c === characters.length;
    const sign = signs[s];
    if (sign === '*') return from(s + 1, c) || (c < characters.length && from(s, c + 1));
    return c < characters.length && (sign === '?' || sign === characters[c]) && from(s + 1, c + 1);
  };
  return from(0, 0);
}

export function listed<Item>(value: Item | readonly Item[]): readonly Item[] {
  return Array.isArray(value) ? (value as readonly Item[]) : [value as Item];
}
