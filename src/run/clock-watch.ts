import { RetentionError } from '../core/errors.ts';
import { formatInstant } from '../core/instant.ts';
import type { AuditLog } from '../core/ports/audit-log.ts';
import type { Clock } from '../core/ports/surroundings.ts';
import { MAX_SKEW_MS } from './api-faults.ts';

/**
 * Notices that the wall clock was set while a run is under way: it must go on as the clock does that nobody sets. A machine
 * that was suspended looks the same, and what was planned before is as old as the wall clock says.
 */
export class ClockWatch {
  readonly #clock: Clock;
  readonly #offsetMs: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#offsetMs = clock.now() - clock.monotonic();
  }

  get isSteady(): boolean {
    return Math.abs(this.#movedMs()) <= MAX_SKEW_MS;
  }

  /** @throws RetentionError `clock_untrusted` */
  assertSteady(): void {
    if (this.isSteady) return;
    const movedMs = this.#movedMs();
    throw new RetentionError(
      'clock_untrusted',
      // Stryker disable next-line EqualityOperator: a clock that did not move at all is steady
      `the local clock moved ${movedMs > 0 ? 'forward' : 'back'} by ${Math.round(Math.abs(movedMs) / 1000)} s during the run`,
      { hint: 'Keep it set by NTP, do not suspend the machine, and run again. Nothing further was deleted.' },
    );
  }

  #movedMs(): number {
    return this.#clock.now() - this.#clock.monotonic() - this.#offsetMs;
  }
}

/**
 * The daily and weekly limits count by the log's times, and a clock that was set back would open them again.
 * @throws RetentionError `clock_untrusted` when the last intent on record lies in the future
 */
export async function assertClockAfterLog(
  { audit, clock }: { readonly audit: AuditLog; readonly clock: Clock },
  policy: { readonly name: string },
): Promise<void> {
  const lastAt = await audit.lastIntendedAt(policy.name);
  if (lastAt === undefined || lastAt <= clock.now() + MAX_SKEW_MS) return;
  throw new RetentionError(
    'clock_untrusted',
    `the local clock is before the last deletion on record, of ${formatInstant(lastAt)}`,
    { hint: 'Set the clock (NTP) and run again. Nothing was deleted.' },
  );
}
