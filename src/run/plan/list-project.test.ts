import { describe, expect, test } from 'vitest';
import { ApiError } from '../../core/errors.ts';
import type { ConversationPage, CustomGptReader, ListOrder } from '../../core/ports/vendor.ts';
import {
  InconsistentListing,
  listProject,
  repeatWhileInconsistent,
  withEnd,
  type Listing,
  type ListOptions,
} from './list-project.ts';

type Row = ConversationPage['rows'][number];

function row(id: string, createdAt: number | undefined, name?: string): Row {
  const rest = { name, updatedAt: undefined, createdBy: undefined };
  return { kind: 'conversation', projectId: 7, sessionId: id, createdAt, ...rest };
}

const UNUSABLE: Row = { kind: 'unusable', projectId: 7, sessionId: undefined, problem: 'no_session_id' };

/** Rows by their ids, a letter each. */
function rows(ids: string): readonly Row[] {
  return ids.split('').map((id) => row(id, 0));
}

/** One reading of a list; behind its pages there is one without rows. */
interface Shown {
  readonly pages: readonly (readonly Row[] | ApiError)[];
  /** One for each page; a number for all of them. */
  readonly totals?: number | readonly (number | undefined)[];
  readonly lastPage?: number;
}

/** What a reader of these readings is shown, one after the other; the last of them goes on being shown. */
async function read(shown: Shown | readonly Shown[], options: Partial<ListOptions> = {}) {
  const readings = Array.isArray(shown) ? (shown as readonly Shown[]) : [shown as Shown];
  const orders: (ListOrder | undefined)[] = [];
  const requests: number[] = [];
  const pageOf = ({ pages, totals, lastPage = pages.length }: Shown, number: number): ConversationPage => {
    const own = pages[number - 1] ?? [];
    requests.push(number);
    if (own instanceof ApiError) throw own;
    const total = typeof totals === 'object' ? totals[Math.min(number, totals.length) - 1] : totals;
    return { rows: own, page: number, lastPage, total, receivedAt: number, request: '' };
  };
  const reader: Pick<CustomGptReader, 'conversationPages' | 'conversationPage'> = {
    async *conversationPages(projectId, _signal, order) {
      expect(projectId).toBe(7);
      const reading = readings[Math.min(orders.length, readings.length - 1)] as Shown;
      orders.push(order);
      const end = reading.lastPage ?? reading.pages.length;
      for (let number = 1, empty = 0; empty === 0 || number <= end; number += 1) {
        const page = await Promise.resolve(pageOf(reading, number));
        yield page;
        empty = page.rows.length === 0 ? empty + 1 : 0;
        if (empty === 2) return;
      }
    },
    conversationPage: (_, number) =>
      Promise.resolve().then(() =>
        pageOf(readings[Math.min(orders.length, readings.length) - 1] as Shown, number),
      ),
  };
  const given: (readonly Row[])[] = [];
  let listing: Listing | undefined;
  const pages = listProject(reader as CustomGptReader, 7, { reach: Infinity, ...options });
  for await (const page of withEnd(pages, (end) => (listing = end))) given.push(page.rows);
  return { given: given.filter((page) => page.length > 0), listing, orders, requests };
}

const refusal = (page: number): ApiError =>
  new ApiError({ failure: 'bad_request', method: 'GET', path: `/x?page=${page}`, status: 422 });

describe('a listing that counts right', () => {
  test.each<[string, Shown]>([
    ['of one page', { pages: [rows('abc')], totals: 3 }],
    ['of several, the last one short', { pages: [rows('abc'), rows('def'), rows('g')], totals: 7 }],
    ['that grows at its end', { pages: [rows('ab'), rows('cd'), rows('ef')], totals: [4, 5, 6] }],
    ['whose total comes late', { pages: [rows('ab'), rows('cd'), rows('e')], totals: [undefined, 5, 5] }],
    ['whose pages grow', { pages: [rows('ab'), rows('cde')], totals: 5 }],
    ['with rows that cannot be told apart', { pages: [[UNUSABLE, UNUSABLE], [UNUSABLE]], totals: 3 }],
  ])('%s is read once, as it came', async (_, shown) => {
    const { given, listing, requests } = await read(shown);
    expect(given).toEqual(shown.pages);
    expect(listing).toMatchObject({ how: 'read_in_full', ids: shown.pages.flat().length });
    expect(requests).toHaveLength(shown.pages.length);
  });

  test('of none is one page', async () => {
    const { listing, requests } = await read({ pages: [[]], totals: 0 });
    expect([listing, requests]).toEqual([{ ids: 0, total: 0, how: 'read_in_full' }, [1]]);
  });

  test('of which newcomers push rows to the next page shows each once', async () => {
    const shown = { pages: [rows('abc'), rows('cde'), rows('efg')], totals: [5, 6, 7] };
    const { given, listing } = await read(shown);
    expect(given).toEqual([rows('abc'), rows('de'), rows('fg')]);
    expect(listing?.ids).toBe(7);
  });
});

describe('a listing that counts wrong', () => {
  test.each<[string, Shown, number]>([
    ['too many', { pages: [rows('ab'), rows('c')], totals: 9 }, 6],
    ['too few', { pages: [rows('ab'), rows('cd')], totals: 3 }, 6],
    ['nothing', { pages: [rows('ab'), rows('c')] }, 6],
    // Two pages without rows, and that is the end.
    ['too many pages', { pages: [rows('ab'), rows('c')], totals: 40, lastPage: 20 }, 8],
    ['too few pages', { pages: [rows('ab'), rows('cd'), rows('e')], totals: 2, lastPage: 1 }, 1],
    ['too few pages, and too many rows', { pages: [rows('ab'), rows('cd')], totals: 9, lastPage: 1 }, 6],
  ])('%s is complete when two readings are alike, up to an empty page', async (...[, shown, count]) => {
    const { given, listing, requests } = await read(shown);
    expect(listing?.how).toBe('read_in_full');
    expect(given.flat()).toHaveLength(listing?.ids ?? 0);
    expect(requests).toHaveLength(count);
  });

  test('is complete as soon as a further reading has brought what it counts', async () => {
    const { given, listing, orders } = await read([
      { pages: [rows('ab'), rows('c')], totals: 4 },
      { pages: [rows('ab'), rows('cd')], totals: 4 },
    ]);
    expect(given.flat()).toEqual(rows('abcd'));
    expect(listing).toEqual({ ids: 4, total: 4, how: 'read_in_full' });
    expect(orders).toEqual(['oldest_first', 'oldest_first']);
  });
});

describe('a listing that repeats and lacks rows', () => {
  test('is read again by id, and both are united', async () => {
    const { given, listing, orders, requests } = await read([
      { pages: [rows('abc'), rows('bcd'), rows('ghi')], totals: 9 },
      { pages: [rows('abc'), rows('def'), rows('ghi')], totals: 9 },
    ]);
    expect(given).toEqual([rows('abc'), rows('d'), rows('ghi'), rows('ef')]);
    expect(listing).toEqual({ ids: 9, total: 9, how: 'read_in_full' });
    expect(orders).toEqual(['oldest_first', 'by_id']);
    // It ends with the page that brought the last one.
    expect(requests).toEqual([1, 2, 3, 4, 1, 2]);
  });

  test('and comes whole the second time, by whatever count, is complete by id', async () => {
    const { listing, orders } = await read([
      { pages: [rows('ab'), rows('bc')], totals: 9 },
      { pages: [rows('ab'), rows('c')], totals: 9 },
      { pages: [rows('ab'), rows('c')], totals: 9 },
    ]);
    expect(listing?.ids).toBe(3);
    expect(orders).toEqual(['oldest_first', 'by_id', 'by_id']);
  });

  test('in vain, and then comes whole by id without any count, is compared by id', async () => {
    const { listing, orders } = await read([
      { pages: [rows('ab'), rows('c')] },
      { pages: [rows('ab'), rows('b')] },
      { pages: [rows('ab'), rows('c')] },
    ]);
    expect(listing?.ids).toBe(3);
    expect(orders).toEqual(['oldest_first', 'oldest_first', 'by_id', 'by_id']);
  });

  test.each<[string, Shown, string]>([
    [
      'repeats a page',
      { pages: [rows('ab'), rows('ab'), rows('ef')], totals: 6 },
      'page 2 of 3 repeats rows; 4 conversations arrived where the project counts 6',
    ],
    [
      'has a short page before the last',
      { pages: [rows('abc'), rows('de'), rows('f')], totals: 7 },
      'page 2 of 3 is short: 2 rows where 3 were; 6 conversations arrived where the project counts 7',
    ],
    [
      'has an empty page before the last',
      { pages: [rows('ab'), [], rows('cd')], totals: 6 },
      'page 2 of 3 is empty; 4 conversations arrived where the project counts 6',
    ],
    [
      'repeats a row and counts nothing',
      { pages: [rows('ab'), rows('bc')] },
      'page 2 of 2 repeats rows; 3 conversations arrived where the project counts undefined',
    ],
  ])('each time, because it %s, is given up after three readings', async (...[, shown, problem]) => {
    const error: unknown = await read(shown).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(InconsistentListing);
    expect(error).toMatchObject({ name: 'InconsistentListing', message: problem, mayPass: false });
  });

  test('is read as long as each reading brings something, twelve times at most', async () => {
    const all = 'abcdefghijklmnopqrst'.split('');
    const readings = all.map((id) => ({ pages: [rows(`${id}z`), rows(`${id}z`), rows('z')], totals: 21 }));
    await expect(read(readings)).rejects.toThrow('13 conversations arrived where the project counts 21');
  });
});

describe('a listing that never ends', () => {
  test.each<[string, (page: number) => readonly Row[], number]>([
    ['because the page is ignored', () => rows('abc'), 43],
    [
      'because what lies behind its end repeats the last page',
      (page) => (page === 1 ? rows('ab') : rows('c')),
      4,
    ],
    ['because it always has others', (page) => [row(`row-${page}`, 0)], 3],
  ])('%s is given up', async (_, pageOf, total) => {
    let requests = 0;
    const reader: Pick<CustomGptReader, 'conversationPages'> = {
      async *conversationPages() {
        for (let page = 1; ; page += 1) {
          requests += 1;
          const common = { page, lastPage: page + 1, total, receivedAt: page, request: '' };
          yield await Promise.resolve({ rows: pageOf(page), ...common });
        }
      },
    };
    const listing = listProject(reader as CustomGptReader, 7, { reach: Infinity });
    const read = async (): Promise<void> => {
      for await (const page of listing) expect(page.total).toBe(total);
    };
    await expect(read()).rejects.toBeInstanceOf(InconsistentListing);
    expect(requests).toBeLessThan(2000);
  });
});

describe('a listing that changes under the reader', () => {
  test.each<[string, Shown | readonly Shown[], RegExp]>([
    ['shrinks by one', { pages: [rows('ab'), rows('cd')], totals: [5, 4] }, /shrank/],
    ['loses its total', { pages: [rows('ab'), rows('cd')], totals: [4, undefined] }, /shrank/],
    [
      'has shrunk before the next reading',
      [
        { pages: [rows('ab'), rows('c')], totals: 4 },
        { pages: [rows('ab'), rows('c')], totals: 3 },
      ],
      /shrank/,
    ],
    [
      'shows a conversation that has changed',
      [
        { pages: [[row('a', 1, 'test'), row('b', 1)]], totals: 3 },
        { pages: [[row('a', 1, 'VIP'), row('b', 1)]], totals: 3 },
      ],
      /changed while/,
    ],
  ])('because it %s may be whole the next time', async (...[, shown, problem]) => {
    const error: unknown = await read(shown).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ message: expect.stringMatching(problem) as unknown, mayPass: true });
  });
});

describe('a listing that the API refuses to go on with', () => {
  test('is read from the other end, and complete where the two meet', async () => {
    const { given, listing, orders } = await read([
      { pages: [rows('ab'), rows('cd'), refusal(3)], totals: 6 },
      { pages: [rows('fe'), rows('dc'), refusal(3)], totals: 6 },
    ]);
    expect(given.flat()).toEqual(rows('abcdfe'));
    expect(listing).toEqual({ ids: 6, total: 6, how: 'read_in_full' });
    expect(orders).toEqual(['oldest_first', 'newest_first']);
  });

  test('is read by id where only that is not refused', async () => {
    const refused = { pages: [rows('ab'), refusal(2)], totals: 6, lastPage: 3 };
    const { listing, orders } = await read([
      refused,
      refused,
      { pages: [rows('ab'), rows('cd'), rows('ef')], totals: 6 },
    ]);
    expect(listing?.ids).toBe(6);
    expect(orders).toEqual(['oldest_first', 'newest_first', 'by_id']);
  });

  test('from either end is left, with a reason that stays the same', async () => {
    const ends = (total: number): readonly Shown[] => [
      { pages: [rows('ab'), refusal(2)], totals: total, lastPage: 9 },
      { pages: [rows('yz'), refusal(2)], totals: total, lastPage: 9 },
      { pages: [refusal(1)], totals: total, lastPage: 9 },
    ];
    for (const total of [18, 19]) {
      await expect(read(ends(total))).rejects.toThrow(
        'the API refuses page 2 and all behind it (HTTP 422), from either end, so not all can be listed',
      );
    }
  });

  test('at its first page is an error of the API', async () => {
    const forbidden = new ApiError({ failure: 'forbidden', method: 'GET', path: '/', status: 403 });
    await expect(read({ pages: [refusal(1)] })).rejects.toBeInstanceOf(ApiError);
    await expect(read({ pages: [rows('ab'), forbidden] })).rejects.toThrow('HTTP 403');
  });
});

describe('the end of what any rule can reach', () => {
  let ids = 0;
  const dated = (...dates: readonly (number | undefined)[]): readonly Row[] =>
    dates.map((at) => row(`row-${(ids += 1)}`, at));
  /** Pages at the start, and enough rising ones behind them that sampling is worth it. */
  const long = (...start: readonly (readonly Row[])[]): Shown => {
    const pages = [...start, dated(20, 21), dated(22, 23), dated(24, 25), dated(26, 27)];
    return { pages, totals: pages.flat().length };
  };
  const chance = (fraction: number) => ({ chance: { fraction: () => fraction } });

  test.each<[string, Shown, number]>([
    ['a row created exactly there', long(dated(1, 2), dated(3, 5)), 2],
    ['rows beyond it', long(dated(1, 2), dated(7, 8)), 2],
    ['the first page, where it rises', long(dated(4, 5)), 1],
    ['not one created a moment before', long(dated(1, 2), dated(3, 4)), 3],
    ['not one among rows of the same instant: no order is seen', long(dated(5, 5), dated(5, 5)), 3],
    ['not one without a date', long(dated(1, undefined), dated(undefined, 4)), 3],
    ['found among rows that cannot be used', long([UNUSABLE, row('a', 1)], [row('b', 6), UNUSABLE]), 2],
    ['found where rows of one instant follow one another', long(dated(1, 1), dated(1, 6)), 2],
  ])('is %s', async (...[, shown, count]) => {
    const { given, listing, requests } = await read(shown, { reach: 5 });
    expect(given).toEqual(shown.pages.slice(0, count));
    expect(listing).toEqual({ ids: given.flat().length, total: shown.totals, how: 'order_sampled' });
    // The last page, and one between.
    expect(requests.slice(count)).toHaveLength(2);
    expect(requests[count]).toBe(shown.pages.length);
  });

  test.each([
    ['broke before', dated(2, 1), dated(5, 6)],
    ['breaks on its page', dated(1, 2), dated(6, 4)],
    ['broke across a row without a date', dated(2, undefined, 1), dated(5, 6, 7)],
    ['broke from page to page', dated(1, 4), dated(3, 6)],
  ])('is not taken where the order %s', async (...[, first, second]) => {
    const shown = long(first, second);
    const { listing, requests } = await read(shown, { reach: 5 });
    expect(listing?.how).toBe('read_in_full');
    expect(requests.slice(0, shown.pages.length)).toEqual(shown.pages.map((_, index) => index + 1));
  });

  test.each([
    [0, 2],
    [0.5, 4],
    [0.999, 5],
  ])('is looked at on the last page and on one drawn by %d', async (fraction, drawn) => {
    const shown = long(dated(4, 5), dated(6, 7));
    expect((await read(shown, { reach: 5, ...chance(fraction) })).requests).toEqual([1, 6, drawn]);
    if (fraction === 0.5) expect((await read(shown, { reach: 5 })).requests).toEqual([1, 6, drawn]);
  });

  const middle = (rest: readonly Row[]): Shown => {
    const { pages, totals } = long(dated(4, 5), dated(6, 7));
    return { pages: [...pages.slice(0, 3), rest, ...pages.slice(4)], totals: totals as number };
  };
  const last = (rest: readonly Row[]): Shown => {
    const { pages, totals } = long(dated(4, 5), dated(6, 7));
    return { pages: [...pages.slice(0, 5), rest], totals: totals as number };
  };
  test.each<[string, Shown]>([
    ['last page holds something within reach', last(dated(9, 3))],
    ['last page holds something older than was read', last(dated(9, 4))],
    ['drawn page holds something within reach', middle(dated(3, 9))],
  ])('is not believed where the %s: all is read', async (_, shown) => {
    const { listing, given } = await read(shown, { reach: 5, ...chance(0.5) });
    expect(listing).toEqual({ ids: 12, total: 12, how: 'read_in_full' });
    expect(given).toEqual(shown.pages);
  });

  test('is not believed by pages that are not there or are refused', async () => {
    const short = { ...long(dated(4, 5)), lastPage: 40 };
    expect((await read(short, { reach: 5 })).listing?.how).toBe('read_in_full');
    const { pages, totals } = long(dated(4, 5));
    const refused: Shown = { pages: [...pages.slice(0, 4), refusal(5)], totals: totals as number };
    const other: Shown = { pages: [...pages].reverse(), totals: totals as number };
    expect((await read([refused, other], { reach: 5 })).listing?.how).toBe('read_in_full');
    const broken = new ApiError({ failure: 'server_error', method: 'GET', path: '/', status: 500 });
    const failing: Shown = { pages: [...pages.slice(0, 4), broken], totals: totals as number };
    await expect(read(failing, { reach: 5 })).rejects.toBe(broken);
  });

  test('is not believed where rows of one instant changed places from page to page', async () => {
    const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((id) => row(id, 3)) as [Row, Row, Row, Row];
    const shuffled = long([row('first', 1), a, b], [b, d, row('next', 6)]);
    const byId: Shown = { ...shuffled, pages: [[row('first', 1), a, b], [c, d], ...shuffled.pages.slice(1)] };
    const { given, listing, orders } = await read([shuffled, byId], { reach: 5 });
    expect(orders).toEqual(['oldest_first', 'by_id']);
    expect(given.flat()).toContainEqual(c);
    expect(listing?.how).toBe('read_in_full');
  });

  test('is no matter where the rest is as cheap to read, or all is wanted', async () => {
    const few = { pages: [dated(4, 5), dated(6, 7), dated(8, 9)], totals: 6 };
    expect((await read(few, { reach: 5 })).listing?.how).toBe('read_in_full');
    const inFull = await read(long(dated(4, 5)), { reach: 5, inFull: true });
    expect(inFull.listing?.how).toBe('read_in_full');
    expect(inFull.requests).toEqual([1, 2, 3, 4, 5]);
  });

  test('is passed as long as the caller has not enough', async () => {
    let asked = 0;
    const mayStop = (): boolean => (asked += 1) > 2;
    const { given, listing } = await read(long(dated(4, 5), dated(6, 7), dated(8, 9)), { reach: 5, mayStop });
    expect(given).toHaveLength(3);
    expect(listing?.how).toBe('order_sampled');
  });
});

describe('a listing that contradicts itself', () => {
  const attempt = (failures: number, error: Error) => {
    let attempts = 0;
    const list = (): Promise<number> => {
      attempts += 1;
      return attempts > failures ? Promise.resolve(attempts) : Promise.reject(error);
    };
    return { list, attempts: () => attempts };
  };

  test('is taken again while that may pass, three times in all', async () => {
    const error = new InconsistentListing('x', { mayPass: true });
    expect(await repeatWhileInconsistent(attempt(2, error).list)).toBe(3);
    const hopeless = attempt(3, error);
    await expect(repeatWhileInconsistent(hopeless.list)).rejects.toBe(error);
    expect(hopeless.attempts()).toBe(3);
  });

  test.each([new InconsistentListing('x'), new Error('x')])('is not what another error is', async (error) => {
    const other = attempt(1, error);
    await expect(repeatWhileInconsistent(other.list)).rejects.toThrow('x');
    expect(other.attempts()).toBe(1);
  });
});
