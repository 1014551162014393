import { Cron } from 'croner';
import fc from 'fast-check';
import { validate } from 'node-cron';
import { describe, expect, it } from 'vitest';
import { problemOfCron, problemOfTimezone } from './schedule-rules.ts';

describe('problemOfCron', () => {
  it.each([
    '30 3 * * *',
    '*/15 * * * *',
    '0 3 * * 7',
    '0 3 * * 0',
    '0 3 * * mon-fri',
    '0 3 1,15 JAN-mar *',
    '0 0 29 2 *',
    '0-30/5 8-18/2 * * *',
    '0 3 31 1,2 *',
    '5\t4  * * *',
  ])('accepts %j', (cron) => {
    expect(problemOfCron(cron)).toBeUndefined();
    expect(validate(cron.replaceAll(/\s+/g, ' '))).toBe(true);
  });

  it.each([
    ['', /five fields/],
    ['30 3 * *', /it has 4/],
    ['0 30 3 * * *', /it has 6/],
    [' 30 3 * * *', /five fields/],
    ['@daily', /shorthand/],
    ['60 3 * * *', /"60" as minute/],
    ['0 24 * * *', /hour/],
    ['0 3 0 * *', /day of month/],
    ['0 3 32 * *', /day of month/],
    ['0 3 * 13 *', /month/],
    ['0 3 * * 8', /day of week/],
    ['0 3 * * funday', /day of week/],
    ['0 3 * * fri-mon', /day of week/],
    ['0 3 L * *', /day of month/],
    ['0 3 * * 5#2', /day of week/],
    ['0 3 ? * *', /day of month/],
    ['5/15 * * * *', /minute/],
    ['*/0 * * * *', /minute/],
    ['*/60 * * * *', /minute/],
    ['-1 * * * *', /minute/],
    ['1- * * * *', /minute/],
    ['30-10 * * * *', /minute/],
    [', * * * *', /minute/],
    ['1.5 * * * *', /minute/],
    ['0 3 1 * 1', /and.*or/],
    ['0 3 */2 * mon', /and.*or/],
    ['0 3 30 2 *', /never run/],
    ['0 3 31 2,4,jun *', /never run/],
    ['a b c d e', /minute/],
    ['٣ * * * *', /minute/],
  ])('refuses %j', (cron, expected) => {
    expect(problemOfCron(cron)).toMatch(expected);
  });

  it('accepts only what both schedulers read, and what comes round', () => {
    const part = fc.oneof(
      fc.constant('*'),
      fc.nat({ max: 60 }).map(String),
      fc.tuple(fc.nat({ max: 31 }), fc.nat({ max: 31 })).map(([a, b]) => `${a}-${b}`),
      fc.nat({ max: 61 }).map((n) => `*/${n}`),
      fc.constantFrom('jan', 'MON', 'dec', 'sun', '1,2', '1-5/2', 'L', '?', '', '2#1', '15W'),
    );
    fc.assert(
      fc.property(fc.array(part, { minLength: 5, maxLength: 5 }), (parts) => {
        const cron = parts.join(' ');
        if (problemOfCron(cron) !== undefined) return;
        expect(validate(cron)).toBe(true);
        expect(new Cron(cron, { mode: '5-part', paused: true, timezone: 'UTC' }).nextRun()).not.toBeNull();
      }),
      { numRuns: 5_000 },
    );
  });
});

describe('problemOfTimezone', () => {
  it.each([
    'UTC',
    'Europe/Berlin',
    'Asia/Calcutta',
    'Asia/Kolkata',
    'America/Argentina/Buenos_Aires',
    'Etc/GMT+5',
  ])('accepts %s', (zone) => {
    expect(problemOfTimezone(zone)).toBeUndefined();
  });
  it.each([
    ['Europe/Berln', 'Europe/Berlin'],
    ['UTC1', 'UTC'],
    ['+02:00', undefined],
    ['UTC+2', undefined],
    ['', undefined],
    ['Europe/', undefined],
    ['local', undefined],
    [' UTC', 'UTC'],
  ])('refuses %j', (zone, suggestion) => {
    expect(problemOfTimezone(zone)?.message).toMatch(/is not an IANA time zone/);
    expect(problemOfTimezone(zone)?.suggestion).toBe(suggestion);
  });
});
