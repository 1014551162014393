import { describe, expect, it } from 'vitest';
import { chainEntry } from './audit-chain.ts';
import { GENESIS } from './audit-entry.ts';
import type { AuditFacts } from './audit-entry.ts';
import { ClaimBook, intentOf } from './claim-book.ts';
import type { ClaimsOn } from './claim-book.ts';

const SEEN = '2026-01-02T00:00:00.000Z';
const LATER = '2026-01-03T00:00:00.000Z';

function facts(event: AuditFacts['event'], change: Partial<AuditFacts> = {}): AuditFacts {
  return {
    ...{ event, run_id: 'run-1', policy: 'p', policy_hash: null, rule: null },
    ...{ project_id: 42, session_id: 'session-0001', facts: { seen_at: SEEN } },
    ...change,
  };
}

const AT_WORK = new Map([
  ['run-1', 'p'],
  ['run-2', 'q'],
]);
const NOTHING: ClaimsOn = { open: [], verified: [] };

/** Whether run-1 may not have its conversation, after what others wrote in the same group. */
function isClaimed(
  stored: Partial<ClaimsOn>,
  written: readonly AuditFacts[] = [],
  by: Partial<AuditFacts> = {},
): boolean {
  const intent = intentOf(facts('deletion.intended', by));
  if (intent === undefined) throw new Error('no intent');
  const book = new ClaimBook(new Map([[intent.key, { ...NOTHING, ...stored }]]), AT_WORK);
  for (const one of written) book.take(chainEntry(one, { head: GENESIS, time: LATER }));
  return book.isClaimed(intent);
}

const other = (event: AuditFacts['event'], change: Partial<AuditFacts> = {}): AuditFacts =>
  facts(event, { run_id: 'run-2', policy: 'q', ...change });

describe('an intent', () => {
  it('is an entry that names a conversation', () => {
    expect(intentOf(facts('deletion.intended', { facts: {} }))).toEqual({
      ...{ key: '42/session-0001', projectId: 42, sessionId: 'session-0001', runId: 'run-1' },
      seenAt: undefined,
    });
    expect(intentOf(facts('deletion.intended'))?.seenAt).toBe(SEEN);
    expect(intentOf(facts('deletion.intended', { project_id: null }))).toBeUndefined();
    expect(intentOf(facts('deletion.intended', { session_id: null }))).toBeUndefined();
    expect(intentOf(facts('deletion.verified'))).toBeUndefined();
  });
});

describe('a conversation is claimed', () => {
  it('by the open intent of another run, while that is at work for the policy it names', () => {
    expect(isClaimed({})).toBe(false);
    expect(isClaimed({ open: [{ policy: 'q', runId: 'run-2' }] })).toBe(true);
    expect(isClaimed({ open: [{ policy: 'p', runId: 'run-1' }] })).toBe(false);
    expect(isClaimed({ open: [{ policy: 'q', runId: 'run-3' }] })).toBe(false);
    expect(isClaimed({ open: [{ policy: 'p', runId: 'run-2' }] })).toBe(false);
  });

  it('where another run verified that it is deleted, since it was seen', () => {
    expect(isClaimed({ verified: [{ runId: 'run-3', time: LATER }] })).toBe(true);
    expect(isClaimed({ verified: [{ runId: 'run-3', time: SEEN }] })).toBe(false);
    expect(isClaimed({ verified: [{ runId: 'run-1', time: LATER }] })).toBe(false);
    expect(isClaimed({ verified: [{ runId: null, time: LATER }] })).toBe(false);
    expect(isClaimed({ verified: [{ runId: 'run-3', time: LATER }] }, [], { facts: {} })).toBe(false);
  });

  it('by nobody for whom it is no run', () => {
    expect(isClaimed({ open: [{ policy: 'q', runId: 'run-2' }] }, [], { run_id: null })).toBe(false);
  });

  it('by what earlier drafts of the group wrote', () => {
    expect(isClaimed({}, [other('deletion.intended')])).toBe(true);
    expect(isClaimed({}, [other('deletion.unverified')])).toBe(true);
    expect(isClaimed({}, [other('deletion.verified')])).toBe(true);
    expect(isClaimed({}, [facts('deletion.intended'), facts('deletion.verified')])).toBe(false);
    const open = [{ policy: 'q', runId: 'run-2' }];
    expect(isClaimed({ open }, [other('deletion.failed')])).toBe(false);
    expect(isClaimed({ open }, [other('deletion.failed', { policy: null })])).toBe(true);
    expect(isClaimed({ open }, [other('deletion.failed', { run_id: null })])).toBe(true);
    expect(isClaimed({ open }, [other('deletion.failed'), other('deletion.intended')])).toBe(true);
    expect(isClaimed({ open }, [other('deletion.absent')])).toBe(true);
  });

  it('by no entry on something else', () => {
    const others = [{ project_id: 43 }, { session_id: 'session-0002' }, { project_id: null }];
    const written = [...others, { session_id: null }].map((one) => other('deletion.intended', one));
    expect(isClaimed({}, [...written, other('run.started')])).toBe(false);
    const book = new ClaimBook(new Map(), AT_WORK);
    const intent = intentOf(facts('deletion.intended'));
    expect(intent && book.isClaimed(intent)).toBe(false);
    book.take(chainEntry(other('deletion.intended'), { head: GENESIS, time: LATER }));
    expect(intent && book.isClaimed(intent)).toBe(true);
  });
});
