// Lists that are late, out of order, incomplete or wrong about themselves.
import { describe, expect, it } from 'vitest';
import { type Seed, several } from './account.js';
import type { Answer, Behave, Manner, Rule } from './behave.js';
import { type Setting, play, policy } from './scene.js';
import { accountOf, nth, old, visitors, young } from './seeds.js';

describe.concurrent('a run gets through all the same', () => {
  type Case = [string, Manner & { answer?: Answer }, Seed[]];

  /** Each case in a project of its own; a case with an answer gets it once, in place of its second page. */
  async function allThrough(cases: Case[], more: Partial<Setting> = {}): Promise<void> {
    const manners = cases.map(([, manner], i) => [nth(i), manner] as const);
    const rules = cases.flatMap(([, { answer }], i): Rule[] =>
      answer === undefined ? [] : [{ on: 'list', where: { project: nth(i) }, skip: 1, times: 1, answer }],
    );
    const behave: Behave = { ...more.behave, rules, in: Object.fromEntries(manners) };
    const account = accountOf(...cases.map(([, , seeds]) => seeds));
    await play({ account, ...more, behave }, async (scene) => {
      const due = cases.map((_, i) => scene.due().filter((one) => one.project === nth(i)).length);
      expect((await scene.run()).exit).toBe(0);
      for (const [i, [name]] of cases.entries()) {
        expect(await scene.outcomes(nth(i)), name).toEqual({ verified: due[i] });
        const sent = scene.server.deletes().filter((noted) => noted.project === nth(i));
        expect(sent, name).toHaveLength(due[i] ?? 0);
      }
    });
  }

  it('what is late is waited for', async () => {
    const cases: Case[] = [
      ['lists are late', { stale: { list_ms: 1000 } }, [...old(4), ...young(3)]],
      ['reads are late', { stale: { read_ms: 1000 } }, [...old(4), ...young(3)]],
      ['both are late', { stale: { read_ms: 1000, list_ms: 1500 } }, [...old(4), ...young(3)]],
    ];
    await allThrough(cases, { env: { RETENTION_VERIFY_TIMEOUT: '4s' } });
  });

  it('whatever the order and the pages are', async () => {
    const cases: Case[] = [
      ['new ones arrive while pages are read', {}, [...old(12), ...young(14)]],
      ['order is ignored', { paging: { order: 'ignored' } }, [...old(14), ...young(14)]],
      ['the first pages rise by chance', { paging: { order: 'rises_at_first' } }, [...young(40), ...old(9)]],
      ['pages by date repeat and omit rows', { paging: { repeats: 'by_date' } }, [...old(25), ...young(9)]],
      ['sizes are texts', { paging: { as_text: true, size: 7 } }, [...old(9), ...young(9)]],
      ['total is too high', { paging: { total_add: 40 } }, [...old(6), ...young(7)]],
      ['one page fails once', { answer: { status: 502 } }, [...old(14), ...young(9)]],
      ['one page is cut off once', { answer: 'cut' }, [...old(14), ...young(9)]],
    ];
    const behave = { paging: { as_text: true }, turns: [{ after_lists: 1, arrive: 7 }] };
    await allThrough(cases, { behave, exported: true });
  });

  it('sixty were created in one second, and their order changes from page to page', async () => {
    const seeds = several(60, 'old', { age_days: 120 }).map((seed) => ({ ...seed, age_days: 120 }));
    await play({ account: accountOf(seeds), behave: { paging: { shuffle_ties: true } } }, async (scene) => {
      expect((await scene.run()).exit).toBe(0);
      expect(scene.due()).toEqual([]);
    });
  });
});

describe.concurrent('a list that is not all of it', () => {
  // Two at a time: each is asked for again for some ten seconds before it is given up.
  const answers: [string, Answer][][] = [
    [
      ['500', { status: 500 }],
      ['HTML', { status: 200, body: 'html' }],
    ],
    [
      ['half a body', { status: 200, body: 'half' }],
      ['a broken connection', 'cut'],
    ],
    [['another shape', { status: 200, body: { data: { rows: [] }, status: 'success' } }]],
  ];
  it.each(answers)('a second page that cannot be read: nothing of its project (%#)', async (...bad) => {
    const seeds = bad.map(() => [...old(14), ...young(5)]);
    const account = accountOf(...seeds, [...old(3, { called: 'old-b' }), ...young(3)]);
    const rules = bad.map(([, answer], i): Rule => ({
      on: 'list',
      where: { project: nth(i), page_from: 2 },
      answer,
    }));
    await play({ account, behave: { rules } }, async (scene) => {
      const run = await scene.run();
      expect(run.exit).toBe(3);
      expect(scene.server.deletes().map((noted) => noted.project)).toEqual(Array(3).fill(nth(bad.length)));
      expect(run.runs[0]?.counts).toMatchObject({ verified: 3 });
      const incomplete = (await scene.audit()).filter((one) => one.event === 'listing.incomplete');
      const projects = incomplete.map((one) => Number(one.project_id));
      expect([...new Set(projects)].sort()).toEqual(bad.map((_, i) => nth(i)));
    });
  });

  it('deep pages are refused: done from the other end, or left with the same reason each time', async () => {
    const account = accountOf([...old(20), ...young(30)]);
    await play({ account, behave: { paging: { deepest: 3 } } }, async (scene) => {
      for (const run of [await scene.run(), await scene.run()]) {
        expect([0, 3]).toContain(run.exit);
        if (run.exit === 3) expect(run.said).toContain('422');
        else expect(scene.due()).toEqual([]);
      }
    });
  });

  it('pages always repeat and omit: through, or left', async () => {
    await play(
      { account: accountOf([...old(25), ...young(9)]), behave: { paging: { repeats: 'always' } } },
      async (scene) => {
        const run = await scene.run();
        expect([0, 3]).toContain(run.exit);
        if (run.exit === 0) expect(scene.due()).toEqual([]);
      },
    );
  });

  it('total says more, and rows are kept from us: nothing that could rest on them', async () => {
    const paging = { omits: ['young-1'], total_add: 11 };
    await play({ account: accountOf([...old(15), ...young(25)]), behave: { paging } }, async (scene) => {
      const run = await scene.run();
      expect([0, 3]).toContain(run.exit);
    });
  });

  it('no share is taken of a total that nobody has seen', async () => {
    const files = { 'p.yaml': policy({ limits: 'max_percent: 50' }) };
    const behave = { paging: { total_factor: 20, last_page_factor: 20 } };
    await play({ account: accountOf([...old(25), ...young(5)]), files, behave }, async (scene) => {
      const run = await scene.run();
      expect(run.exit).toBe(4);
      expect(scene.server.deletes()).toEqual([]);
      expect(scene.server.asked('list')).toBeLessThan(30);
    });
  });
});

describe.concurrent('rows that are not what they seem', () => {
  it('deleted rows stay in the list, marked: verified, and not planned again', async () => {
    const soon = several(8, 'next', { age_days: 0, protect: true }).map((seed) => ({
      ...seed,
      age_days: 89.9,
    }));
    const files = { 'p.yaml': policy({ limits: 'max_deletions: 10, max_percent: 100' }) };
    const account = accountOf([...old(8), ...soon, ...young(6)]);
    await play({ account, files, behave: { trashed: true } }, async (scene) => {
      const first = await scene.run();
      expect(first.exit).toBe(0);
      expect(first.runs[0]?.counts).toMatchObject({ verified: 8 });
      const second = await scene.run();
      expect(second.exit).toBe(0);
      expect(second.runs[0]?.counts).toMatchObject({ planned: 0, already_gone: 0 });
      expect(scene.server.deletes()).toHaveLength(8);
      scene.write({
        'p.yaml': policy({ rules: '  - { name: aged, match: { older_than: 89d }, action: delete }' }),
      });
      for (const one of soon) scene.account.named(String(one.name)).protect = false;
      const third = await scene.run();
      expect(third.exit).toBe(0);
      expect(third.runs[0]?.counts).toMatchObject({ verified: 8, already_gone: 0 });
      expect(scene.server.deletes()).toHaveLength(16);
    });
  });

  it('ids that are paths, another project, hostile names: only what is sound goes', async () => {
    const odd = ['..', '%2e%2e', 'a/../..', '?x', '', 'x'.repeat(10_000), null, 17].map((session_id, i) => ({
      name: `odd-${String(i)}-row`,
      age_days: 200,
      row: { session_id },
      protect: true,
    }));
    const account = accountOf([
      ...odd,
      { name: 'foreign-row', age_days: 200, row: { project_id: 999 }, protect: true },
      { name: null, age_days: 130 },
      { name: '<script>alert(1)</script>', age_days: 130 },
      { name: '\u202Egnp.exe \u{1F9E8}\u0007\u001B[31m', age_days: 130 },
      { name: 'N'.repeat(10_000_000), age_days: 130, protect: true },
      ...old(3),
      ...young(3),
    ]);
    await play({ account }, async (scene) => {
      const run = await scene.run();
      expect([0, 3]).toContain(run.exit);
      expect(run.runs[0]?.counts).toMatchObject({ verified: 6, already_gone: 0 });
    });
  });

  it.each(['Pacific/Kiritimati', 'America/Los_Angeles'])('dates that are none keep, under %s', async (TZ) => {
    const ago = (hours: number): string =>
      new Date(Date.now() - 90 * 86_400_000 + hours * 3_600_000).toISOString().slice(0, 19).replace('T', ' ');
    const dates = [
      null,
      0,
      '',
      '0',
      1_560_000_000,
      1_560_000_000_000,
      '2023-02-30T10:00:00.000000Z',
      'yesterday',
    ];
    const odd = [...dates, '2999-01-01T00:00:00.000000Z'].map((created_at, i) => ({
      name: `undated-${String(i)}`,
      age_days: 200,
      row: { created_at, updated_at: created_at },
      protect: true,
    }));
    const zoneless = { name: 'old-zoneless', age_days: 90 + 1 / 24, row: { created_at: ago(-1) } };
    const tooYoung = {
      name: 'young-zoneless',
      age_days: 90 - 1 / 24,
      row: { created_at: ago(1) },
      protect: true,
    };
    const account = accountOf([...odd, zoneless, tooYoung, ...young(3), ...visitors(1)]);
    await play({ account, env: { TZ } }, async (scene) => {
      const run = await scene.run();
      expect(run.runs[0]?.counts).toMatchObject({ planned: 1 });
      expect(scene.server.deletes().every((noted) => noted.meant?.name === 'old-zoneless')).toBe(true);
    });
  });
});
