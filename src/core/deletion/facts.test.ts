import { describe, expect, test } from 'vitest';
import { chainEntry } from '../audit-chain.ts';
import { GENESIS, type AuditEntry, type AuditFacts } from '../audit-entry.ts';
import { between, formatInstant, formatRoughly } from '../instant.ts';
import type { DeleteAnswer } from '../vendor-answers.ts';
import type { Answered, Reading, Sighting } from './evidence.ts';
import {
  absentFacts,
  answeredIn,
  EVIDENCE,
  instantIn,
  intendedFacts,
  outcomeFacts,
  recordedAnswer,
  verificationMs,
  type Proof,
  type SentFacts,
} from './facts.ts';
import { NEW_LIFE, type Life, type Settlement } from './life.ts';

const AT = Date.UTC(2026, 2, 1, 12);
const TIME = formatInstant(AT);
const SENT: SentFacts = { attempts: 1, requestedAt: AT, sight: { at: AT, how: 'listing' } };
const NOTHING_SENT: SentFacts = { attempts: 0, requestedAt: undefined, sight: undefined };
const ABSENT = { is: 'absent', status: 404, at: AT, recreatedAt: undefined } as const;
const ACCEPTED: DeleteAnswer = { kind: 'accepted', status: 204 };
const AMBIGUOUS: DeleteAnswer = { kind: 'ambiguous', status: 502, failure: 'HTTP 502' };

function life(strongest: Answered, last: DeleteAnswer | undefined, reading?: Reading): Life {
  return { ...NEW_LIFE, strongest, attempts: 1, last, reading };
}

function notShown(witness: string | undefined, recreatedAt?: number): Sighting {
  return { is: 'not_shown', listing: { at: AT, ids: 3, total: undefined }, witness, recreatedAt };
}

function proof(sighting?: Sighting): Proof {
  const control = { request: 'GET /x', status: 200, at: AT };
  return { calibration: 5, sighting, control: sighting === undefined ? undefined : control };
}

/** The facts as they are read again from the log. */
function written(facts: AuditFacts['facts']): AuditEntry {
  const common = { run_id: 'r', policy: 'p', policy_hash: null, rule: null };
  const about = { event: 'deletion.unverified', project_id: 7, session_id: 'session-1' } as const;
  return chainEntry({ ...common, ...about, facts }, { head: GENESIS, time: TIME });
}

describe('an intent', () => {
  const sight = { at: AT, how: 'messages' } as const;
  const viewer = { key: 'key:aa', users: new Set(['7']) };
  const intent = { attempt: 2, sight, planId: 'plan-1', kind: 'named', viewer, bystanders: 3 } as const;

  test('says what is meant, by which plan, and how its existence was known', () => {
    expect(intendedFacts({ ...intent, createdAt: AT })).toEqual({
      ...{ attempt: 2, seen_at: TIME, seen_by: 'messages', plan_id: 'plan-1' },
      ...{ created_at: TIME, kind: 'named', bystanders: 3 },
    });
    expect(intendedFacts({ ...intent, createdAt: undefined })).toMatchObject({ created_at: null });
  });

  test.each([
    [['7'], 'key:aa'],
    [['7', '8'], null],
  ])('of one that is the own of %j says to which key', (users, ownTo) => {
    const own = {
      ...intent,
      createdAt: AT,
      kind: 'own',
      viewer: { key: 'key:aa', users: new Set(users) },
    } as const;
    expect(intendedFacts(own)).toMatchObject({ kind: 'own', own_to: ownTo });
  });
});

describe('an absence', () => {
  test('says all that a later run can use', () => {
    expect(
      absentFacts(life('accepted', ACCEPTED, ABSENT), SENT, { reading: ABSENT, calibration: 5 }),
    ).toEqual({
      ...{ attempts: 1, requested_at: TIME, delete_status: 204, answer: 'accepted', answered: 'HTTP 204' },
      ...{ seen_at: TIME, seen_by: 'listing', verify_status: 404, absent_at: TIME, calibration: 5 },
      evidence: EVIDENCE,
    });
  });

  test('says that another one took its place', () => {
    const reading = { ...ABSENT, status: 200, recreatedAt: AT };
    const facts = absentFacts(life('ambiguous', AMBIGUOUS), SENT, { reading, calibration: 5 });
    expect(facts).toMatchObject({ verify_status: 200, recreated_at: TIME, delete_status: null });
  });
});

describe('an outcome', () => {
  const facts = (
    given: Life,
    settlement: Settlement,
    { sent = SENT, by = proof() }: { readonly sent?: SentFacts; readonly by?: Proof } = {},
  ) => outcomeFacts(given, sent, { settlement, proof: by });
  const VERIFIED: Settlement = { outcome: 'verified' };

  test('verified names its proof', () => {
    const given = facts(life('accepted', ACCEPTED, ABSENT), VERIFIED, { by: proof(notShown('session-9')) });
    expect(given).toEqual({
      ...{ attempts: 1, requested_at: TIME, delete_status: 204, answer: 'accepted', answered: 'HTTP 204' },
      ...{ seen_at: TIME, seen_by: 'listing', verify_status: 404, calibration: 5, evidence: 2 },
      ...{ verified_at: TIME, control: { request: 'GET /x', status: 200, at: TIME } },
      ...{ witness: 'session-9', listing: { at: TIME, ids: 3, total: null } },
    });
  });

  test('verified without a witness says so', () => {
    const given = facts(life('accepted', ACCEPTED, ABSENT), VERIFIED, { by: proof(notShown(undefined)) });
    expect(given).toMatchObject({ witness: 'none' });
  });

  test.each<[string, Life, number | null, string | undefined]>([
    ['accepted', life('accepted', ACCEPTED), 204, 'HTTP 204'],
    ['an unclear answer', life('ambiguous', AMBIGUOUS), null, 'HTTP 502'],
    [
      'a 404 after an unclear answer',
      life('ambiguous', { kind: 'not_found', status: 404 }),
      null,
      'HTTP 404',
    ],
    ['no answer on record', life('ambiguous', undefined), null, undefined],
    ['an unclear answer after an accepted one', life('accepted', AMBIGUOUS), null, 'HTTP 502'],
    ['one that never left', life('accepted', { kind: 'not_sent', failure: 'x' }), null, 'not sent (x)'],
  ])('has as its status, after %s', (...[, given, status, answered]) => {
    const found = facts({ ...given, reading: ABSENT }, VERIFIED);
    expect([found['delete_status'], found['answered']]).toEqual([status, answered]);
  });

  test('already gone says where that was found', () => {
    const gone: Settlement = { outcome: 'already_gone' };
    const by = proof(notShown('session-9'));
    const own = facts(life('not_found', { kind: 'not_found', status: 404 }, ABSENT), gone, { by });
    expect(own).toMatchObject({ found_by: 'delete', delete_status: 404, witness: 'session-9' });
    const before = facts({ ...NEW_LIFE, reading: ABSENT }, gone, { sent: NOTHING_SENT, by });
    expect(before).toMatchObject({ found_by: 'recheck', delete_status: null, attempts: 0 });
    expect(Object.keys(before)).not.toContain('requested_at');
    expect(Object.keys(before)).not.toContain('seen_at');
    expect(Object.keys(before)).not.toContain('answered');
  });

  test('says when another one was created, by its GET or by the listing', () => {
    const byGet = { ...ABSENT, status: 200, recreatedAt: AT };
    const found = facts(life('accepted', ACCEPTED, byGet), VERIFIED, { by: proof(notShown('session-9')) });
    expect(found).toMatchObject({ recreated_at: TIME, verify_status: 200 });
    const there: Reading = { is: 'there', isPlannedOne: false };
    const listed = facts(life('accepted', ACCEPTED, there), VERIFIED, { by: proof(notShown(undefined, AT)) });
    expect(listed).toMatchObject({ recreated_at: TIME, verify_status: 200, verified_at: TIME });
  });

  test('without any proof claims none', () => {
    const found = facts(life('accepted', ACCEPTED), VERIFIED, { by: { ...proof(), calibration: undefined } });
    expect(found).toMatchObject({ verified_at: null, verify_status: null });
    for (const key of ['calibration', 'control', 'witness', 'listing', 'recreated_at'])
      expect(Object.keys(found)).not.toContain(key);
  });

  test.each<[Settlement, object]>([
    [{ outcome: 'unverified', reason: 'why' }, { reason: 'why' }],
    [{ outcome: 'failed', reason: 'why' }, { reason: 'why' }],
    [
      { outcome: 'skipped', reason: 'why', cause: 'brake' },
      { reason: 'why', cause: 'brake' },
    ],
  ])('%j says why', (settlement, expected) => {
    const unknown: Reading = { is: 'unknown', status: undefined, said: 'timeout' };
    const found = facts(life('accepted', ACCEPTED, unknown), settlement);
    expect(found).toMatchObject({ ...expected, verify_status: null, calibration: 5, evidence: 2 });
    expect(Object.keys(found)).not.toContain('verified_at');
  });

  test.each<[Reading, number | null]>([
    [{ is: 'there', isPlannedOne: true }, 200],
    [{ is: 'unlike', status: 404, at: AT, said: '', shape: '' }, 404],
    [{ is: 'unknown', status: 502, said: '' }, 502],
  ])('has the status of its GET: %j', (reading, status) => {
    const found = facts(life('accepted', ACCEPTED, reading), { outcome: 'unverified', reason: '' });
    expect(found['verify_status']).toBe(status);
  });
});

describe('what is read from the log', () => {
  test.each<Answered>(['never_sent', 'not_found', 'ambiguous', 'accepted'])(
    'is %s where it says so',
    (answer) => {
      expect(answeredIn(written({ answer, delete_status: 200 }))).toBe(answer);
    },
  );

  test.each<[number, Answered]>([
    [200, 'accepted'],
    [204, 'accepted'],
    [202, 'ambiguous'],
    [302, 'ambiguous'],
    [404, 'not_found'],
    [400, 'never_sent'],
    [401, 'never_sent'],
    [403, 'never_sent'],
    [429, 'never_sent'],
    [499, 'never_sent'],
    [408, 'ambiguous'],
    [500, 'ambiguous'],
  ])('goes by the status of a DELETE in an entry by an earlier rule: %i', (status, answered) => {
    expect(answeredIn(written({ delete_status: status }))).toBe(answered);
  });

  test('is nothing where the entry says nothing', () => {
    expect(answeredIn(written({ delete_status: null }))).toBeUndefined();
    expect(answeredIn(written({ answer: 'perhaps' }))).toBeUndefined();
  });

  test.each<[Answered, number | null, DeleteAnswer | undefined]>([
    ['accepted', 204, { kind: 'accepted', status: 204 }],
    ['accepted', null, { kind: 'accepted', status: 200 }],
    ['not_found', 404, { kind: 'not_found', status: 404 }],
    ['ambiguous', null, undefined],
    ['never_sent', 403, undefined],
  ])('gives %s with status %s back as an answer', (answered, status, expected) => {
    expect(recordedAnswer(answered, status)).toEqual(expected);
  });

  test('gives instants back as they were written', () => {
    expect(instantIn(TIME)).toBe(AT);
    const half = formatInstant(AT + 12 * 3_600_000);
    expect(instantIn(`${TIME}/${half}`)).toBe(between(AT, AT + 12 * 3_600_000));
    expect([`${TIME}/x`, `x/${half}`, '/'].map(instantIn)).toEqual([undefined, undefined, undefined]);
    expect([undefined, null, 5, 'x'].map(instantIn)).toEqual([undefined, undefined, undefined, undefined]);
  });
});

test('an accepted answer without a status on record was 200', () => {
  expect(recordedAnswer('accepted', null)).toEqual({ kind: 'accepted', status: 200 });
});

test('an instant that is known only roughly is written and read as an interval', () => {
  const rough = between(AT, AT + 12 * 3_600_000);
  expect(formatRoughly(rough)).toBe('2026-03-01T12:00:00.000Z/2026-03-02T00:00:00.000Z');
  expect(instantIn(formatRoughly(rough))).toBe(rough);
});

describe('how long a verification took', () => {
  const entry = (requestedAt: string, verifiedAt: string): AuditEntry =>
    written({ requested_at: requestedAt, verified_at: verifiedAt });

  test('is from the DELETE until it was seen to be gone', () => {
    expect(verificationMs(entry(formatInstant(AT), formatInstant(AT + 1500)))).toBe(1500);
    expect(verificationMs(entry(formatInstant(AT), formatRoughly(between(AT + 10, AT + 20))))).toBe(10);
  });

  test('is none where the clock was set back', () => {
    expect(verificationMs(entry(formatInstant(AT), formatInstant(AT - 1)))).toBe(0);
  });

  test('is not known where the entry does not say', () => {
    expect(verificationMs(written({ verified_at: formatInstant(AT) }))).toBeUndefined();
    expect(verificationMs(written({ requested_at: formatInstant(AT) }))).toBeUndefined();
  });
});
