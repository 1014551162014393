import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { ApiError, RetentionError } from '../core/errors.ts';
import { isProjectId, isSessionId } from '../core/ids.ts';
import { createUrls, isChecked, type Target, type Urls } from './urls.ts';

let urls: Urls;
beforeEach(() => {
  urls = createUrls('https://app.customgpt.ai');
});
const SESSION = '0b8f6a0e-3c1d-4f5a-9b7e-2d4c6e8f0a1b';

/** The text, or undefined when it was refused. */
function built(build: () => Target): string | undefined {
  try {
    const { method, path } = build();
    return `${method} ${path}`;
  } catch (error) {
    expect(error).toBeInstanceOf(ApiError);
    expect((error as ApiError).failure).toBe('bad_request');
    expect((error as ApiError).status).toBeUndefined();
    return undefined;
  }
}

const hostileIds = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 200 }),
  fc.string({
    unit: fc.constantFrom('.', '/', '%', '2', 'e', 'f', '?', '#', '\\', 'a', ';', '&', '\n', '\0'),
  }),
  fc.constantFrom(
    ...[
      '..',
      '../',
      '%2e%2e',
      '%2E%2E',
      'a/../..',
      '../..',
      '?x',
      '#',
      '',
      '.',
      '\\..\\..',
      'a'.repeat(10_000),
    ],
    ...[
      '........',
      '../../..',
      '%2e%2e%2f%2e%2e',
      `${SESSION}/`,
      `${SESSION}?`,
      `${SESSION}\n`,
      `${SESSION} `,
    ],
  ),
  fc.stringMatching(/^[A-Za-z0-9_-]{8,128}$/),
);

describe('request URLs', () => {
  it('are the documented ones', () => {
    expect(built(() => urls.user())).toBe('GET /api/v1/user');
    expect(built(() => urls.projects(1))).toBe('GET /api/v1/projects?page=1&orderBy=id&order=asc');
    expect(built(() => urls.project(7))).toBe('GET /api/v1/projects/7');
    expect(built(() => urls.settings(7))).toBe('GET /api/v1/projects/7/settings');
    expect(built(() => urls.conversations(7, 3))).toBe(
      'GET /api/v1/projects/7/conversations?page=3&orderBy=created_at&order=asc',
    );
    expect(built(() => urls.messages(7, SESSION, 1))).toBe(
      `GET /api/v1/projects/7/conversations/${SESSION}/messages?page=1&order=desc`,
    );
    expect(built(() => urls.deletion(7, SESSION))).toBe(`DELETE /api/v1/projects/7/conversations/${SESSION}`);
  });

  it('either refuse a session id or carry exactly it', () => {
    fc.assert(
      fc.property(hostileIds, fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }), (id, project) => {
        const deletion = built(() => urls.deletion(project, id));
        const messages = built(() => urls.messages(project, id, 1));
        if (isSessionId(id)) {
          const place = `/api/v1/projects/${project}/conversations/${id}`;
          expect(deletion).toBe(`DELETE ${place}`);
          expect(messages).toBe(`GET ${place}/messages?page=1&order=desc`);
        } else {
          expect([deletion, messages]).toEqual([undefined, undefined]);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('never make a DELETE of anything but a conversation', () => {
    const anything = fc.oneof(hostileIds, fc.anything());
    fc.assert(
      fc.property(anything, anything, (project, id) => {
        const deletion = built(() => urls.deletion(project as number, id as string));
        if (deletion !== undefined) {
          expect(deletion).toMatch(
            /^DELETE \/api\/v1\/projects\/[1-9]\d*\/conversations\/[A-Za-z0-9_-]{8,128}$/,
          );
        }
      }),
      { numRuns: 2000 },
    );
  });

  it.each([0, -1, 1.5, NaN, Infinity, 2 ** 53, 1e21, '7' as unknown as number])(
    'refuse the project id %s',
    (project) => {
      expect(built(() => urls.conversations(project, 1))).toBeUndefined();
      expect(built(() => urls.project(project))).toBeUndefined();
      expect(built(() => urls.settings(project))).toBeUndefined();
      expect(built(() => urls.deletion(project, SESSION))).toBeUndefined();
    },
  );

  it.each([0, -1, 1.5, NaN, 1e21])('refuse the page %s', (page) => {
    expect(built(() => urls.projects(page))).toBeUndefined();
    expect(built(() => urls.conversations(7, page))).toBeUndefined();
    expect(built(() => urls.messages(7, SESSION, page))).toBeUndefined();
  });

  it.each<[string, unknown]>([
    ['a list of one', [SESSION]],
    ['a number', 12_345_678],
    ['what reads like one', { toString: () => SESSION }],
  ])('refuse %s as a session id', (_, id) => {
    expect(isSessionId(id)).toBe(false);
    expect(built(() => urls.deletion(7, id as string))).toBeUndefined();
    expect(built(() => urls.messages(7, id as string, 1))).toBeUndefined();
  });

  it.each([
    [1, true],
    [Number.MAX_SAFE_INTEGER, true],
    [0, false],
    [-1, false],
    [2 ** 53, false],
    ['7', false],
  ])('take %j for a project id: %s', (id, expected) => {
    expect(isProjectId(id)).toBe(expected);
  });

  it('say in the error what was to be done, and where', () => {
    expect(() => urls.projects(0)).toThrow('GET /api/v1/projects: not a request that may be sent');
    expect(() => urls.conversations(0, 1)).toThrow(
      'GET /api/v1/projects/(refused): not a request that may be sent',
    );
    expect(() => urls.messages(7, '..', 1)).toThrow(
      'GET /api/v1/projects/(refused): not a request that may be sent',
    );
    expect(() => urls.deletion(7, '..')).toThrow(
      'DELETE /api/v1/projects/(refused): not a request that may be sent',
    );
  });

  it('do not repeat a hostile id in the error', () => {
    expect(() => urls.deletion(7, 'secret/../..')).toThrow(/^(?!.*secret)/);
  });

  it('cannot be imitated', () => {
    const real = urls.deletion(7, SESSION);
    expect(isChecked(real)).toBe(true);
    const imitation: unknown = Object.assign({}, real);
    expect(isChecked(imitation as Target)).toBe(false);
    expect(Object.isFrozen(real)).toBe(true);
  });

  it('count messages and deletion of one conversation as one place', () => {
    expect(urls.messages(7, SESSION, 1).place).toBe(urls.deletion(7, SESSION).place);
    expect(urls.conversations(7, 1).place).toBe(urls.conversations(7, 2).place);
  });

  it('take a conversation that is called like a route for a place of its own', () => {
    expect(urls.deletion(7, 'messages').place).toBe('/api/v1/projects/7/conversations/messages');
    expect(urls.messages(7, 'messages-1', 1).place).toBe(urls.deletion(7, 'messages-1').place);
    expect(urls.messages(7, 'messages-1', 1).place).not.toBe(urls.messages(7, 'messages-2', 1).place);
  });
});

describe('the base URL', () => {
  const unencrypted = 'over plain http the key would be readable';
  const more = 'write scheme and host only';
  const user = 'holds a user or password';
  it.each([
    ['http://app.customgpt.ai', unencrypted],
    ['http://127.0.0.1.evil.example', unencrypted],
    ['http://localhost.evil.example', unencrypted],
    ['http://128.0.0.1', unencrypted],
    ['ftp://app.customgpt.ai', 'must start with https://'],
    ['ftp://127.0.0.1', 'must start with https://'],
    ['https://user:pw@app.customgpt.ai', user],
    ['https://user@app.customgpt.ai', user],
    ['https://:pw@app.customgpt.ai', user],
    ['https://app.customgpt.ai/api', more],
    ['https://app.customgpt.ai/?a=b', more],
    ['https://app.customgpt.ai/#a', more],
    ['app.customgpt.ai', 'is not a URL'],
    ['', 'is not a URL'],
  ])('refuses %j: %s', (base, why) => {
    expect(() => createUrls(base)).toThrow(RetentionError);
    expect(() => createUrls(base)).toThrow('CUSTOMGPT_BASE_URL ');
    expect(() => createUrls(base)).toThrow(why);
    expect(() => createUrls(base)).toThrow(expect.objectContaining({ kind: 'usage' }));
  });

  it.each([
    ['https://app.customgpt.ai/', 'https://app.customgpt.ai'],
    ['http://127.0.0.1:8080', 'http://127.0.0.1:8080'],
    ['http://127.100.20.1', 'http://127.100.20.1'],
    ['http://localhost:1', 'http://localhost:1'],
    ['http://[::1]:1', 'http://[::1]:1'],
  ])('takes %s', (base, origin) => {
    expect(createUrls(base).origin).toBe(origin);
  });
});
