import type { Viewer } from '../account.ts';
import type { AuditEntry, Fact } from '../audit-entry.ts';
import { between, earliestOf, formatInstant, formatRoughly, parseInstant, type Instant } from '../instant.ts';
import type { DeleteAnswer } from '../vendor-answers.ts';
import {
  isAnswered,
  type Answered,
  type Kind,
  type ListingFacts,
  type Reading,
  type Sighting,
} from './evidence.ts';
import type { Life, Settlement } from './life.ts';
import { answerInWords } from './words.ts';

/*
 * The one place that writes and reads the facts of `deletion.*` entries. Rule 2 of evidence: an absence by a calibrated 404,
 * then an outcome by a fresh listing. Entries without `evidence` are by an earlier rule.
 */
export const EVIDENCE = 2;

export type DeletionFacts = { readonly [key: string]: Fact };

/** How and when the existence of a conversation was last known. */
export interface Sight {
  readonly at: number;
  readonly how: 'listing' | 'messages';
}

/** What an outcome says of the DELETE that was sent last. */
export interface SentFacts {
  readonly attempts: number;
  /** Epoch ms; undefined: no DELETE was sent. */
  readonly requestedAt: number | undefined;
  readonly sight: Sight | undefined;
}

export function intendedFacts(intent: {
  readonly attempt: number;
  readonly sight: Sight;
  readonly planId: string;
  readonly createdAt: Instant | undefined;
  readonly kind: Kind;
  readonly viewer: Viewer;
  /** Others of its kind that were listed with it, and are not deleted. */
  readonly bystanders: number;
}): DeletionFacts {
  const { attempt, sight, planId, createdAt, kind, viewer, bystanders } = intent;
  return {
    ...{ attempt, seen_at: formatInstant(sight.at), seen_by: sight.how, plan_id: planId },
    ...{ created_at: instantOrNull(createdAt), kind, bystanders },
    // To the key of another user it is a colleague's.
    ...(kind === 'own' ? { own_to: viewer.users.size === 1 ? viewer.key : null } : {}),
  };
}

/** The calibrated 404 of one conversation: what a later run may still use. */
export function absentFacts(
  life: Life,
  sent: SentFacts,
  absent: { readonly reading: Extract<Reading, { is: 'absent' }>; readonly calibration: number },
): DeletionFacts {
  const { reading, calibration } = absent;
  return {
    ...sentFacts(life, sent),
    ...{ verify_status: reading.status, absent_at: formatInstant(reading.at), calibration },
    ...recreated(reading.recreatedAt),
    evidence: EVIDENCE,
  };
}

/** What proves an outcome, beside what was sent. */
export interface Proof {
  readonly calibration: number | undefined;
  readonly sighting: Sighting | undefined;
  /** The fresh listing as a request, at its last page: the project itself still answers. */
  readonly control: { readonly request: string; readonly status: number; readonly at: number } | undefined;
}

export function outcomeFacts(
  life: Life,
  sent: SentFacts,
  { settlement, proof }: { readonly settlement: Settlement; readonly proof: Proof },
): DeletionFacts {
  const { reading } = life;
  const common = {
    ...sentFacts(life, sent),
    verify_status: verifyStatusOf(reading),
    ...(proof.calibration === undefined ? {} : { calibration: proof.calibration }),
    evidence: EVIDENCE,
  };
  switch (settlement.outcome) {
    case 'verified':
      return { ...common, ...goneFacts(reading, proof) };
    case 'already_gone': {
      const foundBy = life.last === undefined ? 'recheck' : 'delete';
      return { ...common, found_by: foundBy, ...goneFacts(reading, proof) };
    }
    case 'unverified':
    case 'failed':
      return { ...common, reason: settlement.reason };
    case 'skipped':
      return { ...common, reason: settlement.reason, cause: settlement.cause };
  }
}

function verifyStatusOf(reading: Reading | undefined): number | null {
  if (reading === undefined) return null;
  return reading.is === 'there' ? 200 : (reading.status ?? null);
}

function goneFacts(reading: Reading | undefined, { sighting, control }: Proof): DeletionFacts {
  // Where the listing alone knows of another one under the id, it is what proves it.
  const listedAt = sighting?.is === 'not_shown' ? sighting.listing.at : undefined;
  const at = reading !== undefined && 'at' in reading ? reading.at : listedAt;
  const recreatedAt =
    (reading?.is === 'absent' ? reading.recreatedAt : undefined) ??
    (sighting?.is === 'not_shown' ? sighting.recreatedAt : undefined);
  return {
    verified_at: instantOrNull(at),
    ...(control === undefined
      ? {}
      : { control: { request: control.request, status: control.status, at: formatInstant(control.at) } }),
    ...(sighting?.is === 'not_shown'
      ? { witness: sighting.witness ?? 'none', listing: listingFacts(sighting.listing) }
      : {}),
    ...recreated(recreatedAt),
  };
}

function listingFacts({ at, ids, total }: ListingFacts): Fact {
  return { at: formatInstant(at), ids, total: total ?? null };
}

function sentFacts(life: Life, { attempts, requestedAt, sight }: SentFacts): DeletionFacts {
  return {
    attempts,
    ...(requestedAt === undefined ? {} : { requested_at: formatInstant(requestedAt) }),
    delete_status: statusOf(life),
    answer: life.strongest,
    ...(life.last === undefined ? {} : { answered: answerInWords(life.last) }),
    ...(sight === undefined ? {} : { seen_at: formatInstant(sight.at), seen_by: sight.how }),
  };
}

/** Of the answer that the claim rests on: null where none was clear. */
function statusOf({ strongest, last }: Life): number | null {
  if (last === undefined || last.kind === 'ambiguous' || last.kind === 'not_sent') return null;
  return strongest === 'ambiguous' ? null : last.status;
}

function recreated(at: Instant | undefined): DeletionFacts {
  return at === undefined ? {} : { recreated_at: formatRoughly(at) };
}

function instantOrNull(at: Instant | undefined): string | null {
  return at === undefined ? null : formatRoughly(at);
}

// ── Reading ─────────────────────────────────────────────────────────────────────────────────────────────────

/** What an entry says of the strongest answer so far; undefined: nothing. */
export function answeredIn(entry: AuditEntry): Answered | undefined {
  const { answer, delete_status: status } = entry;
  if (isAnswered(answer)) return answer;
  // An entry by an earlier rule has the status alone.
  return typeof status === 'number' ? answeredByStatus(status) : undefined;
}

function answeredByStatus(status: number): Answered {
  if (status === 200 || status === 204) return 'accepted';
  if (status === 404) return 'not_found';
  return status >= 400 && status < 500 && status !== 408 ? 'never_sent' : 'ambiguous';
}

/** What a recorded answer was; undefined where none was, or none that said what became of the DELETE. */
export function recordedAnswer(answered: Answered, status: number | null): DeleteAnswer | undefined {
  if (answered === 'accepted') return { kind: 'accepted', status: status ?? 200 };
  return answered === 'not_found' ? { kind: 'not_found', status: 404 } : undefined;
}

/** An instant as {@link formatRoughly} wrote it; undefined for anything else. */
export function instantIn(fact: Fact | undefined): Instant | undefined {
  if (typeof fact !== 'string' || !fact.includes('/')) return parseInstant(fact);
  const [earliest, latest] = fact.split('/').map(parseInstant);
  return earliest === undefined || latest === undefined ? undefined : between(earliest, latest);
}

/**
 * From the DELETE until the conversation was seen to be gone; where that is known only roughly, the least that it took.
 * Undefined where the entry does not say. Never below 0: the clock may have been set back in between.
 */
export function verificationMs(entry: AuditEntry): number | undefined {
  const [requestedAt, verifiedAt] = [instantIn(entry['requested_at']), instantIn(entry['verified_at'])];
  if (requestedAt === undefined || verifiedAt === undefined) return undefined;
  return Math.max(0, earliestOf(verifiedAt) - earliestOf(requestedAt));
}
