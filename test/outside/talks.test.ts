// Rules that look at the last message: what is not known to be old is kept.
import { describe, expect, it } from 'vitest';
import type { Seed } from './account.js';
import type { MessagePaging } from './behave.js';
import { type Scene, play, policy } from './scene.js';
import { accountOf, nth, young } from './seeds.js';

const files = {
  'p.yaml': policy({
    rules: '  - { name: idle, match: { older_than: 90d, age_from: last_message }, action: delete }',
  }),
};
const quiet = (name: string, messages = 1): Seed => ({ name, age_days: 400, spoke_days: 120, messages });
const active = (name: string, messages = 1): Seed => ({
  name,
  age_days: 400,
  spoke_days: 3,
  messages,
  protect: true,
});

/** The pages of the 45 messages of `old-quiet` that were read before it was deleted, without those that are empty. */
function pagesRead(scene: Scene, project: number): number[] {
  const { journal } = scene.server;
  const end = journal.findIndex(
    (one) => one.method === 'DELETE' && one.meant?.name === 'old-quiet' && one.project === project,
  );
  const read = journal
    .slice(0, end)
    .filter((one) => one.route === 'messages' && one.meant === journal[end]?.meant);
  const pages = read.map((one) => Number(new URLSearchParams(one.query).get('page')));
  return [...new Set(pages)].sort((a, b) => a - b).filter((page) => page <= 3);
}

describe.concurrent('the newest message', () => {
  const cases: [string, MessagePaging, 'known' | 'perhaps' | 'unknown'][] = [
    ['comes first, as asked', {}, 'known'],
    ['comes last, for order is ignored', { order: 'ignored' }, 'known'],
    ['is on the last page, newest first inside it', { order: 'oldest_page_first' }, 'known'],
    ['is behind a last_page that lies', { order: 'oldest_page_first', last_page: 1 }, 'perhaps'],
    ['is behind a total that lies', { order: 'oldest_page_first', last_page: 1, total: 60 }, 'unknown'],
  ];
  it('is found on whatever page it is, or not known: the active one is kept', async () => {
    const account = accountOf(
      ...cases.map(() => [quiet('old-quiet', 45), active('active-45', 45), quiet('old-short'), ...young(3)]),
    );
    const manners = cases.map(([, messages], i) => [nth(i), { messages }] as const);
    await play({ account, files, behave: { in: Object.fromEntries(manners) } }, async (scene) => {
      await scene.run();
      for (const [i, [name, , quietOne]] of cases.entries()) {
        const live = scene.account.live().filter((one) => one.project === nth(i));
        const names = live.map((one) => one.name);
        expect(names, name).toContain('active-45');
        if (quietOne === 'known') expect(names, name).not.toContain('old-quiet');
        if (quietOne === 'unknown') expect(names, name).toContain('old-quiet');
        if (quietOne !== 'unknown') expect(names, name).not.toContain('old-short');
        if (quietOne === 'perhaps' && !names.includes('old-quiet'))
          expect(pagesRead(scene, nth(i)), name).toEqual([1, 2, 3]);
      }
    });
  });

  it('is known to twelve hours and any zone only: true for the whole of it deletes, else it is kept', async () => {
    const account = accountOf([
      { name: 'old-by-far', age_days: 400, spoke_days: 95 },
      { name: 'on-the-edge', age_days: 400, spoke_days: 90.1, protect: true },
      { name: 'not-yet', age_days: 400, spoke_days: 85, protect: true },
      ...young(3),
    ]);
    await play({ account, files, behave: { messages: { date: 'rough' } } }, async (scene) => {
      const run = await scene.run();
      expect(run.exit).toBe(0);
      expect(run.runs[0]?.counts).toMatchObject({ verified: 1, unknown: 1 });
    });
  });
});
