// What a 404 looks like, what else answers in its place, and the reads that prove nothing.
import { describe, expect, it } from 'vitest';
import type { Answer, Behave, Rule } from './behave.js';
import { play, policy } from './scene.js';
import { accountOf, old, oneProject, visitors, young } from './seeds.js';

describe.concurrent('the API says 404 in words of its own', () => {
  it.each<NonNullable<Behave['missing']>>(['framework', 'traced', 'stamped', 'by_project'])(
    '%s: calibrated, then verified like any other',
    async (missing) => {
      await play({ account: oneProject(4), behave: { missing } }, async (scene) => {
        const run = await scene.run();
        expect(run.runs[0]?.counts).toMatchObject({ verified: 4 });
        expect(run.exit).toBe(0);
        if (missing === 'framework') expect(run.runs[0]?.warnings).not.toEqual([]);
      });
    },
  );

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
  const cases: [string, Rule][] = [
    ["a gateway's 404 for all messages", { on: 'messages', answer: { status: 404, body: 'gateway' } }],
    ['the documented 404 for all messages', { on: 'messages', answer: { status: 404 } }],
    [
      'HTML 404 for an unknown id',
      { on: 'messages', where: { state: 'never' }, answer: { status: 404, body: 'html' } },
    ],
    [
      'HTML 200 for an unknown id',
      { on: 'messages', where: { state: 'never' }, answer: { status: 200, body: 'html' } },
    ],
    [
      '200 for an unknown id',
      {
        on: 'messages',
        where: { state: 'never' },
        answer: {
          status: 200,
          body: { data: { conversation: null, messages: { data: [], total: 0 } }, status: 'success' },
        },
      },
    ],
    ['500 for an unknown id', { on: 'messages', where: { state: 'never' }, answer: { status: 500 } }],
    ['403 for an unknown id', { on: 'messages', where: { state: 'never' }, answer: { status: 403 } }],
  ];
  it.each(cases)('%s, in a run', async (_name, rule) => {
    await play({ account: oneProject(3), behave: { rules: [rule] } }, async (scene) => {
      const run = await scene.run();
      expect(scene.server.deletes()).toEqual([]);
      expect(run.exit).toBe(3);
      expect(run.runs[0]?.counts).toMatchObject({ verified: 0, already_gone: 0 });
    });
  });

  it.each(cases.slice(0, 2))('%s, between plan and apply', async (_name, rule) => {
    await play({ account: oneProject(8) }, async (scene) => {
      const plan = await scene.plan();
      scene.server.change({ rules: [rule] });
      const run = await scene.apply(plan);
      expect(scene.server.deletes()).toEqual([]);
      expect(run.exit).toBe(3);
      expect(run.runs[0]?.counts).toMatchObject({ verified: 0, already_gone: 0 });
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
  it.each(answers)('%s: unverified, exit 3', async (_name, answer) => {
    const rules: Rule[] = [{ on: 'messages', where: { state: 'gone' }, answer }];
    await play({ account: oneProject(1), behave: { rules } }, async (scene) => {
      const run = await scene.run({ env: { RETENTION_VERIFY_TIMEOUT: '1s' } });
      expect(run.exit).toBe(3);
      expect(run.runs[0]?.counts).toMatchObject({ verified: 0, already_gone: 0, unverified: 1 });
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
  const broken: Rule[] = [
    { on: 'delete', answer: { status: 200 } },
    { on: 'messages', after_deletes: 1, answer: { status: 404, body: 'framework' } },
  ];
  const broken404: Rule[] = [
    { on: 'delete', answer: { status: 200 } },
    {
      on: 'messages',
      after_deletes: 1,
      answer: {
        status: 404,
        body: { status: 'error', data: { code: 404, message: 'Conversation not found' } },
      },
    },
  ];
  it.each([
    ['in the words of a framework', broken],
    ['in words like its own', broken404],
  ])('%s: unverified, in every later run, also when the policy no longer covers it', async (_name, rules) => {
    await play({ account: oneProject(3), behave: { rules } }, async (scene) => {
      const env = { RETENTION_VERIFY_TIMEOUT: '1s' };
      const first = await scene.run({ env });
      expect(first.exit).toBe(3);
      expect(first.runs[0]?.counts['unverified']).toBeGreaterThan(0);
      const second = await scene.run({ env });
      expect(second.exit).toBe(3);
      scene.write({ 'p.yaml': policy({ include: '[999]' }) });
      await scene.run({ env });
      const events = await scene.events();
      expect(events).not.toContain('deletion.verified');
      expect(events).not.toContain('deletion.already_gone');
    });
  });
});

describe.concurrent('everything answers 404', () => {
  it.each<[string, Answer]>([
    ['HTML', { status: 404, body: 'html' }],
    ['the documented words', { status: 404 }],
    ["a gateway's words", { status: 404, body: 'gateway' }],
  ])('%s: exit 10 before any DELETE, in a run and for a plan', async (_name, answer) => {
    await play({ account: oneProject(3) }, async (scene) => {
      const plan = await scene.plan();
      scene.server.change({ rules: [{ on: 'any', answer }] });
      expect((await scene.apply(plan)).exit).toBe(10);
      expect((await scene.run()).exit).toBe(10);
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
