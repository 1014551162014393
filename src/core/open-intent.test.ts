import { describe, expect, it } from 'vitest';
import { chainEntry } from './audit-chain.ts';
import { GENESIS } from './audit-entry.ts';
import type { AuditEntry, AuditEvent, AuditFacts } from './audit-entry.ts';
import { openIntentOf } from './open-intent.ts';

const AT = ['2026-11-23T12:00:00.000Z', '2026-11-23T12:00:05.000Z', '2026-11-23T12:01:00.000Z'] as const;

function entry(
  event: AuditEvent,
  facts: AuditFacts['facts'] = {},
  rest: Partial<AuditFacts> & { at?: string } = {},
): AuditEntry {
  const { at = AT[0], ...change } = rest;
  const common = { run_id: 'run-1', policy: 'support-chats', policy_hash: 'ab'.repeat(32), rule: 'idle' };
  return chainEntry(
    { event, ...common, project_id: 42, session_id: 'session-0001', facts, ...change },
    { head: GENESIS, time: at },
  );
}

const intended = entry('deletion.intended', { attempt: 1, seen_at: AT[0], seen_by: 'listing' });

describe('openIntentOf', () => {
  it('takes from an intent alone that a DELETE may have been sent right after it', () => {
    expect(openIntentOf([intended])).toEqual({
      runId: 'run-1',
      policy: 'support-chats',
      policyHash: 'ab'.repeat(32),
      rule: 'idle',
      projectId: 42,
      sessionId: 'session-0001',
      attempts: 1,
      requestedAt: AT[0],
      isRequestKnown: false,
      createdAt: undefined,
      kind: undefined,
      ownTo: undefined,
      answered: 'ambiguous',
      deleteStatus: null,
      seenAt: AT[0],
      seenBy: 'listing',
      absent: undefined,
      isParked: false,
    });
  });

  it.each(['anonymous', 'named', 'own', 'unstated'] as const)(
    'knows which one was meant, of the kind %s',
    (kind) => {
      const open = openIntentOf([entry('deletion.intended', { created_at: AT[0], kind, own_to: 'key:aa' })]);
      expect(open).toMatchObject({ createdAt: Date.parse(AT[0]), kind, ownTo: 'key:aa' });
    },
  );

  it('makes nothing of a kind or a creation that nobody wrote', () => {
    const open = openIntentOf([entry('deletion.intended', { created_at: null, kind: 'robot' })]);
    expect(open).toMatchObject({ createdAt: undefined, kind: undefined });
  });

  it.each([
    [{ answer: 'accepted', delete_status: 200 }, 'accepted'],
    [{ answer: 'ambiguous', delete_status: null }, 'ambiguous'],
    [{ delete_status: 204 }, 'accepted'],
    [{ delete_status: 404 }, 'not_found'],
    [{ delete_status: 403 }, 'never_sent'],
    [{ delete_status: null }, 'ambiguous'],
    [{ found_by: 'recheck' }, 'ambiguous'],
  ] as const)('knows what the DELETE was answered at most: %j is %s', (facts, answered) => {
    expect(openIntentOf([intended, entry('deletion.unverified', facts)])?.answered).toBe(answered);
  });

  it('knows that none was sent where an earlier rule had found it gone before', () => {
    expect(openIntentOf([entry('deletion.unverified', { found_by: 'recheck' })])?.answered).toBe(
      'never_sent',
    );
    expect(openIntentOf([entry('deletion.unverified', { found_by: 'delete' })])?.answered).toBe('ambiguous');
  });

  it('does not take back by a further DELETE what an earlier one was answered', () => {
    const accepted = entry('deletion.unverified', { answer: 'accepted', delete_status: 200 });
    const refused = entry('deletion.unverified', { answer: 'never_sent' });
    expect(openIntentOf([intended, accepted, intended])?.answered).toBe('accepted');
    // What became of the second one nobody recorded: it may have been carried out.
    expect(openIntentOf([intended, refused, intended])?.answered).toBe('ambiguous');
  });

  it('knows the calibrated 404 that was recorded, whatever is said after it', () => {
    const facts = { answer: 'accepted', absent_at: AT[1], verify_status: 404 };
    const absent = entry('deletion.absent', facts, { at: AT[1] });
    const known = { at: Date.parse(AT[1]), status: 404, recreatedAt: undefined };
    expect(openIntentOf([intended, absent])).toMatchObject({ answered: 'accepted', absent: known });
    const unverified = entry('deletion.unverified', { reason: 'x' }, { at: AT[2] });
    expect(openIntentOf([intended, absent, unverified])?.absent).toEqual(known);
    expect(openIntentOf([intended, absent, intended])?.absent).toBeUndefined();
  });

  it('knows that another one took its place', () => {
    const facts = { absent_at: AT[1], verify_status: 200, recreated_at: AT[2] };
    expect(openIntentOf([intended, entry('deletion.absent', facts)])?.absent).toEqual({
      ...{ at: Date.parse(AT[1]), status: 200, recreatedAt: Date.parse(AT[2]) },
    });
    const bare = openIntentOf([intended, entry('deletion.absent', { absent_at: AT[1] })]);
    expect(bare?.absent?.status).toBe(404);
  });

  it('makes no absence of an entry without its time, nor of any other event', () => {
    expect(openIntentOf([intended, entry('deletion.absent', { absent_at: null })])?.absent).toBeUndefined();
    const facts = { absent_at: AT[1], verify_status: 404 };
    expect(openIntentOf([intended, entry('deletion.unverified', facts)])?.absent).toBeUndefined();
  });

  it('knows that it is parked, until somebody says something else', () => {
    const parked = entry('deletion.unverified', { parked: true });
    expect(openIntentOf([intended, parked])?.isParked).toBe(true);
    expect(openIntentOf([parked])?.isParked).toBe(true);
    expect(openIntentOf([intended, parked, entry('deletion.unverified')])?.isParked).toBe(false);
  });

  it('knows which run parked it', () => {
    const bySelf = entry('deletion.unverified', { parked: true });
    const byLater = entry('deletion.unverified', { parked: true, settled_by: 'run-later' });
    expect(openIntentOf([intended, bySelf])?.parkedBy).toBe(intended.run_id);
    expect(openIntentOf([intended, byLater])?.parkedBy).toBe('run-later');
    const settledOnly = entry('deletion.unverified', { settled_by: 'run-later' });
    expect(openIntentOf([intended, byLater, settledOnly])?.parkedBy).toBeUndefined();
  });

  it('knows from an outcome when the DELETE was sent and what it answered', () => {
    const unverified = entry('deletion.unverified', { requested_at: AT[1], delete_status: 200, reason: 'x' });
    const known = { requestedAt: AT[1], isRequestKnown: true, deleteStatus: 200 };
    expect(openIntentOf([intended, unverified])).toMatchObject(known);
    expect(openIntentOf([unverified])).toMatchObject(known);
    const later = entry('deletion.unverified', { reason: 'x' });
    expect(openIntentOf([intended, unverified, later])).toMatchObject(known);
    expect(openIntentOf([intended, later])?.isRequestKnown).toBe(false);
  });

  it('keeps the facts of the DELETE when a later entry only says that the conversation is still shown', () => {
    const verified = entry('deletion.verified', { requested_at: AT[1], delete_status: 202 });
    const shown = entry('deletion.unverified', { reason: 'the fresh listing still shows it' }, { at: AT[2] });
    expect(openIntentOf([intended, verified, shown])).toMatchObject({
      requestedAt: AT[1],
      deleteStatus: 202,
      rule: 'idle',
      attempts: 1,
    });
  });

  it('forgets the answer to an earlier attempt once another one is intended', () => {
    const unverified = entry('deletion.unverified', { requested_at: AT[1], delete_status: 500 });
    const second = entry(
      'deletion.intended',
      { attempt: 2, seen_at: AT[1], seen_by: 'messages' },
      { at: AT[2] },
    );
    expect(openIntentOf([intended, unverified, second])).toMatchObject({
      attempts: 2,
      requestedAt: AT[2],
      deleteStatus: null,
      seenBy: 'messages',
    });
  });

  it('takes no other event for an answer', () => {
    const marked = entry('conversation.marked', { requested_at: AT[2] });
    expect(openIntentOf([intended, marked])).toMatchObject({ requestedAt: AT[0] });
  });

  it('counts one attempt, and sees nothing, where the intent does not say', () => {
    expect(openIntentOf([entry('deletion.intended')])).toMatchObject({
      attempts: 1,
      seenAt: null,
      seenBy: null,
    });
  });

  it.each([{ run_id: null }, { policy: null }, { project_id: null }, { session_id: null }])(
    'makes nothing of an intent with %o',
    (change) => {
      expect(openIntentOf([entry('deletion.intended', {}, change)])).toBeUndefined();
    },
  );

  it('takes an unverified deletion for open even where its intent is missing', () => {
    const unverified = entry('deletion.unverified', { attempts: 2, requested_at: AT[1], delete_status: 200 });
    expect(openIntentOf([unverified])).toMatchObject({
      attempts: 2,
      requestedAt: AT[1],
      deleteStatus: 200,
    });
  });

  it('makes nothing of other outcomes without an intent', () => {
    expect(openIntentOf([entry('deletion.skipped')])).toBeUndefined();
    expect(openIntentOf([])).toBeUndefined();
  });
});
