import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';

/* docs/faults.md says which test proves which case. Here it is held to that. */

const ROOT = join(import.meta.dirname, '../..');
const MATRIX = readFileSync(join(ROOT, 'docs/faults.md'), 'utf8');

const rows = MATRIX.split('\n').filter((line) => /^\| (?!When |-)/.test(line));
const named = [...MATRIX.matchAll(/`((?:src|test)\/[^`›]+) › ([^`]+)`/g)].map(
  ([, file = '', title = '']) => ({
    file: `${file}.test.ts`,
    title,
  }),
);

function textOf(file: string): string {
  const path = join(ROOT, file);
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}

/** The title of a test, as its file has it, quoted either way. */
function has(file: string, title: string): boolean {
  const text = textOf(file);
  return text.includes(`'${title}'`) || text.includes(`"${title}"`);
}

/** Titles of all tests of a file: what stands as a text before a function, and is no `describe`. */
function titlesIn(file: string): readonly string[] {
  const titles = /(describe[^']*)?'([^'\n]+)',\s*(?:\{[^}]*\},\s*)?(?:async )?\(/g;
  return [...textOf(file).matchAll(titles)].flatMap(([, group, title = '']) =>
    group === undefined ? [title] : [],
  );
}

describe('docs/faults.md', () => {
  test('names a test for each case', () => {
    expect(rows.length).toBeGreaterThan(50);
    expect(rows.filter((row) => !row.includes(' › '))).toEqual([]);
  });

  test('names only tests that exist', () => {
    expect(named.length).toBeGreaterThan(80);
    expect(named.filter(({ file, title }) => !has(file, title))).toEqual([]);
  });

  test('leaves out none of the tests of faults', () => {
    const files = readdirSync(import.meta.dirname).filter((file) => file !== 'matrix.test.ts');
    const missing = files.flatMap((name) => {
      const file = `test/faults/${name}`;
      const titles = titlesIn(file);
      expect({ file, hasTests: titles.length > 0 }).toEqual({ file, hasTests: true });
      return titles.filter((title) => !named.some((one) => one.file === file && one.title === title));
    });
    expect(missing).toEqual([]);
  });
});
