import { describe, expect, it } from 'vitest';
import type { Policy } from './policy.ts';
import type { RunRecord, RunStatus } from './run.ts';
import { needsAttention, policyStatus, type RunHistory } from './status.ts';

const HOUR = 3_600_000;
const NOON = Date.parse('2026-11-27T12:00:00Z');
const DAILY = { name: 'p', schedule: { cron: '0 3 * * *', timezone: 'UTC' } } as unknown as Policy;
const AT_THREE = NOON - 9 * HOUR;
const run = (status: RunStatus): RunRecord => ({ status }) as RunRecord;
const history = (last?: RunStatus, lastEnded = last): RunHistory => ({
  last: last && run(last),
  lastEnded: lastEnded && run(lastEnded),
  lastSuccess: undefined,
  failuresInARow: 0,
});
const at = (lastSlotAt: number | undefined, now = NOON) => ({ lastSlotAt, now, isHeld: true });

describe('the status of a policy', () => {
  it.each([
    ['completed', 'ok', false],
    ['partial', 'failing', true],
    ['refused', 'failing', true],
    ['failed', 'failing', true],
    ['interrupted', 'failing', true],
  ] as const)('whose last run was %s is %s', (status, state, isAlarm) => {
    const found = policyStatus(DAILY, history(status), at(AT_THREE));
    expect(found).toMatchObject({ state, dueAt: undefined, nextAt: NOON + 15 * HOUR });
    expect(needsAttention(found)).toBe(isAlarm);
  });

  it('that has not run is waiting, with or without a schedule', () => {
    expect(policyStatus(DAILY, history(), at(undefined))).toMatchObject({ state: 'waiting' });
    const manual = { ...DAILY, schedule: undefined };
    expect(policyStatus(manual, history(), at(undefined))).toMatchObject({
      state: 'waiting',
      nextAt: undefined,
    });
    expect(needsAttention({ state: 'waiting' })).toBe(false);
  });

  it('is overdue once a slot can no longer be run on time, whatever the last run was', () => {
    const late = at(AT_THREE - 24 * HOUR);
    expect(policyStatus(DAILY, history('completed'), late)).toMatchObject({
      state: 'overdue',
      dueAt: AT_THREE,
    });
    const soon = at(AT_THREE - 24 * HOUR, AT_THREE + 60_000);
    expect(policyStatus(DAILY, history('completed'), soon)).toMatchObject({ state: 'ok', dueAt: undefined });
  });

  it('whose worker vanished in mid-run is failing, however well the run before went', () => {
    const gone = { ...at(AT_THREE), isHeld: false };
    expect(policyStatus(DAILY, history('running', 'completed'), gone)).toMatchObject({
      state: 'failing',
      isAbandoned: true,
    });
    expect(policyStatus(DAILY, history('running', 'completed'), at(AT_THREE))).toMatchObject({
      state: 'ok',
      isAbandoned: false,
    });
    expect(policyStatus(DAILY, history('completed'), gone)).toMatchObject({ state: 'ok' });
  });

  it('is not overdue while its run is under way, and stands as its last run ended', () => {
    const late = at(AT_THREE - 24 * HOUR);
    expect(policyStatus(DAILY, history('running', 'refused'), late)).toMatchObject({ state: 'failing' });
  });
});
