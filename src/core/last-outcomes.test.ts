import { describe, expect, it } from 'vitest';
import { LastOutcomes } from './last-outcomes.ts';
import { NO_OUTCOMES, OUTCOMES } from './outcome.ts';

function fold(...entries: readonly (readonly [sessionId: string, event: string, cause?: string])[]) {
  const last = new LastOutcomes();
  for (const [sessionId, event, cause] of entries) last.take({ projectId: 1, sessionId }, event, cause);
  return last.outcomes();
}

describe('the last outcome of each conversation of a run', () => {
  it('is nothing where nothing ended', () => {
    expect(fold(['a', 'deletion.intended'], ['a', 'deletion.absent'])).toEqual({
      counts: NO_OUTCOMES,
      skipped: {},
    });
  });

  it('is counted once', () => {
    const each = fold(...OUTCOMES.map((outcome) => [outcome, `deletion.${outcome}`] as const));
    expect(each.counts).toEqual({ verified: 1, already_gone: 1, unverified: 1, failed: 1, skipped: 1 });
    const { counts, skipped } = fold(
      ['a', 'deletion.unverified'],
      ['b', 'deletion.verified'],
      ['a', 'deletion.verified'],
      ['c', 'deletion.skipped', 'held'],
      ['c', 'deletion.failed'],
    );
    expect(counts).toEqual({ ...NO_OUTCOMES, verified: 2, failed: 1 });
    expect(skipped).toEqual({});
  });

  it('goes by project and id together', () => {
    const last = new LastOutcomes();
    last.take({ projectId: 1, sessionId: 'a' }, 'deletion.verified', undefined);
    last.take({ projectId: 2, sessionId: 'a' }, 'deletion.failed', undefined);
    expect(last.outcomes().counts).toEqual({ ...NO_OUTCOMES, verified: 1, failed: 1 });
  });

  it('says why a conversation was skipped; an entry that names no cause, or none that is known, said changed', () => {
    const { counts, skipped } = fold(
      ['a', 'deletion.skipped', 'brake'],
      ['b', 'deletion.skipped', 'brake'],
      ['c', 'deletion.skipped'],
      ['d', 'deletion.skipped', 'what is this'],
      ['e', 'deletion.skipped', 'held'],
      ['e', 'deletion.skipped', 'stopped'],
    );
    expect(counts).toEqual({ ...NO_OUTCOMES, skipped: 5 });
    expect(skipped).toEqual({ brake: 2, changed: 2, stopped: 1 });
  });
});
