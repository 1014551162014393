import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { EXIT } from '../src/cli/exit-codes.ts';
import { AUDIT_EVENTS } from '../src/core/audit-entry.ts';
import { NOTICE_KINDS } from '../src/core/notice.ts';
import { SKIP_CAUSES } from '../src/core/outcome.ts';

/* What the documents list must be all that the code has. */

const ROOT = join(import.meta.dirname, '..');

function textOf(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

function sources(): string {
  return readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
    .map((file) => textOf(join('src', file)))
    .join('\n');
}

/** Each of the names that the text does not have between backquotes. */
function missingIn(text: string, names: Iterable<string>): readonly string[] {
  const quoted = new Set(
    [...text.matchAll(/`([^`\n]+)`/g)].flatMap(([, words = '']) => words.split(/[ ,]+/)),
  );
  return [...new Set(names)].filter((name) => !quoted.has(name));
}

describe('the documents name', () => {
  test('every event of the audit log, and every cause of a skip', () => {
    expect(missingIn(textOf('docs/audit-log.md'), [...AUDIT_EVENTS, ...SKIP_CAUSES])).toEqual([]);
  });

  test('every kind of notice', () => {
    expect(missingIn(textOf('docs/notices.md'), NOTICE_KINDS)).toEqual([]);
  });

  test('every fact of a deletion', () => {
    const facts = textOf('src/core/deletion/facts.ts').split('// ── Reading')[0] ?? '';
    const keys = [...facts.matchAll(/\b([a-z]+_[a-z_]+):/g)].map(([, key = '']) => key);
    expect(keys.length).toBeGreaterThan(10);
    expect(missingIn(textOf('docs/audit-log.md'), keys)).toEqual([]);
  });

  test('every flag of every command', () => {
    const flags = [
      ...`${textOf('src/cli/program.ts')}${textOf('src/cli/verbs.ts')}`.matchAll(/ption\(\s*'(--[a-z-]+)/g),
    ].map(([, flag = '']) => flag);
    expect(flags.length).toBeGreaterThan(15);
    const text = textOf('docs/commands.md');
    expect(flags.filter((flag) => !text.includes(flag))).toEqual([]);
  });

  test('every setting', () => {
    const settings = sources().match(/\b(?:RETENTION|CUSTOMGPT)_[A-Z_]+[A-Z]\b|\bLOG_LEVEL\b/g) ?? [];
    expect(settings.length).toBeGreaterThan(10);
    expect(missingIn(textOf('docs/commands.md'), settings)).toEqual([]);
  });

  test('every exit code', () => {
    const rows = [...textOf('docs/commands.md').matchAll(/^\| (\d+) +\|/gm)].map(([, code]) => Number(code));
    expect(rows).toEqual([...new Set(Object.values(EXIT))]);
  });
});

describe('a map', () => {
  const quoted = (path: string): readonly string[] =>
    [...textOf(path).matchAll(/`([a-z][\w./-]*\.(?:test\.)?ts)`/g)].map(([, file = '']) => file);

  test('of the house names files that are there', () => {
    const files = quoted('ARCHITECTURE.md');
    expect(files.length).toBeGreaterThan(20);
    const isThere = (file: string): boolean =>
      [file, join('src', file)].some((one) => existsSync(join(ROOT, one)));
    expect(files.filter((file) => !isThere(file))).toEqual([]);
  });

  test('of the simulator has every file of it', () => {
    const text = textOf('test/simulate/README.md');
    const files = readdirSync(join(ROOT, 'test/simulate')).filter((file) => /(?<!\.test)\.ts$/.test(file));
    expect(files.filter((file) => !text.includes(file))).toEqual([]);
    const named = text.match(/\b[a-z-]+\.ts\b/g) ?? [];
    expect(
      named.filter((file) => !files.includes(file) && !quoted('CONTRIBUTING.md').includes(file)),
    ).toEqual([]);
  });

  test('for whoever helps knows every script', () => {
    const { scripts } = JSON.parse(textOf('package.json')) as { scripts: Readonly<Record<string, string>> };
    const text = textOf('CONTRIBUTING.md');
    const ofOthers = [
      'pretest',
      'build',
      'check',
      'demo',
      'format:check',
      'lint',
      'types',
      'dead-code',
      'package',
    ];
    const missing = Object.keys(scripts).filter(
      (name) =>
        !ofOthers.includes(name) && !text.includes(`npm run ${name}`) && !text.includes(`npm ${name}`),
    );
    expect(missing).toEqual([]);
  });
});
