import { minuteInWords } from '../core/calendar-day.ts';
import { isOver, type HoldRecord, type ListedHold } from '../core/hold.ts';
import { DAY_MS, formatInstant } from '../core/instant.ts';
import { dayIn } from './quantities.ts';
import { NO_PAINT, type Look, type Style } from './paint.ts';
import { columnsFor } from './text-table.ts';
import { sentenceSafe, terminalSafe } from './safe-text.ts';

/** Of a line of two short texts and a date. */
const SHORT_OF = 27;
const INDENT = 2;
const SHORT_COLUMNS = shortColumns(undefined);
const LONG_COLUMNS = longColumns(undefined);

function shortColumns(columns: number | undefined): number {
  return Math.floor((columnsFor(columns) - SHORT_OF) / 2);
}

function longColumns(columns: number | undefined): number {
  return columnsFor(columns) - INDENT;
}

export type HoldState = 'in_force' | 'over' | 'released';

export function holdState(hold: HoldRecord, now: number): HoldState {
  if (hold.release !== undefined) return 'released';
  return isOver(hold, now) ? 'over' : 'in_force';
}

/** What `hold add` and `hold release` say. */
export function holdSentence(hold: HoldRecord, timeZone: string): string {
  const matter = `matter ${short(hold.matter)}`;
  if (hold.release !== undefined) return `${hold.holdId} of ${covered(hold)} is released (${matter}).`;
  const end = hold.untilAt === undefined ? 'until it is released' : `until ${endOf(hold.untilAt, timeZone)}`;
  return `${hold.holdId}: nothing of ${covered(hold)} is deleted ${end} (${matter}).`;
}

/** When a list is read, and where its reader's clock stands. */
interface Reading {
  readonly now: number;
  /** IANA name. */
  readonly timeZone: string;
  readonly look?: Look;
}

/** All holds, a few lines each; those in force first. */
export function holdLines(holds: readonly HoldRecord[], reading: Reading): string[] {
  const { now } = reading;
  if (holds.length === 0) return ['No holds.'];
  const inForce = holds.filter((hold) => holdState(hold, now) === 'in_force');
  const others = holds.filter((hold) => holdState(hold, now) !== 'in_force');
  return [...inForce, ...others].flatMap((hold) => linesOf(hold, reading));
}

/** As `hold list --json` gives it. */
export function holdJson(hold: HoldRecord, now: number) {
  const { release } = hold;
  return {
    hold_id: hold.holdId,
    state: holdState(hold, now),
    ...claimJson(hold),
    source: hold.source ?? null,
    added_at: formatInstant(hold.addedAt),
    until: untilJson(hold),
    release: release === undefined ? null : { ...release, at: formatInstant(release.at) },
  };
}

/** What a file of holds means, for `validate`. */
export function listedHoldLines(file: string, holds: readonly ListedHold[], reading: Reading): string[] {
  const name = terminalSafe(file, LONG_COLUMNS);
  if (holds.length === 0) return [`Holds in ${name}: none.`];
  return [
    `Holds in ${name}, which beat every rule of every policy:`,
    ...holds.map((hold) => listedLine(hold, reading)),
  ];
}

/** As `validate --json` gives it. */
export function listedHoldJson(file: string, hold: ListedHold, now: number) {
  return {
    file,
    state: isOver(hold, now) ? 'over' : 'in_force',
    ...claimJson(hold),
    until: untilJson(hold),
  };
}

function claimJson({ projectId, sessionId, matter, reason, by }: ListedHold) {
  return { project_id: projectId, session_id: sessionId ?? null, matter, reason, by };
}

function untilJson({ untilAt }: ListedHold): string | null {
  return untilAt === undefined ? null : formatInstant(untilAt);
}

function listedLine(hold: ListedHold, { now, timeZone }: Reading): string {
  const whose = `(matter ${short(hold.matter)}, by ${short(hold.by)})`;
  if (isOver(hold, now))
    return `  ${covered(hold)}: over since ${endOf(hold.untilAt ?? 0, timeZone)}, holds nothing ${whose}`;
  const end =
    hold.untilAt === undefined
      ? 'until it is taken out of the file'
      : `until ${endOf(hold.untilAt, timeZone)}`;
  return `  Nothing of ${covered(hold)} is deleted ${end} ${whose}`;
}

function linesOf(hold: HoldRecord, reading: Reading): string[] {
  const { release } = hold;
  const { now, timeZone, look: { columns, paint = NO_PAINT } = {} } = reading;
  const brief = (text: string): string => sentenceSafe(text, shortColumns(columns));
  const whole = (text: string): string => sentenceSafe(text, longColumns(columns));
  const lines = [
    `${hold.holdId}  ${paint(HOLD_STYLES[holdState(hold, now)], stateWords(hold, reading))}`,
    `  ${covered(hold)}`,
    `  matter ${brief(hold.matter)}, by ${brief(hold.by)} on ${dayIn(hold.addedAt, timeZone)}`,
    ...(hold.source === undefined ? [] : [`  from ${terminalSafe(hold.source, longColumns(columns) - 5)}`]),
    `  ${whole(hold.reason)}`,
  ];
  if (release === undefined) return lines;
  return [
    ...lines,
    `  released by ${brief(release.by)} on ${dayIn(release.at, timeZone)}`,
    `  ${whole(release.reason)}`,
  ];
}

const HOLD_STYLES: Readonly<Record<HoldState, Style>> = {
  in_force: 'kept',
  over: 'quiet',
  released: 'quiet',
};

function stateWords(hold: HoldRecord, { now, timeZone }: Reading): string {
  const state = holdState(hold, now);
  if (state === 'released') return 'released';
  if (state === 'over') return `over since ${endOf(hold.untilAt ?? 0, timeZone)}`;
  return hold.untilAt === undefined ? 'in force' : `in force until ${endOf(hold.untilAt, timeZone)}`;
}

function covered({ projectId, sessionId }: ListedHold): string {
  return sessionId === undefined ? `project ${projectId}` : `conversation ${projectId}/${sessionId}`;
}

/** A hold is given by its last day, which ends at midnight UTC; its reader knows that day, not the instant. */
function endOf(untilAt: number, timeZone: string): string {
  return untilAt % DAY_MS === 0
    ? `the end of ${dayIn(untilAt - DAY_MS, 'UTC')} (UTC)`
    : minuteInWords(untilAt, timeZone);
}

function short(text: string): string {
  return sentenceSafe(text, SHORT_COLUMNS);
}
