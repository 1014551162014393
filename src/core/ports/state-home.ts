import type { KeyObject } from 'node:crypto';
import type { AuditHead } from '../audit-entry.ts';

/** The audit log's head as it was noted a moment ago. */
export interface NotedHead extends AuditHead {
  /** `seq` of each entry that is open at this head, see `OpenWords`. */
  readonly open: readonly number[];
}

/**
 * What is remembered of the audit log beside the database: one that lost its latest commits, or was replaced by an older copy,
 * is sound in itself and shorter, and only this tells. Throws and rejects with RetentionError `state_unusable` where the disk
 * fails, or what is there cannot be used.
 */
export interface KeptHeads {
  /** Names of the files that are there. */
  files(): readonly string[];
  /** The head that the last checkpoint signs. */
  checkpoint(): KeptHead | undefined;
  noted(): (KeptHead & NotedHead) | undefined;
  /** To be called with what is durable, one call at a time. `seq` is that of its entry. */
  keepCheckpoint(note: string, seq: number): Promise<void>;
  /** The same. */
  keepNoted(head: NotedHead): Promise<void>;
}

export interface KeptHead extends AuditHead {
  /** Name of the file in the state directory. */
  readonly file: string;
  /** Reads on from "entries were". */
  readonly how: 'signed' | 'noted';
}

/** What lies in the state directory beside the database. Throws and rejects with RetentionError `state_unusable`. */
export interface StateHome {
  readonly heads: KeptHeads;
  /** The state directory's own key, which signs where the settings give none; undefined where there is none yet. */
  signingKey(): KeyObject | undefined;
  /** Keeps a new key; gives back the one that was quicker, if there was one. */
  keepSigningKey(key: KeyObject): KeyObject;
  /** The file that orders to stop, where it lies there. */
  stopFile(): string | undefined;
  /** Touches the file by which a health check knows that the process still turns. */
  beat(): Promise<void>;
  /** When it was touched last, epoch ms; undefined: never. */
  lastBeat(): number | undefined;
}
