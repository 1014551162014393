import type { Policy } from '../../src/core/policy.ts';
import type { HoldFile } from '../../src/core/ports/holds.ts';
import type { KeepSource } from '../../src/core/ports/policies.ts';
import type { Store } from '../../src/core/ports/store.ts';
import type { RunResult } from '../../src/run/around/close-run.ts';
import type { RunDeps } from '../../src/run/context.ts';
import type { NoteSigner } from '../../src/core/signed-note.ts';
import type { Account } from './account.ts';
import type { HoldsPaper } from './holds-paper.ts';
import type { Random } from './random.ts';
import type { Referee } from './referee.ts';
import type { Disk } from './state.ts';
import type { Actor, Timeline } from './timeline.ts';
import type { Tally, Trace } from './trace.ts';
import type { SimWire } from './wire.ts';

/** Faults built into the program on purpose, to see that they are noticed. */
export interface Sabotage {
  readonly store?: (store: Store) => Store;
  readonly api?: (api: ReturnType<RunDeps['openApi']>) => ReturnType<RunDeps['openApi']>;
  readonly holdFile?: (file: HoldFile) => HoldFile;
  readonly keeps?: (keeps: KeepSource) => KeepSource;
  /** Changes what the program reads, not what the oracle reads. */
  readonly policy?: (yaml: string) => string;
}

/** What all workers of one simulation share. */
export interface Stage {
  readonly timeline: Timeline;
  readonly world: Actor;
  /** Every process that lives on the one machine. */
  readonly machine: Set<Actor>;
  /** The one that the state belongs to. */
  readonly account: Account;
  readonly wire: SimWire;
  readonly referee: Referee;
  /** As the program reads them. */
  readonly policies: readonly Policy[];
  readonly trace: Trace;
  readonly tally: Tally;
  readonly random: Random;
  readonly stateDir: string;
  readonly signer: NoteSigner;
  readonly paper: HoldsPaper;
  readonly requestsPerMinute: number | 'unlimited';
  readonly leaseMs: number;
  readonly verifyTimeoutMs: number;
  readonly sabotage: Sabotage | undefined;
  disk: Disk;
  readonly onRunEnded: (result: RunResult) => void;
}
