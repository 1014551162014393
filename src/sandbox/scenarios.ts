import type { Account } from './accounts.ts';
import type { Faults } from './faults.ts';
import { addHostileRows } from './hostile-rows.ts';

export interface Stage {
  readonly account: Account;
  readonly faults: Faults;
  readonly nowMs: number;
}

interface Scenario {
  readonly name: string;
  readonly summary: string;
  readonly play: (stage: Stage) => void;
}

/** What a person can choose from. */
export const SCENARIOS: readonly Scenario[] = [
  { name: 'default', summary: 'Behaves well.', play: () => undefined },
  {
    name: 'slow',
    summary: 'Every answer takes 0.4 to 1.5 seconds.',
    play: ({ faults }) => faults.add({ then: { latencyMs: [400, 1500] } }),
  },
  {
    name: 'rate-limited',
    summary: '60 requests a minute, then 429 with Retry-After.',
    play: ({ faults }) => (faults.rateLimit = { perMinute: 60, retryAfter: 'seconds' }),
  },
  {
    name: 'rate-limited-silent',
    summary: '60 requests a minute, then 429 without a word about when to come back.',
    play: ({ faults }) => (faults.rateLimit = { perMinute: 60, retryAfter: 'none' }),
  },
  {
    name: 'stale-reads',
    summary: 'What was deleted still answers and is still listed for 10 seconds.',
    play: ({ faults }) => (faults.staleReadsMs = faults.staleListMs = 10_000),
  },
  {
    name: 'flaky',
    summary:
      'One request in ten fails: 500, 502, 503 or a cut connection, now and then after it was executed.',
    play: ({ faults }) => {
      faults.add({ probability: 0.03, then: { status: 500 } });
      faults.add({ probability: 0.02, then: { status: 502, body: 'html' } });
      faults.add({ probability: 0.02, then: { status: 503, body: 'empty', retryAfter: 1 } });
      faults.add({ probability: 0.01, then: { status: 500, executed: true } });
      faults.add({ probability: 0.01, then: { cut: 'before' } });
      faults.add({ probability: 0.01, then: { cut: 'after' } });
    },
  },
  {
    name: 'forbidden-project',
    summary: 'One of the listed projects answers 403 to everything.',
    play: ({ account, faults }) => {
      for (const project of account.projects().slice(1, 2)) faults.forbiddenProjects.set(project.id, 403);
    },
  },
  {
    name: 'vanishing-project',
    summary: 'After 40 requests one project is gone: everything in it answers 404.',
    play: ({ account, faults }) => {
      for (const { id } of account.projects().slice(0, 1)) {
        faults.add({ when: { projectId: id, afterRequests: 40 }, then: { status: 404 } });
      }
    },
  },
  {
    name: 'shifting-pages',
    summary: 'A new conversation arrives after each page that is read.',
    play: ({ faults }) => (faults.shiftingPages = true),
  },
  {
    name: 'deletes-swallowed',
    summary: 'Every DELETE answers 200 and deletes nothing.',
    play: ({ faults }) => (faults.swallowDeletes = true),
  },
  {
    name: 'delete-500-executed',
    summary: 'Every DELETE answers 500 but was carried out.',
    play: ({ faults }) =>
      faults.add({ when: { route: 'conversations.delete' }, then: { status: 500, executed: true } }),
  },
  {
    name: 'ignores-order',
    summary: 'Lists come newest first, whatever order is asked for.',
    play: ({ faults }) => (faults.ignoreOrder = true),
  },
  {
    name: 'shuffled-ties',
    summary: 'Conversations created in one second change places from page to page, unless listed by id.',
    play: ({ faults }) => (faults.shuffleTies = true),
  },
  {
    name: 'reshuffled-pages',
    summary: 'Lists come in another order on every page, so that pages repeat some rows and lack others.',
    play: ({ faults }) => (faults.ignoreOrder = 'reshuffled'),
  },
  {
    name: 'oldest-last',
    summary: 'Lists rise at their start, and have the oldest conversations on their last pages.',
    play: ({ faults }) => (faults.ignoreOrder = 'oldest-last'),
  },
  {
    name: 'totals-too-high',
    summary: 'Lists claim 500 conversations and 50 pages more than there are.',
    play: ({ faults }) =>
      faults.add({
        when: { route: 'conversations.list' },
        then: { totalOffset: 500, lastPageOffset: 50 },
      }),
  },
  {
    name: 'totals-too-low',
    summary: 'Lists claim 5 conversations and a page less than there are.',
    play: ({ faults }) =>
      faults.add({ when: { route: 'conversations.list' }, then: { totalOffset: -5, lastPageOffset: -1 } }),
  },
  {
    name: 'deep-pages-refused',
    summary: 'Lists answer 422 behind their tenth page.',
    play: ({ faults }) => (faults.deepestPage = 10),
  },
  {
    name: 'deleted-rows-stay',
    summary: 'What was deleted stays in the lists, with a deleted_at.',
    play: ({ faults }) => (faults.keepDeletedRows = true),
  },
  {
    name: 'odd-messages',
    summary: 'Messages come oldest page first, newest first within a page, on a paginator of one page.',
    play: ({ faults }) => {
      faults.messageOrder = 'oldest-page-first';
      faults.add({ when: { route: 'messages.list' }, then: { lastPageOffset: -1000 } });
    },
  },
  {
    name: 'dates-of-2023',
    summary: 'Messages have the dates recorded in 2023: a 12-hour clock without its half, and no zone.',
    play: ({ faults }) => (faults.messageDates = '12-hour'),
  },
  {
    name: 'stringly-typed',
    summary: 'Ids and page sizes as strings, dates without a zone, as in the OpenAPI document.',
    play: ({ faults }) => (faults.stringlyTyped = true),
  },
  {
    name: 'broken-page',
    summary: 'The second page of one project is cut off in the middle.',
    play: ({ account, faults }) => {
      for (const { id } of account.projects().slice(0, 1)) {
        faults.add({
          when: { route: 'conversations.list', projectId: id, page: 2 },
          then: { truncateBody: true },
        });
      }
    },
  },
  {
    name: 'revoked-key',
    summary: 'The key stops working after 40 requests.',
    play: ({ faults }) => faults.add({ when: { afterRequests: 40 }, then: { status: 401 } }),
  },
  {
    name: 'nameless-key',
    summary: 'GET /user answers 404: nobody says whose key it is.',
    play: ({ faults }) => (faults.user = 404),
  },
  {
    name: 'everything-404',
    summary: 'Every request answers 404, as with a wrong base URL or a broken proxy.',
    play: ({ faults }) => (faults.everything404 = true),
  },
  {
    name: 'clock-skew',
    summary: 'The Date header is three minutes ahead.',
    play: ({ faults }) => faults.add({ then: { date: { shiftMs: 180_000 } } }),
  },
  {
    name: 'hostile-rows',
    summary:
      'One project lists rows without ids, with impossible dates and with names that attack what prints them.',
    play: ({ account, nowMs }) => {
      for (const { id } of account.projects().slice(0, 1)) addHostileRows(account, id, nowMs);
    },
  },
];

/** Throws for an unknown name, listing the known ones. */
export function playScenario(name: string, stage: Stage): void {
  const scenario = SCENARIOS.find((candidate) => candidate.name === name);
  if (scenario === undefined) {
    const known = SCENARIOS.map((candidate) => candidate.name).join(', ');
    throw new Error(`There is no scenario "${name}". Choose one of: ${known}.`);
  }
  scenario.play(stage);
}
