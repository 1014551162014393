import { DAY_MS } from '../core/instant.ts';
import type { AuditVerification } from '../core/ports/status.ts';
import type { Clock, Log } from '../core/ports/surroundings.ts';

/** After a try that failed for another cause than the log. */
const AGAIN_MS = 10 * 60_000;

/** Reads the whole audit log at the start, and once a day: one that somebody changed is to be noticed before an auditor comes. */
export class AuditWatch {
  #last: AuditVerification | undefined;

  /** Undefined before the first time. */
  get last(): AuditVerification | undefined {
    return this.#last;
  }

  /** Goes on until `signal` aborts. `onBroken` is told each time that the log is not as it was written. */
  async keepVerifying(parts: {
    readonly verify: () => Promise<AuditVerification>;
    readonly clock: Pick<Clock, 'sleep'>;
    readonly log: Log;
    readonly signal: AbortSignal;
    readonly onBroken?: (verification: AuditVerification) => void;
  }): Promise<void> {
    const { verify, clock, log, signal } = parts;
    const isOver = (): boolean => signal.aborted;
    while (!isOver()) {
      let waitMs = DAY_MS;
      try {
        const found = await verify();
        this.#last = found;
        if (found.problem === undefined) log.info({ entries: found.entries }, 'the audit log is whole');
        else {
          log.error({ problem: found.problem }, 'the audit log is broken: run audit verify');
          parts.onBroken?.(found);
        }
      } catch (error) {
        if (isOver()) return;
        waitMs = AGAIN_MS;
        const problem = error instanceof Error ? error.message : String(error);
        log.warn({ problem }, 'the audit log could not be verified');
      }
      await clock.sleep(waitMs, signal).catch(() => undefined);
    }
  }
}
