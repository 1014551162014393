import { restsOnChangeableTraits, type Rests } from '../../core/decide.ts';
import type { Reading } from '../../core/deletion/evidence.ts';
import type { Sight } from '../../core/deletion/facts.ts';
import type { Policy } from '../../core/policy.ts';
import type { SkipCause } from '../../core/outcome.ts';
import { areApart, readingOf, type Calibration, type Expected } from '../../core/deletion/reading.ts';
import { thereAt } from '../prove/passing.ts';
import { restsOnForeignKeeps } from '../../core/foreign-keeps.ts';
import type { DeletableItem } from '../../core/plan.ts';
import type { Existence } from '../../core/vendor-answers.ts';
import type { Application } from './context.ts';
import type { Relisting } from './relist.ts';

/** What was seen this recently needs no second look before the DELETE. */
export const FRESH_MS = 60_000;
/**
 * An age since creation changes for nobody, but the session id may: what was deleted meanwhile can be created anew by an
 * open chat widget. So even that is looked at again when it was seen this long ago.
 */
const OLDEST_SIGHT_MS = 15 * 60_000;

export type Rechecked =
  | { readonly kind: 'unchanged'; readonly seen: Sight }
  | { readonly kind: 'barred'; readonly reason: string; readonly cause: SkipCause }
  /** It is not there, or nobody can tell: what its own GET said. */
  | { readonly kind: 'read'; readonly reading: Reading };

/** {@link restsOnChangeableTraits}, with what the keeps of other policies look at. */
export function createRests(
  policy: Pick<Policy, 'rules'>,
  others: readonly Policy[],
): (rule: string | null) => Rests {
  const foreign = restsOnForeignKeeps(others);
  return (rule) => {
    const { listed, lastMessage } = restsOnChangeableTraits(policy, rule);
    return { listed: listed || foreign.listed, lastMessage: lastMessage || foreign.lastMessage };
  };
}

/**
 * Whether the conversation is still what the plan decided on. What the rules looked at and people can change (name,
 * update, newest message) is read again unless it was seen within the last minute.
 */
export async function recheck(
  context: Application,
  item: DeletableItem,
  options: {
    readonly always: boolean;
    readonly calibration: Calibration;
    /** An answer of its own GET that was just read for another reason. */
    readonly known: Existence | undefined;
  },
): Promise<Rechecked> {
  const { relisting } = context;
  const state = relisting?.look(item);
  if (state === 'changed') return changed('changed since the plan');
  if (state === 'unreadable') return changed('its project could not be listed again', 'project');
  const rests = context.restsOn(item.rule);
  // A message that planning did not read decided nothing: name or creation had settled that rule.
  const restsOnMessage = rests.lastMessage && item.lastMessageReadAt !== undefined;
  const known = freshlyRead(options, { now: context.clock.now(), restsOnMessage });
  if (known === undefined && !options.always) {
    const seen = recentSight(item, { relisting, state, rests, restsOnMessage, now: context.clock.now() });
    if (seen !== undefined) return { kind: 'unchanged', seen };
  }
  const answer = known ?? (await readAgain(context, item, restsOnMessage));
  const reading = readingOf(answer, expectedOf(item), options.calibration);
  if (answer.state !== 'present' || reading.is === 'absent') return { kind: 'read', reading };
  // The client may have waited for a further page, in a pause of the whole pool, long after the first one had arrived.
  if (!isFresh(answer, context.clock.now())) return changed('it could not be read again in time');
  if (state === 'not_listed') return changed('it answers, but the listing no longer shows it', 'not_known');
  return compare(item, answer, restsOnMessage);
}

/** What calibrating read a moment ago. Of one that is there it says nothing of the newest message. */
function freshlyRead(
  { known, always }: { readonly known: Existence | undefined; readonly always: boolean },
  { now, restsOnMessage }: { readonly now: number; readonly restsOnMessage: boolean },
): Existence | undefined {
  if (restsOnMessage && known?.state === 'present') return undefined;
  return !always && isFresh(known, now) ? known : undefined;
}

export function expectedOf({ seen, seenAt }: DeletableItem): Expected {
  return { createdAt: seen.createdAt, thereAt: thereAt(seenAt), name: seen.name ?? null };
}

function changed(reason: string, cause: SkipCause = 'changed'): Rechecked {
  return { kind: 'barred', reason, cause };
}

function readAgain(
  context: Pick<Application, 'deleter' | 'signals' | 'slot'>,
  { projectId, sessionId }: DeletableItem,
  restsOnMessage: boolean,
): Promise<Existence> {
  return context.slot(() =>
    context.deleter.existence(projectId, sessionId, {
      purpose: 'messages',
      onlyFirstPage: !restsOnMessage,
      signal: context.signals.stop,
    }),
  );
}

/** What needs no second look: it was seen lately, and what its rule looked at, too. */
function recentSight(
  item: DeletableItem,
  by: {
    readonly relisting: Relisting | undefined;
    readonly state: ReturnType<Relisting['look']> | undefined;
    readonly rests: Rests;
    readonly restsOnMessage: boolean;
    readonly now: number;
  },
): Sight | undefined {
  const { relisting, state, rests, restsOnMessage, now } = by;
  const listedAt = relisting?.takenAt ?? item.seenAt;
  const readAt = relisting === undefined ? item.lastMessageReadAt : undefined;
  const isOld =
    state === 'not_listed' ||
    isOlder(listedAt, rests.listed ? FRESH_MS : OLDEST_SIGHT_MS, now) ||
    (restsOnMessage && isOlder(readAt, FRESH_MS, now));
  return isOld ? undefined : { at: listedAt, how: 'listing' };
}

function isFresh(answer: Existence | undefined, now: number): boolean {
  return answer !== undefined && !isOlder(answer.receivedAt, FRESH_MS, now);
}

/** A sight that never was is older than any. */
function isOlder(at: number | undefined, ms: number, now: number): boolean {
  return at === undefined || now - at > ms;
}

function compare(
  item: DeletableItem,
  answer: Extract<Existence, { state: 'present' }>,
  restsOnMessage: boolean,
): Rechecked {
  const { conversation } = answer;
  if (conversation === undefined) return changed('its name and dates could not be read again', 'not_known');
  const { seen } = item;
  if (conversation.createdAt === undefined)
    return changed('its creation date could not be read again', 'not_known');
  if (seen.createdAt !== undefined && areApart(conversation.createdAt, seen.createdAt))
    return changed('its creation date is not told as it was listed', 'not_known');
  if (conversation.name !== seen.name) return changed('renamed since the plan');
  if (conversation.updatedAt !== seen.updatedAt) return changed('updated since the plan');
  if (restsOnMessage && answer.lastMessageAt !== item.lastMessageAt)
    return changed('active again since the plan');
  return { kind: 'unchanged', seen: { at: answer.receivedAt, how: 'messages' } };
}
