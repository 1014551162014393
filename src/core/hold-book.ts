import type { AuditFacts } from './audit-entry.ts';
import type { Conversation } from './conversation.ts';
import { holdAddedEntry, holdReleasedEntry } from './hold-entries.ts';
import { compareRevisions } from './hold-list.ts';
import type { KnownList } from './hold-list.ts';
import { HoldIndex, isOver } from './hold.ts';
import type { Hold, HoldRecord, HoldRelease } from './hold.ts';

/** By command, or by a list of holds: what is to become of holds, decided on how they are by then. */
export type HoldCommand =
  | { readonly kind: 'place_hold'; readonly hold: HoldRecord }
  | { readonly kind: 'release_hold'; readonly holdId: string; readonly release: HoldRelease }
  | SyncHolds;

export interface SyncHolds {
  readonly kind: 'sync_holds';
  readonly source: string;
  readonly revision: number | undefined;
  /** What the list says, each as it is placed if it is not there yet. */
  readonly listed: readonly HoldRecord[];
  /** Of those that the list does not have any more. */
  readonly release: HoldRelease;
}

/** To be stored together with the entries. */
export type HoldChange =
  | { readonly kind: 'hold_added'; readonly hold: HoldRecord }
  | { readonly kind: 'hold_released'; readonly hold: HoldRecord; readonly release: HoldRelease }
  /** The newest list of a source by now. */
  | { readonly kind: 'list_read'; readonly source: string; readonly revision: number };

/** What a command comes to. */
export interface HoldDecision {
  readonly entries: readonly AuditFacts[];
  readonly changes: readonly HoldChange[];
  /** Of a release: the hold that it ended; undefined where there was none to end. */
  readonly released?: HoldRecord | undefined;
  readonly synced?: SyncedHolds;
}

/** What became of a list. */
export interface SyncedHolds {
  /** The holds that stand for it. */
  readonly standing: readonly HoldRecord[];
  /** Those from its source that it does not list, and that stay in force, since it is not newer than all that were read. */
  readonly overruled: readonly HoldRecord[];
}

interface KnownHolds {
  /** By id, those that commands speak of, released or not. */
  readonly holds: ReadonlyMap<string, HoldRecord>;
  readonly lists: ReadonlyMap<string, KnownList>;
}

/** The holds as they are while the drafts of a group are decided: what a store has, and what earlier drafts changed. */
export class HoldBook {
  readonly #known: KnownHolds;
  /** By id, each as a draft of this group left it. */
  readonly #changed = new Map<string, HoldRecord>();
  /** By source, of lists that this group read. */
  readonly #revisions = new Map<string, number>();
  /** Those added in this group and not released again; made anew when it is asked for after a change. */
  #added: HoldIndex | undefined;

  constructor(known: KnownHolds) {
    this.#known = known;
  }

  /** Nothing is changed before {@link take}: the entries may turn out not to be writable. */
  decide(command: HoldCommand): HoldDecision {
    switch (command.kind) {
      case 'place_hold':
        return added([command.hold]);
      case 'release_hold':
        return this.#release(command.holdId, command.release);
      case 'sync_holds':
        return this.#sync(command);
    }
  }

  take(change: HoldChange): void {
    if (change.kind === 'list_read') {
      this.#revisions.set(change.source, change.revision);
      return;
    }
    const { hold } = change;
    const release = change.kind === 'hold_released' ? change.release : undefined;
    this.#changed.set(hold.holdId, { ...hold, release });
    this.#added = undefined;
  }

  /** The hold in force on a conversation at `now`. `stored`: what the store has about it. */
  over(
    conversation: Pick<Conversation, 'projectId' | 'sessionId'>,
    stored: readonly Hold[],
    now: number,
  ): Hold | undefined {
    const found = stored.find((hold) => !isOver(hold, now) && !this.#changed.has(hold.holdId));
    if (found !== undefined || this.#changed.size === 0) return found;
    this.#added ??= new HoldIndex([...this.#changed.values()].filter(isUnreleased));
    return this.#added.over(conversation, now);
  }

  #release(holdId: string, release: HoldRelease): HoldDecision {
    const hold = this.#changed.get(holdId) ?? this.#known.holds.get(holdId);
    if (hold?.release !== undefined || hold === undefined) return NOTHING;
    return { ...released([hold], release), released: { ...hold, release } };
  }

  #sync({ source, revision, listed, release }: SyncHolds): HoldDecision {
    const list = { holds: listed, revision };
    const compared = compareRevisions(this.#knownOf(source), list);
    const { missing, gone, kept, overruled, newRevision } = compared;
    const came = added(missing);
    const went = released(gone, release);
    const read: readonly HoldChange[] =
      newRevision === undefined ? [] : [{ kind: 'list_read', source, revision: newRevision }];
    return {
      // The new one stands before the old one goes.
      entries: [...came.entries, ...went.entries],
      changes: [...read, ...came.changes, ...went.changes],
      synced: { standing: [...kept, ...missing], overruled },
    };
  }

  #knownOf(source: string): KnownList {
    const stored = this.#known.lists.get(source) ?? { held: [], revision: undefined };
    const changed = [...this.#changed.values()].filter(
      (hold) => hold.source === source && isUnreleased(hold),
    );
    return {
      held: [...stored.held.filter(({ holdId }) => !this.#changed.has(holdId)), ...changed],
      revision: this.#revisions.get(source) ?? stored.revision,
    };
  }
}

const NOTHING: HoldDecision = { entries: [], changes: [] };

function isUnreleased({ release }: HoldRecord): boolean {
  return release === undefined;
}

function added(holds: readonly HoldRecord[]): HoldDecision {
  return {
    entries: holds.map(holdAddedEntry),
    changes: holds.map((hold) => ({ kind: 'hold_added', hold })),
  };
}

function released(holds: readonly HoldRecord[], release: HoldRelease): HoldDecision {
  return {
    entries: holds.map((hold) => holdReleasedEntry(hold, release)),
    changes: holds.map((hold) => ({ kind: 'hold_released', hold, release })),
  };
}
