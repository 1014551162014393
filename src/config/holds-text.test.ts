import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { piecesOf } from './holds-pieces.ts';
import { holdsSchema } from './holds-schema.ts';
import { readHoldsText, type HoldsText } from './holds-text.ts';
import { formatProblem } from './problems.ts';
import { readYaml } from './yaml-document.ts';

const HEAD = 'version: 1\nholds:\n';
const entry = (project: number, more = ''): string =>
  `  - project: ${project}\n    matter: M-${project}\n    reason: suit\n    by: legal\n    until: 2027-12-31\n${more}`;
const entries = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => entry(index + 1));
const problemsIn = (read: HoldsText): readonly string[] =>
  read.state === 'wrong' ? read.problems.map((problem) => formatProblem(problem).replace(/^f:/, '')) : [];

describe('a long list of holds', () => {
  it('is read in pieces, and says what it says', async () => {
    const text = `${HEAD}${entries(5000).join('')}`;
    expect([...piecesOf(text)].length).toBeGreaterThan(50);
    const read = await readHoldsText('f', text);
    if (read.state !== 'read') throw new Error(problemsIn(read).join('\n'));
    expect(read.holds).toHaveLength(5000);
    expect(read.holds[4711]).toMatchObject({ projectId: 4712, matter: 'M-4712', by: 'legal' });
  });

  it('has its faults where they stand', async () => {
    const list = [...entries(1000)];
    list[3] = entry(4, '    til: x\n');
    list[997] = entry(3);
    list[898] = '  - project: 999\n    matter: "M\n';
    const found = problemsIn(await readHoldsText('f', `${HEAD}${list.join('')}hold: 1\n`));
    expect([found[0], found.at(-2)]).toEqual([
      '23:5 holds[3].til: is not a key here; there are project, session, matter, reason, by and until',
      '4986:5 holds[997]: says the same as holds[2]',
    ]);
    expect(found.at(-1)).toMatch(/^\d+:1 hold: is not a key here/);
    expect(found.slice(1, -2).join('\n')).toMatch(/^4501:1 this is not valid YAML/);
  });

  it('ends with a word when there are faults enough', async () => {
    const wrong = Array.from({ length: 5000 }, () => '  - project: 0\n');
    const found = problemsIn(await readHoldsText('f', `${HEAD}${wrong.join('')}`));
    expect(found.length).toBeLessThan(1000);
    expect(found.at(-1)).toMatch(
      /^\d+:\d+ the rest may not have been checked: there are already too many problems$/,
    );
  });
});

describe('pieces of a list', () => {
  /** As a whole, by the same rules. */
  function readWhole(text: string): unknown {
    const yaml = readYaml('f', text);
    if (!yaml.ok || yaml.document.problems.length > 0) return undefined;
    return holdsSchema.safeParse(yaml.document.data).data?.holds.map(({ project, reason }) => ({
      project: Number(project),
      reason: reason.trim(),
    }));
  }

  it('say nothing that the whole does not say', async () => {
    const line = fc.constantFrom(
      ...['  reason: r', '  reason: "a', 'b"', "  reason: 'x", "- y'", '  reason: |', '    - text', '- z'],
      ...[
        '  reason: >-',
        '   word',
        'reason: q',
        '# note',
        '  # note',
        '',
        '   ',
        '\t',
        '...',
        '---',
        'version: 1',
      ],
      ...['holds: []', 'holds:', '  {', '  }', '  project: 7', '- - a', '  ? x', '  : y', '    reason: k'],
    );
    const entryLines = fc
      .tuple(fc.nat(9), fc.array(line, { maxLength: 2 }), fc.nat(5))
      .map(([number, lines, rare]) => [
        ...[`- project: ${number + 1}`, `  matter: m${number}`, '  by: b'],
        ...(rare === 0 ? [] : ['  reason: r']),
        ...(rare > 3 ? lines : lines.filter((text) => /^ *(?:#.*)?$/.test(text))),
      ]);
    const texts = fc
      .record({
        head: fc.constantFrom(
          'version: 1\n',
          'version: 1\n',
          '# x\n\nversion: 1\n',
          '--- \nversion: 1\n',
          '',
        ),
        indent: fc.constantFrom('', '  ', '   '),
        list: fc.array(entryLines, { minLength: 1, maxLength: 4 }),
        outdentedAt: fc.nat(60),
        tail: fc.constantFrom('', '', '', 'version: 1\n'),
      })
      .map(({ head, indent, list, outdentedAt, tail }) => {
        const lines = list.flat().map((text, index) => (index === outdentedAt ? text : indent + text));
        return `${head}holds:\n${lines.join('\n')}\n${tail}`;
      });
    let accepted = 0;
    await fc.assert(
      fc.asyncProperty(texts, async (text) => {
        const read = await readHoldsText('f', text, { units: 1, entries: 1 });
        if (read.state !== 'read') return;
        accepted += 1;
        expect(read.holds.map(({ projectId: project, reason }) => ({ project, reason }))).toEqual(
          readWhole(text),
        );
      }),
      { numRuns: 1000 },
    );
    expect(accepted).toBeGreaterThan(20);
  });
});
