import type { HoldRecord } from '../core/hold.ts';
import type { LiveRuns } from '../core/live-runs.ts';
import type { AuditVerification, StatusPort } from '../core/ports/status.ts';
import type { Chance, Clock } from '../core/ports/surroundings.ts';
import type { ReportFormat } from '../report/format-names.ts';
import type { FinishedRun } from '../report/run-outcome.ts';
import type { Access } from './access.ts';

/** Whether work can be given to this worker. */
export interface Readiness {
  /** `ok`, or a word for what is wrong. */
  readonly checks: Readonly<Record<'store' | 'key' | 'policies' | 'audit', string>>;
}

/** What the pages need from outside. */
export interface WebParts {
  readonly status: StatusPort;
  readonly live: Pick<LiveRuns, 'now' | 'onChange'>;
  /** Newest first; `limit` of them behind the first `skip`. */
  readonly runs: (filter: {
    readonly policy?: string | undefined;
    readonly skip: number;
    readonly limit: number;
  }) => Promise<readonly FinishedRun[]>;
  readonly holds: () => Promise<readonly HoldRecord[]>;
  /** Undefined: there is no such plan or run. */
  readonly report: (
    id: string,
    how: { readonly format: ReportFormat; readonly withNames: boolean },
  ) => Promise<AsyncIterable<string> | undefined>;
  readonly verification: () => AuditVerification | undefined;
  readonly readiness: () => Promise<Readiness>;
  readonly metrics: () => Promise<{ readonly body: string; readonly contentType: string }>;
  /** Stops a run that is under way here; false: it is not. */
  readonly stopRun: (runId: string, by: string | undefined) => boolean;
  readonly access: Access;
  /** Names under which this server is reached, beside addresses and `localhost`. */
  readonly names: readonly string[];
  readonly clock: Pick<Clock, 'now' | 'sleep'>;
  readonly chance: Pick<Chance, 'token'>;
  /** Told of what no visitor should see. */
  readonly onFailure: (error: unknown) => void;
  /** Told of wrong tokens, once a minute at most; `count`: since it was told last. */
  readonly onWrongTokens: (count: number) => void;
  /** Ends all that is still being sent. */
  readonly closing: AbortSignal;
  /** IANA name. */
  readonly timeZone: string;
  readonly version: string;
}
