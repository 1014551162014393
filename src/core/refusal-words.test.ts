import { describe, expect, test } from 'vitest';
import type { Stop } from './findings.ts';
import { breachInWords, type Breach } from './limits.ts';
import { refusalInWords, refusalParts } from './refusal-words.ts';

const STOPS: readonly Stop[] = [
  { kind: 'exclusion', why: 'lost', entry: 'a; b', projectId: 7 },
  { kind: 'near_miss', rule: 'vip', pattern: 'vip', projectId: 7, sessionId: 'session-1' },
];
const roomAgain = { at: 0, timeZone: 'UTC', room: 5, left: 9 };
const BREACHES: readonly Breach[] = [
  { limit: 'population', wanted: 3, allowed: 9, projectId: 7 },
  { limit: 'max_per_day', wanted: 3, allowed: 2, projectId: undefined, roomAgain },
  { limit: 'max_percent', wanted: 3, allowed: 2, projectId: 7 },
  { limit: 'max_percent', wanted: 3, allowed: 2, projectId: 8 },
];

describe('a refusal', () => {
  test('falls into its parts again', () => {
    const parts = refusalParts(refusalInWords(STOPS, BREACHES));
    expect(parts).toHaveLength(6);
    expect(parts.slice(2)).toEqual(BREACHES.map(breachInWords));
    expect(parts[0]).toMatch(/"a; b".*; correct it/);
  });

  test('that is none is one part', () => {
    expect(refusalParts('disk full; really')).toEqual(['disk full; really']);
  });
});
