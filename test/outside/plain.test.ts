// An ordinary account, a server that tells the truth, and what the log then has to show.
import { describe, expect, it } from 'vitest';
import { Account } from './account.js';
import { type Scene, play } from './scene.js';
import { KEY, accountOf, old, oneProject, visitors, young } from './seeds.js';

async function saysWhy(scene: Scene): Promise<void> {
  const entries = await scene.audit();
  expect(await scene.events()).toContain('account.bound');
  const calibrated = entries.find((entry) => entry.event === 'project.calibrated');
  expect(calibrated?.project_id).toBe(101);
  for (const entry of entries.filter((one) => one.event === 'deletion.verified')) {
    expect(entry).toMatchObject({ evidence: 2, calibration: calibrated?.seq, delete_status: 200 });
    expect(entry).toHaveProperty('witness');
    expect(entry).toHaveProperty('listing');
  }
  expect((await scene.events('old-1')).filter((event) => event.startsWith('deletion.'))).toEqual([
    'deletion.intended',
    'deletion.absent',
    'deletion.verified',
  ]);
}

/** It asks for an id that cannot exist, and lets the first DELETE go alone. */
function asksFirst(scene: Scene): void {
  const { journal } = scene.server;
  const first = journal.findIndex((noted) => noted.method === 'DELETE');
  const probe = journal.findIndex((noted) => noted.route === 'messages' && noted.meant === undefined);
  expect(probe).toBeGreaterThanOrEqual(0);
  expect(probe).toBeLessThan(first);
  const second = journal.findIndex((noted, i) => i > first && noted.method === 'DELETE');
  const between = journal.slice(first, second);
  expect(between.some((noted) => noted.route === 'messages' && noted.status === 404)).toBe(true);
  for (const { headers } of journal.filter((noted) => noted.route === 'messages')) {
    expect(headers.accept).toBe('application/json');
    expect(headers['cache-control']).toBe('no-cache');
    expect(headers['accept-language']).toMatch(/^[a-zA-Z-]+$/);
  }
}

describe.concurrent('an ordinary run', () => {
  it('deletes what is due, proves it, says what that rests on, and leaves the rest', async () => {
    const seeds = [...old(4), ...old(2, { called: 'old-visitor', by: null }), ...young(3), ...visitors(2)];
    await play({ account: accountOf(seeds), exported: true }, async (scene) => {
      const run = await scene.run();
      expect(run.exit).toBe(0);
      expect(run.runs[0]).toMatchObject({ status: 'completed', counts: { planned: 6, verified: 6 } });
      expect(scene.due()).toEqual([]);
      expect(scene.server.deletes()).toHaveLength(6);
      await saysWhy(scene);
      asksFirst(scene);
      expect((await scene.command(['audit', 'verify'])).exit).toBe(0);
      const again = await scene.run();
      expect(again.runs[0]).toMatchObject({ status: 'completed', counts: { planned: 0 } });
    });
  });

  it('an account without a team, a project that is empty, and one in which nothing is due', async () => {
    const account = new Account(KEY, { id: 31 });
    account.addProject(101, 'Empty', []);
    account.addProject(202, 'Fresh', young(3));
    await play({ account }, async (scene) => {
      const run = await scene.run();
      expect(run.exit).toBe(0);
      expect(run.runs[0]?.counts).toMatchObject({ planned: 0 });
    });
  });

  it('a plan sends nothing but GET, and a dry run deletes nothing', async () => {
    await play({ account: oneProject(5) }, async (scene) => {
      await scene.plan();
      scene.write({
        'p.yaml':
          'version: 1\nname: p\nprojects: { include: ["*"] }\nrules:\n  - { name: aged, match: { older_than: 90d }, action: delete }\n',
      });
      expect((await scene.run()).exit).toBe(0);
      expect(scene.server.journal.every((noted) => noted.method === 'GET')).toBe(true);
      expect(scene.due()).toHaveLength(5);
    });
  });
});
