import type { HoldRecord, ListedHold } from '../core/hold.ts';
import { formatInstant } from '../core/instant.ts';
import { terminalSafe } from './safe-text.ts';

const SHORT_COLUMNS = 26;
const LONG_COLUMNS = 78;

export type HoldState = 'in_force' | 'over' | 'released';

export function holdState(hold: HoldRecord, now: number): HoldState {
  if (hold.release !== undefined) return 'released';
  return isOver(hold, now) ? 'over' : 'in_force';
}

/** What `hold add` and `hold release` say. */
export function holdSentence(hold: HoldRecord): string {
  const matter = `matter ${short(hold.matter)}`;
  if (hold.release !== undefined) return `${hold.holdId} of ${covered(hold)} is released (${matter}).`;
  const end = hold.untilAt === undefined ? 'until it is released' : `until ${formatInstant(hold.untilAt)}`;
  return `${hold.holdId}: nothing of ${covered(hold)} is deleted ${end} (${matter}).`;
}

/** All holds, a few lines each; those in force first. */
export function holdLines(holds: readonly HoldRecord[], now: number): string[] {
  if (holds.length === 0) return ['No holds.'];
  const inForce = holds.filter((hold) => holdState(hold, now) === 'in_force');
  const others = holds.filter((hold) => holdState(hold, now) !== 'in_force');
  return [...inForce, ...others].flatMap((hold) => linesOf(hold, now));
}

/** As `hold list --json` gives it. */
export function holdJson(hold: HoldRecord, now: number) {
  const { release } = hold;
  return {
    hold_id: hold.holdId,
    state: holdState(hold, now),
    project_id: hold.projectId,
    session_id: hold.sessionId ?? null,
    matter: hold.matter,
    reason: hold.reason,
    by: hold.by,
    source: hold.source ?? null,
    added_at: formatInstant(hold.addedAt),
    until: hold.untilAt === undefined ? null : formatInstant(hold.untilAt),
    release: release === undefined ? null : { ...release, at: formatInstant(release.at) },
  };
}

/** What a file of holds means, for `validate`. */
export function listedHoldLines(file: string, holds: readonly ListedHold[], now: number): string[] {
  const name = long(file);
  if (holds.length === 0) return [`Holds in ${name}: none.`];
  return [
    `Holds in ${name}, which beat every rule of every policy:`,
    ...holds.map((hold) => listedLine(hold, now)),
  ];
}

/** As `validate --json` gives it. */
export function listedHoldJson(file: string, hold: ListedHold, now: number) {
  return {
    file,
    state: isOver(hold, now) ? 'over' : 'in_force',
    project_id: hold.projectId,
    session_id: hold.sessionId ?? null,
    matter: hold.matter,
    reason: hold.reason,
    by: hold.by,
    until: hold.untilAt === undefined ? null : formatInstant(hold.untilAt),
  };
}

function listedLine(hold: ListedHold, now: number): string {
  const whose = `(matter ${short(hold.matter)}, by ${short(hold.by)})`;
  if (isOver(hold, now))
    return `  ${covered(hold)}: over since ${dayOf(hold.untilAt ?? 0)}, holds nothing ${whose}`;
  const end = hold.untilAt === undefined ? 'it is taken out of the file' : formatInstant(hold.untilAt);
  return `  Nothing of ${covered(hold)} is deleted until ${end} ${whose}`;
}

function isOver({ untilAt }: ListedHold, now: number): boolean {
  return untilAt !== undefined && untilAt <= now;
}

function linesOf(hold: HoldRecord, now: number): string[] {
  const { release } = hold;
  const lines = [
    `${hold.holdId}  ${stateWords(hold, now)}`,
    `  ${covered(hold)}`,
    `  matter ${short(hold.matter)}, by ${short(hold.by)} on ${dayOf(hold.addedAt)}`,
    ...(hold.source === undefined ? [] : [`  from ${long(hold.source)}`]),
    `  ${long(hold.reason)}`,
  ];
  if (release === undefined) return lines;
  return [
    ...lines,
    `  released by ${short(release.by)} on ${dayOf(release.at)}`,
    `  ${long(release.reason)}`,
  ];
}

function stateWords(hold: HoldRecord, now: number): string {
  const state = holdState(hold, now);
  if (state === 'released') return 'released';
  if (state === 'over') return `over since ${dayOf(hold.untilAt ?? 0)}`;
  return hold.untilAt === undefined ? 'in force' : `in force until ${formatInstant(hold.untilAt)}`;
}

function covered({ projectId, sessionId }: ListedHold): string {
  return sessionId === undefined ? `project ${projectId}` : `conversation ${projectId}/${sessionId}`;
}

function dayOf(at: number): string {
  return formatInstant(at).slice(0, 10);
}

function short(text: string): string {
  return terminalSafe(text, SHORT_COLUMNS);
}

function long(text: string): string {
  return terminalSafe(text, LONG_COLUMNS);
}
