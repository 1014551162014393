import pLimit from 'p-limit';
import type { AuditFacts } from '../../core/audit-entry.ts';
import { EarlierAnswers } from '../../core/deletion/earlier.ts';
import type { Kind } from '../../core/deletion/evidence.ts';
import type { Proof } from '../../core/deletion/facts.ts';
import { needsWitness, type Settlement } from '../../core/deletion/life.ts';
import { readingOf } from '../../core/deletion/reading.ts';
import type { OpenIntent } from '../../core/open-intent.ts';
import type { AuditLog } from '../../core/ports/audit-log.ts';
import type { LookingRun } from '../context.ts';
import { calibrateOpen, type CalibrateParts, type LeftIn } from './calibrate-open.ts';
import { Calibrator, type ProjectCalibration } from './calibrate.ts';
import { takeFreshListing, type FreshListing } from './fresh-listing.ts';
import { leftBy, passingOf, type LeftOpen } from './left-open.ts';
import { lookElsewhere } from './look-elsewhere.ts';
import { absentEntry, advance, outcomeEntry, proofBy, type Passing } from './passing.ts';
import { startPatience, type Patience } from './patience.ts';
import { settle } from './settle.ts';
import { Witnesses } from './witnesses.ts';

const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 5000;
/** Conversations that are asked for at once. */
const AT_ONCE = 4;

/** A run that settles, and what its projects share. */
interface Settling extends LookingRun, CalibrateParts {
  readonly witnesses: Witnesses;
}

/**
 * Settles what earlier runs left open, by looking alone and by the same table of outcomes as any other deletion.
 */
export async function settleOpen(run: LookingRun, intents: readonly OpenIntent[]): Promise<void> {
  // Since when the lease is ours: no DELETE of these can have left later.
  const beganAt = run.clock.now();
  const byProject = new Map<number, OpenIntent[]>();
  for (const intent of intents) {
    const own = byProject.get(intent.projectId) ?? [];
    own.push(intent);
    byProject.set(intent.projectId, own);
  }
  const earlier = new EarlierAnswers(await run.store.audit.undoneAnswers(), intents);
  const { stop: signal } = run.signals;
  const settling = { ...run, calibrator: new Calibrator(run), witnesses: new Witnesses(), signal };
  run.progress.begin('confirming', intents.length);
  try {
    for (const [projectId, own] of byProject) {
      if (signal.aborted) break;
      const left = own.map((intent) => ({
        intent,
        passing: passingOf(run, earlier, intent),
        leftAt: leftBy(intent, beganAt),
      }));
      await settleProject(settling, { projectId, left });
      run.progress.advance(own.length);
    }
  } finally {
    run.progress.end();
  }
}

async function settleProject(run: Settling, project: LeftIn): Promise<void> {
  const { projectId, left } = project;
  const { log, store } = run;
  const passings = left.map(({ passing }) => passing);
  const takenByOthers = () => takenSince(store.audit, project);
  const listing = await takeFreshListing({ ...run, takenByOthers }, projectId, passings);
  if (listing.isProjectLost) {
    await park(run, project);
    return;
  }
  const calibration = await calibrateOpen(run, project, listing);
  if (typeof calibration === 'string') {
    log.warn({ project_id: projectId, open: left.length, problem: calibration }, 'still open');
    await leaveOpen(run, projectId, calibration);
    return;
  }
  await lookAtAll(run, left, calibration);
  const lone = loneKinds(listing, passings);
  if (lone.size > 0) await lookElsewhere(run, projectId, lone);
  const parkedBefore = new Set(left.filter(({ intent }) => intent.isParked).map(({ passing }) => passing));
  for (const { passing, leftAt } of left) passing.patience = patienceFor(run, leftAt);
  await settle(
    {
      ...run,
      ...{ calibration, takenByOthers },
      entryOf: (passing, settlement, proof) => {
        const entry = outcomeEntry(passing, settlement, proof);
        if (!isThere(passing, settlement, proof) && !isLostWithOthers(passing, settlement, proof))
          return entry;
        return parkedBefore.has(passing) ? null : parked(entry);
      },
      onSettled: (passing, settlement) => {
        log.info(
          { project_id: projectId, session_id: passing.about.sessionId, outcome: settlement.outcome },
          'settled',
        );
      },
      onProjectLost: () => undefined,
    },
    projectId,
    { waiting: passings, patient: true },
  );
}

function parked(entry: AuditFacts): AuditFacts {
  return { ...entry, facts: { ...entry.facts, parked: true } };
}

/** How many of the project's conversations any run has begun to delete since those ran that left something open there. */
async function takenSince(audit: AuditLog, { projectId, left }: LeftIn): Promise<number> {
  let most = 0;
  for (const runId of new Set(left.map(({ intent }) => intent.runId)))
    most = Math.max(most, await audit.intendedByOthers(projectId, runId));
  return most;
}

/** Kinds for which the listing must have a witness, and shows none. */
function loneKinds(listing: FreshListing, passings: readonly Passing[]): ReadonlySet<Kind> {
  const kinds = new Set<Kind>();
  for (const passing of passings) {
    const sighting = listing.sightingOf(passing);
    const isLone = sighting.is === 'not_shown' && sighting.witness === undefined;
    if (isLone && needsWitness(passing.life) && passing.kind !== undefined) kinds.add(passing.kind);
  }
  return kinds;
}

function leaveOpen({ calibrator }: Settling, projectId: number, why: string): Promise<void> {
  return calibrator.refused(
    projectId,
    `what earlier runs left open there stays so: ${why}`,
    `what earlier runs left open in project ${projectId} stays open (${why}); the next run looks again`,
  );
}

/** Its DELETE was in vain, by all that can be seen: it is decided anew, and that is said once. */
function isThere({ life }: Passing, { outcome }: Settlement, { sighting }: Proof): boolean {
  return outcome === 'unverified' && life.reading?.is === 'there' && sighting?.is === 'shown';
}

/** Its DELETE was accepted, but what was listed with it is lost as well: nobody can tell before that is seen, and it is said once. */
function isLostWithOthers({ life }: Passing, { outcome }: Settlement, { sighting }: Proof): boolean {
  const isGoneByItself = life.strongest === 'accepted' && life.reading?.is === 'absent';
  return outcome === 'unverified' && isGoneByItself && sighting?.is === 'blind';
}

/** Nobody can tell any more: it is said once, and asked again in each run. */
async function park({ store, fence, log }: LookingRun, { projectId, left }: LeftIn): Promise<void> {
  log.warn({ project_id: projectId, open: left.length }, 'still open: the project is no longer visible');
  const reason = 'its project is no longer visible to this key';
  const entries = left
    .filter(({ intent }) => !intent.isParked)
    .map(({ passing }) =>
      parked(outcomeEntry(passing, { outcome: 'unverified', reason }, proofBy(undefined))),
    );
  if (entries.length > 0) await store.audit.append(entries, fence);
}

/** Each one's own GET, for as long as its run would have asked. What was recorded as absent need not be asked again. */
async function lookAtAll(
  run: LookingRun,
  left: readonly LeftOpen[],
  calibration: ProjectCalibration,
): Promise<void> {
  const several = pLimit(AT_ONCE);
  await Promise.all(
    left.map((one) =>
      several(() => (one.passing.life.reading?.is === 'absent' ? undefined : look(run, one, calibration))),
    ),
  );
}

async function look(
  run: LookingRun,
  { passing, leftAt }: LeftOpen,
  calibration: ProjectCalibration,
): Promise<void> {
  const { reader, clock, store, fence } = run;
  const { stop: signal } = run.signals;
  const { projectId, sessionId } = passing.about;
  const patience = patienceFor(run, leftAt);
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    const answer = await reader.existence(projectId, sessionId, { purpose: 'verify', signal });
    await calibration.compareAnew(answer);
    const reading = readingOf(answer, passing, calibration);
    const isTimeUp = patience.isUp();
    advance(passing, { saw: 'reading', reading, waitedMs: 0, isTimeUp });
    if (reading.is === 'absent')
      await store.audit.append([absentEntry(passing, reading, calibration.seq)], fence);
    if (reading.is === 'absent' || isTimeUp) return;
    await clock.sleep(pauseMs, signal);
  }
}

/** All that are settled together wait out the verify time-out together, counted from when the DELETE can have left. */
function patienceFor(run: LookingRun, leftAt: number): Patience {
  return startPatience(run, run.verifyTimeoutMs, Math.max(0, run.clock.now() - leftAt));
}
