import { describe, expect, it } from 'vitest';
import type { HoldRecord, ListedHold } from '../core/hold.ts';
import { holdJson, holdLines, holdSentence, listedHoldJson, listedHoldLines } from './hold-text.ts';

const ADDED_AT = Date.parse('2026-05-04T22:30:00.000Z');
const DAY_MS = 86_400_000;
const timeZone = 'Europe/Berlin';

const LISTED: ListedHold = {
  projectId: 7,
  sessionId: undefined,
  matter: 'M-17',
  reason: 'Smith v. Acme',
  by: 'legal',
  untilAt: ADDED_AT + DAY_MS,
};
const HOLD: HoldRecord = {
  ...LISTED,
  holdId: 'hold-1',
  addedAt: ADDED_AT,
  source: undefined,
  release: undefined,
};

describe('holds for people', () => {
  it('are told in the zone of their reader', () => {
    expect(holdSentence(HOLD, timeZone)).toBe(
      'hold-1: nothing of project 7 is deleted until 2026-05-06 00:30 Europe/Berlin (matter M-17).',
    );
    expect(holdLines([HOLD], { now: ADDED_AT, timeZone }).slice(0, 3)).toEqual([
      'hold-1  in force until 2026-05-06 00:30 Europe/Berlin',
      '  project 7',
      '  matter M-17, by legal on 2026-05-05',
    ]);
    expect(listedHoldLines('holds.yaml', [LISTED], { now: ADDED_AT, timeZone })[1]).toBe(
      '  Nothing of project 7 is deleted until 2026-05-06 00:30 Europe/Berlin (matter M-17, by legal)',
    );
  });

  it('end with their last day, which is one in UTC', () => {
    const untilAt = Date.parse('2028-01-01T00:00:00.000Z');
    const end = 'the end of 2027-12-31 (UTC)';
    expect(holdSentence({ ...HOLD, untilAt }, timeZone)).toContain(`is deleted until ${end} (matter M-17).`);
    const told = (now: number): string[] => [
      ...holdLines([{ ...HOLD, untilAt }], { now, timeZone }).slice(0, 1),
      ...listedHoldLines('holds.yaml', [{ ...LISTED, untilAt }], { now, timeZone }).slice(1),
    ];
    expect(told(ADDED_AT)).toEqual([
      `hold-1  in force until ${end}`,
      `  Nothing of project 7 is deleted until ${end} (matter M-17, by legal)`,
    ]);
    expect(told(untilAt)).toEqual([
      `hold-1  over since ${end}`,
      `  project 7: over since ${end}, holds nothing (matter M-17, by legal)`,
    ]);
  });

  it('are UTC for programs', () => {
    const until = '2026-05-05T22:30:00.000Z';
    expect(holdJson(HOLD, ADDED_AT)).toMatchObject({ until, added_at: '2026-05-04T22:30:00.000Z' });
    expect(listedHoldJson('holds.yaml', LISTED, ADDED_AT)).toMatchObject({ until });
  });
});
