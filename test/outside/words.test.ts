// What a 404 looks like, what else answers in its place, and the reads that prove nothing.
import { describe, expect, it } from 'vitest';
import type { Answer, Rule } from './behave.js';
import { play, policy } from './scene.js';
import { accountOf, eachIn, nth, old, oneProject, visitors, young } from './seeds.js';

describe.concurrent('the API says 404 in words of its own', () => {
  const wordings = ['framework', 'traced', 'stamped', 'by_project'] as const;
  it('calibrated, then verified like any other', async () => {
    const manners = wordings.map((missing, i) => [nth(i), { missing }] as const);
    const behave = { in: Object.fromEntries(manners) };
    await play({ account: eachIn(wordings, 4), behave, exported: true }, async (scene) => {
      const run = await scene.run();
      expect(run.exit).toBe(0);
      for (const [i, name] of wordings.entries())
        expect(await scene.outcomes(nth(i)), name).toEqual({ verified: 4 });
    });
  });

  it('in the words of a framework: with a warning', async () => {
    await play({ account: oneProject(4), behave: { missing: 'framework' } }, async (scene) => {
      const run = await scene.run();
      expect(run.exit).toBe(0);
      expect(run.runs[0]?.warnings).not.toEqual([]);
    });
  });

  it('a gone conversation is 404 in other words than an id that never was: counts, with a warning', async () => {
    const rules: Rule[] = [
      { on: 'messages', where: { state: 'gone' }, answer: { status: 404, body: 'framework' } },
    ];
    await play({ account: oneProject(3), behave: { rules } }, async (scene) => {
      const run = await scene.run();
      expect(run.runs[0]?.counts).toMatchObject({ verified: 3 });
      expect(run.exit).toBe(0);
      expect(run.runs[0]?.warnings).not.toEqual([]);
    });
  });

  it.each([
    ['a word and digits', (i: number) => `chat-${String(4410 + i * 7)}`, /^chat-\d{4}$/],
    ['digits', (i: number) => String(88_310_001 + i * 13), /^\d{8}$/],
    ['26 letters', (i: number) => `01J9ZK3V7QW5M8N2X4C6B0${String(1000 + i)}`, /^[0-9A-Z]{26}$/],
  ])('ids are no uuids but %s: the id that cannot exist has their shape', async (_name, id, shape) => {
    const seeds = [...old(3), ...young(3), ...visitors(2)].map((seed, i) => ({ ...seed, session: id(i) }));
    await play({ account: accountOf(seeds), behave: { shape } }, async (scene) => {
      const run = await scene.run();
      expect(run.exit).toBe(0);
      expect(run.runs[0]?.counts).toMatchObject({ verified: 3 });
      const unknown = scene.server.journal.filter(
        (one) => one.route === 'messages' && one.meant === undefined,
      );
      expect(unknown.map((one) => one.status)).not.toContain(400);
    });
  });
});

describe.concurrent('gone cannot be told from there: no DELETE at all', () => {
  const cases: [string, Omit<Rule, 'on'>][] = [
    ["a gateway's 404 for all messages", { answer: { status: 404, body: 'gateway' } }],
    ['the documented 404 for all messages', { answer: { status: 404 } }],
    ['HTML 404 for an unknown id', { where: { state: 'never' }, answer: { status: 404, body: 'html' } }],
    ['HTML 200 for an unknown id', { where: { state: 'never' }, answer: { status: 200, body: 'html' } }],
    [
      '200 for an unknown id',
      {
        where: { state: 'never' },
        answer: {
          status: 200,
          body: { data: { conversation: null, messages: { data: [], total: 0 } }, status: 'success' },
        },
      },
    ],
    ['500 for an unknown id', { where: { state: 'never' }, answer: { status: 500 } }],
    ['403 for an unknown id', { where: { state: 'never' }, answer: { status: 403 } }],
  ];
  const inProjects = (some: typeof cases): Rule[] =>
    some.map(([, rule], i) => ({ ...rule, on: 'messages', where: { ...rule.where, project: nth(i) } }));

  it('in a run', async () => {
    await play({ account: eachIn(cases, 3), behave: { rules: inProjects(cases) } }, async (scene) => {
      const run = await scene.run();
      expect(scene.server.deletes()).toEqual([]);
      expect(run.exit).toBe(3);
      for (const [i, [name]] of cases.entries()) {
        const { skipped, ...others } = await scene.outcomes(nth(i));
        expect(skipped, name).toBe(3);
        expect(others, name).toEqual({});
      }
    });
  });

  it('between plan and apply', async () => {
    const some = cases.slice(0, 2);
    await play({ account: eachIn(some, 8) }, async (scene) => {
      const plan = await scene.plan();
      scene.server.change({ rules: inProjects(some) });
      const run = await scene.apply(plan);
      expect(scene.server.deletes()).toEqual([]);
      expect(run.exit).toBe(3);
      for (const [i, [name]] of some.entries())
        expect(await scene.outcomes(nth(i)), name).toEqual({ skipped: 8 });
    });
  });
});

describe.concurrent('a follow-up that proves nothing', () => {
  const answers: [string, Answer][] = [
    ['403', { status: 403 }],
    ['500', { status: 500 }],
    ['HTML 200', { status: 200, body: 'html' }],
    ['an empty 200', { status: 200, body: 'empty' }],
    ['HTML 404', { status: 404, body: 'html' }],
    ['an empty 404', { status: 404, body: 'empty' }],
    ['a 404 in plain text', { status: 404, body: 'text' }],
    ['a 404 out of an old cache', { status: 404, headers: { age: '300' } }],
    ['a broken connection', 'cut'],
  ];
  it('unverified, in each project, exit 3', async () => {
    const rules = answers.map(([, answer], i): Rule => ({
      on: 'messages',
      where: { project: nth(i), state: 'gone' },
      answer,
    }));
    await play({ account: eachIn(answers, 1), behave: { rules } }, async (scene) => {
      const run = await scene.run({ env: { RETENTION_VERIFY_TIMEOUT: '1s' } });
      expect(run.exit).toBe(3);
      for (const [i, [name]] of answers.entries())
        expect(await scene.outcomes(nth(i)), name).toEqual({ unverified: 1 });
    });
  });

  it('401: exit 8, and nothing counts as gone', async () => {
    const rules: Rule[] = [{ on: 'messages', where: { state: 'gone' }, answer: { status: 401 } }];
    await play({ account: oneProject(1), behave: { rules } }, async (scene) => {
      const run = await scene.run();
      expect(run.exit).toBe(8);
      expect(run.runs[0]?.counts).toMatchObject({ verified: 0, already_gone: 0 });
    });
  });

  it('a 429 and a 500 in between: asked again, and verified', async () => {
    const where = { state: 'gone' } as const;
    const rules: Rule[] = [
      { on: 'messages', where, answer: { status: 429, headers: { 'retry-after': '1' } }, times: 1 },
      { on: 'messages', where, answer: { status: 500 }, times: 2 },
    ];
    await play({ account: oneProject(2), behave: { rules } }, async (scene) => {
      const run = await scene.run();
      expect(run.exit).toBe(0);
      expect(run.runs[0]?.counts).toMatchObject({ verified: 2 });
    });
  });
});

describe.concurrent('DELETE 200 without effect while the route of the messages breaks', () => {
  const words: Answer[] = [
    { status: 404, body: 'framework' },
    {
      status: 404,
      body: { status: 'error', data: { code: 404, message: 'Conversation not found' } },
    },
  ];
  it("in a framework's words, and in words like its own: unverified, in every later run, also when the policy no longer covers it", async () => {
    const rules = words.flatMap((answer, i): Rule[] => [
      { on: 'delete', where: { project: nth(i) }, answer: { status: 200 } },
      { on: 'messages', where: { project: nth(i) }, after_deletes: 1, answer },
    ]);
    await play({ account: eachIn(words, 3), behave: { rules } }, async (scene) => {
      const env = { RETENTION_VERIFY_TIMEOUT: '1s' };
      expect((await scene.run({ env })).exit).toBe(3);
      for (const i of words.keys()) {
        const outcomes = await scene.outcomes(nth(i));
        expect(outcomes['unverified']).toBeGreaterThan(0);
      }
      expect((await scene.run({ env })).exit).toBe(3);
      scene.write({ 'p.yaml': policy({ include: '[999]' }) });
      await scene.run({ env });
      const events = await scene.events();
      expect(events).not.toContain('deletion.verified');
      expect(events).not.toContain('deletion.already_gone');
    });
  });
});

describe.concurrent('everything answers 404', () => {
  const answers: [string, Answer][] = [
    ['HTML', { status: 404, body: 'html' }],
    ['the documented words', { status: 404 }],
    ["a gateway's words", { status: 404, body: 'gateway' }],
  ];
  it('in any words: exit 10 before any DELETE, in a run and for a plan', async () => {
    await play({ account: oneProject(3) }, async (scene) => {
      const plan = await scene.plan();
      for (const [name, answer] of answers) {
        scene.server.change({ rules: [{ on: 'any', answer }] });
        expect((await scene.apply(plan)).exit, name).toBe(10);
        expect((await scene.run()).exit, name).toBe(10);
      }
      expect(scene.server.deletes()).toEqual([]);
    });
  });

  it('nothing listens there: exit 10, with the reason', async () => {
    await play({ account: oneProject(1) }, async (scene) => {
      const run = await scene.run({ env: { CUSTOMGPT_BASE_URL: 'http://127.0.0.1:9' } });
      expect(run.exit).toBe(10);
      expect(run.said).toMatch(/ECONNREFUSED/);
    });
  });
});
