import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { digestOf } from '../core/access-token.ts';
import { readHttpSettings } from './http-settings.ts';

const folder = mkdtempSync(join(tmpdir(), 'http-settings-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const LONG = 'token-of-sixteen';
const fileOf = (content: string): string => {
  const file = join(folder, 'tokens');
  writeFileSync(file, content);
  return file;
};
const read = (address: string | undefined, tokens?: string, hosts?: string) =>
  readHttpSettings({
    RETENTION_HTTP_ADDRESS: address,
    RETENTION_HTTP_TOKEN_FILE: tokens === undefined ? undefined : fileOf(tokens),
    RETENTION_HTTP_HOSTS: hosts,
  });

describe('where serve answers', () => {
  test.each([
    ['127.0.0.1:8080', '127.0.0.1', 8080],
    ['127.9.9.9:1', '127.9.9.9', 1],
    ['localhost:0', 'localhost', 0],
    ['[::1]:65535', '::1', 65_535],
  ])('%s needs no token', (address, host, port) => {
    expect(read(address)).toEqual({ http: { host, port, names: [], tokens: [] }, problems: [] });
  });

  test.each(['0.0.0.0:80', '[::]:80', '10.0.0.1:80', 'retention.example.com:80', '[::ffff:127.0.0.1]:80'])(
    '%s needs one',
    (address) => {
      expect(read(address).problems).toEqual([
        'RETENTION_HTTP_ADDRESS is not a loopback address: others could read the page. Set RETENTION_HTTP_TOKEN_FILE, or use 127.0.0.1',
      ]);
      expect(read(address, LONG).problems).toEqual([]);
    },
  );

  test.each([
    '',
    '8080',
    ':8080',
    '127.0.0.1',
    '127.0.0.1:',
    '127.0.0.1:65536',
    'http://127.0.0.1:80',
    '::1:80',
    'a b:80',
  ])('%j is no address', (address) => {
    expect(read(address)).toEqual({
      http: undefined,
      problems: ['RETENTION_HTTP_ADDRESS must be host:port, for example 127.0.0.1:8080, or off'],
    });
  });

  test('nowhere unless it is said, and then nothing else may be', () => {
    expect(read(undefined)).toEqual({ http: undefined, problems: [] });
    expect(read('off')).toEqual({ http: undefined, problems: [] });
    expect(read(undefined, LONG, 'a.example').problems).toEqual([
      'RETENTION_HTTP_TOKEN_FILE is set without RETENTION_HTTP_ADDRESS: set that too, or remove it',
      'RETENTION_HTTP_HOSTS is set without RETENTION_HTTP_ADDRESS: set that too, or remove it',
    ]);
  });

  test('names are names', () => {
    expect(read('127.0.0.1:1', undefined, 'A.example, b').http?.names).toEqual(['a.example', 'b']);
    for (const wrong of ['', 'https://a.example', 'a.example:80', 'a,,b', '*.example', '-a'])
      expect(read('127.0.0.1:1', undefined, wrong).problems[0], wrong).toMatch(
        /^RETENTION_HTTP_HOSTS must be names/,
      );
  });
});

describe('the file of tokens', () => {
  test('has a token a line, with a role and a name where somebody says so', () => {
    const other = `${LONG}-2`;
    const third = `${LONG}-3`;
    const { http } = read(
      '127.0.0.1:1',
      `# people\n\n${LONG}\r\n  approver\t${other}  \napprover jane ${third}\n`,
    );
    expect(http?.tokens).toEqual([
      { role: 'viewer', holder: undefined, digest: digestOf(LONG) },
      { role: 'approver', holder: undefined, digest: digestOf(other) },
      { role: 'approver', holder: 'jane', digest: digestOf(third) },
    ]);
  });

  test.each([
    ['', /holds no token$/],
    ['# none\n', /holds no token$/],
    ['short\n', /line 1 of .* holds a token of fewer than 16 signs/],
    ['aaaaaaaaaaaaaaaaaaaaaaaa\n', /of few different ones/],
    ['approver jane.doe@example.com\n', /must end with a token/],
    [`approver:${LONG}\n`, /must end with a token/],
    [`approver=${LONG}\n`, /must end with a token/],
    [`viewer ${LONG}-x ${LONG}\n`, /names a holder that looks like a token/],
    [`viewer ja\u001bne ${LONG}\n`, /is no name/],
    [`${'# comment\n'.repeat(7_000)}${LONG}\n`, /is too long/],
    [`owner ${LONG}\n`, /line 1 of .* must be a token, or a role/],
    [`viewer a b ${LONG}\n`, /line 1 of .* must be a token, or a role/],
    [`${LONG}\napprover ${LONG}\n`, /line 2 of .* repeats a token$/],
  ])('%j is refused, and never repeated', (content, problem) => {
    const { problems } = read('127.0.0.1:1', content);
    expect(problems[0]).toMatch(problem);
    expect(problems.join()).not.toContain(LONG);
  });

  test('that is named by nothing is said to be empty', () => {
    const env = { RETENTION_HTTP_ADDRESS: '127.0.0.1:1', RETENTION_HTTP_TOKEN_FILE: '' };
    expect(readHttpSettings(env).problems).toEqual([
      'RETENTION_HTTP_TOKEN_FILE is empty: set it or remove it',
    ]);
  });

  test('that is not there is named', () => {
    const env = { RETENTION_HTTP_ADDRESS: '127.0.0.1:1', RETENTION_HTTP_TOKEN_FILE: join(folder, 'none') };
    expect(readHttpSettings(env).problems[0]).toMatch(
      /RETENTION_HTTP_TOKEN_FILE: .* cannot be read \(ENOENT\)/,
    );
  });
});
