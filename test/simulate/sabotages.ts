import type { AuditEntry } from '../../src/core/audit-entry.ts';
import type { HoldList } from '../../src/core/hold-list.ts';
import type { PlanItem } from '../../src/core/plan.ts';
import type { Store } from '../../src/core/ports/store.ts';
import type { CustomGptReader } from '../../src/core/ports/vendor.ts';
import type { SimulationOptions } from './simulation.ts';
import type { Sabotage } from './stage.ts';

/* Faults in what the program remembers, and in what it asks before it sends a DELETE. */

export type Api = Parameters<NonNullable<Sabotage['api']>>[0];

/** What brings it to light sooner than chance. */
export type Climate = Pick<SimulationOptions, 'weather' | 'requestsPerMinute' | 'snares' | 'copies'>;

/** The same change to what may only look and to what may delete. */
export function changeReader(api: Api, change: (reader: CustomGptReader) => Partial<CustomGptReader>): Api {
  return {
    reader: { ...api.reader, ...change(api.reader) },
    deleter: { ...api.deleter, ...change(api.deleter) },
  };
}

/** A store whose `append` is told what to do with the intents; the rest is written. */
type Delete = Api['deleter']['deleteConversation'];

/** The same change to each DELETE. */
export function changeDelete(api: Api, change: (send: Delete) => Delete): Api {
  return {
    ...api,
    deleter: {
      ...api.deleter,
      deleteConversation: change((...args) => api.deleter.deleteConversation(...args)),
    },
  };
}

/** Another reading of the plan. */
export function changeItems(
  store: Store,
  change: (items: AsyncIterable<PlanItem>) => AsyncIterable<PlanItem>,
): Store {
  const planItems: Store['plans']['planItems'] = (...args) => change(store.plans.planItems(...args));
  return { ...store, plans: { ...store.plans, planItems } };
}

function changeAppend(store: Store, change: Store['audit']['append']): Store {
  return { ...store, audit: { ...store.audit, append: change } };
}

/** No sight is ever older than this. */
const FUTURE = Date.UTC(2099, 0, 1);

/** More with each list that is read, by whichever worker. */
let newest = FUTURE;

const isIntent = ({ event }: { readonly event: string }): boolean => event === 'deletion.intended';

export type Built = readonly [name: string, expected: readonly string[], sabotage: Sabotage & Climate];

export const SABOTAGES: readonly Built[] = [
  [
    'a store that acknowledges intents and does not write them',
    ['intent'],
    {
      store: (store) =>
        changeAppend(store, (entries, fence) =>
          entries.some(isIntent)
            ? Promise.resolve(entries as unknown as readonly AuditEntry[])
            : store.audit.append(entries, fence),
        ),
    },
  ],
  [
    'a recheck that believes the plan',
    ['sight'],
    {
      store: (store) =>
        changeItems(store, async function* (items) {
          for await (const item of items)
            yield {
              ...item,
              seenAt: FUTURE,
              ...(item.lastMessageReadAt === undefined ? {} : { lastMessageReadAt: FUTURE }),
            };
        }),
      requestsPerMinute: 20,
    },
  ],
  [
    'a policy that is read with half its age',
    ['sight', 'excess'],
    { policy: (yaml) => yaml.replaceAll('90d', '45d').replaceAll('30d', '15d').replaceAll('1y', '6mo') },
  ],
  [
    'a policy whose keep rules are lost',
    ['sight', 'excess'],
    { policy: (yaml) => yaml.replaceAll('action: keep', 'action: delete').replaceAll(/ *binds: .*\n/g, '') },
  ],
  [
    'an unknown name that is read as an empty one',
    ['sight', 'excess'],
    {
      api: (api) =>
        changeReader(api, (reader) => ({
          async *conversationPages(...asked) {
            for await (const page of reader.conversationPages(...asked))
              yield {
                ...page,
                rows: page.rows.map((row) =>
                  row.kind === 'conversation' ? { ...row, name: row.name ?? '' } : row,
                ),
              };
          },
        })),
    },
  ],
  [
    'a hold that is audited and not kept',
    ['hold', 'excess', 'quiet'],
    {
      store: (store) => ({
        ...store,
        holds: {
          ...store.holds,
          addHold: async (hold) => {
            const facts = { hold_id: hold.holdId, matter: hold.matter, until: null };
            const nobodys = { run_id: null, policy: null, policy_hash: null, rule: null };
            const about = { project_id: hold.projectId, session_id: hold.sessionId ?? null };
            await store.audit.append([{ event: 'hold.added', ...nobodys, ...about, facts }]);
          },
        },
      }),
    },
  ],
  [
    'a file of holds that is read once',
    ['hold-file'],
    {
      holdFile: (file) => {
        const first = file.read();
        return { ...file, read: () => first };
      },
    },
  ],
  [
    'a file of holds that always counts as the newest',
    ['hold-file'],
    {
      holdFile: (file) => {
        const known = new Map<HoldList, HoldList>();
        return {
          ...file,
          read: async () => {
            const list = await file.read();
            if (list === undefined) return undefined;
            const again = known.get(list) ?? { ...list, revision: (newest += 1) };
            known.set(list, again);
            return again;
          },
        };
      },
      copies: true,
    },
  ],
  [
    'a turn that comes late and is used without another look',
    ['hold', 'hold-file', 'lease', 'sight', 'project'],
    {
      api: (api) =>
        changeDelete(api, (send) => (projectId, sessionId, options) => {
          const always = { mayBeSent: () => Promise.resolve(true), mayStillBeSent: () => true };
          return send(projectId, sessionId, { ...options, ...always });
        }),
      requestsPerMinute: 20,
    },
  ],
  [
    'a DELETE that had to wait for a connection and is written without another look',
    ['lease'],
    {
      api: (api) =>
        changeDelete(
          api,
          (send) => (projectId, sessionId, options) =>
            send(projectId, sessionId, { ...options, mayStillBeSent: () => true }),
        ),
      snares: true,
    },
  ],
  [
    'a lease that everybody gets',
    ['lease'],
    {
      store: (store) => ({
        ...changeAppend(store, (entries) => store.audit.append(entries)),
        leases: {
          ...store.leases,
          acquireLease: async (name, holder, time) =>
            (await store.leases.acquireLease(name, holder, time)) ?? {
              name,
              holder,
              token: 1,
              expiresAt: time.now + time.ttlMs,
            },
          renewLease: (fence, time) => Promise.resolve({ ...fence, expiresAt: time.now + time.ttlMs }),
        },
      }),
    },
  ],
  [
    'limits that forget what was spent',
    ['limit', 'refusal', 'deferral'],
    {
      store: (store) => ({
        ...store,
        audit: { ...store.audit, intendedInRunsSince: () => Promise.resolve(0) },
      }),
    },
  ],
  [
    'a second DELETE to be sure',
    ['one-delete', 'intent', 'known-gone'],
    {
      api: (api) =>
        changeDelete(api, (send) => async (...args) => {
          const answer = await send(...args);
          return answer.kind === 'accepted' ? send(...args) : answer;
        }),
    },
  ],
  [
    'a clock that is always trusted',
    ['clock'],
    { api: (api) => changeReader(api, () => ({ clockSkewMs: () => 0 })), weather: ['no-date'] },
  ],
  [
    'a plan that loses its last deletion',
    ['missing', 'quiet', 'status'],
    {
      store: (store) =>
        changeItems(store, async function* (items) {
          let held: { readonly item: PlanItem } | undefined;
          for await (const item of items) {
            if (held !== undefined) yield held.item;
            held = { item };
          }
        }),
    },
  ],
  [
    'counts that are one too high',
    ['counts'],
    {
      store: (store) => ({
        ...store,
        audit: {
          ...store.audit,
          outcomes: async (runId) => {
            const { counts, skipped } = await store.audit.outcomes(runId);
            return { counts: { ...counts, verified: counts.verified + 1 }, skipped };
          },
        },
      }),
    },
  ],
  [
    'a schedule that is read as another one',
    ['slot'],
    { policy: (yaml) => yaml.replace(/cron: .*/, 'cron: 0 0 1 1 *') },
  ],
];
