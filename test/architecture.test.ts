import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { describe, expect, test } from 'vitest';
import { GROUPS } from './mutation/groups.ts';

const SRC = join(import.meta.dirname, '..', 'src');

/** Who may import whom. A folder may always import itself. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  core: [],
  sandbox: [],
  report: ['core'],
  audit: ['core'],
  run: ['core'],
  config: ['core'],
  customgpt: ['core'],
  store: ['core'],
  'state-home': ['core'],
  notices: ['core'],
  daemon: ['core', 'run'],
  web: ['core', 'report'],
  metrics: ['core'],
  traces: ['core'],
  cli: [
    ...['core', 'audit', 'run', 'report', 'config', 'customgpt', 'store', 'state-home', 'daemon'],
    ...['notices', 'web', 'metrics', 'traces'],
    'sandbox',
  ],
  'main.ts': ['cli'],
};

/** Within `run`: what lies in none of its rooms is a whole use case, or what all of them share. */
const RUN_MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  plan: [],
  prove: ['plan'],
  apply: ['plan', 'prove', 'around'],
  around: ['prove'],
};
/** The only files of `run` outside its rooms that these may import. */
const SHARED_IN_RUN = ['context', 'api-faults', 'audit-facts', 'clock-watch', 'stop-signals'].map(
  (name) => `run/${name}.ts`,
);

interface Import {
  readonly from: string;
  readonly to: string;
}

function sources(): readonly string[] {
  return readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter(
    (file) => file.endsWith('.ts') && !file.endsWith('.test.ts'),
  );
}

function importsOf(file: string): readonly Import[] {
  const text = readFileSync(join(SRC, file), 'utf8');
  const specifiers = [...text.matchAll(/(?:from|import)\s*\(?\s*'(\.[^']*\.ts)'/g)].map(
    (match) => match[1] ?? '',
  );
  return specifiers.map((specifier) => ({ from: file, to: normalize(join(dirname(file), specifier)) }));
}

function room(file: string): string {
  return file.split('/')[0] ?? file;
}

const ALL = sources().flatMap(importsOf);

describe('the direction of imports', () => {
  test('every folder of src is known here', () => {
    expect([...new Set(sources().map(room))].sort()).toEqual(Object.keys(MAY_IMPORT).sort());
  });

  test('is kept by every file', () => {
    const wrong = ALL.filter(
      ({ from, to }) => room(from) !== room(to) && !MAY_IMPORT[room(from)]?.includes(room(to)),
    );
    expect(wrong).toEqual([]);
  });

  test('is kept by every room of a run', () => {
    const roomOfRun = (file: string): string | undefined => /^run\/([^/]+)\//.exec(file)?.[1];
    const rooms = new Set(sources().flatMap((file) => roomOfRun(file) ?? []));
    expect([...rooms].sort()).toEqual(Object.keys(RUN_MAY_IMPORT).sort());
    const wrong = ALL.filter(({ from, to }) => {
      const room = roomOfRun(from);
      if (!to.startsWith('run/') || room === roomOfRun(to)) return false;
      if (room === undefined) return SHARED_IN_RUN.includes(from) && !SHARED_IN_RUN.includes(to);
      return !RUN_MAY_IMPORT[room]?.includes(roomOfRun(to) ?? '') && !SHARED_IN_RUN.includes(to);
    });
    expect(wrong).toEqual([]);
  });

  test('finds imports at all', () => {
    expect(ALL.length).toBeGreaterThan(100);
    expect(ALL.every(({ to }) => !relative('.', to).startsWith('..'))).toBe(true);
  });

  test('knows no circles', () => {
    const done = new Set<string>();
    const visit = (file: string, trail: readonly string[]): void => {
      expect(trail, `a circle through ${file}`).not.toContain(file);
      if (done.has(file)) return;
      for (const { from, to } of ALL) if (from === file) visit(to, [...trail, file]);
      done.add(file);
    };
    for (const file of sources()) visit(file, []);
  });
});

describe('who may delete', () => {
  test('one file of the use cases sends a DELETE', () => {
    const senders = sources().filter((file) =>
      /\.deleteConversation\(/.test(readFileSync(join(SRC, file), 'utf8')),
    );
    expect(senders).toEqual(['run/apply/send-delete.ts']);
  });

  test('planning has no deleter in reach', () => {
    const planning = sources().filter((file) => file.startsWith('run/plan/'));
    expect(planning.length).toBeGreaterThan(5);
    for (const file of planning) expect(readFileSync(join(SRC, file), 'utf8')).not.toMatch(/Deleter/);
  });
});

test('what is mutated, and what has to notice it, exists', () => {
  const named = Object.values(GROUPS).flatMap(({ mutate, tests }) => [...mutate, ...tests]);
  expect(named.filter((file) => !file.includes('*') && !existsSync(join(SRC, '..', file)))).toEqual([]);
});

describe('the edges', () => {
  const outside = sources().filter((file) => !['main.ts', 'cli', 'sandbox'].includes(room(file)));

  test.each([
    ['the clock', /\bDate\.now\(|\bnew Date\(\)|performance\.now\(/],
    ['randomness', /Math\.random\(|randomBytes\(|randomUUID\(|generateKey/],
    ['the environment', /process\.(env|argv|exit|on)\b/],
    ['the console', /\bconsole\./],
  ])('%s is touched in main, cli and the sandbox only', (_, pattern) => {
    expect(outside.filter((file) => pattern.test(readFileSync(join(SRC, file), 'utf8')))).toEqual([]);
  });
});
