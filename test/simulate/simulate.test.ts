import { describe, expect, test } from 'vitest';
import { EVIDENCE_SABOTAGES } from './sabotage-evidence.ts';
import { SABOTAGES, type Climate } from './sabotages.ts';
import { simulate } from './simulation.ts';
import type { Sabotage } from './stage.ts';

/* The simulator itself: that a seed is one story, and that each of its checks can fail. */

test('a seed is the same story each time', { timeout: 120_000 }, async () => {
  for (const seed of [3, 8]) {
    const first = await simulate(seed);
    const second = await simulate(seed);
    expect(second.hash).toBe(first.hash);
    expect(first.problems).toEqual([]);
  }
});

test('two seeds are two stories', { timeout: 120_000 }, async () => {
  expect((await simulate(3)).hash).not.toBe((await simulate(4)).hash);
});

const MOST_SEEDS = 60;

/** The rules that were broken, up to and including the first seed in which one of the expected was. */
async function rulesBrokenBy(
  sabotage: Sabotage & Climate,
  expected: readonly string[],
): Promise<readonly string[]> {
  const broken = new Set<string>();
  for (let seed = 1; seed <= MOST_SEEDS; seed += 1) {
    const { problems } = await simulate(seed, { ...sabotage, sabotage });
    for (const { rule } of problems) broken.add(rule);
    if (expected.some((rule) => broken.has(rule))) break;
  }
  return [...broken];
}

describe('what is built in on purpose is noticed', () => {
  test.each([...SABOTAGES, ...EVIDENCE_SABOTAGES])(
    '%s',
    { timeout: 240_000 },
    async (_, expected, sabotage) => {
      const broken = await rulesBrokenBy(sabotage, expected);
      expect(broken.filter((rule) => expected.includes(rule))).not.toEqual([]);
    },
  );
});
