import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { readPolicies, type PoliciesRead } from '../../src/config/policy-file.ts';
import { openTerminal } from '../support/command.ts';
import { cpuMs } from '../support/cpu-time.ts';
import { AGE_POLICY } from '../support/purge.ts';

const folder = mkdtempSync(join(tmpdir(), 'retention-hostile-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

let files = 0;
function fileOf(text: string | Uint8Array): string {
  files += 1;
  const path = join(folder, `${files}.yaml`);
  writeFileSync(path, text);
  return path;
}

/** Processor time of one reading, the best of three. */
async function readingMs(path: string): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round < 3; round += 1) {
    const before = process.cpuUsage();
    await readPolicies([path]);
    const { user, system } = process.cpuUsage(before);
    times.push((user + system) / 1000);
  }
  return Math.min(...times);
}

/** One entry a level, each ten of the one before: a billion words, were anybody to write them out. */
const BOMB = ['a: &a [x, x, x, x, x, x, x, x, x, x]']
  .concat(
    'bcdefghij'.split('').map((key, at) => `${key}: &${key} [${`*${'abcdefghi'.charAt(at)}, `.repeat(10)}]`),
  )
  .join('\n');

const REFUSED: readonly (readonly [string, string | Uint8Array, RegExp])[] = [
  ['a bomb of aliases', BOMB, /anchors/],
  ['a bomb in a match', AGE_POLICY.replace('90d', `90d, any: ${'[{any: '.repeat(30_000)}`), /nested/],
  ['100,000 levels of lists', `${AGE_POLICY}x: ${'['.repeat(100_000)}`, /nested/],
  ['100,000 levels, closed', `${AGE_POLICY}x: ${'['.repeat(100_000)}${']'.repeat(100_000)}`, /nested/],
  ['100,000 levels of blocks', `${AGE_POLICY}x:\n${'- '.repeat(100_000)}`, /nested/],
  ['10 MB of comments', `${AGE_POLICY}#${'x'.repeat(10_000_000)}`, /larger/],
  ['10 MB of policy', AGE_POLICY + '# more\n'.repeat(1_400_000), /larger/],
  ['10 MB of NUL', new Uint8Array(10_000_000), /larger/],
  ['NUL', AGE_POLICY.replace('old', 'o\0ld'), /control character/],
  ['nothing but NUL', '\0'.repeat(200_000), /control character/],
  ['tabs for indentation', AGE_POLICY.replace('  - {', '\t- {'), /Tabs/],
  ['nothing but tabs', '\t'.repeat(200_000), /./],
  ['UTF-16', Buffer.from(`\uFEFF${AGE_POLICY}`, 'utf16le'), /UTF-8/],
];

const READ: readonly (readonly [string, string])[] = [
  ['with a byte order mark', `\uFEFF${AGE_POLICY}`],
  ['with two byte order marks', `\uFEFF\uFEFF${AGE_POLICY}`],
  ['with CRLF', AGE_POLICY.replaceAll('\n', '\r\n')],
  ['with a byte order mark and CRLF', `\uFEFF${AGE_POLICY.replaceAll('\n', '\r\n')}`],
  ['with tabs behind what it says', AGE_POLICY.replaceAll('\n', '\t\n')],
  ['with 200,000 characters of comment', `${AGE_POLICY}# ${'x'.repeat(200_000)}\n`],
];

const MEBIBYTE = 1024 * 1024;

describe('a hostile policy file', () => {
  test.each(REFUSED)(
    'of %s is refused in less than 100 ms, and memory stays flat',
    async (...[, text, problem]) => {
      const path = fileOf(text);
      const before = process.memoryUsage();
      const { policies, problems } = await readPolicies([path]);
      expect(policies).toEqual([]);
      expect(problems[0]?.message).toMatch(problem);
      expect(problems.every(({ line, column }) => line >= 1 && column >= 1)).toBe(true);
      expect(problems.length).toBeLessThanOrEqual(21);
      expect(await readingMs(path)).toBeLessThan(100);
      expect(process.memoryUsage().rss - before.rss).toBeLessThan(64 * MEBIBYTE);
    },
  );

  test.each(READ)('%s is read in less than 100 ms, and means the same', async (_, text) => {
    const path = fileOf(text);
    const { policies, problems } = await readPolicies([path]);
    expect(problems).toEqual([]);
    expect(policies).toHaveLength(1);
    expect(meaningOf({ policies, problems })).toEqual(meaningOf(await readPolicies([fileOf(AGE_POLICY)])));
    expect(await readingMs(path)).toBeLessThan(100);
  });
});

function meaningOf({ policies }: PoliciesRead): unknown {
  return policies.map(({ name, rules, limits, mode, concurrency }) =>
    JSON.stringify({ name, rules, limits, mode, concurrency }),
  );
}

describe('a regex that other engines need for ever', () => {
  const hostile = ['(a+)+$', '(a|aa)+$', '(a|a)*b', '([a-z]+)*[0-9]', '(.*a){20}b', '(x+x+)+y'];

  test.each(hostile)('%s takes linear time over a name from a policy file', async (regex) => {
    const yaml = AGE_POLICY.replace(/older_than: 90d/, () => `name: { regex: '${regex}' }`);
    const { policies, problems } = await readPolicies([fileOf(yaml)]);
    expect(problems).toEqual([]);
    const selector = policies[0]?.rules[0]?.selector;
    if (selector?.kind !== 'name') throw new Error('not a test of names');
    const timeOf = (length: number): number => {
      const name = `${'a'.repeat(length)}!`;
      return cpuMs(() => selector.matchers.some((matcher) => matcher.test(name)));
    };
    timeOf(10_000);
    // Eight times the name, eight times the time; 64 times would be a square.
    expect(timeOf(160_000) / timeOf(20_000)).toBeLessThan(24);
  });

  test.each([
    ['a look-behind', '(?<=a)b'],
    ['a negative look-behind', '(?<!a)b'],
    ['a look-ahead', 'a(?=b)'],
    ['a back-reference', '(a)\\1'],
    ['a named back-reference', '(?P<x>a)(?P=x)'],
  ])('%s is refused where it stands', async (_, regex) => {
    const yaml = AGE_POLICY.replace(/older_than: 90d/, () => `name: { regex: '${regex}' }`);
    const { policies, problems } = await readPolicies([fileOf(yaml)]);
    expect(policies).toEqual([]);
    expect(problems).toMatchObject([{ line: 7, path: 'rules[0].match.name.regex' }]);
    expect(problems[0]?.message).toMatch(/linear time/);
  });
});

describe('an age that could be misread', () => {
  test('0d, -3d, 30, 1.5d and 3m: exit 2, each with its place, and no request is sent', async () => {
    const terminal = await openTerminal();
    try {
      const ages = ['0d', '-3d', '30', '1.5d', '3m'];
      ages.forEach((age, index) => {
        terminal.policy(AGE_POLICY.replace('90d', age).replace('by-age', `p-${index}`), `p-${index}`);
      });
      const ended = await terminal.run(['run', '--json']);
      expect(ended).toMatchObject({ code: 2, stdout: '' });
      const places = ended.stderr.split('\n').filter((line) => line.startsWith('policies/'));
      expect(places).toHaveLength(ages.length);
      places.forEach((line, index) => {
        expect(line).toMatch(
          new RegExp(`^policies/p-${index}\\.yaml:7:39 rules\\[0\\]\\.match\\.older_than: `),
        );
      });
      expect(terminal.sandbox.journal.count()).toBe(0);
    } finally {
      await terminal.close();
    }
  });
});
