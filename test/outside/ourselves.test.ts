// The command itself is killed, stopped, started twice, or given a wrong clock, a wrong file or a full disk.
import type { ChildProcess } from 'node:child_process';
import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Behave } from './behave.js';
import { type Result } from './command.js';
import { type Scene, play, policy, shortLease } from './scene.js';
import { accountOf, old, oneProject, young } from './seeds.js';
import type { Noted } from './stand-in.js';

/** Runs, and sends the signal as the request comes in that `when` is waiting for. */
async function struck(
  scene: Scene,
  signal: NodeJS.Signals,
  when: (noted: Noted) => boolean,
): Promise<Result> {
  let child: ChildProcess | undefined;
  scene.server.seen = (noted) => {
    if (!when(noted)) return;
    scene.server.seen = () => undefined;
    child?.kill(signal);
  };
  const started = (process: ChildProcess): void => {
    child = process;
  };
  return scene.played.at(-1)?.result.signal === 'SIGKILL'
    ? scene.runAfterKill({ started })
    : scene.run({ started });
}

const env = shortLease;

describe.concurrent('killed', () => {
  const points: [string, (scene: Scene) => (noted: Noted) => boolean][] = [
    ['at the first list', () => (noted) => noted.route === 'list'],
    ['as the first DELETE comes in', () => (noted) => noted.method === 'DELETE'],
    [
      'as the third DELETE comes in',
      (scene) => (noted) => noted.method === 'DELETE' && scene.server.deletes().length === 3,
    ],
    [
      'at the first follow-up',
      (scene) => (noted) => noted.route === 'messages' && scene.server.deletes().length > 0,
    ],
    ['at the last list', (scene) => (noted) => noted.route === 'list' && scene.server.deletes().length >= 5],
  ];
  it.each(points)(
    '%s, and again while it recovers: the run after that settles all of it',
    async (_name, point) => {
      await play({ account: oneProject(5), env }, async (scene) => {
        expect((await struck(scene, 'SIGKILL', point(scene))).signal).toBe('SIGKILL');
        const recovering = (noted: Noted): boolean => noted.route === 'list' || noted.route === 'messages';
        expect((await struck(scene, 'SIGKILL', recovering)).signal).toBe('SIGKILL');
        const last = await scene.runAfterKill();
        expect(last.exit).toBe(0);
        expect(scene.due()).toEqual([]);
        const settled = (await scene.events()).filter((event) =>
          /^deletion\.(verified|already_gone)$/.test(event),
        );
        expect(settled).toHaveLength(5);
      });
    },
  );

  it('SIGTERM: exit 130, no DELETE after a second, and the next run goes on', async () => {
    const behave: Behave = { stale: { read_ms: 300 } };
    await play(
      { account: oneProject(9), files: { 'p.yaml': policy({ concurrency: 1 }) }, behave },
      async (scene) => {
        const stopped = await struck(scene, 'SIGTERM', () => scene.server.deletes().length === 3);
        const end = Date.now();
        expect(stopped.exit).toBe(130);
        expect(scene.server.deletes().length).toBeLessThanOrEqual(5);
        expect(scene.server.deletes().every((noted) => noted.at <= end)).toBe(true);
        expect((await scene.run()).exit).toBe(0);
        expect(scene.due()).toEqual([]);
      },
    );
  });

  it('after the only conversation of a project was deleted; the project is removed: said once, not for ever', async () => {
    const account = accountOf(old(1), young(3));
    await play({ account, leave: 'wire', env }, async (scene) => {
      await struck(
        scene,
        'SIGKILL',
        (noted) => noted.route === 'messages' && scene.server.deletes().length > 0,
      );
      account.removeProject(101);
      await scene.runAfterKill();
      expect((await scene.run()).exit).toBe(0);
    });
  });
});

describe.concurrent('twice', () => {
  it('two at once: one works, the other exits 7', async () => {
    await play({ account: oneProject(4) }, async (scene) => {
      let second: Promise<Result> | undefined;
      scene.server.wait = (noted) => {
        if (scene.server.deletes().length === 0 || noted.route !== 'messages') return undefined;
        second ??= scene.run();
        return second;
      };
      const first = await scene.run();
      expect(first.exit).toBe(0);
      expect((await second)?.exit).toBe(7);
    });
  });

  it('a plan is applied twice, after its policy was edited, or with a byte changed: exit 5', async () => {
    await play({ account: oneProject(4) }, async (scene) => {
      const file = join(scene.folder, 'plan.json');
      const made = await scene.command(['plan', scene.policies, '--out', file, '--json']);
      const text = readFileSync(file, 'utf8');
      writeFileSync(
        file,
        text.replace(scene.account.named('young-0').session, scene.account.named('old-0').session),
      );
      if (readFileSync(file, 'utf8') === text) writeFileSync(file, text.replace('old-1', 'old-7'));
      expect((await scene.apply(file)).exit).toBe(5);
      writeFileSync(file, text);
      const before = readFileSync(join(scene.policies, 'p.yaml'), 'utf8');
      scene.write({ 'p.yaml': before.replace('90d', '80d') });
      expect((await scene.apply(file)).exit).toBe(5);
      scene.write({ 'p.yaml': before });
      expect((await scene.apply(file)).exit).toBe(0);
      expect((await scene.apply(made.plans[0]?.plan_id ?? '')).exit).toBe(5);
    });
  });
});

describe.concurrent('the clock', () => {
  it.each<[string, Behave['date'] & (string | number)]>([
    ['is two minutes ahead of ours', 120_000],
    ['is two minutes behind ours', -120_000],
    ['is not told', 'absent'],
  ])("the server's %s: exit 9, no DELETE", async (_name, date) => {
    await play({ account: oneProject(3), behave: { date } }, async (scene) => {
      expect((await scene.run()).exit).toBe(9);
      expect(scene.server.deletes()).toEqual([]);
    });
  });
});

describe.concurrent('what it writes', () => {
  it('an exported log with a word changed: exit 6, and the entry is named', async () => {
    await play({ account: oneProject(3) }, async (scene) => {
      await scene.run();
      const file = join(scene.folder, 'audit.jsonl');
      const { stdout } = await scene.command(['audit', 'export']);
      writeFileSync(file, stdout);
      expect((await scene.command(['audit', 'verify', file])).exit).toBe(0);
      const entry = (await scene.audit()).find((one) => one.event === 'deletion.verified');
      writeFileSync(file, stdout.replace('"deletion.verified"', '"deletion.skipped"'));
      const checked = await scene.command(['audit', 'verify', file]);
      expect(checked.exit).toBe(6);
      expect(checked.said).toMatch(new RegExp(`\\b${String(entry?.seq)}\\b`));
    });
  });

  it('stdout on a full disk: exit 1, said, and the work is done', async () => {
    const full = openSync('/dev/full', 'w');
    await play({ account: oneProject(3) }, async (scene) => {
      const run = await scene.run({ stdout: full });
      expect(run.exit).toBe(1);
      expect(run.stderr).toMatch(/ENOSPC|no space|incomplete/i);
      expect(scene.due()).toEqual([]);
      expect((await scene.command(['audit', 'export'], { stdout: full })).exit).toBe(1);
    });
    closeSync(full);
  });

  it('a hold keeps, however its id is written', async () => {
    await play({ account: oneProject(3) }, async (scene) => {
      const { session } = scene.account.named('old-1');
      const target = `101/${session.toUpperCase()}`;
      const hold = ['hold', 'add', target, '--matter', 'M-1', '--reason', 'court', '--by', 'legal'];
      expect((await scene.command(hold)).exit).toBe(0);
      const run = await scene.run();
      expect(run.exit).toBe(0);
      expect(run.runs[0]?.counts).toMatchObject({ verified: 2, held: 1 });
      expect(scene.account.liveNames()).toContain('old-1');
    });
  });

  it('an old plan says what changed: renamed and held since is skipped', async () => {
    await play({ account: oneProject(4) }, async (scene) => {
      scene.write({
        'p.yaml': policy({
          rules: "  - { name: aged, match: { older_than: 90d, name: 'old-*' }, action: delete }",
        }),
      });
      const plan = await scene.plan();
      const renamed = scene.account.named('old-2');
      renamed.name = 'kept by its new name';
      renamed.protect = true;
      const held = scene.account.named('old-3');
      held.protect = true;
      await scene.command([
        'hold',
        'add',
        `101/${held.session}`,
        '--matter',
        'M',
        '--reason',
        'r',
        '--by',
        'b',
      ]);
      const run = await scene.apply(plan);
      expect(run.runs[0]?.counts).toMatchObject({ verified: 2, skipped: 2 });
    });
  });
});
