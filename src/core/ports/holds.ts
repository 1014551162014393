import type { SyncedHolds } from '../hold-book.ts';
import type { HoldList, KnownList } from '../hold-list.ts';
import type { HoldIndex, HoldRecord, HoldRelease, SourcedHold } from '../hold.ts';

export interface HoldStore {
  /** Placed by command; stored and audited in one transaction. From when it resolves, no intent for what it covers can be written. */
  addHold(hold: Omit<HoldRecord, 'release' | 'source'>): Promise<void>;
  /** Undefined when there is no such hold, or it was released before. */
  releaseHold(holdId: string, release: HoldRelease): Promise<HoldRecord | undefined>;
  /** What is known of the file at a path. */
  knownList(source: string): Promise<KnownList>;
  /**
   * Makes the holds of one file those that it lists: what is missing is added, what is gone is released, audited, and all of it
   * in one transaction. Nothing is released by a list that is not newer than all that were read of its source.
   */
  syncHolds(list: HoldList, how: HoldSync): Promise<SyncedHolds>;
  /** All there ever were, oldest first. */
  holds(): Promise<readonly HoldRecord[]>;
  /**
   * Neither released nor over at `now`; the same array as before while nothing changed. Rejects with RetentionError
   * `state_unusable` when a hold is not as the audit log says: one that was removed or altered would otherwise be lost in silence.
   */
  holdsInForce(now: number): Promise<readonly SourcedHold[]>;
}

export interface HoldSync {
  readonly at: number;
  readonly newId: () => string;
  /** What the release of a hold says. */
  readonly by: string;
  readonly reason: string;
}

/** A file that may list holds. */
export interface HoldFile {
  /** Absolute path. */
  readonly source: string;
  /** As the user knows it. */
  readonly name: string;
  /** Undefined when there is no such file. Rejects with RetentionError `usage` when it cannot be read or used. */
  read(): Promise<HoldList | undefined>;
}

/** Where a run learns what is held. Rejects with RetentionError when that cannot be read: then nothing may be deleted. */
export interface HoldSource {
  holdsInForce(now: number): Promise<HoldIndex>;
}
