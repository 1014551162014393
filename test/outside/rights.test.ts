// What the key may do, whose account it is, and what changes between a plan and its deletions.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Account, several } from './account.js';
import type { Answer, Rule } from './behave.js';
import { play, policy } from './scene.js';
import { KEY, accountOf, nth, old, oneProject, visitors, young } from './seeds.js';
import { StandIn } from './stand-in.js';

const oldVisitors = (count: number): ReturnType<typeof old> =>
  old(count, { called: 'old-visitor', by: null });

const gone = (events: string[]): string[] =>
  events.filter((event) => /\.(verified|already_gone)$/.test(event));

describe.concurrent('rights by kind', () => {
  it.each([403, 404] as const)(
    'visitors must not be deleted (%s): the others go in the same run',
    async (forbidden) => {
      const account = accountOf([...oldVisitors(5), ...old(6), ...young(3), ...visitors(2)]);
      account.rights.delete.delete('anonymous');
      await play({ account, behave: { forbidden } }, async (scene) => {
        const run = await scene.run({ env: { RETENTION_VERIFY_TIMEOUT: '1s' } });
        expect(run.exit).toBe(3);
        expect(run.runs[0]?.counts).toMatchObject({ verified: 6, already_gone: 0 });
        expect(run.runs[0]?.counts['failed']).toBeGreaterThan(0);
        if (forbidden === 403) expect(run.said).toMatch(/anonymous/i);
      });
    },
  );

  it('the right to read is narrowed between plan and apply: many, few, and some that are really gone', async () => {
    const cases = [
      { hidden: 30, seen: 30, really: 0 },
      { hidden: 4, seen: 10, really: 0 },
      { hidden: 40, seen: 12, really: 15 },
    ];
    const account = accountOf(
      ...cases.map(({ hidden, seen }) => [...oldVisitors(hidden), ...old(seen), ...young(3), ...visitors(2)]),
    );
    await play({ account, exported: true }, async (scene) => {
      const plan = await scene.plan();
      account.rights.read.delete('anonymous');
      for (const [i, { really }] of cases.entries()) {
        const all = account.projects[i]?.conversations.filter((one) => one.kind === 'anonymous') ?? [];
        for (const one of all.slice(0, really)) account.remove(one, 'owner');
      }
      const run = await scene.apply(plan);
      expect(run.exit).toBe(3);
      expect(run.runs[0]?.counts).toMatchObject({ already_gone: 0 });
      for (const i of cases.keys()) expect(await scene.outcomes(nth(i))).not.toHaveProperty('already_gone');
    });
  });

  it('the right to read is withdrawn in mid-run, after a DELETE that was cut off', async () => {
    const account = accountOf([...oldVisitors(4), ...old(2), ...young(3), ...visitors(2)]);
    const rules: Rule[] = [{ on: 'delete', where: { kind: 'anonymous' }, answer: 'cut' }];
    const turns = [{ after_deletes: 1, forbid_read: 'anonymous' as const }];
    await play({ account, behave: { rules, turns } }, async (scene) => {
      const run = await scene.run({ env: { RETENTION_VERIFY_TIMEOUT: '1s' } });
      expect(run.exit).toBe(3);
      const later = await scene.run({ env: { RETENTION_VERIFY_TIMEOUT: '1s' } });
      expect(later.runs[0]?.counts).toMatchObject({ already_gone: 0 });
    });
  });

  it('a project answers 403: it is left and reported, the others go', async () => {
    const account = accountOf([...old(3), ...young(2)], [...old(3, { called: 'old-b' }), ...young(2)]);
    const rules: Rule[] = [
      { on: ['list', 'messages', 'delete', 'project'], where: { project: 101 }, answer: { status: 403 } },
    ];
    await play({ account, behave: { rules } }, async (scene) => {
      const run = await scene.run();
      expect(run.exit).toBe(3);
      expect(run.runs[0]?.counts).toMatchObject({ verified: 3, already_gone: 0 });
      expect(run.said).toContain('101');
    });
  });

  it('the key no longer sees a project that was planned: nothing of it is called gone', async () => {
    const account = accountOf([...old(3), ...young(2)], [...old(8, { called: 'old-b' }), ...young(2)]);
    await play({ account }, async (scene) => {
      const plan = await scene.plan();
      account.unseen.add(202);
      const run = await scene.apply(plan);
      expect(run.exit).toBe(3);
      expect(run.runs[0]?.counts).toMatchObject({ already_gone: 0, verified: 3 });
    });
  });

  it('the key is refused from the start: exit 8', async () => {
    const account = oneProject();
    account.keyRevoked = true;
    await play({ account }, async (scene) => {
      expect((await scene.run()).exit).toBe(8);
      expect(scene.server.deletes()).toEqual([]);
    });
  });
});

/** Of colleagues, the oldest of all, and of the key's own user, who goes on seeing its own. */
const shared = (colleagues: number): Account =>
  accountOf([
    ...old(colleagues, { called: 'old-colleague', by: 44, age_days: 150 }),
    ...old(4, { called: 'old-own' }),
    ...young(3),
    ...several(2, 'young-colleague', { age_days: 5, by: 44, protect: true }),
    ...visitors(2),
  ]);

describe.concurrent(
  "the right to read colleagues' conversations is withdrawn, and one's own are still shown",
  () => {
    const one = { 'p.yaml': policy({ concurrency: 1 }) };
    const env = { RETENTION_VERIFY_TIMEOUT: '1s' };

    it.each<[string, Answer, 403 | 404]>([
      ['was cut off, and now it is 404', 'cut', 404],
      ['was answered 500, and now it is 404', { status: 500 }, 404],
      ['was cut off, and now it is 403', 'cut', 403],
    ])('after a DELETE of theirs %s: not gone, in this run and later', async (_name, answer, forbidden) => {
      const account = shared(1);
      const rules: Rule[] = [{ on: 'delete', where: { kind: 'team' }, answer }];
      const turns = [{ after_deletes: 1, forbid_read: 'team' as const }];
      await play({ account, files: one, behave: { rules, turns, forbidden }, env }, async (scene) => {
        expect((await scene.run()).exit).toBe(3);
        expect(gone(await scene.events('old-colleague-0'))).toEqual([]);
        await scene.run();
        expect(gone(await scene.events('old-colleague-0'))).toEqual([]);
        // Once it is shown again it is deleted like any other.
        account.rights.read.add('team');
        scene.server.change({ forbidden });
        expect((await scene.run()).exit).toBe(0);
        expect(scene.due()).toEqual([]);
      });
    });

    it.each([403, 404] as const)(
      'between plan and apply, and now it is %s: theirs are not already gone',
      async (forbidden) => {
        const account = shared(4);
        await play({ account, behave: { forbidden }, env }, async (scene) => {
          const plan = await scene.plan();
          account.rights.read.delete('team');
          const run = await scene.apply(plan);
          expect(run.runs[0]?.counts).toMatchObject({ already_gone: 0 });
          const left = account.liveNames().filter((name) => name.startsWith('old-colleague'));
          if (left.length > 0) expect(run.exit).toBe(3);
        });
      },
    );

    it("an own one whose DELETE was cut off though it was done: verified, beside one's own", async () => {
      const account = shared(0);
      account.rights.read.delete('team');
      const rules: Rule[] = [
        { on: 'delete', where: { names: ['old-own-0'] }, answer: 'cut', executes: true },
      ];
      await play({ account, behave: { rules, forbidden: 404 }, env }, async (scene) => {
        const run = await scene.run();
        expect(run.exit).toBe(0);
        expect(run.runs[0]?.counts).toMatchObject({ verified: 4 });
        const verified = (await scene.audit()).find(
          (entry) => entry.event === 'deletion.verified' && entry['delete_status'] === null,
        );
        const witness = account.all().find((other) => other.session === verified?.['witness']);
        expect(witness?.kind).toBe('own');
      });
    });
  },
);

it("colleagues' conversations must not be deleted (403): one's own go in the same run", async () => {
  const account = shared(5);
  account.rights.delete.delete('team');
  const env = { RETENTION_VERIFY_TIMEOUT: '1s' };
  await play({ account, behave: { forbidden: 403 }, env }, async (scene) => {
    const run = await scene.run();
    expect(run.exit).toBe(3);
    expect(run.runs[0]?.counts).toMatchObject({ verified: 4, already_gone: 0 });
    expect(run.said).toMatch(/team|colleague/i);
    expect(scene.due().map((one) => one.kind)).toEqual(Array(5).fill('team'));
  });
});

describe.concurrent('whose state it is', () => {
  const twin = (): Account => {
    const account = new Account('cgpt-second-9Zt4Wb', { id: 99, team_id: 500 });
    account.addProject(101, 'Support', [...old(4), ...young(3), ...visitors(2)]);
    return account;
  };

  it('another account on the same host: exit 2, only /user is asked, and no open intent is settled', async () => {
    const other = twin();
    const rules: Rule[] = [{ on: 'delete', answer: 'cut' }];
    await play({ account: oneProject(), others: [other], behave: { rules } }, async (scene) => {
      const first = await scene.run({ env: { RETENTION_VERIFY_TIMEOUT: '1s' } });
      scene.server.change({});
      const env = { CUSTOMGPT_API_KEY: other.key };
      const before = scene.server.journal.length;
      expect((await scene.run({ env })).exit).toBe(2);
      expect((await scene.apply(first.runs[0]?.plan_id ?? '', { env })).exit).not.toBe(0);
      other.removeProject(101);
      expect((await scene.run({ env })).exit).toBe(2);
      const asked = scene.server.journal.slice(before).map((noted) => noted.route);
      expect([...new Set(asked)]).toEqual(['user']);
    });
  });

  it('the same account on another host: exit 2, and no DELETE there', async () => {
    const account = oneProject();
    const elsewhere = new StandIn([account], {});
    await elsewhere.listen();
    await play({ account }, async (scene) => {
      await scene.plan();
      expect((await scene.run({ server: elsewhere })).exit).toBe(2);
      expect(elsewhere.deletes()).toEqual([]);
    });
    await elsewhere.close();
  });

  it('a plan of one account is not applied on another: exit 5', async () => {
    const other = twin();
    await play({ account: oneProject(), others: [other] }, async (scene) => {
      const file = join(scene.folder, 'plan.json');
      await scene.command(['plan', scene.policies, '--out', file]);
      const extra = { env: { CUSTOMGPT_API_KEY: other.key }, state: join(scene.folder, 'second') };
      expect((await scene.run(extra)).exit).toBe(0);
      const before = scene.server.deletes().length;
      expect((await scene.apply(file, extra)).exit).toBe(5);
      expect(scene.server.deletes()).toHaveLength(before);
    });
  });

  it('/user was answered once and is not now: no DELETE, exit 10; a new key of the same team is welcome', async () => {
    await play({ account: oneProject() }, async (scene) => {
      await scene.plan();
      scene.server.change({ rules: [{ on: 'user', answer: { status: 500 } }] });
      expect((await scene.run()).exit).toBe(10);
      expect(scene.server.deletes()).toEqual([]);
      scene.server.change({});
      scene.account.key = 'cgpt-renewed-1Lm8Xd';
      const run = await scene.run();
      expect(run.exit).toBe(0);
      expect(run.runs[0]?.counts).toMatchObject({ verified: 4 });
    });
  });

  it('/user was never answered: bound to the key', async () => {
    const other = twin();
    const rules: Rule[] = [{ on: 'user', answer: { status: 404 } }];
    await play({ account: oneProject(), others: [other], behave: { rules } }, async (scene) => {
      expect((await scene.run()).exit).toBe(0);
      expect((await scene.run({ env: { CUSTOMGPT_API_KEY: other.key } })).exit).toBe(2);
      expect(other.live()).toHaveLength(9);
    });
  });
});

describe.concurrent('projects that were kept out', () => {
  it('an excluded project is renamed: exit 4 for as long as it takes, until it is released', async () => {
    const account = new Account(KEY);
    account.addProject(101, 'Support', [...old(3), ...young(2)]);
    const legal = account.addProject(202, 'Legal archive', [
      ...old(2, { called: 'old-legal', protect: true }),
      ...young(2),
    ]);
    const exclude = "['Legal*']";
    await play({ account, files: { 'p.yaml': policy({ exclude }) } }, async (scene) => {
      expect((await scene.run()).exit).toBe(0);
      legal.name = 'Cases of 2026';
      expect((await scene.run()).exit).toBe(4);
      expect((await scene.run()).exit).toBe(4);
      for (const one of legal.conversations) one.protect = one.name?.startsWith('young') === true;
      const released = policy({ exclude }).replace('exclude:', 'released: [202], exclude:');
      scene.write({ 'p.yaml': released });
      expect((await scene.run()).exit).toBe(0);
      expect(scene.due()).toEqual([]);
    });
  });

  it('an id that never matched stops the policy, unless it is allowed to', async () => {
    const account = accountOf([...old(3), ...young(2)]);
    await play({ account, files: { 'p.yaml': policy({ exclude: '[999]' }) } }, async (scene) => {
      const plan = await scene.command(['plan', scene.policies]);
      expect(plan.exit).toBe(0);
      expect(plan.said).toContain('999');
      expect((await scene.run()).exit).toBe(4);
      expect(scene.server.deletes()).toEqual([]);
      scene.write({ 'p.yaml': policy({ exclude: '[999], allow_unmatched: [999]' }) });
      expect((await scene.run()).exit).toBe(0);
    });
  });
});

it('the key file is replaced while a run is at work: it is read again after the 401', async () => {
  await play({ account: oneProject(4) }, async (scene) => {
    const file = join(scene.folder, 'key');
    writeFileSync(file, scene.account.key);
    scene.server.seen = (noted) => {
      if (noted.method !== 'DELETE' || scene.account.key !== KEY) return;
      scene.account.key = 'cgpt-rotated-5Vn3Ke';
      writeFileSync(file, scene.account.key);
    };
    const run = await scene.command(['run', scene.policies, '--json'], {
      env: { CUSTOMGPT_API_KEY: undefined, CUSTOMGPT_API_KEY_FILE: file },
    });
    expect(run.exit).toBe(0);
    expect(run.runs[0]?.counts).toMatchObject({ verified: 4 });
  });
});
