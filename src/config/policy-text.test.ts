import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Policy } from '../core/policy.ts';
import { cutoffsAt, evaluate } from '../core/selector.ts';
import { readPolicies } from './policy-file.ts';
import { formatProblem } from './problems.ts';

/* What is written in a policy and looks right: patterns, ids and texts that would protect nothing, or cover too much. */

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'policy-text-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

async function read(content: string): Promise<{ policy: Policy | undefined; problems: readonly string[] }> {
  const file = path.join(folder, 'p.yaml');
  await writeFile(file, content);
  const { policies, problems } = await readPolicies([file]);
  return {
    policy: policies[0],
    problems: problems.map((problem) => formatProblem(problem).replace(`${file}:`, '')),
  };
}
async function problemsOf(content: string): Promise<readonly string[]> {
  return (await read(content)).problems;
}
async function policyOf(content: string): Promise<Policy> {
  const { policy, problems } = await read(content);
  if (policy === undefined) throw new Error(problems.join('\n'));
  return policy;
}

const withProjects = (projects: string): string =>
  `version: 1\nname: p\nprojects: ${projects}\nrules:\n  - { name: old, match: { older_than: 90d }, action: delete }\n`;
const withKeep = (match: string, rest = ''): string =>
  `version: 1\nname: p\nprojects: { include: ['*'] }\nrules:\n  - name: vip\n    match: ${match}\n    action: keep\n  - { name: old, match: { older_than: 90d }, action: delete }\n${rest}`;
const withDelete = (match: string): string =>
  `version: 1\nname: p\nprojects: { include: ['*'] }\nrules:\n  - name: old\n    match: ${match}\n    action: delete\n`;

describe('a pattern of another dialect', () => {
  const CASES: readonly (readonly [string, string, RegExp])[] = [
    ['{ name: { contains: "*VIP*" } }', 'name.contains', /"\*" at an end.*write contains: "VIP"/],
    ['{ name: { regex: "/^VIP.*/i" } }', 'name.regex', /slashes.*regex: "\^VIP\.\*" with ignore_case: true/],
    ['{ name: "VIP*, Key*" }', 'name', /list of several: write glob: \["VIP\*", "Key\*"\]/],
    ['{ name: "%VIP%" }', 'name', /SQL.*write glob: "\*VIP\*"/],
    ['{ name: “VIP*” }', 'name', /typographic quotes.*write glob: "VIP\*"/],
    ['{ name: [a, ".*VIP.*"] }', 'name[1]', /starts with "\.\*".*write glob: "\*VIP\*"/],
    ['{ name: { starts_with: [a, "^VIP"] } }', 'name.starts_with[1]', /no sign of a start/],
    ['{ name: { regex: VIP } }', 'name.regex', /no sign of a regular expression/],
    ['{ name: { equals: " VIP" } }', 'name.equals', /starts or ends with a space.*equals: "VIP"/],
    ['{ name: { contains: "VIP\\n" } }', 'name.contains', /line break \(after \| YAML leaves one/],
    ['{ any: [{ not: { name: { equals: VIP% } } }] }', 'any[0].not.name.equals', /SQL/],
  ];

  it.each(CASES)('is refused in a keep rule and in a delete rule: %s', async (match, place, expected) => {
    for (const text of [withKeep(match), withDelete(match)]) {
      const problems = await problemsOf(text);
      expect(problems).toHaveLength(1);
      expect(problems[0]).toContain(` rules[0].match.${place}: `);
      expect(problems[0]).toMatch(expected);
      expect(problems[0]).toContain('literal: true');
    }
  });

  it('stands for itself where the rule says so, and only that is switched off', async () => {
    const { rules } = await policyOf(
      withKeep(
        '{ any: [{ name: { contains: "*VIP*", literal: true } }, { name: { glob: "%V*", literal: true } }] }',
      ),
    );
    expect(rules[0]?.selector).toMatchObject({
      of: [
        { matchers: [{ how: 'contains', pattern: '*VIP*', literal: true, ignoreCase: false }] },
        { matchers: [{ how: 'glob', pattern: '%V*', literal: true }] },
      ],
    });
    expect(await problemsOf(withKeep('{ name: { glob: "[a]", literal: true } }'))).toHaveLength(1);
    expect(await problemsOf(withKeep('{ name: { contains: "*VIP*", literal: false } }'))).toHaveLength(1);
    expect(await problemsOf(withKeep('{ name: { literal: true } }'))).toHaveLength(1);
  });

  it('is told with all other problems', async () => {
    const problems = await problemsOf(
      withKeep('{ name: [ "%VIP%", "[" ], older_than: 3m }', 'concurrency: 0\n'),
    );
    expect(problems.map((line) => line.split(' ')[1])).toEqual([
      'rules[0].match.name[0]:',
      'rules[0].match.name[1]:',
      'rules[0].match.older_than:',
      'concurrency:',
    ]);
  });

  it.each(['Rechnung 50%', 'C++ (beta)', 'a|b', 'Müller, Anna', '^_^', 'US$', 'Wie kündige ich?'])(
    'is not %j',
    async (text) => {
      const quoted = JSON.stringify(text);
      for (const name of [
        quoted,
        `[${quoted}]`,
        ...['equals', 'contains', 'starts_with'].map((how) => `{ ${how}: ${quoted} }`),
      ]) {
        expect(await problemsOf(withKeep(`{ name: ${name} }`))).toEqual([]);
      }
      expect(await problemsOf(withProjects(`{ include: ['*'], exclude: [${quoted}] }`))).toEqual([]);
    },
  );

  it('is not in what is spelled rightly', async () => {
    for (const name of ['"acme.*"', '{ regex: "^VIP.*$" }', '{ contains: " test " }', '{ regex: "a|b" }']) {
      expect(await problemsOf(withKeep(`{ name: ${name} }`))).toEqual([]);
    }
  });
});

describe('a text cut short by a comment', () => {
  it.each([
    [withKeep('{ older_than: 1d }').replace('name: vip', 'name: VIP #gold'), '5:11 rules[0].name'],
    [withKeep('\n      name: VIP #gold*'), '7:13 rules[0].match.name'],
    [withKeep('\n      name:\n        - VIP #gold*'), '8:11 rules[0].match.name[0]'],
    [withKeep('\n      session_ids:\n        - abcdefgh #1'), '8:11 rules[0].match.session_ids[0]'],
    [withProjects("\n  include: ['*']\n  exclude:\n    - Legal #1"), '6:7 projects.exclude[0]'],
    [withKeep('{ older_than: 1d }', 'description: Ticket #4711 is done\n'), '9:14 description'],
  ])('%#: %s', async (text, place) => {
    expect(await problemsOf(text)).toEqual([
      `${place}: is cut short by " #", which starts a comment: put the text in quotes, or a space behind the #`,
    ]);
  });

  it('is refused where the comment takes a bracket along', async () => {
    for (const projects of [
      "{ include: ['*'], exclude: [Legal #1] }",
      "{ include: ['*'], exclude: [#101] }",
    ]) {
      const problems = await problemsOf(withProjects(projects));
      expect(problems).toHaveLength(1);
      expect(problems[0]).toMatch(
        /^3:\d+ a comment starts here and swallows the closing bracket: put the text/,
      );
    }
  });

  it('is none where the comment is meant', async () => {
    const text = `version: 1 #one
name: p              # ^[a-z0-9]
mode: enforce #or dry-run
description: a # b
schedule:
  cron: 30 3 * * * #nightly
  timezone: UTC   #or your own
projects:
  include: ["*"]  #all
  exclude:
    - 1234 #legal
    - 'Legal #1' #quoted
    - old*   ## and gone
rules:
  - name: r#1
    match: everything #all
    action: delete #for ever
limits:
  max_deletions: 5 #few
  min_age: 1d #a day
`;
    expect(await problemsOf(text)).toEqual([]);
  });
});

describe('an id', () => {
  it.each([
    ['[101.0]', 'is not a project id: write 101'],
    ['["101 "]', 'is not a project id: write 101'],
    ['["#101"]', 'is not a project id: write 101'],
    ['[0x65]', 'is not a project id: write 101'],
    ['[1e3]', 'is not a project id: write 1000'],
    ['["202, 303"]', 'is not a project id: write them one by one: [202, 303]'],
    ['["202|303"]', 'is not a project id: write them one by one: [202, 303]'],
    [
      '[“101”]',
      'stands in typographic quotes, which YAML takes for a part of the text: write "101", or the project\'s id',
    ],
    ['[" Legal*"]', 'starts or ends with a space: write "Legal*", or the project\'s id'],
    [
      '["A*, B*"]',
      'is one glob, although it looks like a list of several: write "A*", "B*", or the project\'s id',
    ],
    [
      '["%legal"]',
      'has "%" at an end, which is a wildcard of SQL and none here: write "*legal", or the project\'s id',
    ],
  ])('of a project is not %s', async (list, problem) => {
    expect(await problemsOf(withProjects(`{ include: ${list} }`))).toEqual([
      `3:23 projects.include[0]: ${problem}`,
    ]);
    const excluding = await problemsOf(withProjects(`{ include: ['*'], exclude: ${list} }`));
    expect(excluding).toEqual([`3:39 projects.exclude[0]: ${problem}`]);
  });

  it.each([
    ['{ created_by: 12.0 }', "created_by: is no user's id: write 12"],
    ['{ created_by: ["#12"] }', "created_by[0]: is no user's id: write 12"],
    ['{ created_by: "7, 8" }', "created_by: is no user's id: write them one by one: [7, 8]"],
    [
      '{ session_ids: "abcdefgh, 12345678" }',
      'session_ids: is no session id: write them one by one: [abcdefgh, 12345678]',
    ],
    ['{ session_ids: "abcdefgh " }', 'session_ids: is no session id: write abcdefgh'],
  ])('of a user or a session: %s', async (match, problem) => {
    expect(
      (await problemsOf(withKeep(match))).map((line) => line.replace(/^\S+ rules\[0\]\.match\./, '')),
    ).toEqual([problem]);
  });
});

describe('protections', () => {
  it('leave projects out in any case; what is included is compared as written', async () => {
    const { projects } = await policyOf(
      withProjects('{ include: ["Sales*", 7, "*-legal"], exclude: ["*-LEGAL", "straße", 12, "Legal #1"] }'),
    );
    const takes = (name: string, id = 1): boolean => projects.includes({ id, name });
    expect(takes('Sales EU')).toBe(true);
    expect(takes('sales EU')).toBe(false);
    expect(takes('Sales-Legal')).toBe(false);
    expect(takes('STRAẞE', 7)).toBe(false);
    expect(takes('x', 7)).toBe(true);
    expect(
      projects.excludeEntries.map(({ written, kind, matches }) => [
        written,
        kind,
        matches({ id: 12, name: 'legal #1' }),
        matches({ id: 1, name: undefined }),
      ]),
    ).toEqual([
      ['*-LEGAL', 'pattern', false, true],
      ['straße', 'name', false, true],
      ['12', 'id', true, false],
      ['Legal #1', 'name', true, true],
    ]);
  });

  const ID = '2ddb32e7-f1ca-4e47-9b0f-1b39c7a0ae10';
  it.each([
    ['a keep rule', withKeep(`{ session_ids: [${ID.toUpperCase()}] }`), 'yes'],
    ['a keep rule under not', withKeep(`{ not: { session_ids: [${ID.toUpperCase()}] } }`), 'yes'],
    ['a delete rule', withDelete(`{ session_ids: [${ID.toUpperCase()}] }`), 'no'],
    ['a delete rule under not', withDelete(`{ not: { session_ids: [${ID.toUpperCase()}] } }`), 'no'],
    [
      'a delete rule under not not',
      withDelete(`{ not: { not: { session_ids: [${ID.toUpperCase()}] } } }`),
      'no',
    ],
    [
      'a delete rule far under not',
      withDelete(`{ not: { any: [{ session_ids: [${ID.toUpperCase()}] }] } }`),
      'no',
    ],
  ])('by session id in capitals: %s', async (_, text, expected) => {
    const { rules } = await policyOf(text);
    const conversation = {
      projectId: 1,
      sessionId: ID,
      name: 'x',
      createdAt: 1,
      updatedAt: 1,
      createdBy: 'anonymous',
    };
    const facts = { conversation, lastMessage: { state: 'unread' } } as const;
    const now = 1_760_000_000_000;
    const truths = rules.map((rule) => evaluate(rule.selector, facts, { now, cutoff: cutoffsAt(now) }).truth);
    expect(truths[0]).toBe(expected);
  });

  it('stand where something is deleted after them', async () => {
    const late = (match: string): string =>
      withDelete('{ older_than: 1d }') +
      `  - { name: early, match: { name: a* }, action: keep }\n  - { name: more, match: { name: b* }, action: delete }\n  - { name: late, match: ${match}, action: keep }\n`;
    expect(await problemsOf(late('{ name: VIP* }'))).toEqual([
      '10:50 rules[3].action: keeps nothing here, because every delete rule stands above it: move it above rules[2] at least',
    ]);
    expect(await problemsOf(late('everything'))).toEqual([]);
    const keepsAlone = withDelete('{ name: VIP* }').replace('action: delete', 'action: keep');
    expect(await problemsOf(keepsAlone)).toEqual([]);
  });

  it('bind every policy, unless they say otherwise or match everything', async () => {
    const policy = await policyOf(
      withKeep('{ name: VIP* }').replace(
        '  - { name: old',
        '  - { name: own, match: { name: own* }, action: keep, binds: this_policy }\n  - { name: old',
      ) + '  - { name: rest, match: everything, action: keep }\n',
    );
    expect(policy.rules.map(({ name, binds }) => [name, binds])).toEqual([
      ['vip', 'every_policy'],
      ['own', 'this_policy'],
      ['old', 'this_policy'],
      ['rest', 'this_policy'],
    ]);
    expect(await problemsOf(withDelete('{ name: a }') + '    binds: this_policy\n')).toEqual([
      '8:5 rules[0].binds: belongs to keep rules: a delete rule acts in its own policy only',
    ]);
    expect((await problemsOf(withKeep('{ name: a }\n    binds: all')))[0]).toMatch(
      /binds: must be this_policy/,
    );
  });
});

describe('what came after the first version', () => {
  it('is read', async () => {
    const policy = await policyOf(
      withProjects(
        '{ include: ["*"], exclude: [1, "Old*"], released: [2, "3"], allow_unmatched: [1, "Old*"] }',
      ) + 'limits: { when_exceeded: oldest_first }\n',
    );
    expect(policy.projects.released).toEqual(new Set([2, 3]));
    expect(policy.projects.allowUnmatched).toEqual(new Set(['1', 'Old*']));
    expect(policy.limits.whenExceeded).toBe('oldest_first');
  });

  it.each([
    ['released: [2, 1]', /released\[1\]: is excluded by exclude\[0\] as well: take it out of one of the two/],
    ['released: ["1"]', /released\[0\]: is excluded by exclude\[0\]/],
    ['released: ["a*"]', /released\[0\]: is not a project id$/],
    ['released: [2.0]', /released\[0\]: is not a project id: write 2$/],
    ['released: []', /released: is an empty list/],
    [
      'allow_unmatched: ["old*"]',
      /allow_unmatched\[0\]: is no entry of exclude: .*\(did you mean "Old\*"\?\)/,
    ],
    ['allow_unmatched: [2]', /allow_unmatched\[0\]: is no entry of exclude/],
    ['alow_unmatched: [1]', /did you mean "allow_unmatched"/],
  ])('is refused: %s', async (entry, expected) => {
    const problems = await problemsOf(withProjects(`{ include: ["*"], exclude: [1, "Old*"], ${entry} }`));
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(expected);
  });

  it('takes no other word for what exceeds a limit', async () => {
    expect(await problemsOf(`${withDelete('everything')}limits: { when_exceeded: oldest }\n`)).toEqual([
      expect.stringMatching(/when_exceeded: must be refuse or oldest_first/),
    ]);
    expect((await problemsOf(withProjects('{ include: ["*"], allow_unmatched: [1] }')))[0]).toMatch(
      /no entry of exclude/,
    );
  });
});
