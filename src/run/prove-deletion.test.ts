import { describe, expect, test } from 'vitest';
import type { AuditFacts } from '../core/audit-entry.ts';
import { ApiError } from '../core/errors.ts';
import type { DeleteAnswer, Existence } from '../core/ports.ts';
import type { Control } from './control-desk.ts';
import type { DeletionContext, Sent, Stage } from './deletion.ts';
import { prove, proving, watch } from './prove-deletion.ts';
import type { DeletableItem } from './recheck.ts';

const NOW = Date.UTC(2026, 2, 1, 12);
const TIMEOUT_MS = 60_000;

const ITEM: DeletableItem = {
  ...{
    ordinal: 1,
    projectId: 7,
    sessionId: 'session-1',
    verdict: 'delete',
    rule: 'r',
    reason: '',
    ageDays: 1,
  },
  ...{ seen: { name: 'n', createdAt: 1, updatedAt: 2, createdBy: '3' }, seenAt: NOW },
  ...{ lastMessageAt: undefined, lastMessageReadAt: undefined },
};

const PRESENT: Existence = {
  ...{ state: 'present', status: 200, conversation: undefined, lastMessageAt: undefined, receivedAt: 0 },
};
const GONE: Existence = { state: 'gone', status: 404, receivedAt: NOW + 9 };
const BROKEN: Existence = { state: 'no_evidence', status: 500, failure: 'server_error', receivedAt: 0 };
const SILENT: Existence = { state: 'no_evidence', status: undefined, failure: 'network', receivedAt: 0 };

const ACCEPTED: DeleteAnswer = { kind: 'accepted', status: 200 };
const LEFT_OPEN: DeleteAnswer = { kind: 'ambiguous', status: 500, failure: 'server_error' };
const OWN_404: DeleteAnswer = { kind: 'not_found', status: 404, inVendorsOwnWords: true };
const OTHER_404: DeleteAnswer = { kind: 'not_found', status: 404, inVendorsOwnWords: false };

function sentWith(answer: DeleteAnswer, attempt = 1): Sent {
  return { attempt, seen: { at: NOW - 2000, how: 'listing' }, requestedAt: NOW - 1000, answer };
}

/** What every entry about a DELETE of {@link sentWith} says. */
const SENT_FACTS = { attempts: 1, requested_at: '2026-03-01T11:59:59.000Z', delete_status: 200 };

/** A context that writes down what it is told; each look at the conversation takes `lookMs`. */
function setUp({
  answers = [],
  lookMs = 0,
  control,
}: { answers?: readonly Existence[]; lookMs?: number; control?: Control } = {}) {
  let elapsedMs = 0;
  let looks = 0;
  const written: AuditFacts[] = [];
  const settled: unknown[] = [];
  const abandon = new AbortController();
  const context = {
    ...{ runId: 'run-1', policy: { name: 'p', hash: null }, verifyTimeoutMs: TIMEOUT_MS },
    clock: {
      now: () => NOW + elapsedMs,
      monotonic: () => elapsedMs,
      sleep: (ms: number) => Promise.resolve(void (elapsedMs += ms)),
    },
    signals: { abandon: abandon.signal },
    deleter: {
      existence() {
        looks += 1;
        elapsedMs += lookMs;
        return Promise.resolve(answers[Math.min(looks, answers.length) - 1]);
      },
    },
    desk: {
      prove(projectId: number) {
        expect(projectId).toBe(7);
        return Promise.resolve(control);
      },
    },
    audit: { append: (entries: readonly AuditFacts[]) => Promise.resolve(void written.push(...entries)) },
    brake: { settled: (...told: unknown[]) => settled.push(told) },
    progress: { advance: () => undefined },
    lostProjects: new Map<number, string>(),
    verified: new Map<number, unknown>(),
  };
  return {
    context: context as unknown as DeletionContext,
    ...{ abandon, settled },
    elapsedMs: () => elapsedMs,
    entries: () => written.map(({ event, session_id, facts }) => ({ event, session_id, ...facts })),
  };
}

describe('the watch after a DELETE', () => {
  test.each<[string, DeleteAnswer]>([
    ['was accepted', ACCEPTED],
    ['found nothing to delete any more', OWN_404],
  ])('that %s lasts until the time is up, and never has it repeated', async (_, answer) => {
    const { context, entries, settled, elapsedMs } = setUp({ answers: [PRESENT] });
    expect(await watch(context, ITEM, sentWith(answer))).toEqual({ stage: 'settled' });
    expect(elapsedMs()).toBe(TIMEOUT_MS);
    expect(entries()).toEqual([
      {
        ...{ event: 'deletion.unverified', session_id: 'session-1', ...SENT_FACTS },
        ...{ delete_status: answer.kind === 'accepted' ? 200 : 404, verify_status: 200 },
        reason: 'it still answers after the verify time-out',
      },
    ]);
    expect(settled).toEqual([['unverified', undefined]]);
  });

  test.each<[Existence, number | null]>([
    [BROKEN, 500],
    [SILENT, null],
  ])('without an answer that says anything leaves it unverified: %j', async (answer, status) => {
    const { context, entries, settled, elapsedMs } = setUp({ answers: [PRESENT, answer] });
    expect(await watch(context, ITEM, sentWith(ACCEPTED))).toEqual({ stage: 'settled' });
    expect(elapsedMs()).toBe(TIMEOUT_MS);
    expect(entries()).toMatchObject([
      {
        event: 'deletion.unverified',
        verify_status: status,
        reason: 'no usable answer after the verify time-out',
      },
    ]);
    const doubt = { requestedAt: NOW - 1000, settledAt: NOW + TIMEOUT_MS };
    expect(settled).toEqual([['unverified', doubt]]);
  });

  test('that stayed open does not have it repeated where no answer says that it is still there', async () => {
    const { context, entries, elapsedMs } = setUp({ answers: [BROKEN] });
    expect(await watch(context, ITEM, sentWith(LEFT_OPEN))).toEqual({ stage: 'settled' });
    expect(elapsedMs()).toBe(TIMEOUT_MS);
    expect(entries()).toMatchObject([{ event: 'deletion.unverified', delete_status: 500 }]);
  });

  test.each<[string, DeleteAnswer, number]>([
    ['stayed open', LEFT_OPEN, 1],
    ['stayed open a second time', LEFT_OPEN, 2],
    ['found nothing, in the words of somebody else', OTHER_404, 1],
  ])('that %s has it repeated once it was seen again later', async (_, answer, attempt) => {
    const { context, entries, elapsedMs } = setUp({ answers: [PRESENT] });
    const sent = sentWith(answer, attempt);
    expect(await watch(context, ITEM, sent)).toEqual({ stage: 'again', begun: { previous: sent, late: 0 } });
    expect(elapsedMs()).toBe(1750);
    expect(entries()).toEqual([]);
  });

  test.each([
    ['a second and a half are', 250, 1500],
    ['a little less is not', 249, 2746],
  ])('takes time before a second DELETE: %s enough', async (_, lookMs, expected) => {
    const { context, elapsedMs } = setUp({ answers: [PRESENT], lookMs });
    expect(await watch(context, ITEM, sentWith(LEFT_OPEN))).toMatchObject({ stage: 'again' });
    expect(elapsedMs()).toBe(expected);
  });

  test('of the third attempt lasts until the time is up, and then it has failed', async () => {
    const { context, entries, settled, elapsedMs } = setUp({ answers: [PRESENT] });
    expect(await watch(context, ITEM, sentWith(LEFT_OPEN, 3))).toEqual({ stage: 'settled' });
    expect(elapsedMs()).toBe(TIMEOUT_MS);
    expect(entries()).toEqual([
      {
        ...{ event: 'deletion.failed', session_id: 'session-1', ...SENT_FACTS },
        ...{ attempts: 3, delete_status: 500, verify_status: 200 },
        reason: 'not carried out in 3 attempts',
      },
    ]);
    expect(settled).toEqual([['failed', undefined]]);
  });

  test('ends with its 404, which is still to be proven', async () => {
    const { context, entries } = setUp({ answers: [PRESENT, BROKEN, GONE] });
    const sent = sentWith(ACCEPTED);
    expect(await watch(context, ITEM, sent)).toEqual(proving(sent, GONE));
    expect(entries()).toEqual([]);
  });
});

const PROVING = proving(sentWith(ACCEPTED), GONE) as Extract<Stage, { stage: 'proving' }>;
const VERIFIED_FACTS = {
  ...{ ...SENT_FACTS, verify_status: 404, verified_at: '2026-03-01T12:00:00.009Z' },
  ...{ seen_at: '2026-03-01T11:59:58.000Z', seen_by: 'listing' },
};
const REFUSED = new ApiError({ failure: 'unauthorized', method: 'GET', path: '/', status: 401 });

function unproven(change: Partial<Extract<Control, { proven: false }>> = {}): Control {
  return { proven: false, problem: 'it failed', projectLost: false, refusal: undefined, ...change };
}

describe('the proof of a 404', () => {
  test('says what was sent, what was seen, and which request answered beside it', async () => {
    expect(PROVING).toEqual({ stage: 'proving', outcome: 'verified', facts: VERIFIED_FACTS });
    expect(proving(sentWith(ACCEPTED), { status: undefined, receivedAt: NOW })).toMatchObject({
      facts: { verify_status: null },
    });
    const control: Control = { proven: true, request: 'GET /x', status: 200, at: NOW + 20 };
    const { context, entries, settled } = setUp({ control });
    expect(await prove(context, ITEM, PROVING)).toEqual({ stage: 'settled' });
    expect(entries()).toEqual([
      {
        ...{ event: 'deletion.verified', session_id: 'session-1', ...VERIFIED_FACTS },
        control: { request: 'GET /x', status: 200, at: '2026-03-01T12:00:00.020Z' },
      },
    ]);
    expect(settled).toEqual([['verified', undefined]]);
    expect(context.verified.get(7)?.has({ sessionId: 'session-1', createdAt: 1 })).toBe(true);
  });

  test('fails with the control, for this conversation', async () => {
    const { context, entries, settled } = setUp({ control: unproven() });
    expect(await prove(context, ITEM, PROVING)).toEqual({ stage: 'settled' });
    expect(entries()).toEqual([
      { event: 'deletion.unverified', session_id: 'session-1', ...VERIFIED_FACTS, reason: 'it failed' },
    ]);
    expect(settled).toEqual([['unverified', undefined]]);
    expect(context.lostProjects.size).toBe(0);
    expect(context.verified.size).toBe(0);
  });

  test('fails with a project that is lost, which is the fault of no deletion', async () => {
    const { context, entries, settled } = setUp({ control: unproven({ projectLost: true }) });
    await prove(context, ITEM, PROVING);
    expect(entries()).toMatchObject([{ event: 'deletion.unverified', reason: 'it failed' }]);
    expect([...context.lostProjects]).toEqual([[7, 'it failed']]);
    expect(settled).toEqual([]);
  });

  test('ends the run with a key that is refused, and says nothing of the conversation', async () => {
    const { context, entries } = setUp({ control: unproven({ refusal: REFUSED }) });
    await expect(prove(context, ITEM, PROVING)).rejects.toBe(REFUSED);
    expect(entries()).toEqual([]);
  });

  test('is left to the next run where this one was cut short', async () => {
    const { context, entries, abandon } = setUp({
      control: unproven({ refusal: REFUSED, projectLost: true }),
    });
    abandon.abort();
    expect(await prove(context, ITEM, PROVING)).toEqual({ stage: 'settled' });
    expect(entries()).toEqual([]);
    expect(context.lostProjects.size).toBe(0);
  });
});
