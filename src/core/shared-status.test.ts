import { expect, test } from 'vitest';
import type { Standing } from './ports/status.ts';
import { sharedStatus } from './shared-status.ts';

test('who asks within a second is told the same, and who asks later anew', async () => {
  let atMs = 0;
  let asked = 0;
  const status = {
    standing: () => {
      asked += 1;
      return Promise.resolve({ now: asked } as Standing);
    },
  };
  const shared = sharedStatus(status, { monotonic: () => atMs });
  const now = async () => (await shared.standing()).now;
  expect([await now(), await now()]).toEqual([1, 1]);
  atMs = 999;
  expect(await now()).toBe(1);
  atMs = 1_000;
  expect(await now()).toBe(2);
});
