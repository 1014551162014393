import { expect, it } from 'vitest';
import { play } from './scene.js';
import { oneProject } from './seeds.js';

it('deletes what is due, proves it, and leaves the rest', async () => {
  await play({ account: oneProject() }, async (scene) => {
    const run = await scene.run();
    expect(run.exit).toBe(0);
    expect(run.runs[0]).toMatchObject({ status: 'completed', counts: { planned: 4, verified: 4 } });
    expect(scene.due()).toEqual([]);
    expect(scene.server.deletes()).toHaveLength(4);
  });
});
