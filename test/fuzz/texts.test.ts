import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readSettings } from '../../src/config/settings.ts';
import { ApiError, RetentionError } from '../../src/core/errors.ts';
import { parseDuration } from '../../src/core/duration.ts';
import { compileNameTest } from '../../src/core/name-match.ts';
import type { NameTest } from '../../src/core/selector.ts';
import { parseHttpDate, parseRetryAfter } from '../../src/core/http-date.ts';
import { createUrls, type Target, type Urls } from '../../src/customgpt/urls.ts';
import { cpuMs } from '../support/cpu-time.ts';
import { fuzz, tellCases } from './cases.ts';

tellCases('dates, durations, names and URLs');

describe('an HTTP date', () => {
  const texts = fc
    .date({ min: new Date('1990-01-01'), max: new Date('2100-01-01'), noInvalidDate: true })
    .map((date) => date.toUTCString());

  test('is read as it was written, and nothing else is taken for one', async () => {
    const touched = fc.tuple(texts, fc.nat({ max: 28 }), fc.string({ unit: 'binary-ascii', maxLength: 2 }));
    await fuzz(
      fc.property(
        fc.oneof(
          texts,
          touched.map(([text, at, put]) => text.slice(0, at) + put + text.slice(at + 1)),
        ),
        (text) => {
          const at = parseHttpDate(text);
          if (at === undefined) {
            expect(
              /^[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} (20\d\d) \d\d:\d\d:\d\d GMT$/.test(text) && isWritten(text),
            ).toBe(false);
          } else {
            // The name of the weekday is decoration: everything behind it has to be the instant.
            expect(new Date(at).toUTCString().slice(4)).toBe(text.slice(4));
          }
        },
      ),
      2000,
    );
  });

  /** Whether the platform writes this very text for the instant it reads from it. */
  function isWritten(text: string): boolean {
    const at = Date.parse(text);
    return Number.isFinite(at) && at >= Date.UTC(2000, 0) && new Date(at).toUTCString() === text;
  }

  test('in Retry-After never shortens what was told, nor becomes no number', async () => {
    const headers = fc.oneof(
      texts,
      fc.double().map(String),
      fc.bigInt().map(String),
      fc.string({ unit: 'binary-ascii' }),
      fc.nat({ max: 100_000 }).map(String),
    );
    const now = Date.UTC(2026, 0, 1);
    await fuzz(
      fc.property(headers, fc.option(fc.oneof(texts, fc.string()), { nil: undefined }), (header, date) => {
        const ms = parseRetryAfter(header, { date, now });
        if (ms !== undefined) expect(ms > 0 && Number.isFinite(ms)).toBe(true);
        if (/^[1-9]\d{0,9}$/.test(header)) expect(ms).toBe(Number(header) * 1000);
        if (/^-|^0+$|^$/.test(header)) expect(ms).toBeUndefined();
      }),
      2000,
    );
  });
});

describe('a duration', () => {
  test('of any text is one of the grammar, or a problem in words', async () => {
    const near = fc.array(
      fc.constantFrom(...['1', '0', '9', 'd', 'h', 'm', 'mo', 'y', 'w', '-', '+', '.', ' ', 'D', '٣', 'e']),
    );
    const texts = fc.oneof(
      near.map((signs) => signs.join('')),
      fc.string({ unit: 'binary' }),
    );
    await fuzz(
      fc.property(texts, (text) => {
        const parsed = parseDuration(text);
        expect(parsed.ok && /^[1-9][0-9]*(h|d|w|mo|y)$/.test(text)).toBe(parsed.ok);
        if (parsed.ok) expect(`${parsed.duration.amount}${parsed.duration.unit}`).toBe(text);
        else expect(parsed.problem).not.toBe('');
      }),
      3000,
    );
  });
});

describe('a name', () => {
  const pieces = fc.constantFrom(
    ...['a', 'b', '.', 'a*', 'b+', '.*', '(a|b)', '(a|ab)*', '[^b]', 'a?', '(?:b)', '.{0,2}', 'a|b'],
  );
  const regexes = fc.array(pieces, { minLength: 1, maxLength: 6 }).map((all) => all.join(''));
  const names = fc.string({ unit: fc.constantFrom('a', 'b', '-'), maxLength: 9 });

  function matcherOf(how: NameTest, pattern: string) {
    const compiled = compileNameTest(how, pattern);
    if (!compiled.ok) throw new Error(compiled.problem);
    return compiled.matcher;
  }

  test('matches a regex where the whole of it does in any other engine', async () => {
    await fuzz(
      fc.property(regexes, names, (regex, name) => {
        expect(matcherOf('regex', regex).test(name)).toBe(new RegExp(`^(?:${regex})$`, 'u').test(name));
      }),
      2000,
    );
  });

  test('is matched in time that grows with it, not with its square', async () => {
    const nested = fc.constantFrom('(a+)+b', '(a|aa)*b', '(a*)*c', '(.*a){8}b', '(x+x+)+y', '([ab]+)*-');
    const globs = fc
      .array(fc.constantFrom('*', '?', 'a', 'b', '*a', 'a?'), { minLength: 1, maxLength: 40 })
      .map((signs) => signs.join(''));
    const tests = fc.oneof(
      fc.tuple(fc.constant('glob' as const), globs),
      fc.tuple(fc.constant('regex' as const), fc.oneof(nested, regexes)),
    );
    const repeated = fc.string({ unit: fc.constantFrom('a', 'b', 'x'), minLength: 1, maxLength: 3 });
    await fuzz(
      fc.property(tests, repeated, ([how, pattern], unit) => {
        const matcher = matcherOf(how, pattern);
        const msOf = (length: number): number => {
          const name = `${unit.repeat(Math.ceil(length / unit.length))}!`;
          return cpuMs(() => matcher.test(name));
        };
        const [short, long] = [msOf(2_000), msOf(16_000)];
        // Eight times the name: 8 is linear, 64 would be a square. What is over at once has no ratio to speak of.
        if (long > 10) expect(long / short).toBeLessThan(32);
      }),
      40,
    );
  });
});

describe('a URL', () => {
  const SESSION = /^[A-Za-z0-9_-]{8,128}$/;
  const signs = fc.constantFrom(
    ...['.', '/', '%', '2', 'e', 'f', '?', '#', '\\', 'a', ';', '&', '@', ':', '\n', '\0', '。'],
  );
  const ids = fc.oneof(
    fc.string({ unit: signs, maxLength: 140 }),
    fc.stringMatching(/^[A-Za-z0-9_-]{8,128}$/),
    fc.string({ unit: 'binary' }),
    fc.anything(),
  );
  const numbers = fc.oneof(fc.integer(), fc.double(), fc.maxSafeInteger(), fc.anything());

  function built(build: () => Target): string | undefined {
    try {
      const { method, path } = build();
      return `${method} ${path}`;
    } catch (error) {
      // An object that cannot even become text is refused by the language itself.
      if (!(error instanceof TypeError))
        expect(error).toMatchObject({ failure: 'bad_request', status: undefined });
      return undefined;
    }
  }

  test('is one of the four patterns with exactly the ids that were given, or refused', async () => {
    const urls = createUrls('https://app.customgpt.ai');
    await fuzz(
      fc.property(numbers, ids, numbers, (project, id, page) => {
        const [p, i, n] = [project as number, id as string, page as number];
        const isProject = Number.isSafeInteger(p) && p > 0;
        const isSession = typeof id === 'string' && SESSION.test(id);
        const base = `/api/v1/projects/${isProject ? p : ''}`;
        const cases: readonly (readonly [() => Target, boolean, string])[] = [
          [
            () => urls.deletion(p, i),
            isProject && isSession,
            `DELETE ${base}/conversations/${String(isSession && i)}`,
          ],
          [
            () => urls.messages(p, i, 1),
            isProject && isSession,
            `GET ${base}/conversations/${String(isSession && i)}/messages?page=1&order=desc`,
          ],
          [
            () => urls.conversations(p, 2),
            isProject,
            `GET ${base}/conversations?page=2&orderBy=created_at&order=asc`,
          ],
        ];
        for (const [build, isAllowed, line] of cases) expect(built(build)).toBe(isAllowed ? line : undefined);
        const list = built(() => urls.projects(n));
        if (list !== undefined)
          expect(list).toMatch(/^GET \/api\/v1\/projects\?page=[1-9]\d*&orderBy=id&order=asc$/);
      }),
      3000,
    );
  });

  const hosts = fc.constantFrom(
    ...[
      'app.customgpt.ai',
      'localhost',
      '127.0.0.1',
      '[::1]',
      '127.1',
      '0x7f.1',
      '127.0.0.1.evil.example',
      '10.0.0.1',
    ],
    ...[
      'localhost.evil.example',
      'evil.example',
      '[::ffff:127.0.0.1]',
      '0.0.0.0',
      'LOCALHOST',
      '１２７.0.0.1',
    ],
  );
  const bases = fc.oneof(
    fc.string({ unit: 'binary-ascii' }),
    fc.webUrl({ withQueryParameters: true, withFragments: true }),
    fc
      .tuple(
        fc.constantFrom('http', 'https', 'HTTP', 'ftp', 'file', 'javascript', 'https:', ''),
        fc.constantFrom('://', ':/', ':', ':\\\\', '://user:pw@', '://@', ':///'),
        hosts,
        fc.constantFrom(
          '',
          ':1',
          ':443',
          ':99999',
          '/',
          '/api',
          '/..',
          '?',
          '#',
          '?a',
          '\n',
          ' ',
          '\\',
          '//',
          '/%2e',
        ),
      )
      .map((parts) => parts.join('')),
  );

  test('has the origin of its base and no other: https, or this machine', async () => {
    const originOf = (base: string): Urls | undefined => {
      try {
        return createUrls(base);
      } catch (error) {
        expect(error).toBeInstanceOf(RetentionError);
        expect(error).not.toBeInstanceOf(ApiError);
        return undefined;
      }
    };
    await fuzz(
      fc.property(bases, (base) => {
        const urls = originOf(base);
        const settings = readSettings({ CUSTOMGPT_BASE_URL: base });
        // What the settings let pass the client takes, too, and understands in the same way.
        if (settings.ok) expect(originOf(settings.settings.baseUrl)?.origin).toBe(settings.settings.baseUrl);
        if (urls === undefined) return;
        const { protocol, hostname, origin } = new URL(base);
        expect(urls.origin).toBe(origin);
        const isHere = /^(localhost|\[::1\]|127\.\d+\.\d+\.\d+)$/.test(hostname);
        expect(protocol === 'https:' || (protocol === 'http:' && isHere)).toBe(true);
        const { path } = urls.deletion(7, 'session-1');
        expect(new URL(urls.origin + path)).toMatchObject({ origin, pathname: path, search: '', hash: '' });
      }),
      2000,
    );
  });
});
