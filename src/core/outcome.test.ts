import { describe, expect, it } from 'vitest';
import { NO_OUTCOMES, OUTCOMES, foldOutcomes, outcomeOfEvent } from './outcome.ts';

describe('outcomes', () => {
  it('are stated by the events that end a deletion, and by no other', () => {
    for (const outcome of OUTCOMES) expect(outcomeOfEvent(`deletion.${outcome}`)).toBe(outcome);
    expect(outcomeOfEvent('deletion.intended')).toBeUndefined();
    expect(outcomeOfEvent('run.completed')).toBeUndefined();
  });

  it('add up', () => {
    expect(foldOutcomes([])).toEqual(NO_OUTCOMES);
    expect(
      foldOutcomes([
        { event: 'deletion.verified', count: 3 },
        { event: 'deletion.failed', count: 1 },
        { event: 'deletion.verified', count: 2 },
        { event: 'deletion.intended', count: 9 },
      ]),
    ).toEqual({ ...NO_OUTCOMES, verified: 5, failed: 1 });
  });
});
