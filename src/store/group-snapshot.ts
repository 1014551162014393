import { areClaimsAsked, questionsOf } from '../core/commit-group.ts';
import type { AboutConversation, Draft, GroupQuestions, GroupSnapshot } from '../core/commit-group.ts';
import type { Fence } from '../core/ports/audit-log.ts';
import { bindingOf } from './account-rows.ts';
import type { BindingRow } from './account-rows.ts';
import { recordedHead } from './audit-rows.ts';
import { prepareClaims } from './claims.ts';
import type { Connection } from './connection.ts';
import { prepareHoldLookups } from './hold-rows.ts';

/** What the core has to know of these drafts. To be called inside the transaction that stores what it decides. */
export function prepareSnapshot(connection: Connection): (drafts: readonly Draft[]) => GroupSnapshot {
  const head = recordedHead(connection);
  const isLive = prepareFence(connection);
  const about = prepareAbout(connection);
  const { holdOfId, knownList } = prepareHoldLookups(connection);
  const account = prepareAccount(connection);
  return (drafts) => {
    const now = connection.clock.now();
    const asked = questionsOf(drafts);
    const holds = [...asked.holdIds].map(holdOfId).filter((hold) => hold !== undefined);
    return {
      now,
      head: head(),
      live: new Set([...asked.fences].filter((fence) => isLive(fence, now))),
      ...about(asked, now),
      holds: new Map(holds.map((hold) => [hold.holdId, hold])),
      lists: new Map([...asked.sources].map((source) => [source, knownList(source)])),
      ...(asked.isAccountAsked ? account(now) : { bindings: [], isIdle: false }),
    };
  };
}

function prepareFence(connection: Connection): (fence: Fence, now: number) => boolean {
  const lease = connection.prepare<[string, string, number, number], number>(
    'SELECT 1 FROM leases WHERE name = ? AND holder = ? AND token = ? AND expires_at > ?',
  );
  return ({ name, holder, token }, now) => lease.get(name, holder, token, now) !== undefined;
}

type About = Pick<GroupSnapshot, 'conversations' | 'atWork'>;

/** Asked for each intent: so what nobody can have, holds or claims, is not looked for. */
function prepareAbout(connection: Connection): (asked: GroupQuestions, now: number) => About {
  const { areThereHolds, holdsAbout } = prepareHoldLookups(connection);
  const { runsAtWork, openIntentsOn, verifiedSinceSeen } = prepareClaims(connection);
  return (asked, now) => {
    const conversations = new Map<string, AboutConversation>();
    if (asked.intents.size === 0) return { conversations, atWork: new Map() };
    const atWork = runsAtWork(now);
    const policies = new Set(areClaimsAsked(asked, atWork) ? atWork.values() : []);
    const isHeldAnything = areThereHolds();
    for (const intent of asked.intents.values()) {
      const holds = isHeldAnything ? holdsAbout(intent.projectId, intent.sessionId) : [];
      const open = openIntentsOn(intent, policies);
      const verified = verifiedSinceSeen(intent);
      if (holds.length + open.length + verified.length > 0)
        conversations.set(intent.key, { holds, open, verified });
    }
    return { conversations, atWork };
  };
}

function prepareAccount(connection: Connection): (now: number) => Pick<GroupSnapshot, 'bindings' | 'isIdle'> {
  const bindings = connection.prepare<[], BindingRow>('SELECT * FROM account_bindings ORDER BY number');
  const lease = connection.prepare<[number]>(
    'SELECT 1 FROM leases WHERE holder IS NOT NULL AND expires_at > ? LIMIT 1',
  );
  return (now) => ({ bindings: bindings.all().map(bindingOf), isIdle: lease.get(now) === undefined });
}
