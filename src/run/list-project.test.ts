import { describe, expect, test } from 'vitest';
import type { ConversationPage, CustomGptReader } from '../core/ports.ts';
import { InconsistentListing, listProject, repeatWhileInconsistent } from './list-project.ts';

type Row = ConversationPage['rows'][number];

function row(id: string, createdAt: number | undefined): Row {
  const rest = { name: undefined, updatedAt: undefined, createdBy: undefined };
  return { kind: 'conversation', projectId: 7, sessionId: id, createdAt, ...rest };
}

const UNUSABLE: Row = { kind: 'unusable', projectId: 7, sessionId: undefined, problem: 'no_session_id' };

/** Rows by their ids, a letter each. */
function rows(ids: string): readonly Row[] {
  return ids.split('').map((id) => row(id, 0));
}

interface Listing {
  readonly pages: readonly (readonly Row[])[];
  /** One for each page; a number for all of them. */
  readonly totals?: number | readonly (number | undefined)[];
}

/** What a reader of this listing is shown, page by page, up to where it stops. */
async function read({ pages, totals }: Listing, reach = Infinity): Promise<readonly (readonly Row[])[]> {
  const reader: Pick<CustomGptReader, 'conversationPages'> = {
    async *conversationPages(projectId) {
      expect(projectId).toBe(7);
      for (const [index, own] of pages.entries()) {
        const total = typeof totals === 'object' ? totals[index] : totals;
        const page = { rows: own, page: index + 1, lastPage: pages.length, total, receivedAt: index };
        yield await Promise.resolve(page);
      }
    },
  };
  const shown: (readonly Row[])[] = [];
  for await (const page of listProject(reader as CustomGptReader, 7, { reach })) shown.push(page.rows);
  return shown;
}

describe('a listing', () => {
  test.each<[string, Listing]>([
    ['of one page', { pages: [rows('abc')], totals: 3 }],
    ['of several, the last one short', { pages: [rows('abc'), rows('def'), rows('g')], totals: 7 }],
    ['of none', { pages: [[]], totals: 0 }],
    ['without a total', { pages: [rows('ab'), rows('c')] }],
    ['whose total comes late', { pages: [rows('ab'), rows('cd'), rows('e')], totals: [undefined, 5, 5] }],
    ['that grows at its end', { pages: [rows('ab'), rows('cd'), rows('ef')], totals: [4, 5, 6] }],
    ['whose pages grow', { pages: [rows('ab'), rows('cde')], totals: 5 }],
    ['with rows that cannot be told apart', { pages: [[UNUSABLE, UNUSABLE], [UNUSABLE]], totals: 3 }],
  ])('%s is read whole, as it came', async (_, listing) => {
    expect(await read(listing)).toEqual(listing.pages);
  });

  test('of which newcomers push rows to the next page shows each once', async () => {
    const listing = { pages: [rows('abc'), rows('cde'), rows('efg')], totals: [5, 6, 7] };
    expect(await read(listing)).toEqual([rows('abc'), rows('de'), rows('fg')]);
  });

  test.each<[string, Listing, RegExp]>([
    ['shrinks by one', { pages: [rows('ab'), rows('cd')], totals: [5, 4] }, /shrank/],
    ['loses its total', { pages: [rows('ab'), rows('cd')], totals: [4, undefined] }, /shrank/],
    [
      'has a short page before the last',
      { pages: [rows('abc'), rows('de'), rows('f')] },
      /page 2 of 3 is short/,
    ],
    ['has an empty page before the last', { pages: [[], rows('ab')] }, /page 1 of 2 is empty/],
    ['repeats a row though nothing arrived', { pages: [rows('ab'), rows('bc')], totals: 3 }, /repeats/],
    ['repeats one more than arrived', { pages: [rows('abc'), rows('bcd')], totals: [4, 5] }, /repeats/],
    ['repeats a row and counts nothing', { pages: [rows('ab'), rows('bc')] }, /repeats/],
    [
      'has one row less than it counts',
      { pages: [rows('ab'), rows('c')], totals: 4 },
      /^3 rows .* counts 4$/,
    ],
    [
      'has one row more than it counts',
      { pages: [rows('ab'), rows('c')], totals: 2 },
      /^3 rows .* counts 2$/,
    ],
    [
      'has more rows than it counts by now',
      { pages: [rows('ab'), rows('cd')], totals: [3, 3] },
      /^4 rows .* counts 3$/,
    ],
  ])('that %s contradicts itself', async (...[, listing, problem]) => {
    const error: unknown = await read(listing).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(InconsistentListing);
    expect(error).toMatchObject({
      name: 'InconsistentListing',
      message: expect.stringMatching(problem) as unknown,
    });
  });
});

describe('the end of what any rule can reach', () => {
  let ids = 0;
  const dated = (...dates: readonly (number | undefined)[]): readonly Row[] =>
    dates.map((at) => row(`row-${(ids += 1)}`, at));

  test.each<[string, readonly (readonly Row[])[], number]>([
    ['a row created exactly there', [dated(1, 2), dated(3, 5), dated(6)], 2],
    ['rows beyond it', [dated(1, 2), dated(7, 8), dated(9)], 2],
    ['the first page, where it rises', [dated(4, 5), dated(6)], 1],
    ['not one created a moment before', [dated(1, 2), dated(3, 4), dated(5)], 3],
    ['not one among rows of the same instant: no order is seen', [dated(5, 5), dated(5, 5), dated(5)], 3],
    ['not one where the order broke before', [dated(2, 1), dated(5, 6), dated(0)], 3],
    ['not one where the order breaks on its page', [dated(1, 2), dated(6, 4), dated(3)], 3],
    [
      'not one where the order broke across a row without a date',
      [dated(2, undefined, 1), dated(5, 6, 7), dated(0, 1, 2)],
      3,
    ],
    ['not one where the order broke from page to page', [dated(1, 4), dated(3, 6), dated(0, 1)], 3],
    ['not one without a date', [dated(1, undefined), dated(undefined, 4), dated(2)], 3],
  ])('is %s', async (...[, pages, count]) => {
    expect(await read({ pages }, 5)).toHaveLength(count);
  });

  test('is found among rows that cannot be used, and checks nothing behind it', async () => {
    const pages = [
      [UNUSABLE, row('a', 1)],
      [row('b', 6), UNUSABLE],
    ];
    expect(await read({ pages: [...pages, []], totals: 99 }, 5)).toEqual(pages);
  });

  test('lets rows of one instant follow one another', async () => {
    expect(await read({ pages: [dated(1, 1), dated(1, 6), dated(7)] }, 5)).toHaveLength(2);
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

  test('is taken again, three times in all', async () => {
    const error = new InconsistentListing('x');
    expect(await repeatWhileInconsistent(attempt(2, error).list)).toBe(3);
    const hopeless = attempt(3, error);
    await expect(repeatWhileInconsistent(hopeless.list)).rejects.toBe(error);
    expect(hopeless.attempts()).toBe(3);
  });

  test('is not what another error is', async () => {
    const other = attempt(1, new Error('x'));
    await expect(repeatWhileInconsistent(other.list)).rejects.toThrow('x');
    expect(other.attempts()).toBe(1);
  });
});
