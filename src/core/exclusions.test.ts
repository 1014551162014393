import { describe, expect, test } from 'vitest';
import type { Project } from './conversation.ts';
import { exclusionStopInWords, judgeExclusions, type KeptOut } from './exclusions.ts';
import type { ExcludeEntry } from './policy.ts';

const SUPPORT: Project = { id: 101, name: 'Support' };
const LEGAL: Project = { id: 202, name: 'Legal archive 2026' };
const RENAMED: Project = { id: 202, name: 'Legal - archive 2026' };
const NAMELESS: Project = { id: 303, name: undefined };

const id = (written: string): ExcludeEntry => ({
  ...{ written, kind: 'id', matches: (project) => String(project.id) === written },
});
const starting = (text: string): ExcludeEntry => ({
  written: `${text}*`,
  kind: 'pattern',
  matches: ({ name }) => name?.startsWith(text) ?? true,
});
const name = (written: string): ExcludeEntry => ({
  ...{ written, kind: 'name', matches: (project) => (project.name ?? written) === written },
});
const once = (entry: string, ...ids: readonly number[]): readonly KeptOut[] =>
  ids.map((projectId) => ({ entry, projectId }));

function judge(
  entries: readonly ExcludeEntry[],
  visible: readonly Project[],
  rest: { before?: readonly KeptOut[]; released?: readonly number[]; allowed?: readonly string[] } = {},
) {
  const projects = {
    includes: (project: Project) => !entries.some(({ matches }) => matches(project)),
    excludeEntries: entries,
    released: new Set(rest.released),
    allowUnmatched: new Set(rest.allowed),
  };
  return judgeExclusions(projects, visible, rest.before ?? []);
}

const LEGAL_ENTRY = starting('Legal archive');

describe('an exclude entry', () => {
  test('that matches is counted and remembered, and stops nothing', () => {
    expect(judge([LEGAL_ENTRY, id('101')], [SUPPORT, LEGAL])).toEqual({
      counts: [
        { entry: 'Legal archive*', matched: 1 },
        { entry: '101', matched: 1 },
      ],
      keptOut: [...once('Legal archive*', 202), ...once('101', 101)],
      stops: [],
      warnings: [],
    });
  });

  test('that once kept out what it would cover now stops the policy, as often as it is asked', () => {
    const before = once('Legal archive*', 202);
    const { stops, warnings } = judge([LEGAL_ENTRY], [SUPPORT, RENAMED], { before });
    expect(stops).toEqual([{ why: 'lost', entry: 'Legal archive*', projectId: 202 }]);
    expect(warnings).toEqual([
      'exclude entry "Legal archive*" keeps nothing out: it matches no project; it once kept out project 202',
    ]);
    expect(stops.map(exclusionStopInWords)).toEqual([
      '"Legal archive*" once kept project 202 out and no longer does; correct it, or write projects.released: [202]',
    ]);
  });

  test('stops also when it still keeps others out', () => {
    const before = once('Legal archive*', 202, 203);
    const visible = [RENAMED, { id: 203, name: 'Legal archive 2' }];
    expect(judge([LEGAL_ENTRY], visible, { before })).toMatchObject({
      stops: [{ why: 'lost', projectId: 202 }],
      warnings: [],
    });
  });

  test.each([
    ['released', [LEGAL_ENTRY], [RENAMED], [202]],
    ['kept out by another entry', [LEGAL_ENTRY, id('202')], [RENAMED], []],
    ['gone, or no longer visible', [LEGAL_ENTRY], [SUPPORT], []],
  ] as const)('stops nothing where the project is %s', (...[, entries, visible, released]) => {
    expect(judge(entries, visible, { before: once('Legal archive*', 202), released }).stops).toEqual([]);
  });

  test('that is no longer in the file stops nothing, but it is said', () => {
    const before = once('Legal archive*', 202);
    expect(judge([], [RENAMED], { before })).toMatchObject({
      stops: [],
      warnings: [
        'project 202 is now covered: "Legal archive*", which kept it out, is no longer in exclude (if you mean this, write projects.released: [202])',
      ],
    });
    expect(judge([], [RENAMED], { before, released: [202] }).warnings).toEqual([]);
  });

  test('that keeps out what was released is refused', () => {
    const { stops } = judge([LEGAL_ENTRY], [LEGAL], { released: [202] });
    expect(stops).toEqual([{ why: 'released', entry: 'Legal archive*', projectId: 202 }]);
    expect(stops.map(exclusionStopInWords)).toEqual([
      'project 202 stands under projects.released, and "Legal archive*" keeps it out; take it out of one of them',
    ]);
  });

  test.each([id('909'), name('Leagl')])('$written, that never matched, stops the policy', (entry) => {
    const { stops, warnings } = judge([entry], [SUPPORT]);
    expect(stops).toEqual([{ why: 'never_matched', entry: entry.written, projectId: undefined }]);
    expect(warnings).toEqual([]);
    expect(stops.map(exclusionStopInWords).join('')).toBe(
      `"${entry.written}" matches no project and never did; correct it, or write projects.allow_unmatched: ["${entry.written}"]`,
    );
    expect(judge([entry], [SUPPORT], { allowed: [entry.written] })).toMatchObject({
      stops: [],
      warnings: [expect.stringContaining(`"${entry.written}" keeps nothing out`)],
    });
  });

  test('of a project that is gone, and a pattern that matches none, are warnings', () => {
    expect(judge([id('202'), starting('x')], [SUPPORT], { before: once('202', 202) })).toMatchObject({
      counts: [{ matched: 0 }, { matched: 0 }],
      stops: [],
      warnings: [
        'exclude entry "202" keeps nothing out: no project that the key can see has this id; it once kept out project 202',
        'exclude entry "x*" keeps nothing out: it matches no project',
      ],
    });
  });

  test('does not learn from a project whose name is not known', () => {
    expect(judge([starting('Legal'), id('303')], [NAMELESS]).keptOut).toEqual(once('303', 303));
    expect(judge([name('Legal')], [NAMELESS]).stops).toHaveLength(1);
  });
});

test.each([
  [[1], 'project 1'],
  [[1, 2], 'projects 1, 2'],
  [[1, 2, 3, 4], 'projects 1, 2, 3 and 1 more'],
])('an entry that once kept out %j names three of them at most', (ids, named) => {
  const before = once('Legal archive*', ...ids);
  const rest = { before, allowed: ['Legal archive*'], released: ids };
  expect(judge([LEGAL_ENTRY], [SUPPORT], rest).warnings).toEqual([
    `exclude entry "Legal archive*" keeps nothing out: it matches no project; it once kept out ${named}`,
  ]);
});
