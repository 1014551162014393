import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { plainCommandLine } from '../../src/core/command-line.ts';
import { RetentionError } from '../../src/core/errors.ts';
import { NO_OBSERVER } from '../../src/core/observers.ts';
import type { RunObserver } from '../../src/core/ports/observer.ts';
import type { CustomGptDeleter } from '../../src/core/ports/vendor.ts';
import type { RunDeps } from '../../src/run/context.ts';
import { policiesBroken } from '../../src/core/notice.ts';
import { Notices, type NoticesParts } from '../../src/notices/notices.ts';
import { runPolicy } from '../../src/run/run-policy.ts';
import type { Policy } from '../../src/core/policy.ts';
import type { RunResult } from '../../src/run/around/close-run.ts';
import type { StopSignals } from '../../src/run/stop-signals.ts';
import { addProject, AGE_POLICY, GO_ON } from '../support/purge.ts';
import {
  documentIn,
  startReceiver,
  type NoticeDocument,
  type Receiver,
  type Reply,
} from '../support/receiver.ts';
import { createWorld, DAY, NOW, SECRET_NAME, type TestWorld } from '../support/world.ts';

const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
const REFUSED = AGE_POLICY.replace('max_percent: 100', 'max_deletions: 1');
const hidden = (text: string) => ({ reveal: () => text });

let world: TestWorld;
let receiver: Receiver;
let slack: Receiver;
let notices: Notices;

function open(parts: Partial<NoticesParts> & { readonly eachRun?: boolean } = {}): Notices {
  const { clock, log, store, deps } = world;
  const settings = {
    webhook: { url: hidden(`${receiver.url}/hook`), secret: hidden(SECRET) },
    slackUrl: hidden(`${slack.url}/slack`),
    heartbeatUrl: hidden(`${receiver.url}/alive/{policy}`),
    eachRun: parts.eachRun ?? false,
  };
  const { chance } = deps;
  return new Notices({ clock, log, store, chance, commandLine: plainCommandLine, settings, ...parts });
}

beforeEach(async () => {
  [world, receiver, slack] = await Promise.all([createWorld(), startReceiver(), startReceiver()]);
  notices = open();
});
afterEach(async () => {
  await settled();
  await world.assertSound();
  const sent = `${receiver.everything()}${slack.everything()}`.toLowerCase();
  for (const secret of [SECRET_NAME, world.sandbox.apiKey, SECRET, 'jane', '47110815'])
    expect({ secret, isSent: sent.includes(secret.toLowerCase()) }).toEqual({ secret, isSent: false });
  await Promise.all([receiver.close(), slack.close()]);
  await world.close();
});

/** Until all that is to be told has arrived. Time stands still for it, so that nothing is given up. */
async function settled(): Promise<void> {
  const release = world.clock.hold();
  await notices.close();
  release();
}

function run(policy: Policy, signals: StopSignals = GO_ON): Promise<RunResult> {
  return runPolicy({ ...world.deps, observer: notices }, { policy, trigger: 'manual', signals });
}

/** What arrived since the last time, in the order of the runs: deliveries go side by side. */
async function told(): Promise<{ notices: readonly NoticeDocument[]; beats: readonly string[] }> {
  await settled();
  notices = open();
  const all = receiver.take();
  const documents = all.filter(({ method }) => method === 'POST').map(documentIn);
  return {
    notices: documents.sort((one, other) => (one.type < other.type ? -1 : 1)),
    beats: all.filter(({ method }) => method === 'GET').map(({ path }) => path),
  };
}

function typesOf({ notices: documents }: { notices: readonly NoticeDocument[] }): readonly string[] {
  return documents.map(({ type }) => type);
}

describe('a run that is refused', () => {
  test('is told with its facts, to the webhook and to Slack, and beats no heart', async () => {
    addProject(world, 101, { old: 3, young: 3 });
    const { run: record, counts } = await run(await world.policy(REFUSED));
    const { notices: documents, beats } = await told();
    const show = `customgpt-retention plan --show ${record.planId ?? ''}`;
    const problem = 'max_deletions allows 1, the plan has 3';
    expect(documents).toEqual([
      {
        type: 'run_refused',
        timestamp: expect.stringMatching(/^2026-03-01T12:0/) as string,
        data: {
          ...{ severity: 'error', text: `Policy by-age: the run was refused: ${problem}`, next: show },
          ...{ policy: 'by-age', run_id: record.runId, plan_id: record.planId, mode: 'enforce' },
          ...{ trigger: 'manual', status: 'refused', counts, problem },
          started_at: expect.stringMatching(/Z$/) as string,
          ended_at: expect.stringMatching(/Z$/) as string,
          ...{ warnings: 0, as_before: 0, as_before_since: null },
          ...{ streak: null, stuck: null, protections: [] },
        },
      },
    ]);
    expect(beats).toEqual([]);
    expect(slack.received.map((one) => [one.path, documentIn(one)])).toEqual([
      ['/slack', { text: `:rotating_light: Policy by-age: the run was refused: ${problem}\nNext: ${show}` }],
    ]);
  });

  test('again and again is told at the first, third and sixth time, and when it is over', async () => {
    addProject(world, 101, { old: 3, young: 3 });
    const policy = await world.policy(REFUSED);
    const said: (readonly string[])[] = [];
    for (let count = 1; count <= 7; count += 1) {
      await run(policy);
      const { notices: documents } = await told();
      said.push(documents.map(({ type, data }) => `${type} ${String(data['as_before'])}`));
    }
    expect(said).toEqual([['run_refused 0'], [], ['as_before 2'], [], [], ['as_before 5'], []]);
    await run(await world.policy(AGE_POLICY));
    const over = await told();
    expect(over.notices).toMatchObject([{ type: 'recovered', data: { streak: { runs: 7 } } }]);
    expect(over.notices[0]?.data['text']).toMatch(
      /^Policy by-age: the run was completed; 3 planned, 3 verified as deleted; before it, 7 runs \(since 2026-03-01T.*Z\) ended otherwise$/,
    );
    expect(over.beats).toEqual(['/alive/by-age']);
    await run(await world.policy(AGE_POLICY));
    expect(await told()).toEqual({ notices: [], beats: ['/alive/by-age'] });
  });
});

describe('a run that is', () => {
  test('completed is told only where that is wished', async () => {
    addProject(world, 101, { old: 3, young: 3 });
    notices = open({ eachRun: true });
    await run(await world.policy(AGE_POLICY));
    const { notices: documents, beats } = await told();
    expect(documents).toMatchObject([{ type: 'run_completed', data: { severity: 'info' } }]);
    expect(beats).toEqual(['/alive/by-age']);
  });

  test('partial says how many of what', async () => {
    addProject(world, 101, { old: 3, young: 3 });
    world.sandbox.faults.add({ when: { method: 'DELETE' }, then: { status: 403 } });
    const { run: record } = await run(await world.policy(AGE_POLICY));
    expect(record.status).toBe('partial');
    const { notices: documents, beats } = await told();
    expect(documents).toMatchObject([{ type: 'run_partial', data: { severity: 'warning' } }]);
    expect(beats).toEqual([]);
  });

  test('interrupted or failed is told', async () => {
    addProject(world, 101, { old: 3, young: 3 });
    const policy = await world.policy(AGE_POLICY);
    await run(policy, { ...GO_ON, stop: AbortSignal.abort() });
    expect(typesOf(await told())).toEqual(['run_interrupted']);
    world.sandbox.faults.add({ when: {}, then: { status: 401 } });
    await run(policy);
    const { notices: documents, beats } = await told();
    expect(documents).toMatchObject([{ type: 'run_failed', data: { severity: 'error' } }]);
    expect(beats).toEqual([]);
  });
});

describe('what protects nothing any more', () => {
  const KEEPS = AGE_POLICY.replace(
    'rules:\n',
    'rules:\n  - { name: vip, match: { name: { contains: VIP } }, action: keep }\n',
  ).replace('include: ["*"]', 'include: ["*"], exclude: ["Jane*"]');

  test('is told once, and never by the name of a project', async () => {
    addProject(world, 101, { old: 1, young: 3 });
    world.sandbox.accounts.addProject({ id: 102, name: 'Jane Doe' });
    const vip = { sessionId: 'vip-00000001', name: 'secret name VIP', createdAt: NOW - 400 * DAY };
    world.sandbox.accounts.addConversation(101, vip);
    const policy = await world.policy(KEEPS);
    await run(policy);
    expect(typesOf(await told())).toEqual([]);
    world.sandbox.accounts.removeConversation(101, vip.sessionId);
    world.sandbox.accounts.removeProject(102);
    await run(policy);
    const { notices: documents } = await told();
    expect(typesOf({ notices: documents })).toEqual(['protection_unmatched']);
    const data = documents[0]?.data ?? {};
    expect(data).toMatchObject({ severity: 'warning', status: 'completed' });
    expect(new Set(data['protections'] as object[])).toEqual(
      new Set([
        { kind: 'rule', name: 'vip', matched: 0, before: 1 },
        { kind: 'exclude', name: '…', matched: 0, before: 1 },
      ]),
    );
    await run(policy);
    expect(typesOf(await told())).toEqual([]);
  });
});

describe('a conversation that is stuck', () => {
  /** Ends a run as a vanished worker does, as soon as a fresh listing is asked for. */
  async function vanishBeforeListing(policy: Policy): Promise<void> {
    const gone = new AbortController();
    const { journal } = world.sandbox;
    const openApi: RunDeps['openApi'] = () => {
      const { reader, deleter } = world.deps.openApi();
      const conversationPages: CustomGptDeleter['conversationPages'] = (...args) => {
        if (journal.count({ method: 'DELETE' }) > 0) gone.abort(new RetentionError('interrupted', 'gone'));
        return deleter.conversationPages(...args);
      };
      return { reader, deleter: { ...deleter, conversationPages } };
    };
    const signals = { stop: gone.signal, abandon: gone.signal };
    await runPolicy({ ...world.deps, openApi }, { policy, trigger: 'manual', signals });
  }

  test('is told once, with its project', async () => {
    addProject(world, 101, { old: 1, young: 3 });
    addProject(world, 102, { old: 0, young: 3 });
    const policy = await world.policy(AGE_POLICY);
    await vanishBeforeListing(policy);
    world.sandbox.faults.vanishedProjects.add(101);
    await run(policy);
    const first = await told();
    expect(typesOf(first)).toEqual(['conversations_stuck', 'run_partial']);
    expect(first.notices[0]?.data).toMatchObject({
      severity: 'error',
      stuck: { conversations: 1, project_ids: [101] },
      text: expect.stringContaining('1 conversation stuck in project 101: ') as string,
    });
    await run(policy);
    expect(typesOf(await told())).toEqual(['recovered']);
  });
});

test('a run with the key of another account names neither', async () => {
  addProject(world, 101, { old: 3, young: 3 });
  const policy = await world.policy(AGE_POLICY);
  await run(policy);
  await told();
  const openApi: RunDeps['openApi'] = () => {
    const { reader, deleter } = world.deps.openApi();
    const account = async () => ({ ...(await reader.account()), named: 'team:47110815', key: 'key:0815' });
    return { deleter, reader: { ...reader, account } };
  };
  await runPolicy(
    { ...world.deps, openApi, observer: notices },
    { policy, trigger: 'manual', signals: GO_ON },
  );
  const { notices: documents } = await told();
  const problem = 'this state belongs to …, and the key is of …';
  expect(documents).toMatchObject([{ type: 'run_failed', data: { problem } }]);
});

test('a policy that quotes names, and conversations with them, give notices without any', async () => {
  addProject(world, 101, { old: 3, young: 3 });
  const createdAt = NOW - 400 * DAY;
  world.sandbox.accounts.addConversation(101, {
    name: 'secret name of Jane',
    createdAt,
    createdBy: 47_110_815,
  });
  const rule = 'rules:\n  - { name: vip, match: { name: { equals: "SECRET NAME 1" } }, action: keep }\n';
  await run(await world.policy(AGE_POLICY.replace('rules:\n', rule)));
  const { notices: documents } = await told();
  expect(typesOf({ notices: documents })).toEqual(['run_refused']);
  expect(documents[0]?.data['problem']).toMatch(/^near miss: rule vip protects names by "…"/);
});

describe('a run ends as it does without notices', () => {
  /** All that is left of a run, but for times and ids. */
  async function traces(observer: RunObserver): Promise<unknown> {
    addProject(world, 101, { old: 3, young: 3 });
    const policy = await world.policy(AGE_POLICY);
    const request = { policy, trigger: 'manual', signals: GO_ON } as const;
    const { run: record, counts, skipped, fault } = await runPolicy({ ...world.deps, observer }, request);
    const events = (await world.entries()).map(({ event, session_id }) => [event, session_id]);
    const { status, problem, warnings, requests } = record;
    return { status, problem, warnings, requests, counts, skipped, fault, events };
  }

  test.each<[string, Reply]>([
    ['hangs', 'hang'],
    ['cuts', 'reset'],
    ['fails', 500],
    ['is gone', 410],
    ['sends elsewhere', { status: 302, headers: { location: 'http://127.0.0.1:1/' } }],
  ])('where the receiver %s', async (_, reply) => {
    const alone = await traces(NO_OBSERVER);
    await world.close();
    world = await createWorld();
    receiver.replies = slack.replies = [reply];
    notices = open({ eachRun: true });
    expect(await traces(notices)).toEqual(alone);
    await notices.close();
  });

  test('where the state cannot be read for them', async () => {
    const alone = await traces(NO_OBSERVER);
    await world.close();
    world = await createWorld();
    const failing = () => Promise.reject(new Error('disk'));
    const runs = { ...world.store.runs, runs: failing };
    notices = open({ eachRun: true, store: { ...world.store, runs } });
    expect(await traces(notices)).toEqual(alone);
    expect(typesOf(await told())).toEqual(['run_completed']);
  });
});

test('a run that something unexpected broke off is told as failed', async () => {
  addProject(world, 101, { old: 3, young: 3 });
  const keeps = { othersThan: () => Promise.reject(new TypeError('a fault of ours')) };
  const request = { policy: await world.policy(AGE_POLICY), trigger: 'manual', signals: GO_ON } as const;
  await expect(runPolicy({ ...world.deps, keeps, observer: notices }, request)).rejects.toThrow('of ours');
  const { notices: documents } = await told();
  expect(documents).toMatchObject([{ type: 'run_failed', data: { status: 'running', counts: null } }]);
});

test('what is no run is told as well', async () => {
  notices.tell(policiesBroken(NOW, 'policies/a.yaml:3:1 rules: is missing'));
  const { notices: documents } = await told();
  expect(documents).toMatchObject([
    {
      type: 'policies_broken',
      data: { run_id: null, status: null, next: 'customgpt-retention validate', policy: null },
    },
  ]);
});
