import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ApiError, RetentionError } from '../core/errors.ts';
import { createUrls, isChecked, isSessionId } from './urls.ts';
import type { Target } from './urls.ts';

const urls = createUrls('https://app.customgpt.ai');
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
    expect(urls.projects(1).path).toBe('/api/v1/projects?page=1&orderBy=id&order=asc');
    expect(urls.conversations(7, 3).path).toBe(
      '/api/v1/projects/7/conversations?page=3&orderBy=created_at&order=asc',
    );
    expect(urls.messages(7, SESSION, 1).path).toBe(
      `/api/v1/projects/7/conversations/${SESSION}/messages?page=1&order=desc`,
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
      expect(built(() => urls.deletion(project, SESSION))).toBeUndefined();
    },
  );

  it.each([0, -1, 1.5, NaN, 1e21])('refuse the page %s', (page) => {
    expect(built(() => urls.projects(page))).toBeUndefined();
    expect(built(() => urls.messages(7, SESSION, page))).toBeUndefined();
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
});

describe('the base URL', () => {
  it.each([
    'http://app.customgpt.ai',
    'http://127.0.0.1.evil.example',
    'ftp://app.customgpt.ai',
    'https://user:pw@app.customgpt.ai',
    'https://app.customgpt.ai/api',
    'https://app.customgpt.ai/?a=b',
    'https://app.customgpt.ai/#a',
    'app.customgpt.ai',
    '',
  ])('refuses %j', (base) => {
    expect(() => createUrls(base)).toThrow(RetentionError);
  });

  it.each([
    ['https://app.customgpt.ai/', 'https://app.customgpt.ai'],
    ['http://127.0.0.1:8080', 'http://127.0.0.1:8080'],
    ['http://localhost:1', 'http://localhost:1'],
    ['http://[::1]:1', 'http://[::1]:1'],
  ])('takes %s', (base, origin) => {
    expect(createUrls(base).origin).toBe(origin);
  });
});
