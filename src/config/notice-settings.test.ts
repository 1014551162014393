import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readNoticeSettings } from './notice-settings.ts';
import { readSettings } from './settings.ts';

const TOKEN = 'T0KEN-that-nobody-may-print';
const URL_OF_HOOK = `https://hooks.example.org/${TOKEN}`;
const SECRET = `whsec_${randomBytes(32).toString('base64')}`;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'retention-notices-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

function file(text: string): string {
  const path = join(folder, `file-${randomBytes(4).toString('hex')}`);
  writeFileSync(path, text);
  return path;
}

type Env = Parameters<typeof readNoticeSettings>[0];

function problemsOf(env: Env): readonly string[] {
  const { problems } = readNoticeSettings(env);
  expect(problems.join('\n')).not.toContain(TOKEN);
  return problems;
}

function secretProblems(text: string): readonly string[] {
  return problemsOf({ RETENTION_NOTICE_URL: URL_OF_HOOK, RETENTION_NOTICE_SECRET_FILE: file(text) });
}

describe('where notices go', () => {
  it('is nowhere by default', () => {
    expect(readNoticeSettings({})).toEqual({
      settings: { webhook: undefined, slackUrl: undefined, heartbeatUrl: undefined, eachRun: false },
      problems: [],
    });
  });

  it('is read from the environment, or from files', () => {
    const heartbeat = `https://hc.example.org/ping/${TOKEN}/{policy}`;
    const direct = readNoticeSettings({
      ...{ RETENTION_NOTICE_URL: URL_OF_HOOK, RETENTION_NOTICE_SECRET: SECRET },
      ...{ RETENTION_NOTICE_SLACK_URL: `${URL_OF_HOOK}?a=b`, RETENTION_HEARTBEAT_URL: heartbeat },
      RETENTION_NOTICE_EACH_RUN: 'true',
    });
    const fromFiles = readNoticeSettings({
      ...{ RETENTION_NOTICE_URL_FILE: file(URL_OF_HOOK), RETENTION_NOTICE_SECRET_FILE: file(`${SECRET}\n`) },
      RETENTION_NOTICE_SLACK_URL_FILE: file(`${URL_OF_HOOK}?a=b\r\n`),
      RETENTION_HEARTBEAT_URL_FILE: file(heartbeat),
      RETENTION_NOTICE_EACH_RUN: 'true',
    });
    for (const { settings, problems } of [direct, fromFiles]) {
      expect(problems).toEqual([]);
      expect(settings.eachRun).toBe(true);
      expect(settings.webhook?.url.reveal()).toBe(URL_OF_HOOK);
      expect(settings.webhook?.secret.reveal()).toBe(SECRET);
      expect(settings.slackUrl?.reveal()).toBe(`${URL_OF_HOOK}?a=b`);
      expect(settings.heartbeatUrl?.reveal()).toBe(heartbeat);
      expect(JSON.stringify(settings)).not.toContain(TOKEN);
    }
  });

  it('may be plain http on this machine only', () => {
    for (const host of ['localhost:9', '127.0.0.1:9', '[::1]:9'])
      expect(problemsOf({ RETENTION_NOTICE_SLACK_URL: `http://${host}/x` })).toEqual([]);
  });

  it.each([
    [`http://hooks.example.org/${TOKEN}`, /must start with https.*plain http/],
    [`ftp://hooks.example.org/${TOKEN}`, /must start with https/],
    [`hooks.example.org/${TOKEN}`, /is not a URL/],
    [`https://user:${TOKEN}@example.org/`, /user or password/],
    [`https://example.org/${TOKEN} x`, /spaces/],
    [`https://example.org\\${TOKEN}`, /spaces or signs/],
    [`https://example.org/#${TOKEN}`, /must not hold #/],
    ['', /is empty/],
  ])('is refused, and not repeated, as %s', (url, why) => {
    for (const name of ['RETENTION_NOTICE_SLACK_URL', 'RETENTION_HEARTBEAT_URL']) {
      const [problem, ...others] = problemsOf({ [name]: url });
      expect(problem).toMatch(why);
      expect(problem).toContain(name);
      expect(others).toEqual([]);
    }
  });

  it.each([
    ['https://example.org/{name}', /only \{policy\}/],
    ['https://{policy}.example.org/', /not a URL|must not hold \{policy\} in the host/],
    ['https://example.org:{policy}/', /is not a URL/],
    ['{policy}', /is not a URL/],
  ])('is refused for a heartbeat as %s', (url, why) => {
    expect(problemsOf({ RETENTION_HEARTBEAT_URL: url })[0]).toMatch(why);
  });

  it('is set once', () => {
    const env = { RETENTION_HEARTBEAT_URL: URL_OF_HOOK, RETENTION_HEARTBEAT_URL_FILE: file(URL_OF_HOOK) };
    expect(problemsOf(env)).toEqual([
      'RETENTION_HEARTBEAT_URL and RETENTION_HEARTBEAT_URL_FILE are both set: keep one of them',
    ]);
  });

  it('is refused where its file cannot be read', () => {
    expect(problemsOf({ RETENTION_HEARTBEAT_URL_FILE: join(folder, 'none') })[0]).toMatch(
      /^RETENTION_HEARTBEAT_URL_FILE: .*none cannot be read \(ENOENT\)$/,
    );
    expect(problemsOf({ RETENTION_HEARTBEAT_URL_FILE: '' })[0]).toMatch(/is empty/);
  });
});

describe('the secret', () => {
  it('belongs to a webhook, and a webhook needs one', () => {
    expect(problemsOf({ RETENTION_NOTICE_URL: URL_OF_HOOK })[0]).toMatch(
      /^RETENTION_NOTICE_URL needs RETENTION_NOTICE_SECRET_FILE.*openssl/,
    );
    expect(problemsOf({ RETENTION_NOTICE_SECRET: SECRET })[0]).toMatch(/without RETENTION_NOTICE_URL/);
  });

  it.each([24, 25, 26, 32, 64])('may have %i bytes', (bytes) => {
    expect(secretProblems(`whsec_${randomBytes(bytes).toString('base64')}`)).toEqual([]);
  });

  it.each([
    ['of another form', TOKEN],
    ['without its beginning', randomBytes(32).toString('base64')],
    ['too short', `whsec_${randomBytes(23).toString('base64')}`],
    ['too long', `whsec_${randomBytes(65).toString('base64')}`],
    ['without its padding', `whsec_${randomBytes(32).toString('base64').replace('=', '')}`],
    ['in Base64 for URLs', `whsec_${Buffer.alloc(32, 255).toString('base64url')}`],
    ['twice', `${SECRET}\n${SECRET}`],
    ['of nothing', 'whsec_===='],
  ])('is refused %s', (_, text) => {
    const [problem = ''] = secretProblems(text);
    expect(problem).toMatch(/RETENTION_NOTICE_SECRET_FILE .*holds no secret \(whsec_ .*openssl/);
    expect(problem).not.toContain(text);
  });
});

describe('a wrong setting', () => {
  it('stops the program with all others', () => {
    const read = readSettings({ RETENTION_NOTICE_EACH_RUN: 'yes', RETENTION_LEASE: 'long' });
    expect(read).toMatchObject({
      ok: false,
      problems: [
        expect.stringMatching(/^RETENTION_LEASE/),
        'RETENTION_NOTICE_EACH_RUN must be true or false',
      ] as unknown,
    });
  });
});
