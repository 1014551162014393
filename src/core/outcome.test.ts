import { describe, expect, it } from 'vitest';
import { OUTCOMES, outcomeOfEvent } from './outcome.ts';

describe('outcomes', () => {
  it('are stated by the events that end a deletion, and by no other', () => {
    for (const outcome of OUTCOMES) expect(outcomeOfEvent(`deletion.${outcome}`)).toBe(outcome);
    expect(outcomeOfEvent('deletion.intended')).toBeUndefined();
    expect(outcomeOfEvent('run.completed')).toBeUndefined();
  });
});
