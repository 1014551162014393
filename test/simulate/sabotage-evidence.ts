import { earliestOf } from '../../src/core/instant.ts';
import type { ConversationPage, CustomGptReader } from '../../src/core/ports/vendor.ts';
import type { Existence } from '../../src/core/vendor-answers.ts';
import { changeDelete, changeItems, changeReader, type Api, type Built } from './sabotages.ts';

/* Faults in what a deletion rests on: what is there, whose it is, what others keep, and what gone looks like. */

type Row = ConversationPage['rows'][number];
type Listed = Row & { readonly kind: 'conversation' };

const NOBODY = '00000000-0000-4000-8000-000000000000';
/** Nobody can tell its age, so that nothing becomes of it. */
const NEVER = Date.UTC(2099, 0, 1);

function changePages(
  reader: CustomGptReader,
  change: (page: ConversationPage, projectId: number) => ConversationPage,
): Pick<CustomGptReader, 'conversationPages'> {
  return {
    async *conversationPages(projectId, ...how) {
      for await (const page of reader.conversationPages(projectId, ...how)) yield change(page, projectId);
    },
  };
}

function changeRows(api: Api, change: (row: Listed) => Listed): Api {
  return changeReader(api, (reader) =>
    changePages(reader, (page) => ({
      ...page,
      rows: page.rows.map((row) => (row.kind === 'conversation' ? change(row) : row)),
    })),
  );
}

/** Its GET says that it is gone, and the listing that settles it shows another one in its place. */
function denied(api: Api): Api {
  const told = new Set<string>();
  const denying = changeReader(api, (reader) => ({
    existence: (projectId, sessionId, options) =>
      reader.existence(projectId, options.purpose === 'verify' ? NOBODY : sessionId, options),
  }));
  const hide = (row: Row): Row =>
    row.kind === 'conversation' && told.has(row.sessionId)
      ? { ...row, sessionId: `00000000${row.sessionId.slice(8)}` }
      : row;
  return {
    reader: denying.reader,
    deleter: {
      ...denying.deleter,
      ...changePages(api.deleter, (page) => ({ ...page, rows: page.rows.map(hide) })),
      deleteConversation: (projectId, sessionId, options) => {
        told.add(sessionId);
        return api.deleter.deleteConversation(projectId, sessionId, options);
      },
    },
  };
}

/** What was listed is there, and what was not is unknown: nobody is asked. */
function supposed(api: Api): Api {
  const listed = new Set<string>();
  return changeReader(api, (reader) => ({
    ...changePages(reader, (page) => {
      for (const { sessionId } of page.rows) if (sessionId !== undefined) listed.add(sessionId);
      return page;
    }),
    existence: (projectId, sessionId, options) => {
      if (options.purpose !== 'calibrate') return reader.existence(projectId, sessionId, options);
      const words = { shape: 'supposed', said: 'supposed', isDocumented: true };
      const answer: Existence = listed.has(sessionId)
        ? {
            ...{ state: 'present', status: 200, conversation: undefined },
            ...{ lastMessageAt: undefined, receivedAt: 0 },
          }
        : { state: 'not_found', status: 404, words, receivedAt: 0 };
      return Promise.resolve(answer);
    },
  }));
}

/** Each list ends with somebody's conversation and one of nobody. */
function witnessed(api: Api): Api {
  const added = (projectId: number): readonly Listed[] =>
    ['anonymous', '1'].map((createdBy) => ({
      ...{ kind: 'conversation', projectId, sessionId: `witness-${createdBy}`, name: 'w', createdBy },
      ...{ createdAt: NEVER, updatedAt: NEVER },
    }));
  return changeReader(api, (reader) =>
    changePages(reader, (page, projectId) => ({
      ...page,
      rows: page.page >= page.lastPage ? [...page.rows, ...added(projectId)] : page.rows,
      total: page.total === undefined ? undefined : page.total + 2,
    })),
  );
}

export const EVIDENCE_SABOTAGES: readonly Built[] = [
  [
    'a follow-up GET and a listing that both deny what is there',
    ['verified'],
    { api: denied, weather: ['hollow'] },
  ],
  ['a calibration that asks nobody', ['calibration'], { api: supposed }],
  [
    'a witness that is always found',
    ['already-gone', 'verified'],
    { api: witnessed, weather: ['rights', 'crash', 'loss', 'server-error'], requestsPerMinute: 60 },
  ],
  [
    'an accepted DELETE that is taken for one that found nothing',
    ['already-gone', 'failed'],
    {
      api: (api) =>
        changeDelete(api, (send) => async (...args) => {
          const answer = await send(...args);
          return answer.kind === 'accepted' ? { kind: 'not_found', status: 404 } : answer;
        }),
    },
  ],
  [
    'what other policies keep, lost',
    ['sight', 'excess'],
    { keeps: () => ({ othersThan: () => Promise.resolve([]) }) },
  ],
  [
    'an account that is asked once for all',
    ['account'],
    {
      api: (api) => ({
        ...api,
        reader: {
          ...api.reader,
          account: async (signal) => (ownSight ??= await api.reader.account(signal)),
        },
      }),
      weather: ['stranger'],
    },
  ],
  [
    'a rough date that is read as its earliest',
    ['sight', 'excess'],
    {
      api: (api) =>
        changeRows(api, (row) => ({
          ...row,
          createdAt: row.createdAt === undefined ? undefined : earliestOf(row.createdAt),
        })),
    },
  ],
  [
    'any other creation date that is a new conversation',
    ['verified', 'already-gone'],
    {
      store: (store) =>
        changeItems(store, async function* (items) {
          for await (const item of items) yield { ...item, seenAt: 0 };
        }),
      weather: ['redated', 'hollow'],
    },
  ],
  [
    'a mark of deletion that nobody sees',
    ['excess', 'last-word', 'quiet'],
    { api: (api) => changeRows(api, (row) => ({ ...row, deletedAt: undefined })) },
  ],
  [
    'a room for the oldest that is forgotten',
    ['deferral', 'quiet'],
    {
      store: (store) => ({
        ...store,
        plans: {
          ...store.plans,
          arrangePlan: (planId, how) => store.plans.arrangePlan(planId, { ...how, room: undefined }),
        },
      }),
    },
  ],
];

/** Of whoever was asked first. */
let ownSight: Awaited<ReturnType<CustomGptReader['account']>> | undefined;
