import type { AccountBinding } from './account.ts';
import type { AuditFacts, AuditHead } from './audit-entry.ts';
import { bindAccount } from './bind-account.ts';
import type { AccountChange, AccountDecided, BindAccount } from './bind-account.ts';
import { linkEntries } from './checkpoint.ts';
import type { Link } from './checkpoint.ts';
import { ClaimBook, intentOf } from './claim-book.ts';
import type { ClaimsOn, Intent } from './claim-book.ts';
import { ClaimedError, HeldError, RetentionError } from './errors.ts';
import { HoldBook } from './hold-book.ts';
import type { HoldChange, HoldCommand, HoldDecision } from './hold-book.ts';
import type { KnownList } from './hold-list.ts';
import type { Hold, HoldRecord } from './hold.ts';
import { formatInstant } from './instant.ts';
import type { Fence } from './ports/audit-log.ts';
import type { NoteSigner } from './signed-note.ts';

/*
 * Which of the drafts that share a commit become links of the chain, and which are refused. All that it depends on is asked for
 * first, as data, so that a store may fetch it as it can: then it is decided, then stored, in one transaction.
 */

/** What a caller wants to be written. */
export type Draft = AppendEntries | HoldCommand | BindAccount;

export interface AppendEntries {
  readonly kind: 'append';
  /** None: there is nothing to do, and then nothing is. */
  readonly entries: readonly AuditFacts[];
  readonly fence: Fence | undefined;
}

/** What a store has to look up before the drafts can be decided. */
export interface GroupQuestions {
  readonly fences: ReadonlySet<Fence>;
  /** Of the intents, by conversation: the one that saw it first, which has the most to be told. */
  readonly intents: ReadonlyMap<string, Intent>;
  /** The runs that intend them. */
  readonly runIds: ReadonlySet<string>;
  readonly holdIds: ReadonlySet<string>;
  /** Of lists of holds. */
  readonly sources: ReadonlySet<string>;
  readonly isAccountAsked: boolean;
}

/** What a store knows of a conversation that somebody intends to delete. */
export interface AboutConversation extends ClaimsOn {
  /** Those on it or on its project that are not released; they may be over by their date. */
  readonly holds: readonly Hold[];
}

/** How things are in the transaction, whatever other processes did since. What was not asked for may be left out. */
export interface GroupSnapshot {
  readonly now: number;
  readonly head: AuditHead;
  /** Of the fences, those whose lease is theirs. */
  readonly live: ReadonlySet<Fence>;
  /** By key of the intent; none where there is nothing to say. */
  readonly conversations: ReadonlyMap<string, AboutConversation>;
  /** Runs that are running under a live lease, by id: their policies. */
  readonly atWork: ReadonlyMap<string, string>;
  /** By id, released or not. */
  readonly holds: ReadonlyMap<string, HoldRecord>;
  /** By source. */
  readonly lists: ReadonlyMap<string, KnownList>;
  /** Oldest first. */
  readonly bindings: readonly AccountBinding[];
  /** No worker holds a lease. */
  readonly isIdle: boolean;
}

/** What becomes of one draft. To be told only once it is durable. */
export interface Decided
  extends Pick<HoldDecision, 'released' | 'synced'>, Partial<Pick<AccountDecided, 'bound'>> {
  /** With the checkpoints in between, which nobody asked for. */
  readonly links: readonly Link[];
  /** To be stored before its links, and before what the next draft changes. */
  readonly changes: readonly (HoldChange | AccountChange)[];
  readonly refusal?: unknown;
}

type Wish = Omit<Decided, 'links' | 'refusal'> & { readonly entries: readonly AuditFacts[] };

export function questionsOf(drafts: readonly Draft[]): GroupQuestions {
  const fences = new Set<Fence>();
  const intents = new Map<string, Intent>();
  const runIds = new Set<string>();
  const holdIds = new Set<string>();
  const sources = new Set<string>();
  let isAccountAsked = false;
  for (const draft of drafts) {
    if (draft.kind === 'release_hold') holdIds.add(draft.holdId);
    else if (draft.kind === 'sync_holds') sources.add(draft.source);
    else if (draft.kind === 'bind_account') isAccountAsked = true;
    else if (draft.kind === 'append') {
      if (draft.fence !== undefined) fences.add(draft.fence);
      for (const intent of draft.entries.map(intentOf)) {
        if (intent === undefined) continue;
        intents.set(intent.key, earlierSeen(intents.get(intent.key), intent));
        if (intent.runId !== null) runIds.add(intent.runId);
      }
    }
  }
  return { fences, intents, runIds, holdIds, sources, isAccountAsked };
}

function earlierSeen(one: Intent | undefined, other: Intent): Intent {
  if (one?.seenAt === undefined) return other;
  return other.seenAt !== undefined && other.seenAt < one.seenAt ? other : one;
}

/** Whether it matters who has open intents: a run that is alone at work cannot meet another's. */
export function areClaimsAsked(
  { runIds }: Pick<GroupQuestions, 'runIds'>,
  atWork: GroupSnapshot['atWork'],
): boolean {
  const [only] = runIds;
  return [...atWork.keys()].some((runId) => runIds.size > 1 || runId !== only);
}

/** Each draft meets what the ones before it have changed. `head` is the one after all of them. */
export function commitGroup(
  drafts: readonly Draft[],
  snapshot: GroupSnapshot,
  signer: NoteSigner | undefined,
): { readonly decided: readonly Decided[]; readonly head: AuditHead } {
  const group = new Group(snapshot, signer);
  const decided = drafts.map((draft) => group.decide(draft));
  return { decided, head: group.head };
}

class Group {
  head: AuditHead;
  readonly #snapshot: GroupSnapshot;
  readonly #place: { readonly time: string; readonly signer: NoteSigner | undefined };
  readonly #holds: HoldBook;
  readonly #claims: ClaimBook;
  #bindings: readonly AccountBinding[];

  constructor(snapshot: GroupSnapshot, signer: NoteSigner | undefined) {
    this.head = snapshot.head;
    this.#snapshot = snapshot;
    this.#place = { time: formatInstant(snapshot.now), signer };
    this.#holds = new HoldBook(snapshot);
    this.#claims = new ClaimBook(snapshot.conversations, snapshot.atWork);
    this.#bindings = snapshot.bindings;
  }

  decide(draft: Draft): Decided {
    const refusal = draft.kind === 'append' ? this.#refusalOf(draft) : undefined;
    if (refusal !== undefined) return refused(refusal);
    const { entries, ...wish } = this.#wishOf(draft);
    try {
      const links = linkEntries(entries, { head: this.head, ...this.#place });
      this.#take(links, wish.changes);
      return { ...wish, links };
    } catch (refusal) {
      // Facts that cannot be written are the mistake of one caller; nothing of them is in the chain yet.
      return refused(refusal);
    }
  }

  #wishOf(draft: Draft): Wish {
    switch (draft.kind) {
      case 'append':
        return { entries: draft.entries, changes: [] };
      case 'bind_account':
        return bindAccount(draft, this.#bindings, this.#snapshot.isIdle);
      default:
        return this.#holds.decide(draft);
    }
  }

  /** The lease first, then holds: of all entries, before anybody's claim. */
  #refusalOf({ entries, fence }: AppendEntries): Error | undefined {
    const { live, conversations, now } = this.#snapshot;
    if (fence !== undefined && !live.has(fence)) return leaseLost(fence);
    const intents = entries.map(intentOf).filter((intent) => intent !== undefined);
    for (const intent of intents) {
      const hold = this.#holds.over(intent, conversations.get(intent.key)?.holds ?? [], now);
      if (hold !== undefined) return new HeldError(hold.matter);
    }
    return intents.some((intent) => this.#claims.isClaimed(intent)) ? new ClaimedError() : undefined;
  }

  #take(links: readonly Link[], changes: Decided['changes']): void {
    for (const { entry } of links) this.#claims.take(entry);
    for (const change of changes) {
      if (change.kind === 'account_bound') this.#bindings = [...this.#bindings, change.binding];
      else this.#holds.take(change);
    }
    this.head = links.at(-1)?.entry ?? this.head;
  }
}

function refused(refusal: unknown): Decided {
  return { refusal, links: [], changes: [] };
}

function leaseLost(fence: Fence): RetentionError {
  return new RetentionError('lease_held', `the lease ${fence.name} is no longer ours`, {
    hint: 'Let the other worker finish; this one has stopped.',
  });
}
