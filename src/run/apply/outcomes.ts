import { KIND_WORDS } from '../../core/deletion/evidence.ts';
import type { Settlement } from '../../core/deletion/life.ts';
import { absentEntry, outcomeEntry, proofBy, type Passing } from '../prove/passing.ts';
import type { Application } from './context.ts';
import type { Underway } from './deletion.ts';

/** Makes a calibrated 404 durable: should this run end here, the next one has no need to ask again. */
export async function recordAbsent(
  { store }: Pick<Application, 'store'>,
  { passing, calibration }: Pick<Underway, 'passing' | 'calibration'>,
): Promise<void> {
  const { reading, attempts } = passing.life;
  // Without an intent of ours there is nothing that a later run would have to settle.
  if (reading?.is !== 'absent' || attempts === 0) return;
  await store.audit.append([absentEntry(passing, reading, calibration.seq)]);
}

/** Writes an outcome that no listing has to bear out. */
export async function recordOutcome(
  context: Application,
  {
    passing,
    calibration,
  }: { readonly passing: Passing; readonly calibration: Underway['calibration'] | undefined },
  settlement: Settlement,
): Promise<void> {
  await context.store.audit.append([outcomeEntry(passing, settlement, proofBy(calibration?.seq))]);
  afterOutcome(context, passing, settlement);
}

/** What the run learns from an outcome once it is durable. */
export function afterOutcome(context: Application, passing: Passing, settlement: Settlement): void {
  const { projectId } = passing.about;
  const { brake, bars, clock, warn } = context;
  passing.onKnown?.(settlement.outcome === 'verified' || settlement.outcome === 'already_gone');
  passing.onKnown = undefined;
  context.progress.advance(1);
  if (bars.ofProject(projectId) !== undefined) return;
  const { last, reading } = passing.life;
  const isForbidden = last?.kind === 'refused' && last.failure === 'forbidden';
  if (settlement.outcome === 'failed' && isForbidden && passing.kind !== undefined) {
    const words = KIND_WORDS[passing.kind];
    bars.kind(projectId, passing.kind, {
      reason: `the key may not delete ${words} in this project`,
      cause: 'right',
    });
    warn(`the key may not delete ${words} in project ${projectId} (HTTP 403): give its role that right`);
    return;
  }
  const isUnanswered = settlement.outcome === 'unverified' && reading?.is !== 'there';
  const { requestedAt } = passing.sent;
  brake.settled({
    outcome: settlement.outcome,
    hasFailedBefore: passing.hasFailedBefore,
    unanswered:
      isUnanswered && requestedAt !== undefined ? { requestedAt, settledAt: clock.now() } : undefined,
  });
}
