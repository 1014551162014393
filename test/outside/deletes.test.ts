// What a DELETE may answer, done or not.
import { describe, expect, it } from 'vitest';
import type { Answer, Rule } from './behave.js';
import { type Scene, play, policy } from './scene.js';
import { accountOf, eachIn, nth, old, oneProject, visitors, young } from './seeds.js';
import type { Noted } from './stand-in.js';

const claimed = ['deletion.verified', 'deletion.already_gone'];

/** The DELETEs of one project, or of one conversation in it. */
function sentIn(scene: Scene, project: number, session?: string): Noted[] {
  return scene.server
    .deletes()
    .filter((noted) => noted.project === project && (session ?? noted.session) === noted.session);
}

function idIn(scene: Scene, project: number, name: string): string {
  const found = scene.account.all().find((one) => one.project === project && one.name === name);
  return found?.session ?? '';
}

/** What the log says that DELETEs were answered, of those that are verified. */
async function statuses(scene: Scene, project: number): Promise<unknown[]> {
  const entries = await scene.audit();
  return entries
    .filter((entry) => entry.event === 'deletion.verified' && Number(entry.project_id) === project)
    .map((entry) => entry['delete_status']);
}

describe.concurrent('a DELETE that was done, though the answer does not say so', () => {
  const answers: [string, Answer][] = [
    ['500', { status: 500 }],
    ['502 of a gateway', { status: 502, body: 'html' }],
    ['504 without a body', { status: 504, body: 'empty' }],
    ['a broken connection', 'cut'],
    ['200 with a page of HTML', { status: 200, body: 'html' }],
    ['200 with half a body', { status: 200, body: 'half' }],
    ['204 without a body', { status: 204, body: 'empty' }],
  ];
  it('no answer that says so, a project each: one DELETE each, verified, and no status claimed', async () => {
    const rules = answers.map(([, answer], i): Rule => ({
      on: 'delete',
      where: { project: nth(i) },
      answer,
      executes: true,
    }));
    await play({ account: eachIn(answers, 3), behave: { rules }, exported: true }, async (scene) => {
      const run = await scene.run();
      expect(run.exit).toBe(0);
      for (const [i, [name, answer]] of answers.entries()) {
        expect(await scene.outcomes(nth(i)), name).toEqual({ verified: 3 });
        expect(sentIn(scene, nth(i)), name).toHaveLength(3);
        const accepted = typeof answer === 'object' && answer.status === 204;
        if (!accepted) expect(await statuses(scene, nth(i)), name).toEqual([null, null, null]);
      }
    });
  });

  it('500 once, then stale reads and 404: the strongest answer counts', async () => {
    const rules: Rule[] = [{ on: 'delete', answer: { status: 500 }, executes: true, times: 1 }];
    const stale = { read_ms: 1000, list_ms: 1000 };
    await play({ account: oneProject(2), behave: { rules, stale } }, async (scene) => {
      const run = await scene.run({ env: { RETENTION_VERIFY_TIMEOUT: '3s' } });
      expect(run.runs[0]?.counts).toMatchObject({ verified: 2, failed: 0 });
      expect(run.exit).toBe(0);
    });
  });

  it('502 and 200, and a widget creates it anew at once: the new one stays', async () => {
    const answers = [{ status: 502 }, { status: 200 }];
    const rules = answers.map((answer, i): Rule => {
      const where = { project: nth(i), names: ['old-0'] };
      return { on: 'delete', where, answer, executes: true, recreates: true, times: 1 };
    });
    await play({ account: eachIn(answers, 3), behave: { rules } }, async (scene) => {
      expect((await scene.run()).exit).toBe(0);
      const entries = await scene.audit();
      for (const [i, { status }] of answers.entries()) {
        const session = idIn(scene, nth(i), 'old-0');
        expect(await scene.outcomes(nth(i)), String(status)).toEqual({ verified: 3 });
        expect(sentIn(scene, nth(i), session)).toHaveLength(1);
        const entry = entries.find((one) => one.event === 'deletion.verified' && one.session_id === session);
        expect(entry).toHaveProperty('recreated_at');
      }
      expect(scene.account.liveNames().filter((name) => name === 'old-0')).toHaveLength(2);
    });
  });
});

describe.concurrent('a DELETE that was not done', () => {
  it('500 once: sent again after a look, and verified', async () => {
    const rules: Rule[] = [{ on: 'delete', answer: { status: 500 }, times: 1 }];
    await play({ account: oneProject(3), behave: { rules } }, async (scene) => {
      // Stale reads last a few seconds: so long it has to be there before it is sent again.
      const run = await scene.run({ env: { RETENTION_VERIFY_TIMEOUT: '8s' } });
      expect(run.exit).toBe(0);
      expect(run.runs[0]?.counts).toMatchObject({ verified: 3 });
    });
  });

  const forEver: [string, Answer, (string | undefined)?][] = [
    ['500', { status: 500 }],
    ['a broken connection', 'cut'],
    ['200', { status: 200 }, 'unverified'],
    ['204', { status: 204, body: 'empty' }, 'unverified'],
    ['deleted: false', { status: 200, body: { data: { deleted: false }, status: 'success' } }],
    ['one stray 404', { status: 404 }, 'failed'],
    ["a gateway's 404", { status: 404, body: 'gateway' }, 'failed'],
  ];
  it('one of each project never goes: three attempts at most, nothing claimed, and the others go', async () => {
    const rules = forEver.map(([, answer], i): Rule => ({
      on: 'delete',
      where: { project: nth(i), names: ['old-1'] },
      answer,
    }));
    await play({ account: eachIn(forEver, 3), behave: { rules } }, async (scene) => {
      const run = await scene.run({ env: { RETENTION_VERIFY_TIMEOUT: '1s' } });
      expect(run.exit).toBe(3);
      for (const [i, [name, , outcome]] of forEver.entries()) {
        const { verified, ...open } = await scene.outcomes(nth(i));
        expect(verified, name).toBe(2);
        expect(Object.values(open), name).toEqual([1]);
        if (outcome !== undefined) expect(open, name).toEqual({ [outcome]: 1 });
        expect(open, name).not.toHaveProperty('already_gone');
        const sent = sentIn(scene, nth(i), idIn(scene, nth(i), 'old-1'));
        expect(sent.length, name).toBeLessThanOrEqual(3);
      }
      expect(scene.account.liveNames().filter((name) => name === 'old-1')).toHaveLength(forEver.length);
    });
  });

  it('404 for all that can be read: failed, in this run and in the next', async () => {
    const rules: Rule[] = [{ on: 'delete', answer: { status: 404 } }];
    await play({ account: oneProject(3), behave: { rules } }, async (scene) => {
      const env = { RETENTION_VERIFY_TIMEOUT: '1s' };
      for (const run of [await scene.run({ env }), await scene.run({ env })]) {
        expect(run.exit).toBe(3);
        expect(run.runs[0]?.counts).toMatchObject({ verified: 0, already_gone: 0 });
        expect(run.runs[0]?.counts['failed']).toBeGreaterThan(0);
      }
    });
  });

  it('refused with 400, 405, 409 or 422: nothing is claimed, exit 3, and the status is said', async () => {
    const refusals = [400, 405, 409, 422];
    const rules = refusals.map((status, i): Rule => ({
      on: 'delete',
      where: { project: nth(i) },
      answer: { status },
    }));
    await play({ account: eachIn(refusals, 3), behave: { rules } }, async (scene) => {
      const run = await scene.run({ env: { RETENTION_VERIFY_TIMEOUT: '1s' } });
      expect(run.exit).toBe(3);
      expect((await scene.events()).filter((event) => claimed.includes(event))).toEqual([]);
      for (const [i, status] of refusals.entries()) {
        expect(run.said).toContain(String(status));
        expect(Object.values(await scene.outcomes(nth(i))), String(status)).not.toEqual([]);
      }
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
