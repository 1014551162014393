import type { AuditEntry } from '../audit-entry.ts';
import type { Purpose, RunCounts, RunRecord } from '../run.ts';
import type { Progress } from './surroundings.ts';

/** One request to the vendor, once it was answered or given up. */
export interface RequestSeen {
  readonly purpose: Purpose;
  /** HTTP status; undefined: there was no answer. */
  readonly status: number | undefined;
  /** False: it never went on the wire, because no connection came about. */
  readonly wasSent: boolean;
  /** When its turn had come, epoch ms. */
  readonly startedAt: number;
  /** From then on until the answer had arrived. */
  readonly tookMs: number;
  /** How long it waited for its turn: for the pace, or for a pause of the pool. */
  readonly waitedMs: number;
}

/** How a run ended: its record, and the fold over its outcomes. */
export interface RunEnd {
  readonly run: RunRecord;
  readonly counts: RunCounts;
}

/** Watches one run. Nothing that it does changes the run, and nothing that fails in it fails the run. */
export interface RunWatch extends Progress {
  readonly requested: (request: RequestSeen) => void;
  /** Undefined: something unexpected broke it off, and no end of it is on record. */
  readonly ended: (end: RunEnd | undefined) => void;
}

/** Who wants to know of runs: a progress bar, metrics, notices, the status page. */
export interface RunObserver {
  /** A run has begun, and is on record. */
  readonly watch: (run: RunRecord) => RunWatch;
}

/** Told of audit entries once they are durable. */
export type EntryObserver = (entries: readonly AuditEntry[]) => void;
