// What a DELETE may answer, done or not.
import { describe, expect, it } from 'vitest';
import type { Answer, Rule } from './behave.js';
import { play, policy } from './scene.js';
import { accountOf, old, oneProject, visitors, young } from './seeds.js';

const claimed = ['deletion.verified', 'deletion.already_gone'];

describe.concurrent('a DELETE that was done, though the answer does not say so', () => {
  const answers: [string, Answer][] = [
    ['500', { status: 500 }],
    ['502 of a gateway', { status: 502, body: 'html' }],
    ['504 without a body', { status: 504, body: 'empty' }],
    ['a broken connection', 'cut'],
    ['200 with a page of HTML', { status: 200, body: 'html' }],
    ['200 with half a body', { status: 200, body: 'half' }],
  ];
  it.each(answers)('%s: one DELETE each, verified, and no status claimed', async (_name, answer) => {
    const behave = { rules: [{ on: 'delete', answer, executes: true } satisfies Rule] };
    await play({ account: oneProject(3), behave }, async (scene) => {
      const run = await scene.run();
      expect(run.runs[0]?.counts).toMatchObject({ verified: 3, already_gone: 0 });
      expect(run.exit).toBe(0);
      expect(scene.server.deletes()).toHaveLength(3);
      const entries = (await scene.audit()).filter((entry) => entry.event === 'deletion.verified');
      expect(entries.map((entry) => entry['delete_status'])).toEqual([null, null, null]);
    });
  });

  it('204 without a body: verified', async () => {
    const rules: Rule[] = [{ on: 'delete', answer: { status: 204, body: 'empty' }, executes: true }];
    await play({ account: oneProject(3), behave: { rules } }, async (scene) => {
      const run = await scene.run();
      expect(run.exit).toBe(0);
      expect(run.runs[0]?.counts).toMatchObject({ verified: 3 });
    });
  });

  it('500 once, then stale reads and 404: the strongest answer counts', async () => {
    const rules: Rule[] = [{ on: 'delete', answer: { status: 500 }, executes: true, times: 1 }];
    const stale = { read_ms: 2000, list_ms: 2000 };
    await play({ account: oneProject(2), behave: { rules, stale } }, async (scene) => {
      const run = await scene.run({ env: { RETENTION_VERIFY_TIMEOUT: '6s' } });
      expect(run.runs[0]?.counts).toMatchObject({ verified: 2, failed: 0 });
      expect(run.exit).toBe(0);
    });
  });

  it.each<[string, Answer]>([
    ['502', { status: 502 }],
    ['200', { status: 200 }],
  ])('%s, and a widget creates it anew at once: the new one stays', async (_name, answer) => {
    const rules: Rule[] = [
      { on: 'delete', where: { names: ['old-0'] }, answer, executes: true, recreates: true, times: 1 },
    ];
    await play({ account: oneProject(3), behave: { rules } }, async (scene) => {
      const session = scene.account.named('old-0').session;
      const run = await scene.run();
      expect(run.runs[0]?.counts).toMatchObject({ verified: 3 });
      expect(run.exit).toBe(0);
      expect(scene.server.deletes().filter((noted) => noted.session === session)).toHaveLength(1);
      expect(scene.account.liveNames()).toContain('old-0');
      const entry = (await scene.audit()).find(
        (one) => one.event === 'deletion.verified' && one.session_id === session,
      );
      expect(entry).toHaveProperty('recreated_at');
    });
  });
});

describe.concurrent('a DELETE that was not done', () => {
  it('500 once: sent again after a look, and verified', async () => {
    const rules: Rule[] = [{ on: 'delete', answer: { status: 500 }, times: 1 }];
    await play({ account: oneProject(3), behave: { rules } }, async (scene) => {
      const run = await scene.run();
      expect(run.exit).toBe(0);
      expect(run.runs[0]?.counts).toMatchObject({ verified: 3 });
    });
  });

  it.each<[string, Answer]>([
    ['500', { status: 500 }],
    ['cut', 'cut'],
  ])('%s for ever: three attempts at most, exit 3, the others go', async (_name, answer) => {
    const rules: Rule[] = [{ on: 'delete', where: { names: ['old-1'] }, answer }];
    await play({ account: oneProject(3), behave: { rules } }, async (scene) => {
      const { session } = scene.account.named('old-1');
      const run = await scene.run();
      expect(run.exit).toBe(3);
      expect(run.runs[0]?.counts).toMatchObject({ verified: 2 });
      const sent = scene.server.deletes().filter((noted) => noted.session === session);
      expect(sent.length).toBeLessThanOrEqual(3);
    });
  });

  it.each<[string, Answer]>([
    ['200', { status: 200 }],
    ['204', { status: 204, body: 'empty' }],
    ['deleted: false', { status: 200, body: { data: { deleted: false }, status: 'success' } }],
  ])('%s and it stays: never verified, exit 3', async (_name, answer) => {
    const rules: Rule[] = [{ on: 'delete', where: { names: ['old-1'] }, answer }];
    await play({ account: oneProject(3), behave: { rules } }, async (scene) => {
      const run = await scene.run();
      expect(run.exit).toBe(3);
      expect(run.runs[0]?.counts).toMatchObject({ verified: 2, already_gone: 0 });
      expect(scene.account.liveNames()).toContain('old-1');
    });
  });

  it('404 for all that can be read: failed, in this run and in the next', async () => {
    const rules: Rule[] = [{ on: 'delete', answer: { status: 404 } }];
    await play({ account: oneProject(3), behave: { rules } }, async (scene) => {
      for (const run of [await scene.run(), await scene.run()]) {
        expect(run.exit).toBe(3);
        expect(run.runs[0]?.counts).toMatchObject({ verified: 0, already_gone: 0 });
        expect(run.runs[0]?.counts['failed']).toBeGreaterThan(0);
      }
    });
  });

  it.each<[string, Answer]>([
    ['one stray 404', { status: 404 }],
    ["a gateway's 404", { status: 404, body: 'gateway' }],
  ])('%s: not called gone, and the others go', async (_name, answer) => {
    const rules: Rule[] = [{ on: 'delete', where: { names: ['old-1'] }, answer }];
    await play({ account: oneProject(3), behave: { rules } }, async (scene) => {
      const run = await scene.run();
      expect(run.exit).toBe(3);
      expect(run.runs[0]?.counts).toMatchObject({ verified: 2, already_gone: 0, failed: 1 });
    });
  });

  it.each([400, 405, 409, 422])('%s: nothing is claimed, exit 3', async (status) => {
    const rules: Rule[] = [{ on: 'delete', answer: { status } }];
    await play({ account: oneProject(3), behave: { rules } }, async (scene) => {
      const run = await scene.run();
      expect(run.exit).toBe(3);
      expect((await scene.events()).filter((event) => claimed.includes(event))).toEqual([]);
      expect(run.said).toContain(String(status));
    });
  });

  it('a redirect is not followed', async () => {
    const headers = { location: '/elsewhere' };
    const rules: Rule[] = [{ on: 'delete', answer: { status: 302, body: 'html', headers } }];
    await play({ account: oneProject(2), behave: { rules } }, async (scene) => {
      const run = await scene.run();
      expect(run.exit).toBe(3);
      expect(scene.server.journal.filter((noted) => noted.path === '/elsewhere')).toEqual([]);
    });
  });
});

describe.concurrent('the account changes under the run', () => {
  it('some are deleted by their owner meanwhile: no longer visible, and not by us', async () => {
    const turns = [
      { after_deletes: 3, owner_deletes: ['old-0', 'old-1', 'old-2', 'old-3', 'old-4', 'old-5'] },
    ];
    const account = oneProject(6);
    await play({ account, behave: { turns } }, async (scene) => {
      const run = await scene.run();
      expect(run.exit).toBe(0);
      const counts = run.runs[0]?.counts ?? {};
      expect(Number(counts['verified']) + Number(counts['already_gone'])).toBe(6);
    });
  });

  it('the project is removed: it stops there, and the rest is not called gone', async () => {
    const account = accountOf(
      [...old(12), ...young(3), ...visitors(1)],
      [...old(3, { called: 'old-b' }), ...young(3)],
    );
    await play({ account, behave: { turns: [{ after_deletes: 2, remove_project: 101 }] } }, async (scene) => {
      const run = await scene.run();
      expect(run.exit).toBe(3);
      expect(run.runs[0]?.counts).toMatchObject({ already_gone: 0 });
      expect(scene.account.liveNames().filter((name) => name.startsWith('old-b'))).toEqual([]);
    });
  });

  it('the key is revoked: exit 8, nothing gone because of a 401, and a later run gets through', async () => {
    await play(
      { account: oneProject(8), behave: { turns: [{ after_deletes: 2, revoke_key: true }] } },
      async (scene) => {
        const run = await scene.run();
        expect(run.exit).toBe(8);
        expect(scene.server.deletes().filter((noted) => noted.executed).length).toBeLessThanOrEqual(2);
        scene.account.keyRevoked = false;
        const later = await scene.run();
        expect(later.exit).toBe(0);
        expect(scene.due()).toEqual([]);
      },
    );
  });

  it('429 with Retry-After: nothing is sent before the second is over', async () => {
    const headers = { 'retry-after': '1' };
    const rules: Rule[] = [{ on: 'delete', answer: { status: 429, headers }, times: 1 }];
    const files = { 'p.yaml': policy({ concurrency: 1 }) };
    await play({ account: oneProject(3), files, behave: { rules } }, async (scene) => {
      const run = await scene.run();
      expect(run.exit).toBe(0);
      const { journal } = scene.server;
      const told = journal.findIndex((noted) => noted.status === 429);
      const next = journal[told + 1];
      expect(Number(next?.at) - Number(journal[told]?.at)).toBeGreaterThanOrEqual(950);
    });
  });

  it('five that can never be deleted are the oldest: all others go in the first run', async () => {
    const stuck = old(5, { called: 'old-stuck', age_days: 300 });
    const account = accountOf([...stuck, ...old(20), ...young(3)]);
    const rules: Rule[] = [{ on: 'delete', where: { names: ['old-stuck'] }, answer: { status: 404 } }];
    await play({ account, behave: { rules } }, async (scene) => {
      const run = await scene.run({ env: { RETENTION_VERIFY_TIMEOUT: '1s' } });
      expect(run.exit).toBe(3);
      expect(run.runs[0]?.counts).toMatchObject({ verified: 20, already_gone: 0 });
      const again = await scene.run({ env: { RETENTION_VERIFY_TIMEOUT: '1s' } });
      expect(again.exit).toBe(3);
      expect(again.runs[0]?.as_before).toBe(1);
      expect(scene.due().map((one) => one.name?.slice(0, 9))).toEqual(Array(5).fill('old-stuck'));
    });
  });
});
