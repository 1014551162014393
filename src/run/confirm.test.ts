import { describe, expect, test } from 'vitest';
import type { AuditEntry, AuditFacts, Fact } from '../core/audit-entry.ts';
import { ApiError } from '../core/errors.ts';
import type { ApiFailure } from '../core/errors.ts';
import type { PlanItem } from '../core/plan.ts';
import type { ConversationPage, CustomGptReader, Existence } from '../core/ports.ts';
import { Brake } from './brake.ts';
import { ClockWatch } from './clock-watch.ts';
import { confirmAbsence } from './confirm.ts';
import { ControlDesk } from './control-desk.ts';
import type { DeletionContext } from './deletion.ts';
import type { DeletableItem } from './recheck.ts';
import { VerifiedDeletions } from './verified-deletions.ts';

type Row = ConversationPage['rows'][number];

const NOW = Date.UTC(2026, 2, 1, 12);
const REST = { name: 'n', updatedAt: 2, createdBy: '3' };
const GONE: Existence = { state: 'gone', status: 404, receivedAt: NOW };
const BROKEN: Existence = { state: 'no_evidence', status: 500, failure: 'server_error', receivedAt: NOW };

function row(sessionId: string, createdAt: number | undefined = 100): Row {
  return { kind: 'conversation', projectId: 7, sessionId, createdAt, ...REST };
}

function present(sessionId: string, createdAt = 100): Existence {
  const conversation = { projectId: 7, sessionId, createdAt, ...REST };
  return { state: 'present', status: 200, conversation, lastMessageAt: undefined, receivedAt: NOW };
}

function planned(sessionId: string | null, projectId = 7): PlanItem {
  return {
    ...{ ordinal: 1, projectId, sessionId, verdict: 'delete', rule: 'r', reason: '', ageDays: 1 },
    ...{ seen: { ...REST, createdAt: 100 }, seenAt: NOW },
    ...{ lastMessageAt: undefined, lastMessageReadAt: undefined },
  };
}

/** What was recorded as verified earlier in the run. */
function verifiedEntry(session_id: string | null, change: { readonly [key: string]: Fact } = {}): AuditEntry {
  const facts = {
    ...{ attempts: 2, requested_at: '2026-03-01T11:00:00.000Z', delete_status: 200 },
    ...{ seen_at: '2026-03-01T10:00:00.000Z', seen_by: 'messages' },
  };
  return {
    ...{ seq: 1, time: '', event: 'deletion.verified', run_id: 'run-1', policy: 'p', policy_hash: null },
    ...{ rule: 'r', project_id: 7, session_id, prev: '', hash: '', ...facts, ...change },
  };
}

interface Given {
  /** Session ids by project, all created at 100. */
  readonly verified?: Readonly<Record<number, readonly string[]>>;
  /** The n-th listing of any project, the last one for ever: its pages, or what becomes of it. */
  readonly listings?: readonly (readonly (readonly Row[])[] | Error)[];
  readonly total?: number;
  /** The answers to the n-th look, the last one for ever. */
  readonly looks?: readonly Existence[];
  /** The answer to the question whether it is still what was planned. */
  readonly reread?: Existence;
  readonly plan?: readonly PlanItem[];
  readonly log?: readonly AuditEntry[];
  readonly timeoutMs?: number;
  readonly lost?: readonly number[];
}

function nth<T>(list: readonly T[], index: number): T {
  const found = list[Math.min(index, list.length - 1)];
  if (found === undefined) throw new Error('an empty list');
  return found;
}

type Look = Parameters<CustomGptReader['existence']>[2];

/** Everything that is asked of the server, at which second. */
class Server {
  readonly listed: unknown[] = [];
  readonly looked: unknown[] = [];
  readonly deleted: string[] = [];
  pages = 0;
  readonly #given: Given;
  readonly #seconds: () => number;
  readonly #stop: AbortSignal;

  constructor(given: Given, from: { readonly seconds: () => number; readonly stop: AbortSignal }) {
    this.#given = given;
    this.#seconds = from.seconds;
    this.#stop = from.stop;
  }

  async *conversationPages(projectId: number, signal: AbortSignal): AsyncGenerator<ConversationPage> {
    expect(signal).toBe(this.#stop);
    const listing = nth(this.#given.listings ?? [[[]]], this.listed.length);
    this.listed.push([projectId, this.#seconds()]);
    if (listing instanceof Error) throw listing;
    for (const [index, rows] of listing.entries()) {
      this.pages += 1;
      const total = this.#given.total ?? listing.flat().length;
      yield await Promise.resolve({
        rows,
        page: index + 1,
        lastPage: listing.length,
        total,
        receivedAt: NOW,
      });
    }
  }

  existence(_: number, sessionId: string, options: Look): Promise<Existence> {
    if (options.purpose === 'messages') return Promise.resolve(this.#given.reread ?? GONE);
    expect(options.purpose).toBe('verify');
    // Whoever looks after a DELETE is stopped later than whoever only confirms.
    if (this.deleted.length === 0) expect(options.signal).toBe(this.#stop);
    this.looked.push([sessionId, this.#seconds()]);
    return Promise.resolve(nth(this.#given.looks ?? [GONE], this.looked.length - 1));
  }

  deleteConversation(_: number, sessionId: string): Promise<object> {
    this.deleted.push(sessionId);
    return Promise.resolve({ kind: 'accepted', status: 200 });
  }

  control(projectId: number): Promise<object> {
    return Promise.resolve({ request: `GET /${projectId}`, status: 200, receivedAt: NOW });
  }
}

function setUp(given: Given = {}) {
  let elapsedMs = 0;
  const written: AuditFacts[] = [];
  const stop = new AbortController();
  const clock = {
    now: () => NOW + elapsedMs,
    monotonic: () => elapsedMs,
    sleep(ms: number, signal?: AbortSignal) {
      // The control desk waits for company on a clock of its own; nobody comes here.
      if (signal !== stop.signal) return new Promise<void>(() => undefined);
      elapsedMs += ms;
      return Promise.resolve();
    },
  };
  const server = new Server(given, { seconds: () => elapsedMs / 1000, stop: stop.signal });
  let readings = 0;
  const signals = { stop: stop.signal, abandon: new AbortController().signal };
  const noop = () => undefined;
  const log = { info: noop, warn: noop, error: noop, debug: noop };
  const verified = new Map<number, VerifiedDeletions>();
  for (const [id, sessions] of Object.entries(given.verified ?? { 7: ['s1'] })) {
    const deletions = new VerifiedDeletions();
    for (const session of sessions) deletions.add(planned(session, Number(id)) as DeletableItem);
    verified.set(Number(id), deletions);
  }
  const context = {
    ...{ runId: 'run-1', policy: { name: 'p', hash: null, concurrency: 2 }, plan: { planId: 'plan-1' } },
    account: { text: 'https://app.customgpt.ai team:7' },
    ...{ clock, log, signals, verified, deleter: server, requestsPerMinute: 'unlimited' },
    ...{ verifyTimeoutMs: given.timeoutMs ?? 60_000, relisting: undefined, onError: noop },
    ...{ slot: <T>(work: () => T): T => work(), restsOn: () => ({ listed: true, lastMessage: false }) },
    ...{ isLeaseLive: () => true, allowance: { take: () => true }, progress: { advance: noop } },
    lostProjects: new Map(given.lost?.map((id) => [id, 'it is lost'])),
    holds: { holdsInForce: () => Promise.resolve([]) },
    clockWatch: new ClockWatch(clock),
    brake: new Brake({ log, stop: stop.signal }),
    desk: new ControlDesk({ reader: server as never, clock, log, signal: signals.abandon }),
    audit: {
      append(entries: readonly AuditFacts[]) {
        // Even a transaction for nothing waits for the disk.
        expect(entries).not.toEqual([]);
        return Promise.resolve(void written.push(...entries));
      },
      async *entries(filter: object) {
        readings += 1;
        expect(filter).toEqual({ runId: 'run-1' });
        for (const entry of given.log ?? []) yield await Promise.resolve(entry);
      },
    },
    plans: {
      async *planItems(planId: string, filter: object) {
        expect([planId, filter]).toEqual(['plan-1', { verdict: 'delete' }]);
        for (const item of given.plan ?? []) yield await Promise.resolve(item);
      },
    },
  };
  return {
    context: context as unknown as DeletionContext,
    ...{ stop, server, readings: () => readings },
    entries: () =>
      written.map(({ event, project_id, session_id, facts }) => ({
        event,
        project_id,
        session_id,
        ...facts,
      })),
  };
}

function apiError(failure: ApiFailure): ApiError {
  return new ApiError({ failure, method: 'GET', path: '/' });
}

const about = (session_id: string) => ({ event: 'deletion.unverified', project_id: 7, session_id });

describe('a fresh listing', () => {
  test('of each project that shows nothing of what was deleted confirms it', async () => {
    const other = { kind: 'unusable', projectId: 7, sessionId: 's1', problem: 'oversized' } as const;
    const listings = [[[row('s2'), row('s1', 101), other]]];
    const { context, server, entries } = setUp({ verified: { 7: ['s1'], 8: ['s1'] }, listings });
    expect(await confirmAbsence(context)).toEqual([]);
    expect(server.listed).toEqual([
      [7, 0],
      [8, 0],
    ]);
    expect(server.looked).toEqual([]);
    expect(entries()).toEqual([]);
  });

  test('is not taken of a project that is lost, nor after a stop', async () => {
    const { context, server, stop } = setUp({ verified: { 7: ['s1'], 8: ['s1'] }, lost: [7] });
    expect(await confirmAbsence(context)).toEqual([]);
    expect(server.listed).toEqual([[8, 0]]);
    stop.abort();
    expect(await confirmAbsence(context)).toEqual([]);
    expect(server.listed).toHaveLength(1);
  });

  test('is read just beyond the newest of what was deleted', async () => {
    const far = setUp({ listings: [[[row('s0', 50), row('s2', 100)], [row('s1', 100)]], [[]]] });
    await confirmAbsence(far.context);
    expect(far.server.looked).toEqual([['s1', 0]]);
    const near = setUp({ listings: [[[row('s0', 50), row('s2', 101)], [row('s3', 102)]]] });
    await confirmAbsence(near.context);
    expect(near.server.pages).toBe(1);
  });

  test('shows no more than its rows: one that cannot be used is none of what was deleted', async () => {
    const unusable = { kind: 'unusable', projectId: 7, sessionId: 's1', problem: 'oversized' } as const;
    const { context, server } = setUp({ listings: [[[unusable]]] });
    const undated = planned('s1') as DeletableItem;
    context.verified.get(7)?.add({ ...undated, seen: { ...undated.seen, createdAt: undefined } });
    expect(await confirmAbsence(context)).toEqual([]);
    expect(server.looked).toEqual([]);
  });

  test('that lags behind is taken again until it has caught up, each time after twice the pause', async () => {
    const shown = [[row('s1')]];
    const { context, server, entries, readings } = setUp({
      listings: [shown, shown, shown, shown, shown, shown, [[]]],
    });
    expect(await confirmAbsence(context)).toEqual([]);
    // The log is walked through only where something is to be deleted again.
    expect(readings()).toBe(0);
    expect(server.listed).toEqual([0, 2, 6, 14, 29, 44, 59].map((second) => [7, second]));
    expect(server.looked).toEqual([0, 2, 6, 14, 29, 44].map((second) => ['s1', second]));
    expect(entries()).toEqual([]);
  });

  test.each([
    ['is over as its last second ends', 6000, 6],
    ['is not over a millisecond before', 6001, 14],
  ])('has the verify time-out, which %s', async (_, timeoutMs, lastAt) => {
    const { context, server, entries } = setUp({ listings: [[[row('s1'), row('s2')]]], timeoutMs });
    expect(await confirmAbsence(context)).toEqual([7]);
    expect(server.listed.at(-1)).toEqual([7, lastAt]);
    expect(entries()).toEqual([{ ...about('s1'), reason: 'the fresh listing still shows it' }]);
  });
});

describe('a fresh listing that cannot be taken', () => {
  test.each<[string, ApiError | number, string]>([
    ['fails', apiError('forbidden'), 'forbidden'],
    ['contradicts itself', 9, 'the listing contradicts itself'],
  ])('because it %s leaves its project unconfirmed, and the others go on', async (_, given, reason) => {
    const broken = typeof given === 'number' ? { total: given } : { listings: [given, [[]]] };
    const { context, server, entries } = setUp({ verified: { 7: ['s1'], 8: ['s1'] }, ...broken });
    expect((await confirmAbsence(context))[0]).toBe(7);
    expect(server.listed.at(-1)).toEqual([8, 0]);
    expect(entries()[0]).toEqual({
      ...{ event: 'listing.incomplete', project_id: 7, session_id: null },
      ...{ phase: 'confirm', reason, at: '2026-03-01T12:00:00.000Z' },
    });
  });

  test.each([apiError('unauthorized'), apiError('aborted'), new Error('the disk is full')])(
    'because of %s ends the run',
    async (error) => {
      const { context, entries } = setUp({ listings: [error] });
      await expect(confirmAbsence(context)).rejects.toBe(error);
      expect(entries()).toEqual([]);
    },
  );
});

describe('a conversation that answers again', () => {
  const shown = [[row('s1')]];
  const again = { ...about('s1'), reason: 'it answers again after its 404' };
  const plan = [planned('s2'), planned('s1', 8), planned(null), planned('s1')];

  test('is recorded and deleted once more, as the attempt after the first', async () => {
    const log = [
      verifiedEntry('s2', { attempts: 7 }),
      verifiedEntry('s1'),
      verifiedEntry('s1', { project_id: 8, attempts: 7 }),
      verifiedEntry('s1', { event: 'deletion.intended', attempts: 7 }),
      verifiedEntry(null, { attempts: 7 }),
    ];
    const given = { listings: [shown, [[]]], looks: [present('s1'), GONE], reread: present('s1') };
    const { context, server, entries } = setUp({ ...given, plan, log });
    expect(await confirmAbsence(context)).toEqual([]);
    expect(server.deleted).toEqual(['s1']);
    expect(server.listed).toEqual([
      [7, 0],
      [7, 0],
    ]);
    expect(entries()).toMatchObject([
      again,
      { event: 'deletion.intended', project_id: 7, session_id: 's1', attempt: 3 },
      { event: 'deletion.verified', project_id: 7, session_id: 's1', attempts: 3 },
    ]);
  });

  test('a second time is given the time that is left, and not deleted a third time', async () => {
    const given = { listings: [shown], looks: [present('s1')], reread: BROKEN, timeoutMs: 3000 };
    const { context, server, entries } = setUp({ ...given, plan, log: [verifiedEntry('s1')] });
    expect(await confirmAbsence(context)).toEqual([7]);
    expect(server.listed).toEqual([0, 0, 4].map((second) => [7, second]));
    expect(entries()).toMatchObject([
      again,
      { ...about('s1'), reason: 'it could not be read again' },
      { ...about('s1'), reason: 'the fresh listing still shows it' },
    ]);
  });

  test.each<[string, Existence]>([
    ['was created anew', present('s1', 101)],
    ['does not say when it was created', { ...present('s1'), conversation: undefined } as Existence],
    ['says nothing that counts', BROKEN],
  ])('but %s is left alone', async (_, answer) => {
    const { context, entries } = setUp({ listings: [shown, [[]]], looks: [answer], plan });
    expect(await confirmAbsence(context)).toEqual([]);
    expect(entries()).toEqual([]);
  });

  test('is deleted alone where another is merely listed', async () => {
    const both = [[row('s1'), row('s2')]];
    const given = { verified: { 7: ['s1', 's2'] }, listings: [both, [[]]], looks: [GONE, present('s2')] };
    const { context, entries } = setUp({ ...given, plan, log: [verifiedEntry('s2')], reread: BROKEN });
    expect(await confirmAbsence(context)).toEqual([]);
    expect(entries().map(({ session_id: id }) => id)).toEqual(['s2', 's2']);
  });
});

describe('what a repeated deletion remembers of the first', () => {
  const sent = { attempts: 2, requested_at: '2026-03-01T11:00:00.000Z', delete_status: 200 };
  const seen = { seen_at: '2026-03-01T10:00:00.000Z', seen_by: 'messages' };
  const epoch = '1970-01-01T00:00:00.000Z';

  test.each<[string, Parameters<typeof verifiedEntry>[1], object]>([
    ['all that was recorded', {}, {}],
    ['no answer', { delete_status: null }, { delete_status: null }],
    ['the sight in a listing', { seen_by: 'listing' }, { seen_by: 'listing' }],
    [
      'nothing readable',
      { attempts: null, requested_at: null, seen_at: 7, seen_by: null, delete_status: '200' },
      { attempts: 1, requested_at: epoch, seen_at: epoch, seen_by: 'listing', delete_status: null },
    ],
  ])('is %s', async (_, recorded, expected) => {
    const given = { listings: [[[row('s1')]], [[]]], looks: [present('s1')], reread: GONE };
    const { context, entries } = setUp({
      ...given,
      plan: [planned('s1')],
      log: [verifiedEntry('s1', recorded)],
    });
    expect(await confirmAbsence(context)).toEqual([]);
    expect(entries().at(-1)).toMatchObject({ event: 'deletion.verified', ...sent, ...seen, ...expected });
  });
});
