import { describe, expect, test } from 'vitest';
import type { Conversation } from '../../core/conversation.ts';
import { ApiError } from '../../core/errors.ts';
import type { PlanSummary, DeletableItem, PlanItem, PlanProject } from '../../core/plan.ts';
import type { ConversationPage } from '../../core/ports/vendor.ts';
import type { Existence } from '../../core/vendor-answers.ts';
import type { Rests } from '../../core/decide.ts';
import { recheck } from './recheck.ts';
import { relist, type Relisting } from './relist.ts';
import { Bystanders } from '../plan/bystanders.ts';

const NOW = Date.UTC(2026, 2, 1, 12);
const SEEN: PlanItem['seen'] = { name: 'n', createdAt: 1, updatedAt: 2, createdBy: '3' };

function itemOf(change: Partial<DeletableItem> = {}): DeletableItem {
  return {
    ...{
      ordinal: 1,
      projectId: 7,
      sessionId: 'session-1',
      verdict: 'delete',
      rule: 'r',
      reason: '',
      ageDays: 1,
    },
    ...{ seen: SEEN, seenAt: NOW, lastMessageAt: undefined, lastMessageReadAt: undefined },
    ...change,
  };
}

function present(change: Partial<Conversation> = {}, lastMessageAt?: number): Existence {
  const conversation = { projectId: 7, sessionId: 'session-1', ...SEEN, ...change };
  return { state: 'present', status: 200, conversation, lastMessageAt, receivedAt: NOW + 5 };
}

const NOTHING: Rests = { listed: false, lastMessage: false };
const LISTED: Rests = { listed: true, lastMessage: false };
const MESSAGE: Rests = { listed: true, lastMessage: true };

interface Case {
  readonly item?: Partial<DeletableItem>;
  readonly rests?: Rests;
  readonly answer?: Existence;
  readonly relisting?: Relisting;
  readonly always?: boolean;
  readonly known?: Existence;
}

const CALIBRATION = { seq: 5, shapes: new Set(['gone']) };

function notFound(shape: string): Existence {
  const words = { shape, said: 'no such thing', isDocumented: true };
  return { state: 'not_found', status: 404, words, receivedAt: NOW + 5 };
}

/** What a recheck finds, and how often it asked. */
async function check({ item, rests = LISTED, answer = present(), relisting, always = false, known }: Case) {
  const questions: unknown[] = [];
  const { signal } = new AbortController();
  const context = {
    clock: { now: () => NOW },
    signals: { stop: signal },
    slot: <T>(work: () => T): T => work(),
    restsOn: () => rests,
    relisting,
    deleter: {
      existence: (...question: unknown[]) => {
        questions.push(question);
        return Promise.resolve(answer);
      },
    },
  };
  const found = await recheck(context as unknown as Parameters<typeof recheck>[0], itemOf(item), {
    ...{ always, known, calibration: CALIBRATION },
  });
  // The pages behind the first one are for a newest message that counts.
  const onlyFirstPage = !(rests.lastMessage && itemOf(item).lastMessageReadAt !== undefined);
  for (const question of questions) {
    expect(question).toEqual([7, 'session-1', { purpose: 'messages', onlyFirstPage, signal }]);
  }
  return { found, asked: questions.length };
}

test('a page that was waited for too long says nothing of the present', async () => {
  const { found, asked } = await check({ always: true, answer: { ...present(), receivedAt: NOW - 60_001 } });
  expect(found).toEqual(barred('it could not be read again in time'));
  expect(asked).toBe(1);
});

function looking(state: ReturnType<Relisting['look']>, takenAt = NOW): Relisting {
  return { bystanders: new Bystanders(), look: () => state, takenAt };
}

function barred(reason: string, cause = 'changed') {
  return { kind: 'barred', reason, cause };
}

const LISTING = (at: number) => ({ kind: 'unchanged', seen: { at, how: 'listing' } });
const READ = { kind: 'unchanged', seen: { at: NOW + 5, how: 'messages' } };

describe('what was seen', () => {
  test.each<[string, Case, object, number]>([
    ['a minute ago', { item: { seenAt: NOW - 60_000 } }, LISTING(NOW - 60_000), 0],
    ['more than a minute ago', { item: { seenAt: NOW - 60_001 } }, READ, 1],
    [
      'a quarter of an hour ago, with nothing that changes',
      { item: { seenAt: NOW - 900_000 }, rests: NOTHING },
      LISTING(NOW - 900_000),
      0,
    ],
    ['longer ago, with nothing that changes', { item: { seenAt: NOW - 900_001 }, rests: NOTHING }, READ, 1],
    ['just now, but always to be read', { always: true }, READ, 1],
    [
      'with a message that was read a minute ago',
      { rests: MESSAGE, item: { lastMessageReadAt: NOW - 60_000 } },
      LISTING(NOW),
      0,
    ],
    [
      'with a message that was read before',
      { rests: MESSAGE, item: { lastMessageReadAt: NOW - 60_001 } },
      READ,
      1,
    ],
    ['with a message that nobody needed to read', { rests: MESSAGE }, LISTING(NOW), 0],
    [
      'with a message that decides nothing',
      { rests: LISTED, item: { lastMessageReadAt: NOW - 900_000 } },
      LISTING(NOW),
      0,
    ],
    [
      'in a listing taken again',
      { relisting: looking('unchanged', NOW - 60_000), item: { seenAt: 0 } },
      LISTING(NOW - 60_000),
      0,
    ],
    ['in a listing taken again too long ago', { relisting: looking('unchanged', NOW - 60_001) }, READ, 1],
    [
      'in a listing taken again, with a message read for the plan',
      { relisting: looking('unchanged'), rests: MESSAGE, item: { lastMessageReadAt: NOW } },
      READ,
      1,
    ],
  ])('%s', async (...[, given, expected, asked]) => {
    expect(await check(given)).toEqual({ found: expected, asked });
  });

  test.each<[string, Case, object]>([
    ['changed', { relisting: looking('changed') }, barred('changed since the plan')],
    [
      'cannot be listed',
      { relisting: looking('unreadable') },
      barred('its project could not be listed again', 'project'),
    ],
  ])('and %s is not asked for again', async (_, given, expected) => {
    expect(await check({ ...given, always: true })).toEqual({ found: expected, asked: 0 });
  });

  test('and no longer listed, though it answers, is left alone', async () => {
    const { found } = await check({ relisting: looking('not_listed') });
    expect(found).toEqual(barred('it answers, but the listing no longer shows it', 'not_known'));
  });

  test('and read while its project was calibrated needs no second question', async () => {
    expect(await check({ known: present() })).toEqual({ found: READ, asked: 0 });
    const renamed = await check({ known: present({ name: 'N' }) });
    expect(renamed).toEqual({ found: barred('renamed since the plan'), asked: 0 });
    // What it found to be gone is known, too: no DELETE is sent on the word of an older listing.
    expect(await check({ known: notFound('gone') })).toMatchObject({ found: { kind: 'read' }, asked: 0 });
    // It is read again where it says nothing of the newest message, is old, or a DELETE was sent since.
    const rests = { rests: MESSAGE, item: { lastMessageReadAt: NOW - 60_001 } };
    expect((await check({ ...rests, known: present() })).asked).toBe(1);
    // … and to one that is gone no message matters.
    expect(await check({ ...rests, known: notFound('gone') })).toMatchObject({
      found: { kind: 'read' },
      asked: 0,
    });
    const old = { ...present(), receivedAt: NOW - 60_001 };
    expect((await check({ known: old, always: true })).asked).toBe(1);
    expect((await check({ known: notFound('gone'), always: true })).asked).toBe(1);
  });
});

describe('what is read again', () => {
  const readAs = (reading: object) => ({ kind: 'read', reading });
  const read = { rests: MESSAGE, always: true, item: { lastMessageReadAt: NOW, lastMessageAt: 4 } };

  test.each<[string, Case, object]>([
    ['the same', { answer: present({}, 4) }, READ],
    [
      'gone',
      { answer: notFound('gone') },
      readAs({ is: 'absent', status: 404, at: NOW + 5, recreatedAt: undefined }),
    ],
    [
      'gone in other words',
      { answer: notFound('other') },
      readAs({ is: 'unlike', status: 404, at: NOW + 5, said: 'no such thing', shape: 'other' }),
    ],
    [
      'without an answer that says anything',
      { answer: { state: 'no_evidence', status: 500, failure: 'HTTP 500', receivedAt: 9 } },
      readAs({ is: 'unknown', status: 500, said: 'HTTP 500' }),
    ],
    [
      'without its own row',
      {
        answer: {
          state: 'present',
          status: 200,
          conversation: undefined,
          lastMessageAt: 4,
          receivedAt: NOW + 9,
        },
      },
      barred('its name and dates could not be read again', 'not_known'),
    ],
    [
      'created anew',
      { answer: present({ createdAt: NOW }, 4) },
      readAs({ is: 'absent', status: 200, at: NOW + 5, recreatedAt: NOW }),
    ],
    [
      'told to have been created at another time, long before it was listed',
      { answer: present({ createdAt: 2 }, 4) },
      barred('its creation date is not told as it was listed', 'not_known'),
    ],
    [
      'created at a time unknown',
      { answer: present({ createdAt: undefined }, 4) },
      barred('its creation date could not be read again', 'not_known'),
    ],
    ['renamed', { answer: present({ name: 'N' }, 4) }, barred('renamed since the plan')],
    ['updated', { answer: present({ updatedAt: 3 }, 4) }, barred('updated since the plan')],
    ['active again', { answer: present({}, 5) }, barred('active again since the plan')],
    ['without a newest message', { answer: present({}) }, barred('active again since the plan')],
    ['active, which decides nothing', { answer: present({}, 5), rests: LISTED }, READ],
    ['by somebody else, which nobody can become', { answer: present({ createdBy: '4' }, 4) }, READ],
  ])('and is %s', async (_, given, expected) => {
    expect(await check({ ...read, ...given })).toEqual({ found: expected, asked: 1 });
  });
});

// ── The second listing ──────────────────────────────────────────────────────────────────────────────────────

function project(projectId: number, planned: number): PlanProject {
  return { projectId, planned, listed: 9, total: 9, kept: 0, held: 0, unknown: 0, incomplete: undefined };
}

/** Lists these rows of each project, or fails with this error. */
async function relisted(
  projects: Readonly<Record<number, readonly Conversation[] | Error>>,
  planned: readonly PlanProject[],
) {
  const asked: number[] = [];
  const warned: unknown[] = [];
  const { signal: stop } = new AbortController();
  const reader = {
    viewer: () => ({ key: 'key:aa', users: new Set() }),
    async *conversationPages(projectId: number, signal?: AbortSignal): AsyncGenerator<ConversationPage> {
      asked.push(projectId);
      expect(signal).toBe(stop);
      const rows = await Promise.resolve(projects[projectId]);
      if (rows instanceof Error) throw rows;
      const own = (rows ?? []).map((row) => ({ kind: 'conversation' as const, ...row }));
      const unusable = { kind: 'unusable', projectId, sessionId: 'session-9', problem: 'oversized' } as const;
      yield {
        rows: [...own, unusable],
        page: 1,
        lastPage: 1,
        total: own.length + 1,
        receivedAt: NOW,
        request: '',
      };
    },
  };
  const context = {
    ...{ reader, clock: { now: () => NOW }, signals: { stop } },
    store: { plans: { planItems: () => [] } },
    log: { warn: (facts: object, message: string) => warned.push({ ...facts, message }) },
  };
  const plan = { projects: planned, decidedAt: NOW } as unknown as PlanSummary;
  const relisting = await relist(context as unknown as Parameters<typeof relist>[0], plan);
  return { relisting, asked, warned };
}

describe('a second listing', () => {
  const row: Conversation = { projectId: 7, sessionId: 'session-1', ...SEEN };

  test('takes the projects that would lose something, and says when', async () => {
    const { relisting, asked, warned } = await relisted({ 7: [row], 8: [], 9: [] }, [
      ...[project(7, 1), project(8, 0), project(9, 2)],
    ]);
    expect(asked).toEqual([7, 9]);
    expect(relisting.takenAt).toBe(NOW);
    expect(warned).toEqual([]);
  });

  test.each<[string, Conversation, 'unchanged' | 'changed' | 'not_listed']>([
    ['as it was', row, 'unchanged'],
    ['with another name', { ...row, name: 'N' }, 'changed'],
    ['without its name', { ...row, name: undefined }, 'changed'],
    ['with another creation', { ...row, createdAt: 2 }, 'changed'],
    ['without its creation', { ...row, createdAt: undefined }, 'changed'],
    ['with another update', { ...row, updatedAt: 3 }, 'changed'],
    ['without its update', { ...row, updatedAt: undefined }, 'changed'],
    ['with another creator', { ...row, createdBy: '4' }, 'changed'],
    ['without its creator', { ...row, createdBy: undefined }, 'changed'],
    ['under another id', { ...row, sessionId: 'session-2' }, 'not_listed'],
    ['as a row that cannot be used', { ...row, sessionId: 'session-9' }, 'unchanged'],
  ])('that shows it %s', async (...[what, shown, state]) => {
    const { relisting } = await relisted({ 7: [shown] }, [project(7, 1)]);
    const item = what.endsWith('used') ? itemOf({ sessionId: 'session-9' }) : itemOf();
    expect(relisting.look(item)).toBe(state);
    // The same conversation in another project is another one.
    expect(relisting.look({ ...item, projectId: 8 })).toBe('not_listed');
  });

  test('of a row that cannot be used lists nothing', async () => {
    const { relisting } = await relisted({ 7: [] }, [project(7, 1)]);
    expect(relisting.look(itemOf({ sessionId: 'session-9' }))).toBe('not_listed');
  });

  test('goes no further than what was there as the plan was decided', async () => {
    const pages: number[] = [];
    const reader = {
      viewer: () => ({ key: 'key:aa', users: new Set() }),
      async *conversationPages(): AsyncGenerator<ConversationPage> {
        for (const [index, createdAt] of [NOW - 1, NOW, NOW + 1, NOW + 2, NOW + 3, NOW + 4].entries()) {
          pages.push(index + 1);
          const listed = { kind: 'conversation' as const, ...row, sessionId: `session-${index}`, createdAt };
          const total = 6;
          yield await Promise.resolve({
            rows: [listed],
            page: index + 1,
            lastPage: 6,
            total,
            receivedAt: NOW,
            request: '',
          });
        }
      },
      conversationPage(_: number, page: number) {
        pages.push(page);
        const listed = { kind: 'conversation', ...row, createdAt: NOW + page };
        return Promise.resolve({ rows: [listed], page, lastPage: 6, total: 6, receivedAt: NOW, request: '' });
      },
    };
    const plan = { projects: [project(7, 1)], decidedAt: NOW } as unknown as PlanSummary;
    const store = { plans: { planItems: () => [] } };
    const context = { reader, clock: { now: () => NOW }, signals: {}, store };
    await relist(context as unknown as Parameters<typeof relist>[0], plan);
    // The last page, and one between, bear the order out.
    expect(pages).toEqual([1, 2, 6, 4]);
  });

  test('that fails keeps that project, and the others are still looked at', async () => {
    const failed = new ApiError({ failure: 'server_error', method: 'GET', path: '/', status: 500 });
    const { relisting, warned } = await relisted({ 7: failed, 8: [{ ...row, projectId: 8 }] }, [
      ...[project(7, 1), project(8, 1)],
    ]);
    expect(relisting.look(itemOf())).toBe('unreadable');
    expect(relisting.look(itemOf({ projectId: 8 }))).toBe('unchanged');
    expect(warned).toEqual([
      { project_id: 7, message: 'could not be listed again: nothing of it is deleted' },
    ]);
  });

  test('that contradicts itself keeps that project, after three readings', async () => {
    const twice = { ...row };
    const { relisting, asked } = await relisted({ 7: [row, twice] }, [project(7, 1)]);
    expect(asked).toEqual([7, 7, 7]);
    expect(relisting.look(itemOf())).toBe('unreadable');
  });

  test('that the key is refused for ends the run', async () => {
    const refused = new ApiError({ failure: 'unauthorized', method: 'GET', path: '/', status: 401 });
    await expect(relisted({ 7: refused }, [project(7, 1)])).rejects.toMatchObject({
      kind: 'credential_refused',
    });
  });
});
