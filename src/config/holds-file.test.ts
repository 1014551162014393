import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import type { ListedHold } from '../core/hold.ts';
import { createHoldFile, holdsPlaces, readHolds } from './holds-file.ts';
import { holdsJsonSchemaText } from './holds-json-schema.ts';
import { formatProblem } from './problems.ts';

const CLOCK = { now: () => Date.now() + 1000 };

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'holds-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

async function put(content: string | Uint8Array, name = 'holds.yaml'): Promise<string> {
  const file = path.join(folder, name);
  await writeFile(file, content);
  return file;
}
async function holdsOf(content: string): Promise<readonly ListedHold[]> {
  const read = await readHolds({ file: await put(content), isNamed: false });
  if (read.state !== 'read') throw new Error(JSON.stringify(read));
  return read.holds;
}
async function problemsOf(content: string | Uint8Array): Promise<readonly string[]> {
  const file = await put(content);
  const read = await readHolds({ file, isNamed: false });
  if (read.state !== 'wrong') throw new Error(JSON.stringify(read));
  return read.problems.map((problem) => formatProblem(problem).replace(`${file}:`, ''));
}

const SESSION = '3f2a5c1e-0000-4000-8000-000000000001';
const HEAD = 'version: 1\nholds:\n';
const WHY = 'matter: M-17, reason: suit, by: legal';

describe('a file of holds', () => {
  it('is read as the documentation writes it', async () => {
    expect(
      await holdsOf(`version: 1
holds:
  - project: 1234
    session: ${SESSION}        # optional: without it the whole project is held
    matter: CASE-2026-17
    reason: Litigation, do not delete
    by: legal@example.com
    until: 2027-01-31     # optional, held to the end of that day in UTC
  - project: "77"
    matter: M-18
    reason: >
      Complaint 4711
    by: ' J. Doe '
`),
    ).toEqual([
      {
        projectId: 1234,
        sessionId: SESSION,
        matter: 'CASE-2026-17',
        reason: 'Litigation, do not delete',
        by: 'legal@example.com',
        untilAt: Date.UTC(2027, 1, 1),
      },
      {
        projectId: 77,
        sessionId: undefined,
        matter: 'M-18',
        reason: 'Complaint 4711',
        by: 'J. Doe',
        untilAt: undefined,
      },
    ]);
  });

  it('may hold nothing, and several conversations in one go', async () => {
    expect(await holdsOf('version: 1\nholds: []\n')).toEqual([]);
    const several = await holdsOf(
      `${HEAD}- { project: 1, session: [12345678, 0123456789, ${SESSION}], ${WHY} }`,
    );
    expect(several.map(({ sessionId }) => sessionId)).toEqual(['12345678', '0123456789', SESSION]);
  });

  it('may list what is over by its date, or will be', async () => {
    expect(await holdsOf(`${HEAD}- { project: 1, ${WHY}, until: 2020-01-01 }`)).toHaveLength(1);
  });

  it('gives back what was written', async () => {
    const text = fc.stringMatching(/^[a-zA-Z0-9äöü:#'"{}[\]&*!|>%@`,-][a-zA-Z0-9 .:#-]{0,20}[a-z]$/);
    const entry = fc.record(
      {
        project: fc.integer({ min: 1, max: 2 ** 40 }),
        session: fc.stringMatching(/^[A-Za-z0-9_-]{8,40}$/),
        matter: text,
        reason: text,
        by: text,
        until: fc.constantFrom('2026-01-01', '2028-02-29'),
      },
      { requiredKeys: ['project', 'matter', 'reason', 'by'] },
    );
    const unique = fc.uniqueArray(entry, { maxLength: 8, selector: (one) => JSON.stringify(one) });
    await fc.assert(
      fc.asyncProperty(unique, async (entries) => {
        const holds = await holdsOf(stringify({ version: 1, holds: entries }));
        expect(holds).toHaveLength(entries.length);
        holds.forEach((hold, index) => {
          const { project, session, matter, reason, by } = entries[index] ?? {};
          expect(hold).toMatchObject({ projectId: project, sessionId: session, matter, reason, by });
        });
      }),
      { numRuns: 60 },
    );
  });
});

describe('is refused', () => {
  it.each([
    ['an empty file', '', ['1:1 the file is empty']],
    ['comments alone', '# none\n', ['1:1 the file is empty']],
    [
      'no list',
      'version: 1\nholds:\n',
      ['2:1 holds: must be a list, not nothing: write holds: [] where nothing is held'],
    ],
    ['no version', 'holds: []\n', ['1:1 version: is missing: it must be 1']],
    ['another version', 'version: 2\nholds: []\n', [/^1:10 version: must be the number 1/]],
    ['one text', 'version:1', [/^1:1 the file is one text/]],
    ['a list', '[]', ['1:1 the file must be a block of keys (version, holds), not a list']],
    [
      'an unknown key at the top',
      'version: 1\nhold: []\nholds: []\n',
      ['2:1 hold: is not a key here (did you mean "holds"?)'],
    ],
    [
      'an unknown key in a hold',
      `${HEAD}- { project: 1, sesion: ${SESSION}, ${WHY} }`,
      ['3:17 holds[0].sesion: is not a key here (did you mean "session"?)'],
    ],
    ['a policy', 'version: 1\nname: p\nholds: []\n', [/^2:1 name: is not a key here; there are version and/]],
    ['a duplicate key', `${HEAD}- { project: 1, project: 2, ${WHY} }`, [/^3:17 .*project: is written twice/]],
    ['an alias', `${HEAD}- *a`, [/^3:3 aliases/]],
    ['an anchor', `${HEAD}- &a { project: 1, ${WHY} }`, [/^3:3 anchors/]],
    ['a tag', `${HEAD}- !x { project: 1, ${WHY} }`, [/^3:3 tags/]],
    ['a second document', `version: 1\nholds: []\n---\nholds: []\n`, [/^3:1 a second document/]],
    ['no project', `${HEAD}- { ${WHY} }`, [/^3:3 holds\[0\]\.project: is missing/]],
    [
      'a project by name',
      `${HEAD}- { project: chats, ${WHY} }`,
      ['3:14 holds[0].project: is not a project id'],
    ],
    ['project 0', `${HEAD}- { project: 0, ${WHY} }`, [/^3:14 .*project: must be at least 1, not 0/]],
    ['a large project', `${HEAD}- { project: 99999999999999999, ${WHY} }`, [/^3:14 .*not a project id/]],
    [
      'an empty session',
      `${HEAD}- { project: 1, session: , ${WHY} }`,
      [/^3:17 holds\[0\]\.session: must be .*not nothing/],
    ],
    [
      'no session at all',
      `${HEAD}- { project: 1, session: [], ${WHY} }`,
      [/^3:26 .*session: is an empty list/],
    ],
    ['a session of dots', `${HEAD}- { project: 1, session: '..', ${WHY} }`, [/^3:26 .*must be a session id/]],
    [
      'a short session',
      `${HEAD}- { project: 1, session: [${SESSION}, 1234567], ${WHY} }`,
      [/^3:65 holds\[0\]\.session\[1\]: must be a session id/],
    ],
    [
      'no matter',
      `${HEAD}- { project: 1, reason: a, by: b }`,
      [/^3:3 holds\[0\]\.matter: is missing: it must be text/],
    ],
    [
      'a long matter',
      `${HEAD}- { project: 1, matter: ${'m'.repeat(61)}, reason: a, by: b }`,
      [/^3:25 .*matter: must not be longer than 60/],
    ],
    [
      'an empty reason',
      `${HEAD}- { project: 1, matter: m, reason: " ", by: b }`,
      [/^3:36 .*reason: must not be empty/],
    ],
    [
      'a control character',
      `${HEAD}- { project: 1, matter: m, reason: "a\\e[2J", by: b }`,
      [/^3:36 .*control or invisible/],
    ],
    [
      'nobody',
      `${HEAD}- { project: 1, matter: m, reason: r, by: 7 }`,
      [/^3:43 .*by: must be text, not the number 7: put it in quotes/],
    ],
    [
      'until no day',
      `${HEAD}- { project: 1, ${WHY}, until: 2026-02-30 }`,
      [/^3:63 holds\[0\]\.until: must be a day, such as/],
    ],
    ['until a duration', `${HEAD}- { project: 1, ${WHY}, until: 3mo }`, [/^3:63 .*until: must be a day/]],
    [
      'the same twice',
      `${HEAD}- { project: 1, ${WHY} }\n- { project: 1, ${WHY} }`,
      ['4:3 holds[1]: says the same as holds[0]'],
    ],
    [
      'the same conversation twice',
      `${HEAD}- { project: 1, session: [${SESSION}, ${SESSION}], ${WHY} }`,
      ['3:65 holds[0].session[1]: stands here a second time'],
    ],
    [
      'the same conversation in two',
      `${HEAD}- { project: 1, session: ${SESSION}, ${WHY} }\n- { project: 1, session: [${SESSION}], ${WHY} }`,
      ['4:27 holds[1].session[0]: is held by holds[0] already'],
    ],
    ['a control character in the file', 'version: 1\nholds: []\0', [/^2:10 a control character/]],
    ['bytes', new Uint8Array([0xff, 0xfe]), ['1:1 the file is not UTF-8 text']],
    ['a large file', `#${'x'.repeat(16 * 1024 * 1024)}`, [/^1:1 the file is larger than 16 MiB/]],
  ] as const)('%s', async (_, content, expected) => {
    const found = await problemsOf(content);
    expect(found).toHaveLength(expected.length);
    expected.forEach((one, index) => {
      if (typeof one === 'string') expect(found[index]).toBe(one);
      else expect(found[index]).toMatch(one);
    });
  });

  it('with all problems together, by line', async () => {
    const found = await problemsOf(
      `version: 1\nholds:\n  - { project: 1, ${WHY} }\n  - { project: 0, ${WHY}, till: 2027-01-01 }\n  - { project: 1, ${WHY} }\nhold: 1\n`,
    );
    expect(found.map((problem) => problem.split(' ').slice(0, 2).join(' '))).toEqual([
      '4:16 holds[1].project:',
      '4:58 holds[1].till:',
      '5:5 holds[2]:',
      '6:1 hold:',
    ]);
  });
});

describe('the places of holds', () => {
  const at = (...parts: string[]): string => path.join(folder, ...parts);
  const places = async (paths: readonly string[], named?: string): Promise<readonly string[]> =>
    (await holdsPlaces(paths, named)).map(
      ({ file, isNamed }) => `${path.relative(folder, file)}${isNamed ? ' named' : ''}`,
    );

  it('are the folders of all policies, and the one that is named', async () => {
    await mkdir(at('a'));
    await mkdir(at('b'));
    await writeFile(at('b', 'p.yaml'), '');
    expect(await places([at('a'), at('b', 'p.yaml'), at('b')], at('legal.yaml'))).toEqual([
      'legal.yaml named',
      'a/holds.yaml',
      'a/holds.yml',
      'b/holds.yaml',
      'b/holds.yml',
    ]);
    expect(await places([at('a'), at('a', 'holds.yml')])).toEqual(['a/holds.yaml', 'a/holds.yml named']);
  });

  it('may be without a file, but not with one that cannot be read', async () => {
    const state = async (name: string, isNamed = false): Promise<string> => {
      const read = await readHolds({ file: at(name), isNamed });
      return read.state === 'wrong' ? read.problems.map(({ message }) => message).join() : read.state;
    };
    expect(await state('holds.yaml')).toBe('missing');
    expect(await state('holds.yaml', true)).toBe('there is no such file or folder');
    await symlink('nowhere', at('holds.yaml'));
    expect(await state('holds.yaml')).toBe('there is no such file or folder');
    await mkdir(at('folder.yaml'));
    expect(await state('folder.yaml')).toBe('it is not a file');
    execFileSync('mkfifo', [at('pipe.yaml')]);
    expect(await state('pipe.yaml')).toBe('it is not a file');
    await put('version: 1\nholds: []\n', 'real.yaml');
    await symlink('real.yaml', at('holds.yml'));
    expect(await state('holds.yml')).toBe('read');
  });
});

describe('a file for a run', () => {
  const LIST = `${HEAD}- { project: 1, ${WHY} }\n`;

  it('is the same list while nobody saves it', async () => {
    const file = await put(LIST);
    await utimes(file, 1.25, 1.25);
    const holds = createHoldFile({ file, isNamed: false }, CLOCK);
    expect(holds.source).toBe(file);
    const first = await holds.read();
    expect(first).toMatchObject({ source: file, holds: [{ projectId: 1 }], revision: 1250 });
    expect(await holds.read()).toBe(first);
    await put(LIST);
    const second = await holds.read();
    expect(second).toEqual({ ...first, revision: (await stat(file)).mtimeMs });
    await utimes(file, 1.25, 1.25);
    expect(await holds.read()).toEqual(first);
    await put(LIST.replace('project: 1', 'project: 2'));
    expect(await holds.read()).toMatchObject({ holds: [{ projectId: 2 }] });
    await rm(file);
    expect(await holds.read()).toBeUndefined();
    execFileSync('mkfifo', [file]);
    await expect(holds.read()).rejects.toThrow('it is not a file');
  });

  it('is of no known age where its time lies in the future', async () => {
    const file = await put(LIST);
    const now = 1_700_000_000_000;
    const revisionAt = async (modifiedAt: number) => {
      await utimes(file, modifiedAt / 1000, modifiedAt / 1000);
      return (await createHoldFile({ file, isNamed: false }, { now: () => now }).read())?.revision;
    };
    expect(await revisionAt(now - 1)).toBe(now - 1);
    expect(await revisionAt(now + 60_000)).toBe(now);
    expect(await revisionAt(now + 61_000)).toBeUndefined();
  });

  it('throws with all its problems in one line', async () => {
    const file = await put(`${HEAD}- { project: 0, ${WHY}, til: 1 }\n`);
    await expect(createHoldFile({ file, isNamed: false }, CLOCK).read()).rejects.toThrow(
      expect.objectContaining({
        kind: 'usage',
        message: expect.stringMatching(/^the holds cannot be used: .*:3:14 .*; .*:3:56 [^\n]*$/) as string,
      }) as Error,
    );
    const named = createHoldFile({ file: path.join(folder, 'none.yaml'), isNamed: true }, CLOCK);
    await expect(named.read()).rejects.toThrow(/none\.yaml:1:1 there is no such file/);
  });
});

describe('the example', () => {
  it('holds nothing, and its comment is what may be written', async () => {
    const file = new URL('../../policies/holds.yaml', import.meta.url);
    const text = await readFile(file, 'utf8');
    expect(await holdsOf(text)).toEqual([]);
    expect(text).toContain('# yaml-language-server: $schema=../schema/holds.schema.json');
    const example = text.slice(text.indexOf('# holds:')).replaceAll(/^# /gm, '');
    expect(await holdsOf(`version: 1\n${example}`)).toMatchObject([
      { projectId: 1234, matter: 'CASE-2026-17' },
    ]);
  });
});

describe('the schema for editors', () => {
  it('is as committed; otherwise run: npm run schema', async () => {
    const committed = await readFile(new URL('../../schema/holds.schema.json', import.meta.url), 'utf8');
    expect(committed).toBe(holdsJsonSchemaText());
    expect(JSON.parse(committed)).toMatchObject({
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      title: 'Holds',
      required: ['version', 'holds'],
      additionalProperties: false,
    });
  });
});
