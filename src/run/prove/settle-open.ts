import pLimit from 'p-limit';
import { EarlierAnswers } from '../../core/deletion/earlier.ts';
import type { Kind } from '../../core/deletion/evidence.ts';
import type { Proof } from '../../core/deletion/facts.ts';
import { needsWitness, type Settlement } from '../../core/deletion/life.ts';
import { readingOf } from '../../core/deletion/reading.ts';
import type { OpenIntent } from '../../core/open-intent.ts';
import type { AuditLog } from '../../core/ports/audit-log.ts';
import type { LookingRun } from '../context.ts';
import { calibrateOpen } from './calibrate-open.ts';
import { Calibrator, type ProjectCalibration } from './calibrate.ts';
import { takeFreshListing, type FreshListing } from './fresh-listing.ts';
import { leftBy, passingOf } from './left-open.ts';
import { lookElsewhere } from './look-elsewhere.ts';
import { absentEntry, advance, outcomeEntry, proofBy, type Passing } from './passing.ts';
import { startPatience, type Patience } from './patience.ts';
import { settle } from './settle.ts';
import { Witnesses } from './witnesses.ts';

const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 5000;
/** Conversations that are asked for at once. */
const AT_ONCE = 4;

interface OfProject {
  readonly projectId: number;
  readonly intents: readonly OpenIntent[];
  readonly passings: readonly Passing[];
  /** Since when the lease is ours, epoch ms: no DELETE of these can have left later. */
  readonly beganAt: number;
}

/**
 * Settles what earlier runs left open, by looking alone and by the same table of outcomes as any other deletion.
 */
export async function settleOpen(run: LookingRun, intents: readonly OpenIntent[]): Promise<void> {
  const beganAt = run.clock.now();
  const byProject = new Map<number, OpenIntent[]>();
  for (const intent of intents) {
    const own = byProject.get(intent.projectId) ?? [];
    own.push(intent);
    byProject.set(intent.projectId, own);
  }
  const earlier = new EarlierAnswers(await run.store.audit.undoneAnswers(), intents);
  const shared = { calibrator: new Calibrator(run), witnesses: new Witnesses() };
  run.progress.begin('confirming', intents.length);
  try {
    for (const [projectId, own] of byProject) {
      if (run.signals.stop.aborted) break;
      const passings = own.map((intent) => passingOf(run, earlier, intent));
      await settleProject(run, shared, { projectId, intents: own, passings, beganAt });
      run.progress.advance(own.length);
    }
  } finally {
    run.progress.end();
  }
}

interface Shared {
  readonly calibrator: Calibrator;
  readonly witnesses: Witnesses;
}

async function settleProject(run: LookingRun, shared: Shared, project: OfProject): Promise<void> {
  const { projectId, passings } = project;
  const { reader, log, store } = run;
  const { calibrator, witnesses } = shared;
  const { stop: signal } = run.signals;
  const takenByOthers = () => takenSince(store.audit, project);
  const listing = await takeFreshListing({ reader, witnesses, signal, takenByOthers }, projectId, passings);
  if (listing.isProjectLost) {
    await park(run, project);
    return;
  }
  const calibration = await calibrateOpen({ reader, signal, calibrator }, project, listing);
  if (typeof calibration === 'string') {
    log.warn({ project_id: projectId, open: passings.length, problem: calibration }, 'still open');
    await leaveOpen(shared, projectId, calibration);
    return;
  }
  await lookAtAll(run, project, calibration);
  const lone = loneKinds(listing, passings);
  if (lone.size > 0) await lookElsewhere({ ...run, witnesses, signal }, projectId, lone);
  const parkedBefore = new Set(passings.filter((_, index) => project.intents[index]?.isParked === true));
  const waiting = passings.map((passing, index) => {
    passing.patience = patienceFor(run, project, index);
    return passing;
  });
  await settle(
    {
      ...run,
      ...{ calibration, witnesses, takenByOthers, signal },
      entryOf: (passing: Passing, settlement: Settlement, proof: Proof) => {
        const entry = outcomeEntry(passing, settlement, proof);
        if (!isThere(passing, settlement, proof) && !isLostWithOthers(passing, settlement, proof))
          return entry;
        if (parkedBefore.has(passing)) return null;
        return { ...entry, facts: { ...entry.facts, parked: true } };
      },
      onSettled: (passing: Passing, settlement: Settlement) => {
        log.info(
          { project_id: projectId, session_id: passing.about.sessionId, outcome: settlement.outcome },
          'settled',
        );
      },
      onProjectLost: () => undefined,
    },
    projectId,
    { waiting, patient: true },
  );
}

/** How many of the project's conversations any run has begun to delete since those ran that left something open there. */
async function takenSince(audit: AuditLog, { projectId, intents }: OfProject): Promise<number> {
  let most = 0;
  for (const runId of new Set(intents.map((intent) => intent.runId)))
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

function leaveOpen({ calibrator }: Shared, projectId: number, why: string): Promise<void> {
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
async function park({ store, fence, log }: LookingRun, project: OfProject): Promise<void> {
  const { projectId, passings, intents } = project;
  const fresh = passings.filter((_, index) => intents[index]?.isParked === false);
  log.warn({ project_id: projectId, open: passings.length }, 'still open: the project is no longer visible');
  const reason = 'its project is no longer visible to this key';
  const entries = fresh.map((passing) => {
    const entry = outcomeEntry(passing, { outcome: 'unverified', reason }, proofBy(undefined));
    return { ...entry, facts: { ...entry.facts, parked: true } };
  });
  if (entries.length > 0) await store.audit.append(entries, fence);
}

/** Each one's own GET, for as long as its run would have asked. What was recorded as absent need not be asked again. */
async function lookAtAll(
  run: LookingRun,
  project: OfProject,
  calibration: ProjectCalibration,
): Promise<void> {
  const several = pLimit(AT_ONCE);
  await Promise.all(
    project.passings.map((passing, index) =>
      several(() =>
        passing.life.reading?.is === 'absent'
          ? undefined
          : look(run, { project, passing, index, calibration }),
      ),
    ),
  );
}

async function look(
  run: LookingRun,
  of: {
    readonly project: OfProject;
    readonly passing: Passing;
    readonly index: number;
    readonly calibration: ProjectCalibration;
  },
): Promise<void> {
  const { project, passing, index, calibration } = of;
  const { reader, clock, store, fence } = run;
  const { stop: signal } = run.signals;
  const { projectId, sessionId } = passing.about;
  const patience = patienceFor(run, project, index);
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
function patienceFor(run: LookingRun, { intents, beganAt }: OfProject, index: number): Patience {
  const intent = intents[index];
  const leftAt = intent === undefined ? beganAt : leftBy(intent, beganAt);
  return startPatience(run, run.verifyTimeoutMs, Math.max(0, run.clock.now() - leftAt));
}
