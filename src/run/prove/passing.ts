import type { Kind, Reading, Sighting } from '../../core/deletion/evidence.ts';
import {
  absentFacts,
  outcomeFacts,
  type DeletionFacts,
  type Proof,
  type SentFacts,
} from '../../core/deletion/facts.ts';
import { next, type Life, type Seen, type Settlement, type Step } from '../../core/deletion/life.ts';
import type { AuditFacts } from '../../core/audit-entry.ts';
import { formatRoughly, type Instant } from '../../core/instant.ts';
import { MAX_SKEW_MS } from '../api-faults.ts';
import { auditFacts, type AboutConversation } from '../audit-facts.ts';
import type { Patience } from './patience.ts';

/** A conversation on its way out, by this run or by one that left it open. */
export interface Passing {
  readonly about: AboutConversation;
  /** Undefined where an intent by an earlier rule does not say. */
  readonly createdAt: Instant | undefined;
  /** Where that is so: what was created after this instant (epoch ms) is another one. */
  readonly bornBefore: number | undefined;
  /** As in {@link Expected}. */
  readonly thereAt: number | undefined;
  readonly kind: Kind | undefined;
  /** Others of its kind that were listed with it and have to be shown still: those created before an instant (epoch ms). */
  readonly bystanders: (before: number) => number;
  /** Must not be repeated by any reason. null: it has none; undefined: not known. */
  readonly name: string | null | undefined;
  /** The run that intended it. */
  readonly run: Parameters<typeof auditFacts>[0];
  /** Stands in every entry about it. */
  readonly common: DeletionFacts;
  life: Life;
  sent: SentFacts;
  /** Since the first fresh listing that was to speak of it. */
  patience?: Patience;
  /** To be called once it is known what became of it. */
  onKnown?: ((isGone: boolean) => void) | undefined;
  /** It failed or stayed unverified in an earlier run, too. */
  readonly hasFailedBefore: boolean;
}

/** When it was there at the latest, by the server's clock, as far as the two may be apart. `seenAt`: by ours. */
export function thereAt(seenAt: number): number {
  return seenAt - MAX_SKEW_MS;
}

/** Lets the life go on by what was seen. */
export function advance(passing: Passing, seen: Seen): Step {
  const { life, step } = next(passing.life, seen);
  passing.life = life;
  return step;
}

export function absentEntry(
  { run, about, common, life, sent }: Passing,
  reading: Extract<Reading, { is: 'absent' }>,
  calibration: number,
): AuditFacts {
  const facts = { ...absentFacts(life, sent, { reading, calibration }), ...common };
  return auditFacts(run, 'deletion.absent', { about, facts });
}

export function outcomeEntry(
  { run, about, common, createdAt, life, sent }: Passing,
  settlement: Settlement,
  proof: Proof,
): AuditFacts {
  const isOpen = settlement.outcome === 'unverified' || settlement.outcome === 'failed';
  // What a later run has to know of it: which conversation it was that these DELETEs were for.
  const which = isOpen && createdAt !== undefined ? { created_at: formatRoughly(createdAt) } : {};
  const facts = { ...outcomeFacts(life, sent, { settlement, proof }), ...which, ...common };
  return auditFacts(run, `deletion.${settlement.outcome}`, { about, facts });
}

/** What proves an outcome before any listing was asked. */
export function proofBy(calibration: number | undefined, sighting?: Sighting): Proof {
  return { calibration, sighting, control: undefined };
}
