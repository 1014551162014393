// Rules that look at the last message: what is not known to be old is kept.
import { describe, expect, it } from 'vitest';
import type { Seed } from './account.js';
import type { MessagePaging } from './behave.js';
import { play, policy } from './scene.js';
import { accountOf, young } from './seeds.js';

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

describe.concurrent('the newest message', () => {
  const cases: [string, MessagePaging, boolean][] = [
    ['comes first, as asked', {}, true],
    ['comes last, for order is ignored', { order: 'ignored' }, true],
    ['is on the last page, newest first inside it', { order: 'oldest_page_first' }, true],
    ['is behind a last_page that lies', { order: 'oldest_page_first', last_page: 1 }, false],
  ];
  it.each(cases)('%s: the active one is kept', async (_name, messages, sure) => {
    const account = accountOf([
      quiet('old-quiet', 45),
      active('active-45', 45),
      quiet('old-short'),
      ...young(3),
    ]);
    await play({ account, files, behave: { messages } }, async (scene) => {
      const run = await scene.run();
      expect(scene.account.liveNames()).toContain('active-45');
      expect(scene.account.liveNames()).not.toContain('old-short');
      if (sure) expect(run.runs[0]?.counts).toMatchObject({ verified: 2 });
      else expect(scene.account.liveNames()).toContain('old-quiet');
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
