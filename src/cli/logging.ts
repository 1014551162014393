import { pino } from 'pino';
import type { AuditEntry } from '../core/audit-entry.ts';
import { formatInstant } from '../core/instant.ts';
import type { Log } from '../core/ports/surroundings.ts';
import { systemClock } from './surroundings.ts';
import type { Screen } from './surroundings.ts';

/** Like pino's `isoTime`, by the clock of the program. */
function timestamp(): string {
  return `,"time":"${formatInstant(systemClock.now())}"`;
}

export interface Logging {
  readonly log: Log;
  /** Every audit entry as one line, whatever the level, so that the lines are a second copy of the record. */
  readonly logAudit: (entries: readonly AuditEntry[]) => void;
}

/**
 * Pino lines on `screen`; for people when it is a terminal. There a command is quiet about what its progress bar and its
 * summary show anyway: `level` undefined means `warn` with `forPeople`, else `info`.
 */
export async function createLogging(
  screen: Screen,
  options: { readonly level: string | undefined; readonly forPeople: boolean },
): Promise<Logging> {
  const isTerminal = screen.isTTY === true;
  const level = options.level ?? (isTerminal && options.forPeople ? 'warn' : 'info');
  // Loaded only where somebody looks.
  const { default: pretty } = isTerminal ? await import('pino-pretty') : { default: undefined };
  const stream =
    pretty !== undefined
      ? pretty({ colorize: true, destination: screen, sync: true, ignore: 'pid,hostname' })
      : screen;
  const base = { timestamp };
  const log = pino({ ...base, level }, stream);
  const isSilent = level === 'silent' || (isTerminal && !log.isLevelEnabled('info'));
  const auditLog = pino({ ...base, level: isSilent ? 'silent' : 'info' }, stream);
  return {
    log,
    logAudit(entries) {
      for (const audit of entries) auditLog.info({ audit }, audit.event);
    },
  };
}
