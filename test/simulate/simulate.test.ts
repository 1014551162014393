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

const SEEDS = Array.from({ length: 60 }, (_, index) => index + 1);

/** For what few stories show: one that did when this was written. It is tried first, and then all of them. */
const SHOWN_BY: Readonly<Record<string, number>> = {
  'a witness that is always found': 41,
  'limits that forget what was spent': 13,
  'a room for the oldest that is forgotten': 13,
  'what other policies keep, lost': 12,
  'a turn that comes late and is used without another look': 9,
  'a mark of deletion that nobody sees': 8,
};

/** The rules that were broken, up to and including the first seed in which one of the expected was. */
async function rulesBrokenBy(
  sabotage: Sabotage & Climate,
  { expected, seeds }: { readonly expected: readonly string[]; readonly seeds: readonly number[] },
): Promise<readonly string[]> {
  const broken = new Set<string>();
  for (const seed of seeds) {
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
    async (name, expected, sabotage) => {
      const first = SHOWN_BY[name];
      const seeds = first === undefined ? SEEDS : [first, ...SEEDS];
      const broken = await rulesBrokenBy(sabotage, { expected, seeds });
      expect(broken.filter((rule) => expected.includes(rule))).not.toEqual([]);
    },
  );
});
