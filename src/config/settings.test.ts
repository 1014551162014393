import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { inspect } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';
import { isFault } from '../core/errors.ts';
import { Secret } from './secret.ts';
import { readSettings, requireApiKey, type Environment, type Settings } from './settings.ts';

const KEY = '1234|abcDEF-ghi_jkl.mno';
const folder = mkdtempSync(path.join(os.tmpdir(), 'settings-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

function file(name: string, content: string | Uint8Array): string {
  const place = path.join(folder, name);
  writeFileSync(place, content);
  return place;
}
function settings(env: Environment, stateDir?: string): Settings {
  const result = readSettings(env, stateDir);
  if (!result.ok) throw new Error(result.problems.join('\n'));
  return result.settings;
}
function problems(env: Environment, stateDir?: string): string {
  const result = readSettings(env, stateDir);
  return result.ok ? '' : result.problems.join('\n');
}

describe('defaults', () => {
  it('are those of the contract', () => {
    expect(settings({})).toEqual({
      apiKey: undefined,
      baseUrl: 'https://app.customgpt.ai',
      stateDir: './state',
      holdsFile: undefined,
      requestsPerMinute: 60,
      leaseMs: 60_000,
      verifyTimeoutMs: 60_000,
      logLevel: 'info',
      signingKey: undefined,
      http: undefined,
      notices: { webhook: undefined, slackUrl: undefined, heartbeatUrl: undefined, eachRun: false },
      timeZone: 'UTC',
    });
  });
});

describe('the API key', () => {
  it('comes from the variable or from the file, without the last line break', () => {
    expect(settings({ CUSTOMGPT_API_KEY: KEY }).apiKey?.reveal()).toBe(KEY);
    for (const ending of ['', '\n', '\r\n']) {
      expect(settings({ CUSTOMGPT_API_KEY_FILE: file('key', KEY + ending) }).apiKey?.reveal()).toBe(KEY);
    }
  });

  it('counts as not set when the variable is empty', () => {
    expect(settings({ CUSTOMGPT_API_KEY: '', CUSTOMGPT_API_KEY_FILE: '' }).apiKey).toBeUndefined();
    expect(
      settings({ CUSTOMGPT_API_KEY: '', CUSTOMGPT_API_KEY_FILE: file('key', KEY) }).apiKey?.reveal(),
    ).toBe(KEY);
  });

  it('must not be given twice', () => {
    expect(problems({ CUSTOMGPT_API_KEY: KEY, CUSTOMGPT_API_KEY_FILE: file('key', KEY) })).toMatch(
      /both set/,
    );
  });

  it('is refused, and never repeated, when it cannot be one', () => {
    const bad = [
      `${KEY} x`,
      `${KEY}\n\n`,
      ` ${KEY}`,
      `${KEY}\u0000`,
      `${KEY}\u001b`,
      `${KEY}é`,
      `Bearer ${KEY}`,
      '\n',
      'a'.repeat(20_000),
    ];
    for (const key of bad) {
      for (const env of [{ CUSTOMGPT_API_KEY: key }, { CUSTOMGPT_API_KEY_FILE: file('bad', key) }]) {
        expect(problems(env)).toMatch(/CUSTOMGPT_API_KEY.*(holds|is empty|too long)/);
        expect(problems(env)).not.toContain('abcDEF');
      }
    }
  });

  it.each([
    ['double quotes', `"${KEY}"`, /the key with quotes around it: put in the key alone/],
    ['single quotes', `'${KEY}'`, /quotes/],
    ['one quote', `"${KEY}`, /quotes/],
    ['typographic quotes', `“${KEY}”`, /quotes/],
    ['a name', `CUSTOMGPT_API_KEY=${KEY}`, /the name of a variable before the key: put in the key alone/],
    ['a name with quotes', `CUSTOMGPT_API_KEY="${KEY}"`, /quotes|the name of a variable/],
    ['a name and export', `export API_KEY=${KEY}`, /the name of a variable/],
    ['a name of YAML', `api_key: ${KEY}`, /the name of a variable/],
    ['Bearer', `Bearer ${KEY}`, /the word Bearer before the key: put in the key alone/],
    ['bearer', `bearer ${KEY}`, /the word Bearer/],
    ['a header', `Authorization: Bearer ${KEY}`, /a header/],
  ])('is refused with what is around it: %s', (_, text, expected) => {
    for (const env of [
      { CUSTOMGPT_API_KEY: text },
      { CUSTOMGPT_API_KEY_FILE: file('wrapped', `${text}\n`) },
    ]) {
      expect(problems(env)).toMatch(expected);
      expect(problems(env)).toMatch(/^(the file of )?CUSTOMGPT_API_KEY/);
      expect(problems(env)).not.toContain('abcDEF');
    }
  });

  it.each(['abcdefgh==', 'A=', '12|abc=def', 'sk-a"b'])('may look like %s', (key) => {
    expect(settings({ CUSTOMGPT_API_KEY: key }).apiKey?.reveal()).toBe(key);
  });

  it.each([
    ['an empty file', (): string => file('empty', ''), /is empty: put the API key in/],
    ['a file of bytes', (): string => file('bytes', new Uint8Array([0xff, 0xfe, 0x41])), /holds/],
    ['no file', (): string => path.join(folder, 'none'), /cannot be read \(ENOENT\)/],
    ['a folder', (): string => folder, /cannot be read \(EISDIR\)/],
    ['an endless file', (): string => '/dev/zero', /too long/],
    ['a name with NUL', (): string => 'a\0b', /cannot be read/],
  ])('is refused from %s', (_, make, expected) => {
    expect(problems({ CUSTOMGPT_API_KEY_FILE: make() })).toMatch(expected);
  });

  it('is asked for by those who need it', () => {
    expect(requireApiKey(settings({ CUSTOMGPT_API_KEY: KEY })).reveal()).toBe(KEY);
    try {
      requireApiKey(settings({}));
      expect.fail('should throw');
    } catch (error) {
      expect(isFault(error, 'usage') && error.hint).toMatch(/Set CUSTOMGPT_API_KEY/);
    }
  });

  it('is shown by nothing', () => {
    const all = settings({ CUSTOMGPT_API_KEY: KEY });
    const secret = new Secret(KEY);
    const shown = [
      JSON.stringify(all),
      inspect(all, { depth: 9, showHidden: true }),
      String(secret),
      // eslint-disable-next-line @typescript-eslint/restrict-template-expressions -- this is the accident
      `${secret}`,
      JSON.stringify(Object.entries(secret)),
      inspect(structuredClone(secret)),
    ];
    for (const text of shown) expect(text).not.toContain('abcDEF');
  });
});

describe('the base URL', () => {
  it.each([
    ['https://app.customgpt.ai', 'https://app.customgpt.ai'],
    ['https://app.customgpt.ai/', 'https://app.customgpt.ai'],
    ['HTTPS://Example.COM:8443', 'https://example.com:8443'],
    ['http://127.0.0.1:4000', 'http://127.0.0.1:4000'],
    ['http://127.1.2.3', 'http://127.1.2.3'],
    ['http://localhost:4000/', 'http://localhost:4000'],
    ['http://[::1]:4000', 'http://[::1]:4000'],
  ])('reads %s', (text, expected) => {
    expect(settings({ CUSTOMGPT_BASE_URL: text }).baseUrl).toBe(expected);
  });

  it.each([
    ['', /is empty/],
    ['app.customgpt.ai', /not a URL/],
    ['http://app.customgpt.ai', /must start with https/],
    ['http://127.0.0.1.evil.example', /must start with https/],
    ['http://localhost.evil.example', /must start with https/],
    ['http://0.0.0.0', /must start with https/],
    ['http://2130706433.example', /must start with https/],
    ['ftp://app.customgpt.ai', /must start with https/],
    ['file:///etc/passwd', /must start with https/],
    ['https://user:hunter2@app.customgpt.ai', /user or password/],
    ['https://:@app.customgpt.ai', /user or password/],
    ['https://app.customgpt.ai?x=1', /\? or #/],
    ['https://app.customgpt.ai/?', /\? or #/],
    ['https://app.customgpt.ai#', /\? or #/],
    ['https://app.customgpt.ai/api/v1', /path/],
    [' https://app.customgpt.ai', /spaces/],
    ['https://app.customgpt.ai\n', /spaces/],
    ['https:\\\\app.customgpt.ai', /signs/],
  ])('refuses %j', (text, expected) => {
    expect(problems({ CUSTOMGPT_BASE_URL: text })).toMatch(expected);
    expect(problems({ CUSTOMGPT_BASE_URL: text })).not.toContain('hunter2');
  });
});

describe('the others', () => {
  it('are read', () => {
    expect(
      settings(
        {
          RETENTION_STATE_DIR: '/ignored',
          RETENTION_REQUESTS_PER_MINUTE: 'unlimited',
          RETENTION_LEASE: '500ms',
          RETENTION_VERIFY_TIMEOUT: '5m',
          RETENTION_HTTP_ADDRESS: 'off',
          LOG_LEVEL: 'warn',
        },
        '/var/lib/retention',
      ),
    ).toMatchObject({
      stateDir: '/var/lib/retention',
      requestsPerMinute: 'unlimited',
      leaseMs: 500,
      verifyTimeoutMs: 300_000,
      logLevel: 'warn',
    });
    expect(settings({ RETENTION_REQUESTS_PER_MINUTE: '120' }).requestsPerMinute).toBe(120);
    expect(settings({ RETENTION_LEASE: '24h' }).leaseMs).toBe(86_400_000);
  });

  it.each([
    ...[
      'abc',
      '0',
      '-1',
      '1.5',
      ' 60',
      '60 ',
      '1e3',
      '0x10',
      'Unlimited',
      'Infinity',
      'NaN',
      '99999999',
      '',
    ].map((text) => ['RETENTION_REQUESTS_PER_MINUTE', text]),
    ...['60', '0s', '-1s', '1.5s', '60 s', '25h', '1d', '5M', 's', '', '9999999999s', '1mss'].flatMap(
      (text) => [
        ['RETENTION_LEASE', text],
        ['RETENTION_VERIFY_TIMEOUT', text],
      ],
    ),
    ['RETENTION_STATE_DIR', ''],
    ['RETENTION_STATE_DIR', 'a\0b'],
    ['LOG_LEVEL', 'verbose'],
    ['LOG_LEVEL', 'INFO'],
    ['LOG_LEVEL', ''],
    ['RETENTION_DATABASE_URL', 'postgres://user:hunter2@db/x'],
    ['RETENTION_DATABASE_URL', ''],
    ['RETENTION_HTTP_ADDRESS', '8080'],
    ['RETENTION_HTTP_TOKEN_FILE', '/etc/hostname'],
    ['RETENTION_HTTP_HOSTS', 'retention.example.com'],
    ['RETENTION_HTTP_ADDRESS', ''],
  ])('refuse %s=%j', (name = '', text = '') => {
    expect(problems({ [name]: text })).toMatch(new RegExp(`^${name} (is|must) [^\\n]*$`));
    expect(problems({ [name]: text })).not.toContain('hunter2');
  });

  it('say the nearest level', () => {
    expect(problems({ LOG_LEVEL: 'INFO' })).toContain('did you mean "info"');
  });

  it('are all reported together', () => {
    const text = problems({
      RETENTION_LEASE: 'x',
      LOG_LEVEL: 'x',
      CUSTOMGPT_API_KEY: 'a b',
      RETENTION_DATABASE_URL: 'x',
    });
    expect(text.split('\n')).toHaveLength(4);
  });
});
