import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createHoldFile, holdsPlaces, readHolds } from './holds-file.ts';
import { readPolicies } from './policy-file.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'lookalikes-'));
  await put('p.yaml', POLICY);
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

const POLICY =
  'version: 1\nname: p\nprojects: { include: ["*"] }\nrules: [{ name: r, match: everything, action: keep }]\n';
const HOLDS = 'version: 1\nholds: []\n';

async function put(name: string, content = 'anything'): Promise<string> {
  const file = path.join(folder, name);
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, content);
  return file;
}

/** All problems of a folder's policies and holds, as every command sees them. */
async function problemsIn(given: string, named?: string): Promise<readonly string[]> {
  const policies = await readPolicies([given], { except: named });
  const places = await holdsPlaces([given], named);
  const reads = await Promise.all(places.map((place) => readHolds(place)));
  const holds = reads.flatMap((read) => (read.state === 'wrong' ? read.problems : []));
  return [...policies.problems, ...holds].map(
    ({ file, line, column, message }) => `${path.relative(folder, file)}:${line}:${column} ${message}`,
  );
}

describe('what looks like holds and is not read', () => {
  it.each([
    ...['holds.YAML', 'HOLDS.YML', 'holds.json', '.holds.yaml', '.hold.json', 'hold.json', 'holds'],
    ...['holds.yml.txt', 'holds.txt', 'holds.yaml.bak', 'holds.yaml~', 'holds.yaml.old', 'holds (1).json'],
    ...['holds.csv', 'legal-holds.json', 'hold.yaml.orig', 'holds.2026.yaml.bak'],
  ])('is refused: %s', async (name) => {
    await put(name);
    const problem = `${name}:1:1 it looks like holds and is not read: name it holds.yaml, or move it out of this folder`;
    expect(await problemsIn(folder)).toEqual([problem]);
    expect(await problemsIn(path.join(folder, 'p.yaml'))).toEqual([problem]);
  });

  it.each(['hold.yaml', 'legal-holds.yml', 'Holds.yaml'])(
    'is refused by what stands in it: %s',
    async (name) => {
      await put(name, HOLDS);
      const problem = `${name}:1:1 it looks like holds and is not read: name it holds.yaml, or move it out of this folder`;
      expect(await problemsIn(folder)).toEqual([problem]);
      expect(await problemsIn(path.join(folder, 'p.yaml'))).toEqual([problem]);
    },
  );

  it.each(['sub/holds.yaml', 'sub/holds.yml', 'sub/holds.json', 'sub/.holds.yaml', 'holds/case-1.yaml'])(
    'is refused in a subfolder: %s',
    async (name) => {
      await put(name);
      expect(await problemsIn(folder)).toEqual([
        `${name}:1:1 it looks like holds and is not read, because it lies in a subfolder: move it up beside the policies, or out of their folder`,
      ]);
    },
  );

  it('is no matter in another folder of policies, below a policy that is named alone', async () => {
    await put('policies/q.yaml', POLICY);
    await put('policies/holds.yaml', HOLDS);
    expect(await problemsIn(path.join(folder, 'p.yaml'))).toEqual([]);
    expect(await problemsIn(folder)).toHaveLength(1);
    await put('legal/holds.yaml', HOLDS);
    expect(await problemsIn(path.join(folder, 'p.yaml'))).toHaveLength(1);
  });

  it('is refused through a link, too', async () => {
    await put('elsewhere/list', HOLDS);
    await symlink('elsewhere/list', path.join(folder, 'holds.json'));
    expect(await problemsIn(folder)).toHaveLength(1);
    await symlink('nowhere', path.join(folder, 'holds.txt'));
    expect(await problemsIn(folder)).toHaveLength(2);
  });

  it('is all told at once, with what else is wrong', async () => {
    await put('holds.yaml', 'x: [');
    await put('holds.json');
    await put('sub/holds.yaml');
    await put('q.yaml', 'x: [');
    expect((await problemsIn(folder)).map((problem) => problem.split(':')[0])).toEqual([
      'q.yaml',
      'holds.yaml',
      'holds.json',
      'sub/holds.yaml',
    ]);
  });

  it('stops a run that meets it', async () => {
    await put('holds.json');
    const places = await holdsPlaces([folder], undefined);
    const [lookalike] = places.filter(({ problem }) => problem !== undefined);
    if (lookalike === undefined) throw new Error('not found');
    const file = createHoldFile(lookalike, { now: () => 0 });
    await expect(file.read()).rejects.toThrow(/holds\.json:1:1 it looks like holds and is not read/);
    await rm(path.join(folder, 'holds.json'));
    expect(await file.read()).toBeUndefined();
  });
});

describe('what is no list of holds', () => {
  it.each([
    ...['README.md', 'HOLDS.md', '.gitkeep', '.git/holds.yaml', '..2024_01/holds.yaml', '.idea/holds.json'],
    ...[
      'household.json',
      'holdings.csv',
      'threshold.txt',
      'holds.schema.json',
      'holds.yaml.example',
      'notes.txt',
    ],
    ...[
      '.holds.yaml.swp',
      '.#holds.yaml',
      '#holds.yaml#',
      '._holds.yaml',
      '.holds.yaml.Xy12Zw',
      'sub/deeper/holds.yaml',
    ],
    ...['sub/README.md', 'sub/p.yaml', 'holds.png'],
  ])('is passed over: %s', async (name) => {
    await put(name);
    expect(await problemsIn(folder)).toEqual([]);
  });

  it('is what is read as such: beside the policies, by its own path, or by the setting', async () => {
    await put('holds.yaml', HOLDS);
    expect(await problemsIn(folder)).toEqual([]);
    const named = await put('hold.json', HOLDS);
    expect(await problemsIn(folder, named)).toEqual([]);
    expect((await holdsPlaces([folder], named)).map(({ problem }) => problem)).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    const below = await put('sub/holds.yaml', HOLDS);
    const places = await holdsPlaces([folder, path.join(folder, 'sub')], named);
    expect(places.filter(({ problem }) => problem !== undefined)).toEqual([]);
    expect(places.map(({ file }) => file)).toContain(below);
  });

  it('is a policy of that name', async () => {
    await put('hold.yaml', POLICY.replace('name: p', 'name: hold'));
    expect(await problemsIn(folder)).toEqual([]);
    expect(await problemsIn(path.join(folder, 'p.yaml'))).toEqual([]);
  });
});

describe('what looks like a policy and is not read', () => {
  const problem = (name: string, right: string): string =>
    `${name}:1:1 it looks like a policy and is not read: name it ${right}, or move it out of this folder`;

  it.each([
    ['q.YAML', 'q.yaml'],
    ['q.Yml', 'q.yaml'],
    ['q.json', 'q.yaml'],
    ['q.yaml.txt', 'q.yaml'],
    ['q.yml.txt', 'q.yaml'],
  ])('is refused: %s', async (name, right) => {
    await put(name, name.endsWith('json') ? '{"version": 1, "rules": [], "projects": {}}' : POLICY);
    expect(await problemsIn(folder)).toEqual([problem(name, right)]);
    await rm(path.join(folder, 'p.yaml'));
    expect(await problemsIn(folder)).toEqual([problem(name, right)]);
  });

  it.each([
    ['package.json', '{"name": "x", "rules": []}'],
    ['q.json', 'rules projects'],
    ['q.yaml.bak', POLICY],
    ['.q.YAML', POLICY],
    ['notes.txt', POLICY],
    ['notes.yaml.txt', 'about projects'],
  ])('is not %s: %s', async (name, content) => {
    await put(name, content);
    expect(await problemsIn(folder)).toEqual([]);
  });
});
