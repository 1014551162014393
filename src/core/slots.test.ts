import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Schedule } from './policy.ts';
import { decideSlot, MOST_COUNTED, nextSlot, ON_TIME_MS, type SlotDecision } from './slots.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

const at = (text: string) => Date.parse(text);
const berlin = (cron: string): Schedule => ({ cron, timezone: 'Europe/Berlin' });
const newYork = (cron: string): Schedule => ({ cron, timezone: 'America/New_York' });
const utc = (cron: string): Schedule => ({ cron, timezone: 'UTC' });

/** The slots after `from`, up to and including `to`, each as text. */
function slotsOf(schedule: Schedule, from: string, to: string): readonly string[] {
  const found: string[] = [];
  for (let slot = nextSlot(schedule, at(from)); slot !== undefined; slot = nextSlot(schedule, slot)) {
    if (slot > at(to)) break;
    found.push(new Date(slot).toISOString().replace(':00.000Z', 'Z'));
  }
  return found;
}

function decide(
  schedule: Schedule,
  instants: { last?: string; settled?: string; now: string },
): SlotDecision {
  return decideSlot({
    schedule,
    lastSlotAt: instants.last === undefined ? undefined : at(instants.last),
    settledAt: at(instants.settled ?? instants.last ?? instants.now),
    now: at(instants.now),
  });
}

describe('the slots of a schedule', () => {
  it.each([
    ['Berlin, the clock jumps over it: at the end of the gap', berlin('30 2 * * *'), '2026-03-29', ['01:00']],
    ['Berlin, shown twice: the first time', berlin('30 2 * * *'), '2026-10-25', ['00:30']],
    ['New York, the clock jumps over it', newYork('30 2 * * *'), '2026-03-08', ['07:00']],
    ['New York, shown twice', newYork('30 1 * * *'), '2026-11-01', ['05:30']],
    ['a list is as fixed as a single time: gap', berlin('30 2,14 * * *'), '2026-03-29', ['01:00', '12:30']],
    [
      'a list is as fixed as a single time: overlap',
      berlin('30 2,14 * * *'),
      '2026-10-25',
      ['00:30', '13:30'],
    ],
    ['two times in one gap are one slot', berlin('15,45 2 * * *'), '2026-03-29', ['01:00']],
    ['a gap at midnight', { cron: '30 0 * * *', timezone: 'America/Sao_Paulo' }, '2018-11-04', ['03:00']],
    [
      'a zone that shifts by half an hour',
      { cron: '15 2 * * *', timezone: 'Australia/Lord_Howe' },
      '2026-10-03',
      ['15:30'],
    ],
  ] as const)('%s', (...[, schedule, day, times]) => {
    const found = slotsOf(schedule, `${day}T00:00:00Z`, `${day}T23:59:59Z`);
    expect(found).toEqual(times.map((time) => `${day}T${time}Z`));
  });

  it('of a schedule that repeats follow elapsed time through both passes of an hour', () => {
    const found = slotsOf(berlin('*/30 * * * *'), '2026-10-25T00:00:00Z', '2026-10-25T02:00:00Z');
    expect(found).toEqual(['00:30', '01:00', '01:30', '02:00'].map((time) => `2026-10-25T${time}Z`));
  });

  it('come strictly after the instant asked about', () => {
    expect(nextSlot(utc('0 3 * * *'), at('2026-05-01T02:59:59.999Z'))).toBe(at('2026-05-01T03:00:00Z'));
    expect(nextSlot(utc('0 3 * * *'), at('2026-05-01T03:00:00Z'))).toBe(at('2026-05-02T03:00:00Z'));
  });

  it('can be years away, or not exist at all', () => {
    expect(nextSlot(utc('0 0 29 2 *'), at('2096-03-01T00:00:00Z'))).toBe(at('2104-02-29T00:00:00Z'));
    expect(nextSlot(utc('0 0 30 2 *'), at('2026-01-01T00:00:00Z'))).toBeUndefined();
  });

  it.each([
    ['a field too many', utc('0 0 3 * * *')],
    ['a value out of range', utc('61 * * * *')],
    ['nothing', utc('')],
    ['an unknown zone', { cron: '0 3 * * *', timezone: 'Mars/Phobos' }],
    ['no zone, which would be that of the machine', { cron: '0 3 * * *', timezone: '' }],
  ])('are refused for %s', (_title, schedule) => {
    expect(() => nextSlot(schedule, 0)).toThrow();
  });

  it('say what is missing without a zone', () => {
    expect(() => nextSlot({ cron: '0 3 * * *', timezone: '' }, 0)).toThrow('a schedule needs a time zone');
  });
});

describe('what is due', () => {
  const nightly = utc('0 3 * * *');

  it('is nothing before the next slot', () => {
    expect(decide(nightly, { last: '2026-05-01T03:00:00Z', now: '2026-05-02T02:59:59.999Z' })).toEqual({
      kind: 'wait',
      nextAt: at('2026-05-02T03:00:00Z'),
    });
  });

  it('is a slot from its own instant on', () => {
    expect(decide(nightly, { last: '2026-05-01T03:00:00Z', now: '2026-05-02T03:00:00Z' })).toEqual({
      kind: 'due',
      slotAt: at('2026-05-02T03:00:00Z'),
      trigger: 'schedule',
      missed: 0,
    });
  });

  it('is a catch-up once nobody can call it on time', () => {
    const slotAt = at('2026-05-02T03:00:00Z');
    const question = { schedule: nightly, lastSlotAt: slotAt - DAY_MS, settledAt: slotAt - DAY_MS };
    expect(decideSlot({ ...question, now: slotAt + ON_TIME_MS })).toMatchObject({
      trigger: 'schedule',
      missed: 0,
    });
    expect(decideSlot({ ...question, now: slotAt + ON_TIME_MS + 1 })).toMatchObject({
      slotAt,
      trigger: 'catch-up',
      missed: 1,
    });
  });

  it('is one run for five missed slots', () => {
    expect(decide(nightly, { last: '2026-05-01T03:00:00Z', now: '2026-05-06T12:00:00Z' })).toEqual({
      kind: 'due',
      slotAt: at('2026-05-06T03:00:00Z'),
      trigger: 'catch-up',
      missed: 5,
    });
  });

  it('is the slot that has just come, catching up on those before it, which count as missed', () => {
    expect(decide(nightly, { last: '2026-05-01T03:00:00Z', now: '2026-05-06T03:00:00Z' })).toMatchObject({
      slotAt: at('2026-05-06T03:00:00Z'),
      trigger: 'catch-up',
      missed: 4,
    });
  });

  it('is nothing from before the policy was first seen', () => {
    expect(decide(nightly, { now: '2026-05-02T12:00:00Z' })).toEqual({
      kind: 'wait',
      nextAt: at('2026-05-03T03:00:00Z'),
    });
    expect(decide(nightly, { settled: '2026-05-01T12:00:00Z', now: '2026-05-02T12:00:00Z' })).toMatchObject({
      kind: 'due',
      missed: 1,
    });
  });

  it('goes by whichever is later, the store or what this process has settled', () => {
    const now = '2026-05-03T12:00:00Z';
    expect(decide(nightly, { last: '2026-05-03T03:00:00Z', settled: '2026-05-01T00:00:00Z', now }).kind).toBe(
      'wait',
    );
    expect(decide(nightly, { last: '2026-05-01T03:00:00Z', settled: '2026-05-03T03:00:00Z', now }).kind).toBe(
      'wait',
    );
  });

  it.each([
    ['the store', { last: '2026-05-03T03:00:00Z', settled: '2026-05-01T00:00:00Z' }],
    ['this process', { last: '2026-05-01T03:00:00Z', settled: '2026-05-03T03:00:00Z' }],
  ])('is nothing at the very instant that %s has covered', (_, covered) => {
    expect(decide(nightly, { ...covered, now: '2026-05-03T03:00:00Z' }).kind).toBe('wait');
  });

  it('does not believe a slot that lies in the future', () => {
    const stored = '2031-01-01T03:00:00Z';
    expect(decide(nightly, { last: stored, settled: stored, now: '2026-05-02T12:00:00Z' })).toEqual({
      kind: 'wait',
      nextAt: at('2026-05-03T03:00:00Z'),
    });
    const next = { last: stored, settled: '2026-05-02T12:00:00Z', now: '2026-05-03T03:00:00Z' };
    expect(decide(nightly, next)).toMatchObject({ kind: 'due', trigger: 'schedule', missed: 0 });
  });

  it('is never anything on 30 February', () => {
    const decision = decide(utc('0 0 30 2 *'), { last: '2020-01-01T00:00:00Z', now: '2026-05-02T12:00:00Z' });
    expect(decision).toEqual({ kind: 'wait', nextAt: undefined });
  });

  it('after a year asleep is found quickly, and counted no further than it matters', () => {
    const minutely = utc('* * * * *');
    expect(decide(minutely, { last: '2025-05-02T12:00:00Z', now: '2026-05-02T12:00:30Z' })).toEqual({
      kind: 'due',
      slotAt: at('2026-05-02T12:00:00Z'),
      trigger: 'catch-up',
      missed: MOST_COUNTED - 1,
    });
  });
});

const ZONES = [
  'UTC',
  'Europe/Berlin',
  'Europe/Dublin',
  'America/New_York',
  'America/Sao_Paulo',
  'Africa/Casablanca',
  'Africa/Cairo',
  'Asia/Kolkata',
  'Asia/Gaza',
  'Australia/Lord_Howe',
  'Pacific/Apia',
  'Pacific/Chatham',
] as const;

/** Around the changes of a clock, somewhere in the world. */
const INSTANTS = [
  '2026-03-08T07:00:00Z',
  '2026-03-29T01:00:00Z',
  '2026-04-04T15:00:00Z',
  '2026-10-25T01:00:00Z',
  '2026-11-01T06:00:00Z',
  '2018-11-04T03:00:00Z',
  '2011-12-30T10:00:00Z',
  '2028-02-29T12:00:00Z',
].map(at);

const minute = fc.integer({ min: 0, max: 59 });
const hour = fc.integer({ min: 0, max: 23 });
const schedules = fc.record({
  timezone: fc.constantFrom(...ZONES),
  cron: fc.oneof(
    fc.tuple(minute, hour).map(([m, h]) => `${m} ${h} * * *`),
    fc
      .tuple(minute, fc.uniqueArray(hour, { minLength: 2, maxLength: 6 }))
      .map(([m, h]) => `${m} ${h.join(',')} * * *`),
    fc.tuple(minute, fc.constantFrom(1, 2, 3, 5)).map(([m, step]) => `${m} */${step} * * *`),
    fc.constantFrom(7, 15, 30).map((step) => `*/${step} * * * *`),
    fc.constantFrom(10, 20).map((step) => `*/${step} 0-4 * * *`),
    fc.tuple(minute, hour, fc.integer({ min: 0, max: 6 })).map(([m, h, d]) => `${m} ${h} * * ${d}`),
  ),
});
const beginnings = fc
  .tuple(fc.constantFrom(...INSTANTS), fc.integer({ min: -2 * DAY_MS, max: DAY_MS }))
  .map(([around, offset]) => around + offset);
/** Mostly a minute or so apart, sometimes hours, sometimes a day of outage. */
const pauses = fc.array(
  fc.oneof(
    fc.integer({ min: 0, max: 2 * MINUTE_MS }),
    fc.integer({ min: 0, max: 5 * 60 * MINUTE_MS }),
    fc.integer({ min: 0, max: DAY_MS }),
  ),
  { minLength: 1, maxLength: 30 },
);

describe('over all wake-ups', () => {
  it('covers every slot exactly once, never early', () => {
    fc.assert(
      fc.property(schedules, beginnings, pauses, (schedule, settledAt, gaps) => {
        let lastSlotAt: number | undefined;
        let now = settledAt;
        let coveredTo = settledAt;
        const covered: number[] = [];
        for (const gap of gaps) {
          now += gap;
          const decision = decideSlot({ schedule, lastSlotAt, settledAt, now });
          const open = between(schedule, coveredTo, now);
          if (decision.kind === 'wait') {
            expect(open).toEqual([]);
            expect(decision.nextAt).toBeGreaterThan(now);
            continue;
          }
          const { slotAt, trigger, missed } = decision;
          expect(slotAt).toBeLessThanOrEqual(now);
          expect(slotAt).toBe(open.at(-1));
          const isLate = now - slotAt > ON_TIME_MS;
          expect(trigger).toBe(isLate || open.length > 1 ? 'catch-up' : 'schedule');
          expect(missed + (isLate ? 0 : 1)).toBe(open.length);
          covered.push(...open);
          lastSlotAt = coveredTo = slotAt;
        }
        expect(covered).toEqual(between(schedule, settledAt, now));
      }),
      { numRuns: 150 },
    );
  });

  it('names a fixed time once on every day that the zone has, gap or overlap', () => {
    const zones = ['Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'Africa/Casablanca', 'UTC'];
    fc.assert(
      fc.property(fc.constantFrom(...zones), fc.tuple(minute, hour), beginnings, (timezone, time, from) => {
        const cron = `${time.join(' ')} * * *`;
        const slots = between({ cron, timezone }, from, from + 6 * DAY_MS);
        const day = new Intl.DateTimeFormat('en-CA', { timeZone: timezone, dateStyle: 'short' });
        const days = slots.map((slot) => day.format(slot));
        const first = at(`${days[0] ?? ''}T00:00:00Z`);
        expect(days).toEqual(
          days.map((_, index) => new Date(first + index * DAY_MS).toISOString().slice(0, 10)),
        );
      }),
    );
  });
});

/** Slot by slot, in the plainest way. */
function between(schedule: Schedule, after: number, upTo: number): readonly number[] {
  const found: number[] = [];
  for (
    let slot = nextSlot(schedule, after);
    slot !== undefined && slot <= upTo;
    slot = nextSlot(schedule, slot)
  ) {
    found.push(slot);
  }
  return found;
}
