// What a person wrote to protect something, in the way that people write it.
import { describe, expect, it } from 'vitest';
import { Account, type Seed } from './account.js';
import { play, policy } from './scene.js';
import { KEY, accountOf, nth, old, visitors, young } from './seeds.js';

const aged = '  - { name: aged, match: { older_than: 90d }, action: delete }';
const vips: Seed[] = [
  { name: 'VIP Anna', age_days: 120, protect: true },
  { name: 'VIP Bo', age_days: 121, protect: true },
];
const keeping = (match: string): string =>
  policy({ rules: `  - { name: vip, match: ${match}, action: keep }\n${aged}` });

/** A folder of files of which each is wrong in one way; all are named, with their places, and nothing is asked. */
async function allRefused(texts: string[]): Promise<void> {
  const files: Record<string, string> = {};
  texts.forEach((text, i) => (files[`f${String(i)}.yaml`] = text.replace('name: p', `name: p${String(i)}`)));
  await play({ account: accountOf([...vips, ...old(1)]), files }, async (scene) => {
    for (const verb of ['validate', 'run']) {
      const result = await scene.command([verb, scene.policies]);
      expect(result.exit, result.said).toBe(2);
      const silent = Object.keys(files).filter(
        (name) => !new RegExp(`\\b${name}:\\d+:\\d+`).test(result.said),
      );
      expect(silent.map((name) => files[name])).toEqual([]);
    }
    expect(scene.server.journal).toEqual([]);
  });
}

describe.concurrent('the syntax of other tools', () => {
  it('is refused in keep and delete rules and in exclusions, with its place; so are ages that are none', async () => {
    const kept = [
      "{ contains: '*VIP*' }",
      "{ starts_with: 'VIP*' }",
      "{ equals: 'VIP*' }",
      "{ contains: '^VIP' }",
      "{ contains: '%VIP%' }",
      "{ contains: '/VIP/i' }",
      "'VIP*, Key*'",
      "'VIP*|Key*'",
      "'.*VIP.*'",
      "'^VIP*'",
      '“VIP*”',
      "{ regex: '/^VIP.*/i' }",
      "{ regex: 'VIP' }",
      "{ regex: 'VIP*' }",
      "{ regex: '^VIP' }",
      "{ regex: 'VIP$' }",
    ];
    const ids = ["['2ddb32e7-f1ca-4e47-9b0f-1b39c7a0ae10 ']"];
    // In delete rules, for they delete too little or too much.
    const deleted = ["{ contains: '*test*' }", "{ regex: '/test.*/i' }", "'test*, demo*'", "'.*test'"];
    const excludes = ["['202, 303']", '[101.0]', "['101 ']", "['#101']", "['202|303']", '[“Legal*”]'];
    const ages = ['0d', '-3d', '30', '1.5d', '3m'];
    await allRefused([
      ...kept.map((name) => keeping(`{ name: ${name} }`)),
      ...ids.map((id) => keeping(`{ session_ids: ${id} }`)),
      ...deleted.map((name) => policy({ rules: aged.replace('older_than', `name: ${name}, older_than`) })),
      ...excludes.map((exclude) => policy({ exclude })),
      ...ages.map((age) => policy({ rules: aged.replace('90d', age) })),
      policy({ rules: `${aged}\n  - { name: vip, match: { name: 'VIP*' }, action: keep }` }),
    ]);
  });

  it('what only looks like it is not refused', async () => {
    const rules = [
      "{ contains: 'Rechnung 50%' }",
      "{ equals: 'C++ (beta)' }",
      "{ equals: 'a|b' }",
      "'Müller, Anna'",
      "{ contains: '^_^' }",
      "{ contains: 'US$' }",
      "'acme.*'",
      "{ regex: '^VIP.*$' }",
      "{ contains: ' test ' }",
      "'Wie kündige ich?'",
      "{ contains: '*VIP*', literal: true }",
    ].map((name, i) => `  - { name: r${String(i)}, match: { name: ${name} }, action: keep }`);
    const files = { 'p.yaml': policy({ rules: `${rules.join('\n')}\n${aged}` }) };
    await play({ account: accountOf([...young(1)]), files }, async (scene) => {
      const result = await scene.command(['validate', scene.policies]);
      expect(result.exit, result.said).toBe(0);
    });
  });
});

describe.concurrent('protected, however it is written', () => {
  const id = '2ddb32e7-f1ca-4e47-9b0f-1b39c7a0ae10';
  it('over line breaks, in another form of a letter, beyond sixteen bits, in capitals', async () => {
    const cases: [string, Omit<Seed, 'age_days'>][] = [
      ["{ name: '*VIP*' }", { name: 'Hello\nVIP customer' }],
      ["{ name: { regex: '.*KEY.*' } }", { name: 'Hello\nKEY customer' }],
      ["{ name: 'M\u00FCller*' }", { name: 'Mu\u0308ller GmbH' }],
      ["{ name: 'Hi ?' }", { name: 'Hi \u{1F9E8}' }],
      [`{ session_ids: [${id.toUpperCase()}] }`, { name: 'court case', session: id }],
    ];
    const rules = cases.map(([match], i) => `  - { name: r${String(i)}, match: ${match}, action: keep }`);
    const seeds = cases.map(([, seed]) => ({ ...seed, age_days: 120, protect: true }));
    const files = { 'p.yaml': policy({ rules: [...rules, aged].join('\n') }) };
    await play({ account: accountOf([...seeds, ...old(2), ...young(2)]), files }, async (scene) => {
      const run = await scene.run();
      expect(run.exit).toBe(0);
      expect(run.runs[0]?.counts).toMatchObject({ verified: 2 });
    });
  });

  it('what only nearly protects stops the policy, each by itself', async () => {
    const cases: [string, string][] = [
      ["{ name: { contains: 'vip' } }", 'VIP Anna'],
      ["{ name: 'Board: *' }", 'Board Bo'],
      ["{ name: { contains: 'Press | Key account' } }", 'Press Cleo'],
    ];
    const files: Record<string, string> = {};
    for (const [i, [match]] of cases.entries()) {
      const rules = `  - { name: near, match: ${match}, action: keep }\n${aged}`;
      const name = `p${String(i)}`;
      files[`${name}.yaml`] = policy({ name, include: `[${String(nth(i))}]`, rules });
    }
    const seeds = cases.map(([, name]) => [{ name, age_days: 120, protect: true }, ...old(2), ...young(2)]);
    await play({ account: accountOf(...seeds), files }, async (scene) => {
      expect((await scene.command(['plan', scene.policies])).exit).toBe(0);
      const run = await scene.run();
      expect(run.exit).toBe(4);
      expect(run.runs.map(({ status }) => status)).toEqual(cases.map(() => 'refused'));
      expect(scene.server.deletes()).toEqual([]);
    });
  });

  it('an id without its hyphens is a conversation, or said to be none', async () => {
    const bare = id.replaceAll('-', '');
    const account = accountOf([{ name: 'court case', age_days: 120, session: id }, ...old(1), ...young(2)]);
    await play({ account, files: { 'p.yaml': keeping(`{ session_ids: [${bare}] }`) } }, async (scene) => {
      const run = await scene.command(['run', scene.policies]);
      expect([0, 2, 3, 4]).toContain(run.exit);
      expect(run.said).toContain(bare);
    });
  });

  it('a pattern that excludes no project is said each time', async () => {
    const account = new Account(KEY);
    account.addProject(101, 'Support', [...old(1), ...young(1)]);
    account.addProject(202, 'Legal - archive 2026', [{ name: 'legal1', age_days: 120 }, ...young(1)]);
    await play({ account, files: { 'p.yaml': policy({ exclude: "['Legal archive*']" }) } }, async (scene) => {
      const plan = await scene.command(['plan', scene.policies]);
      expect([0, 2]).toContain(plan.exit);
      expect(plan.said).toMatch(/exclude/);
      const run = await scene.run();
      expect(run.exit === 4 || (run.runs[0]?.warnings ?? []).join().includes('Legal archive*')).toBe(true);
    });
  });

  it('a keep rule that matches nothing is named', async () => {
    await play(
      { account: accountOf([...old(2), ...young(2)]), files: { 'p.yaml': keeping("{ name: 'Board*' }") } },
      async (scene) => {
        expect((await scene.command(['plan', scene.policies])).said).toMatch(/\bvip\b/);
        expect((await scene.run()).runs[0]?.warnings?.join()).toMatch(/\bvip\b/);
      },
    );
  });
});

describe.concurrent('a keep of one policy binds them all', () => {
  const vip = "  - { name: vip, match: { name: 'VIP*' }, action: keep }";
  const keep = (mode: 'enforce' | 'dry-run', rule = vip): string =>
    policy({ name: 'keeps', mode, rules: rule });

  it.each(['enforce', 'dry-run'] as const)('its mode is %s', async (mode) => {
    const files = { 'a.yaml': policy({ name: 'a' }), 'keeps.yaml': keep(mode) };
    await play({ account: accountOf([...vips, ...old(2), ...young(2)]), files }, async (scene) => {
      const run = await scene.run();
      expect(run.exit).toBe(0);
      expect(scene.due()).toEqual([]);
    });
  });

  it('only the other policy is run, by its path', async () => {
    const files = { 'a.yaml': policy({ name: 'a' }), 'keeps.yaml': keep('enforce') };
    await play({ account: accountOf([...vips, ...old(2), ...young(2)]), files }, async (scene) => {
      expect((await scene.command(['run', `${scene.policies}/a.yaml`, '--json'])).exit).toBe(0);
      expect(scene.due()).toEqual([]);
    });
  });

  it('it was written after the plan', async () => {
    await play(
      { account: accountOf([...vips, ...old(2), ...young(2)]), files: { 'a.yaml': policy({ name: 'a' }) } },
      async (scene) => {
        const plan = await scene.plan();
        scene.write({ 'a.yaml': policy({ name: 'a' }), 'keeps.yaml': keep('enforce') });
        const run = await scene.apply(plan);
        expect(run.runs[0]?.counts).toMatchObject({ verified: 2, skipped: 2 });
      },
    );
  });

  it('unless it says that it binds its own', async () => {
    const own = vip.replace('action: keep', 'action: keep, binds: this_policy');
    const files = { 'a.yaml': policy({ name: 'a' }), 'keeps.yaml': keep('enforce', own) };
    const open = vips.map((seed) => ({ ...seed, protect: false }));
    await play({ account: accountOf([...open, ...old(2), ...young(2)]), files }, async (scene) => {
      expect((await scene.run()).exit).toBe(0);
      expect(scene.account.liveNames()).toEqual(['young-0', 'young-1']);
    });
  });
});

describe.concurrent('limits', () => {
  it('many small projects are judged together', async () => {
    const account = accountOf(
      ...Array.from({ length: 8 }, (_, i) => [...old(5, { called: `old-${String(i)}` }), ...young(2)]),
    );
    await play({ account, files: { 'p.yaml': policy({ limits: 'max_percent: 50' }) } }, async (scene) => {
      expect((await scene.run()).exit).toBe(4);
      expect(scene.server.deletes()).toEqual([]);
    });
  });

  it('no percent is none at all', async () => {
    await play(
      {
        account: accountOf([...old(1), ...young(3)]),
        files: { 'p.yaml': policy({ limits: 'max_percent: 0' }) },
      },
      async (scene) => {
        expect((await scene.run()).exit).toBe(4);
        expect(scene.server.deletes()).toEqual([]);
      },
    );
  });

  it('oldest first: as many as there is room for, and the rest is deferred', async () => {
    const limits = 'max_percent: 100, max_deletions: 3, when_exceeded: oldest_first';
    await play(
      { account: accountOf([...old(8), ...young(3)]), files: { 'p.yaml': policy({ limits }) } },
      async (scene) => {
        const run = await scene.run();
        expect(run.exit).toBe(0);
        expect(run.runs[0]?.counts).toMatchObject({ verified: 3, deferred: 5 });
        expect(scene.due().map((one) => one.name)).toEqual(['old-3', 'old-4', 'old-5', 'old-6', 'old-7']);
      },
    );
  });
});

describe.concurrent('files and keys that are not what they should be', () => {
  const hold = (session: string): string =>
    `version: 1\nholds:\n  - { project: 101, session: ${session}, matter: M, reason: court, by: legal }\n`;
  it('none of them is passed over', async () => {
    const names = ['holds.YAML', 'holds.json', '.holds.yaml', 'sub/holds.yaml'];
    const account = accountOf([...vips, ...old(1), ...visitors(1)]);
    const text = hold(account.named('VIP Anna').session);
    const files = { 'p.yaml': policy(), ...Object.fromEntries(names.map((name) => [name, text])) };
    await play({ account, files }, async (scene) => {
      const run = await scene.run();
      expect(run.exit).toBe(2);
      for (const name of names) expect(run.said).toContain(name);
      expect(scene.server.journal).toEqual([]);
    });
  });

  it('a key with its quotes, its name, or its scheme: exit 2 before any request', async () => {
    await play({ account: accountOf([...old(1)]) }, async (scene) => {
      for (const key of [
        '"witness-key"',
        "'witness-key'",
        'Bearer witness-key',
        'CUSTOMGPT_API_KEY=witness-key',
        '',
      ]) {
        const result = await scene.run({ env: { CUSTOMGPT_API_KEY: key } });
        expect(result.exit, `with ${key}: ${result.said}`).toBe(2);
        expect(result.said).not.toContain('witness-key');
      }
      expect(scene.server.journal).toEqual([]);
    });
  });
});
