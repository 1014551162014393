import { createHash } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cpuMs } from '../../test/support/cpu-time.ts';
import type { Policy } from '../core/policy.ts';
import { cutoffsAt, evaluate } from '../core/selector.ts';
import { readPolicies } from './policy-file.ts';
import { formatProblem } from './problems.ts';
import { readTextFile } from './text-file.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'policies-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

async function put(name: string, content: string | Uint8Array): Promise<string> {
  const place = path.join(folder, name);
  await writeFile(place, content);
  return place;
}
/** The problems of one file, without its name. */
async function problemsOf(content: string | Uint8Array): Promise<string[]> {
  const file = await put('p.yaml', content);
  const { policies, problems } = await readPolicies([file]);
  expect(policies.length).toBe(problems.length === 0 ? 1 : 0);
  return problems.map((problem) => formatProblem(problem).replace(`${file}:`, ''));
}
async function policyOf(content: string): Promise<Policy> {
  const { policies, problems } = await readPolicies([await put('p.yaml', content)]);
  expect(problems.map(formatProblem)).toEqual([]);
  const [policy] = policies;
  if (policy === undefined) throw new Error('no policy');
  return policy;
}

const HEAD = 'version: 1\nname: p\nprojects: { include: ["*"] }\n';
const withMatch = (match: string, action = 'delete'): string =>
  `${HEAD}rules:\n  - name: r\n    match: ${match}\n    action: ${action}\n`;
const SOUND = withMatch('{ older_than: 90d }');

const CONTRACT = `version: 1
name: support-chats              # ^[a-z0-9][a-z0-9-]{0,62}$, unique over the folder
description: Test sessions go after a week, everything else after 90 days.
mode: enforce                    # dry-run (default) | enforce
schedule:                        # optional: without it the policy runs only on command
  cron: "30 3 * * *"             # five fields
  timezone: Europe/Berlin        # IANA name, default UTC
projects:                        # required
  include: ["*"]                 # project ids, or globs on the project's name; "*" = all the key can see
  exclude: [1234, "*-archive"]   # see "Exclusions" below
rules:                           # first match wins; what no rule matches is kept
  - name: vip
    match: { name: { contains: VIP } }
    action: keep
  - name: test-sessions
    match:
      name: ["test-*", "demo*"]  # a bare string or list is a glob over the WHOLE name
      older_than: 7d
    action: delete
  - name: idle
    match: { older_than: 90d, age_from: last_message }
    action: delete
limits:                          # these defaults hold when the block is missing; 0 means zero
  max_deletions: 1000            # per run
  max_percent: 50                # of each project's conversations …
  percent_applies_from: 20       # … once a project would lose at least this many; those that would lose fewer are judged
                                 #   together as one project; judged on all that is due; 0 % is none at all
  max_per_day: 3000              # calendar days in the schedule's time zone (without one RETENTION_TIME_ZONE): today,
  max_per_week: 10000            #   today and the six before; default 3 and 10 times max_deletions
  when_exceeded: refuse          # refuse (default) | oldest_first: as many as the count limits allow
  min_age: 1d                    # nothing younger is deleted, whatever a rule says
concurrency: 4                   # conversations in flight at once, 1–32
`;

describe('a policy', () => {
  it('is read as the contract writes it', async () => {
    const policy = await policyOf(CONTRACT);
    expect(policy).toMatchObject({
      name: 'support-chats',
      description: 'Test sessions go after a week, everything else after 90 days.',
      mode: 'enforce',
      schedule: { cron: '30 3 * * *', timezone: 'Europe/Berlin' },
      projects: { include: ['*'], exclude: ['1234', '*-archive'] },
      rules: [
        { name: 'vip', action: 'keep', selector: { kind: 'name', matchers: [{ words: 'contains VIP' }] } },
        {
          name: 'test-sessions',
          action: 'delete',
          selector: {
            kind: 'all',
            of: [
              { kind: 'older_than', duration: { amount: 7, unit: 'd' }, clock: 'created' },
              { kind: 'name', matchers: [{ words: 'matches test-*' }, { words: 'matches demo*' }] },
            ],
          },
        },
        {
          name: 'idle',
          selector: { kind: 'older_than', duration: { amount: 90, unit: 'd' }, clock: 'last_message' },
        },
      ],
      concurrency: 4,
      hash: createHash('sha256').update(CONTRACT).digest('hex'),
      path: path.join(folder, 'p.yaml'),
    });
  });

  it('has the defaults of the contract', async () => {
    expect(await policyOf(SOUND)).toMatchObject({
      mode: 'dry-run',
      schedule: undefined,
      description: undefined,
      concurrency: 4,
      limits: {
        maxDeletions: 1000,
        maxPercent: 50,
        percentAppliesFrom: 20,
        maxPerDay: 3000,
        maxPerWeek: 10000,
        whenExceeded: 'refuse',
        minAge: { amount: 1, unit: 'd' },
      },
    });
    const few = await policyOf(`${SOUND}limits: { max_deletions: 0 }\nschedule: { cron: "0  3 * *\t*" }`);
    expect(few.limits).toMatchObject({ maxDeletions: 0, maxPerDay: 0, maxPerWeek: 0 });
    expect(few.schedule).toEqual({ cron: '0 3 * * *', timezone: 'UTC' });
    expect((await policyOf(`${SOUND}limits: { max_deletions: 7, max_per_week: 8 }`)).limits).toMatchObject({
      maxPerDay: 21,
      maxPerWeek: 8,
    });
  });

  it('takes ids as numbers and as text, exactly as they are written', async () => {
    const policy = await policyOf(
      withMatch(
        '{ created_by: [12, "13", anonymous], session_ids: [012345678, 0x123456, 1e345678, 12345678] }',
      ),
    );
    expect(policy.rules[0]?.selector).toEqual({
      kind: 'all',
      of: [
        { kind: 'created_by', users: new Set(['12', '13', 'anonymous']) },
        { kind: 'session_ids', ids: new Set(['012345678', '0x123456', '1e345678', '12345678']) },
      ],
    });
  });

  it('takes every form of a match', async () => {
    const policy = await policyOf(
      withMatch(`
      created_by: anonymous
      session_ids: abcdefgh
      any: [{ name: a* }, { name: { regex: [b|d, "c+"], ignore_case: true } }]
      all: [{ name: { equals: d } }]
      not: { name: { starts_with: e } }
      name: { glob: [f] }`),
    );
    const word = (words: string): object => ({ kind: 'name', matchers: [{ words }] });
    expect(policy.rules[0]?.selector).toMatchObject({
      kind: 'all',
      of: [
        word('matches f'),
        { kind: 'created_by' },
        { kind: 'session_ids' },
        {
          kind: 'any',
          of: [
            word('matches a*'),
            {
              kind: 'name',
              matchers: [
                { words: 'matches the regex b|d (ignoring case)' },
                { words: 'matches the regex c+ (ignoring case)' },
              ],
            },
          ],
        },
        { kind: 'all', of: [word('equals d')] },
        { kind: 'not', of: word('starts with e') },
      ],
    });
    expect((await policyOf(withMatch('everything'))).rules[0]?.selector).toEqual({ kind: 'everything' });
    expect((await policyOf(withMatch('everything', 'keep'))).rules[0]?.action).toBe('keep');
  });

  it('reads the same with a byte order mark and with CRLF, under another hash', async () => {
    const plain = await policyOf(CONTRACT);
    for (const text of [`\uFEFF${CONTRACT}`, CONTRACT.replaceAll('\n', '\r\n')]) {
      const policy = await policyOf(text);
      const { hash, source } = plain;
      expect(JSON.stringify({ ...policy, hash, source })).toBe(JSON.stringify(plain));
      expect(Buffer.from(policy.source).toString('utf8')).toBe(text);
      expect(policy.hash).toBe(createHash('sha256').update(text).digest('hex'));
    }
  });

  it('never deletes what it cannot know', async () => {
    const { rules } = await policyOf(
      withMatch('{ older_than: 1h, name: "*", created_by: [anonymous], not: { name: keep } }'),
    );
    const now = 1_760_000_000_000;
    const facts = {
      projectId: 1,
      sessionId: 'abcdefgh',
      name: 'a',
      createdAt: 1,
      updatedAt: 1,
      createdBy: 'anonymous',
    };
    const truth = (changes: object): string =>
      rules.map(
        (rule) =>
          evaluate(
            rule.selector,
            { conversation: { ...facts, ...changes }, lastMessage: { state: 'unread' } },
            { now, cutoff: cutoffsAt(now) },
          ).truth,
      )[0] ?? '';
    expect(truth({})).toBe('yes');
    expect(truth({ name: 'keep' })).toBe('no');
    for (const key of ['name', 'createdAt', 'createdBy']) expect(truth({ [key]: undefined })).toBe('unknown');
  });
});

describe('projects', () => {
  const included = async (projects: string): Promise<(id: number, name?: string) => boolean> => {
    const policy = await policyOf(SOUND.replace('{ include: ["*"] }', projects));
    return (id, name) => policy.projects.includes({ id, name });
  };

  it('are taken by id, by text of digits, and by glob over the whole name', async () => {
    const takes = await included('{ include: [12, "13", "support-*"] }');
    expect([takes(12, 'x'), takes(13), takes(14, 'support-a'), takes(14, 'my support-a')]).toEqual([
      true,
      true,
      true,
      false,
    ]);
    expect([takes(14, '12'), takes(14), takes(15, 'Support-a')]).toEqual([false, false, false]);
  });

  it('are left out by what excludes them', async () => {
    const takes = await included('{ include: ["*"], exclude: [12, "*-archive"] }');
    expect([takes(1, 'a'), takes(12, 'a'), takes(1, 'a-archive'), takes(1, '')]).toEqual([
      true,
      false,
      false,
      true,
    ]);
  });

  it('without a name are taken by * alone, and left out where a pattern could name them', async () => {
    expect((await included('{ include: ["*"] }'))(1)).toBe(true);
    expect((await included('{ include: ["**"] }'))(1)).toBe(true);
    expect((await included('{ include: ["a*", "?*"] }'))(1)).toBe(false);
    expect((await included('{ include: ["*"], exclude: [12] }'))(1)).toBe(true);
    expect((await included('{ include: ["*", 1], exclude: ["a*"] }'))(1)).toBe(false);
  });
});

describe('what is refused', () => {
  it.each<[string, string, RegExp]>([
    // One value.
    ['version', SOUND.replace('version: 1', 'version: 2'), /^1:10 version: must be the number 1/],
    ['version as text', SOUND.replace('version: 1', 'version: "1"'), /^1:10 version: must be the number 1/],
    ['no version', SOUND.replace('version: 1\n', ''), /^1:1 version: is missing/],
    ['version:1', 'version:1', /^1:1 the file is one text.*space after each colon/],
    ['version:1 and more', 'version:1\nname:p\n', /^1:1 the file is one text/],
    ['version:1 before keys', `version:1\n${HEAD}`, /not valid YAML/],
    ['a list', '- a', /^1:1 the file must be a block of keys/],
    ['nothing', '', /^1:1 the file is empty/],
    ['null', '~', /^1:1 the file is empty/],
    ['a name', SOUND.replace('name: p', 'name: -P'), /^2:7 name: must be 1 to 63/],
    ['a long name', SOUND.replace('name: p', `name: ${'p'.repeat(64)}`), /^2:7 name: must be 1 to 63/],
    [
      'a number as name',
      SOUND.replace('name: p', 'name: 12'),
      /^2:7 name: must be text, not the number 12: put it in quotes/,
    ],
    ['a mode', `${SOUND}mode: dryrun`, /mode: must be dry-run or enforce.*did you mean "dry-run"/],
    ['a mode of nothing', `${SOUND}mode:`, /^8:1 mode: must be dry-run or enforce, not nothing/],
    ['a mode of YAML 1.1', `${SOUND}mode: yes`, /mode: must be dry-run or enforce, not the text "yes"/],
    ['a description', `${SOUND}description: "a\\u001b[2J"`, /description: must not hold control/],
    [
      'a long description',
      `${SOUND}description: ${'a'.repeat(1001)}`,
      /description: must not be longer than 1000/,
    ],
    ['six cron fields', `${SOUND}schedule: { cron: "0 30 3 * * *" }`, /schedule\.cron: must be five fields/],
    ['both kinds of day', `${SOUND}schedule: { cron: "30 3 1 * 1" }`, /schedule\.cron: names both/],
    ['no cron', `${SOUND}schedule: { timezone: UTC }`, /schedule\.cron: is missing/],
    [
      'a zone',
      `${SOUND}schedule: { cron: "30 3 * * *", timezone: Europe/Berln }`,
      /schedule\.timezone:.*did you mean "Europe\/Berlin"/,
    ],
    ['a zone of YAML', `${SOUND}schedule: { cron: "30 3 * * *", timezone: +2 }`, /schedule\.timezone:/],
    ['no projects', SOUND.replace(/projects.*\n/, ''), /projects: is missing/],
    [
      'projects of nothing',
      SOUND.replace('{ include: ["*"] }', ''),
      /projects: must be a block of keys, not nothing/,
    ],
    ['no include', SOUND.replace('{ include: ["*"] }', '{}'), /projects\.include: is missing/],
    ['an empty include', SOUND.replace('["*"]', '[]'), /projects\.include: is an empty list/],
    ['an include without list', SOUND.replace('["*"]', '"*"'), /projects\.include: must be a list/],
    ['an empty exclude', SOUND.replace('["*"]', '["*"], exclude: []'), /projects\.exclude: is an empty list/],
    ['project 0', SOUND.replace('["*"]', '[0]'), /projects\.include\[0\]: must be at least 1/],
    [
      'a fraction of a project',
      SOUND.replace('["*"]', '[1.5]'),
      /projects\.include\[0\]: must be a whole number or text/,
    ],
    [
      'a huge project',
      SOUND.replace('["*"]', '[9007199254740993]'),
      /projects\.include\[0\]: is not a project id/,
    ],
    ['a set in a glob', SOUND.replace('["*"]', '["[ab]*"]'), /projects\.include\[0\]: has "\["/],
    ['no rules', HEAD, /rules: is missing/],
    ['an empty list of rules', `${HEAD}rules: []`, /rules: is an empty list/],
    ['rules of nothing', `${HEAD}rules:`, /rules: must be a list, not nothing/],
    ['a rule that is text', `${HEAD}rules: [x]`, /rules\[0\]: must be a block of keys/],
    ['an action', withMatch('everything', 'remove'), /rules\[0\]\.action: must be keep or delete/],
    ['a rule without match', `${HEAD}rules: [{ name: r, action: delete }]`, /rules\[0\]\.match: is missing/],
    [
      'a rule without name',
      `${HEAD}rules: [{ match: everything, action: delete }]`,
      /rules\[0\]\.name: is missing/,
    ],
    [
      'an invisible rule',
      withMatch('everything').replace('name: r', 'name: "a\\u202eb"'),
      /rules\[0\]\.name: must not hold/,
    ],
    [
      'an empty rule name',
      withMatch('everything').replace('name: r', 'name: ""'),
      /rules\[0\]\.name: is an empty text/,
    ],
    // Matches.
    ['an empty match', withMatch('{}'), /rules\[0\]\.match: is empty.*match: everything/],
    ['an empty match to keep', withMatch('{}', 'keep'), /rules\[0\]\.match: is empty/],
    ['a match of nothing', withMatch(''), /rules\[0\]\.match: is empty/],
    ['all', withMatch('all'), /rules\[0\]\.match: must be a block of keys, or the one word everything/],
    ['everyting', withMatch('everyting'), /did you mean "everything"/],
    ['everything as key', withMatch('{ everything: true }'), /everything: is not a key here/],
    ['everything below', withMatch('{ not: everything }'), /rules\[0\]\.match\.not: must be a block of keys/],
    ['an empty match below', withMatch('{ any: [{}] }'), /rules\[0\]\.match\.any\[0\]: is empty/],
    [
      'a not of nothing',
      withMatch('{ not: }'),
      /rules\[0\]\.match\.not: must be a block of keys, not nothing/,
    ],
    ['an empty any', withMatch('{ any: [] }'), /rules\[0\]\.match\.any: is an empty list/],
    ['an empty all', withMatch('{ all: [] }'), /rules\[0\]\.match\.all: is an empty list/],
    ['an empty list of names', withMatch('{ name: [] }'), /rules\[0\]\.match\.name: is an empty list/],
    ['an empty name', withMatch('{ name: "" }'), /rules\[0\]\.match\.name: is empty/],
    ['an empty list of users', withMatch('{ created_by: [] }'), /created_by: is an empty list/],
    ['an empty list of sessions', withMatch('{ session_ids: [] }'), /session_ids: is an empty list/],
    [
      'age_from alone',
      withMatch('{ age_from: created }'),
      /rules\[0\]\.match\.age_from: stands without older_than/,
    ],
    [
      'age_from',
      withMatch('{ older_than: 1d, age_from: last_mesage }'),
      /age_from:.*did you mean "last_message"/,
    ],
    [
      'a misspelt key',
      withMatch('{ older_then: 90d }'),
      /^6:14 rules\[0\]\.match\.older_then: is not a key here \(did you mean "older_than"\?\)/,
    ],
    ['a merge key', withMatch('{ "<<": { older_than: 90d } }'), /is not a key here/],
    ['__proto__', withMatch('{ older_than: 90d, __proto__: { a: 1 } }'), /__proto__: is not a key here/],
    [
      'two tests of a name',
      withMatch('{ name: { equals: a, regex: b } }'),
      /rules\[0\]\.match\.name: must hold one test, not equals and regex/,
    ],
    ['ignore_case alone', withMatch('{ name: { ignore_case: true } }'), /name: says nothing about the name/],
    ['no test of a name', withMatch('{ name: {} }'), /name: says nothing about the name/],
    [
      'ignore_case of YAML 1.1',
      withMatch('{ name: { equals: a, ignore_case: yes } }'),
      /ignore_case: must be true or false, not the text "yes"/,
    ],
    [
      'a number as name',
      withMatch('{ name: 2024 }'),
      /name: must be text, a list or a block of keys, not the number 2024: put it in quotes/,
    ],
    ['a number among names', withMatch('{ name: [2024] }'), /name\[0\]: must be text/],
    [
      'a regex',
      withMatch('{ name: { regex: "(" } }'),
      /name\.regex: is not a regular expression in RE2 syntax/,
    ],
    ['a look-behind', withMatch('{ name: { regex: "(?<=a)b" } }'), /name\.regex: uses look-behind/],
    [
      'a back-reference',
      withMatch("{ name: { regex: ['a+', '(a)\\1'] } }"),
      /name\.regex\[1\]: uses a back-reference/,
    ],
    ['a user', withMatch('{ created_by: bob }'), /created_by: must be a user's id/],
    ['anonymus', withMatch('{ created_by: [anonymus] }'), /created_by\[0\]: must be a user's id/],
    [
      'null as user',
      withMatch('{ created_by: [null] }'),
      /created_by\[0\]: must be a whole number or text, not nothing/,
    ],
    ['a path as session id', withMatch('{ session_ids: "../../../x" }'), /session_ids: must be a session id/],
    [
      'a short number as session id',
      withMatch('{ session_ids: [12] }'),
      /session_ids\[0\]: must be a session id/,
    ],
    ['a negative user', withMatch('{ created_by: -1 }'), /created_by: must be at least 0/],
    ['a session id', withMatch('{ session_ids: [abc] }'), /session_ids\[0\]: must be a session id/],
    // Durations.
    ...[
      '0d',
      '-3d',
      '30',
      '1.5d',
      '3m',
      '"30"',
      '3 d',
      '90D',
      '1d12h',
      '~',
      '[1d]',
      '0x1d',
      '1e1d',
      '999999d',
      '.5d',
    ].map((text): [string, string, RegExp] => [
      `older_than: ${text}`,
      withMatch(`{ older_than: ${text} }`),
      /^6:26 rules\[0\]\.match\.older_than: \S/,
    ]),
    ['min_age', `${SOUND}limits: { min_age: 3m }`, /limits\.min_age: .*write 3mo/],
    ['min_age without unit', `${SOUND}limits: { min_age: 0 }`, /limits\.min_age: has no unit/],
    // Numbers.
    [
      'max_deletions',
      `${SOUND}limits: { max_deletions: -1 }`,
      /limits\.max_deletions: must be at least 0, not -1/,
    ],
    ['a fraction', `${SOUND}limits: { max_deletions: 1.5 }`, /limits\.max_deletions: must be a whole number/],
    [
      'unlimited',
      `${SOUND}limits: { max_deletions: unlimited }`,
      /limits\.max_deletions: must be a whole number/,
    ],
    ['infinity', `${SOUND}limits: { max_deletions: .inf }`, /limits\.max_deletions: must be a whole number/],
    [
      'null',
      `${SOUND}limits: { max_deletions: }`,
      /limits\.max_deletions: must be a whole number, not nothing/,
    ],
    [
      '101 percent',
      `${SOUND}limits: { max_percent: 101 }`,
      /limits\.max_percent: must be at most 100, not 101/,
    ],
    ['a percent sign', `${SOUND}limits: { max_percent: 50% }`, /limits\.max_percent: must be a whole number/],
    ['concurrency 0', `${SOUND}concurrency: 0`, /concurrency: must be at least 1, not 0/],
    ['concurrency 33', `${SOUND}concurrency: 33`, /concurrency: must be at most 32, not 33/],
    ['limits of nothing', `${SOUND}limits:`, /limits: must be a block of keys, not nothing/],
    [
      'an unknown limit',
      `${SOUND}limits: { max_deletion: 1 }`,
      /limits\.max_deletion: .*did you mean "max_deletions"/,
    ],
    [
      'an unknown key',
      `${SOUND}retention: 90d`,
      /^8:1 retention: is not a key here; there are version, name,/,
    ],
    // Keys.
    [
      'an unknown key of a schedule',
      `${SOUND}schedule: { cron: "0 3 * * *", zone: UTC }`,
      /schedule\.zone: is not a key here; there are cron and timezone/,
    ],
    [
      'an unknown key of the projects',
      SOUND.replace('["*"]', '["*"], includes: [1]'),
      /projects\.includes: .*did you mean "include"/,
    ],
    [
      'an unknown key of a rule',
      withMatch('everything').replace('    action', '    acton: keep\n    action'),
      /rules\[0\]\.acton: .*did you mean "action"/,
    ],
    [
      'an unknown key of a name',
      withMatch('{ name: { equals: a, ignorecase: true } }'),
      /name\.ignorecase: .*did you mean "ignore_case"/,
    ],
    [
      'an unknown key far below',
      withMatch('{ any: [{ not: { agefrom: created } }] }'),
      /rules\[0\]\.match\.any\[0\]\.not\.agefrom: .*did you mean "age_from"/,
    ],
    // YAML.
    [
      'a repeated key',
      withMatch('{ older_than: 90d, older_than: 1h }'),
      /^6:31 rules\[0\]\.match\.older_than: is written twice/,
    ],
    ['an alias', `${SOUND}limits: &a { max_deletions: 1 }`, /^8:9 anchors/],
    ['a tag', withMatch('!!map { older_than: 1d }'), /^6:12 tags/],
    ['a second document', `${SOUND}---\n${SOUND}`, /^8:1 a second document/],
    ['a tab', `${SOUND}limits:\n\tmax_deletions: 1`, /^9:1 this is not valid YAML: Tabs/],
    ['a NUL', `${SOUND}# \0`, /^8:3 a control character/],
  ])('%s', async (_, text, expected) => {
    const problems = await problemsOf(text);
    expect(problems[0]).toMatch(expected);
    // Each of these has one fault, and it is told once.
    if (!text.startsWith('version:1')) expect(problems).toHaveLength(1);
  });

  it('repeats of a rule name', async () => {
    const twice = `${SOUND}  - { name: r, match: everything, action: keep }\n`;
    expect(await problemsOf(twice)).toEqual(['8:13 rules[1].name: is already the name of rules[0]']);
  });

  it('all at once, in the order of the lines', async () => {
    const problems = await problemsOf(`version: 2
name: P
mode: x
mode: dry-run
schedule: { cron: "1 2 3 4 5", timezone: x }
projects: { include: [] }
rules:
  - { name: a, match: {}, action: x }
  - { name: a, match: { older_than: 3m, age: 1, name: { regex: "(" } }, action: keep }
  - { name: b, match: { age_from: created, any: [{}, { older_than: 0d }] }, action: keep }
limits: { max_percent: -1 }
`);
    expect(problems.map((line) => line.split(' ')[1])).toEqual([
      'version:',
      'name:',
      'mode:',
      'schedule.cron:',
      'schedule.timezone:',
      'projects.include:',
      'rules[0].match:',
      'rules[0].action:',
      'rules[1].name:',
      'rules[1].match.older_than:',
      'rules[1].match.age:',
      'rules[1].match.name.regex:',
      'rules[2].match.age_from:',
      'rules[2].match.any[0]:',
      'rules[2].match.any[1].older_than:',
      'limits.max_percent:',
    ]);
  });
});

describe('files and folders', () => {
  const named = (name: string): string => SOUND.replace('name: p', `name: ${name}`);
  const read = async (...paths: string[]): Promise<[string[], string[]]> => {
    const { policies, problems } = await readPolicies(paths);
    return [
      policies.map((policy) => policy.name),
      problems.map((p) => formatProblem(p).replaceAll(`${folder}/`, '')),
    ];
  };

  it('reads the policies of a folder by name, and nothing else in it', async () => {
    await put('b.yaml', named('b'));
    await put('a.yml', named('a'));
    for (const name of ['.hidden.yaml', 'c.yaml.bak', 'README.md', 'd.json']) await put(name, 'nonsense: [');
    await mkdir(path.join(folder, 'sub'));
    await put('sub/e.yaml', named('e'));
    expect(await read(folder)).toEqual([['a', 'b'], []]);
    expect(await read(path.join(folder, 'b.yaml'), folder)).toEqual([['b', 'a'], []]);
  });

  it('follows symbolic links, as a mounted ConfigMap has them', async () => {
    await mkdir(path.join(folder, '..2024_01'));
    await put('..2024_01/a.yaml', named('a'));
    await symlink('..2024_01', path.join(folder, '..data'));
    await symlink('..data/a.yaml', path.join(folder, 'a.yaml'));
    const { policies } = await readPolicies([folder]);
    expect(policies.map((policy) => policy.path)).toEqual([path.join(folder, 'a.yaml')]);
  });

  it('takes no file of holds for a policy', async () => {
    await put('a.yaml', named('a'));
    await put('holds.yaml', 'version: 1\nholds: []\n');
    await put('holds.yml', 'nonsense: [');
    expect(await read(folder)).toEqual([['a'], []]);
    const except = await put('legal.yaml', 'nonsense: [');
    expect((await readPolicies([folder], { except })).problems).toEqual([]);
    expect((await readPolicies([except], { except })).problems).toMatchObject([
      { file: except, message: 'holds no policy' },
    ]);
    await rm(path.join(folder, 'a.yaml'));
    await rm(except);
    expect((await read(folder))[1]).toEqual([`${folder}:1:1 the folder holds no policy beside its holds`]);
    expect((await read(path.join(folder, 'holds.yml')))[1]).toEqual([
      'holds.yml:1:1 a file of holds is no policy',
    ]);
  });

  it('leaves no policy when one file is bad, and tells the problems of all', async () => {
    await put('a.yaml', named('a'));
    await put('b.yaml', named('B'));
    await put('c.yaml', 'x: [');
    const [policies, problems] = await read(folder);
    expect(policies).toEqual([]);
    expect(problems).toHaveLength(2);
    expect(problems[0]).toMatch(/^b\.yaml:2:7 name/);
    expect(problems[1]).toMatch(/^c\.yaml:1:/);
  });

  it('refuses a name that another policy has, even one with other faults', async () => {
    await put('a.yaml', `${named('same')}mode: x`);
    await put('b.yaml', named('same'));
    const [, problems] = await read(folder);
    expect(problems).toHaveLength(2);
    expect(problems[1]).toBe('b.yaml:2:7 name: is already the name of the policy in a.yaml');
  });

  it('refuses what is not there, or is no policy file', async () => {
    await put('p.txt', SOUND);
    await mkdir(path.join(folder, 'empty'));
    await mkdir(path.join(folder, 'odd'));
    await mkdir(path.join(folder, 'odd', 'x.yaml'));
    execFileSync('mkfifo', [path.join(folder, 'pipe.yaml')]);
    await symlink('nowhere', path.join(folder, 'broken.yaml'));
    const at = (name: string): string => path.join(folder, name);
    const [policies, problems] = await read(
      ...['none', 'none.yaml', 'p.txt', 'empty', 'odd', 'pipe.yaml', 'broken.yaml', 'a\0b.yaml'].map(at),
    );
    expect(policies).toEqual([]);
    expect(problems).toEqual([
      'none:1:1 there is no such file or folder',
      'none.yaml:1:1 there is no such file or folder',
      'p.txt:1:1 the name of a policy file ends in .yaml or .yml',
      'empty:1:1 the folder holds no .yaml or .yml file',
      'odd/x.yaml:1:1 it is not a file',
      'pipe.yaml:1:1 it is not a file',
      'broken.yaml:1:1 there is no such file or folder',
      expect.stringContaining('cannot be read'),
    ]);
    expect((await read())[1]).toEqual(['.:1:1 no policy file or folder was named']);
  });

  it('refuses bytes that are not UTF-8', async () => {
    for (const bytes of [
      [0xff, 0xfe, 0x61, 0x00],
      [0x61, 0x3a, 0x20, 0xc3, 0x28],
      [0xed, 0xa0, 0x80],
    ]) {
      expect(await problemsOf(new Uint8Array(bytes))).toEqual(['1:1 the file is not UTF-8 text']);
    }
  });

  it('refuses 10 MB without reading them', async () => {
    const file = await put('p.yaml', `${SOUND}#${'x'.repeat(10_000_000)}`);
    expect(cpuMs(() => readTextFile(file))).toBeLessThan(20);
    const { problems } = await readPolicies([file]);
    expect(problems[0]?.message).toBe('the file is larger than 256 KiB');
  });

  it('reads some thousand session ids', async () => {
    const ids = Array.from(
      { length: 5_000 },
      (_, i) => `      - 5f8e0c0e-1111-2222-3333-${String(i).padStart(12, '0')}`,
    );
    const policy = await policyOf(withMatch(`\n      session_ids:\n${ids.join('\n')}`));
    expect(policy.rules[0]?.selector).toMatchObject({ kind: 'session_ids' });
  });
});

it('reads the example policies: dry runs with a schedule', async () => {
  const { policies, problems } = await readPolicies([new URL('../../policies', import.meta.url).pathname]);
  expect(problems).toEqual([]);
  expect(policies.map((policy) => policy.name)).toEqual([
    'by-last-activity',
    'everything-after-90-days',
    'test-sessions',
  ]);
  for (const policy of policies) {
    expect(policy.mode).toBe('dry-run');
    expect(policy.schedule).toBeDefined();
    expect(path.basename(policy.path)).toBe(`${policy.name}.yaml`);
  }
});
