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
      deleteStatus: null,
      seenAt: AT[0],
      seenBy: 'listing',
      foundBy: null,
    });
  });

  it('knows when it was found gone, and nobody could prove it', () => {
    const byDelete = entry('deletion.unverified', { delete_status: 404, found_by: 'delete' });
    expect(openIntentOf([intended, byDelete])?.foundBy).toBe('delete');
    expect(openIntentOf([entry('deletion.unverified', { found_by: 'recheck' })])?.foundBy).toBe('recheck');
    expect(openIntentOf([intended, byDelete, intended])?.foundBy).toBeNull();
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
