// Servers drawn by chance. Nothing is expected of a run but that the referee finds no fault in it.
// OUTSIDE_SEEDS=500 plays more of them, OUTSIDE_FROM=1234 starts at another one.
import type { ChildProcess } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { draw } from './chance.js';
import { play, shortLease } from './scene.js';

const from = Number(process.env['OUTSIDE_FROM'] ?? '1');
const count = Number(process.env['OUTSIDE_SEEDS'] ?? '12');
const seeds = Array.from({ length: count }, (_, i) => from + i);

describe.concurrent('a server drawn by chance', () => {
  it.each(seeds)('seed %i', async (seed) => {
    const { account, behave, killAt, again } = draw(seed);
    const env = { RETENTION_VERIFY_TIMEOUT: '1s', ...shortLease };
    await play({ account, behave, env }, async (scene) => {
      let child: ChildProcess | undefined;
      scene.server.seen = (noted) => {
        if (killAt > 0 && noted.method === 'DELETE' && scene.server.deletes().length === killAt)
          child?.kill('SIGKILL');
      };
      const first = await scene.run({ started: (process) => (child = process) });
      expect([0, 3, 4, 8, 9, 10, null]).toContain(first.exit);
      scene.server.seen = () => undefined;
      if (first.signal !== null) await scene.runAfterKill();
      else if (again) await scene.run();
    });
  });
});
