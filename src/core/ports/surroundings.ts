/** Time from outside. Instants are epoch milliseconds. */
export interface Clock {
  now(): number;
  /** Milliseconds on a clock that nobody sets; only differences mean something. */
  monotonic(): number;
  /** Resolves after `ms`, however long that is; rejects with the signal's reason when aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** Random identifiers and jitter from outside. */
export interface Chance {
  /** In [0, 1). */
  fraction(): number;
  /** Lower-case letters and digits. */
  token(length: number): string;
}

/** One line of the program's own log. Facts only: never a name, a text, or the key. */
export interface Log {
  info(facts: object, message: string): void;
  warn(facts: object, message: string): void;
  error(facts: object, message: string): void;
  debug(facts: object, message: string): void;
}

export type ProgressPhase = 'listing' | 'checking' | 'deleting' | 'confirming';

/** Shown to a person at a terminal; nothing else depends on it. */
export interface Progress {
  readonly begin: (phase: ProgressPhase, total: number | undefined) => void;
  /** Goes on counting towards the same total, in another phase. */
  readonly enter: (phase: ProgressPhase) => void;
  readonly advance: (count: number) => void;
  readonly end: () => void;
}
