import pLimit from 'p-limit';
import { EarlierAnswers } from '../../core/deletion/earlier.ts';
import type { Kind } from '../../core/deletion/evidence.ts';
import type { Proof } from '../../core/deletion/facts.ts';
import { needsWitness, type Settlement } from '../../core/deletion/life.ts';
import { readingOf } from '../../core/deletion/reading.ts';
import type { OpenIntent } from '../../core/open-intent.ts';
import type { AuditLog, Fence } from '../../core/ports/audit-log.ts';
import type { Chance, Clock, Log, Progress } from '../../core/ports/surroundings.ts';
import type { CustomGptReader } from '../../core/ports/vendor.ts';
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

export interface SettleOpenContext {
  readonly runId: string;
  readonly policy: { readonly name: string; readonly hash: string | null };
  readonly fence: Fence;
  readonly reader: CustomGptReader;
  readonly audit: AuditLog;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly log: Log;
  readonly warn: (sentence: string) => void;
  readonly stop: AbortSignal;
  readonly progress: Progress;
  readonly verifyTimeoutMs: number;
}

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
export async function settleOpen(context: SettleOpenContext, intents: readonly OpenIntent[]): Promise<void> {
  const beganAt = context.clock.now();
  const byProject = new Map<number, OpenIntent[]>();
  for (const intent of intents) {
    const own = byProject.get(intent.projectId) ?? [];
    own.push(intent);
    byProject.set(intent.projectId, own);
  }
  const earlier = new EarlierAnswers(await context.audit.undoneAnswers(), intents);
  const shared = { calibrator: calibratorOf(context), witnesses: new Witnesses() };
  context.progress.begin('confirming', intents.length);
  try {
    for (const [projectId, own] of byProject) {
      if (context.stop.aborted) break;
      const passings = own.map((intent) => passingOf(context, earlier, intent));
      await settleProject(context, shared, { projectId, intents: own, passings, beganAt });
      context.progress.advance(own.length);
    }
  } finally {
    context.progress.end();
  }
}

interface Shared {
  readonly calibrator: Calibrator;
  readonly witnesses: Witnesses;
}

function calibratorOf({
  reader,
  chance,
  audit,
  fence,
  warn,
  stop,
  runId,
  policy,
}: SettleOpenContext): Calibrator {
  return new Calibrator({ reader, chance, audit, fence, warn, signal: stop, run: { runId, policy } });
}

async function settleProject(context: SettleOpenContext, shared: Shared, project: OfProject): Promise<void> {
  const { projectId, passings } = project;
  const { reader, stop, log } = context;
  const takenByOthers = () => takenSince(context.audit, project);
  const listing = await takeFreshListing(
    { reader, witnesses: shared.witnesses, signal: stop, takenByOthers },
    projectId,
    passings,
  );
  if (listing.isProjectLost) {
    await park(context, project);
    return;
  }
  const calibration = await calibrateOpen({ reader, stop, calibrator: shared.calibrator }, project, listing);
  if (typeof calibration === 'string') {
    log.warn({ project_id: projectId, open: passings.length, problem: calibration }, 'still open');
    await leaveOpen(shared, projectId, calibration);
    return;
  }
  await lookAtAll(context, project, calibration);
  const lone = loneKinds(listing, passings);
  if (lone.size > 0)
    await lookElsewhere({ ...context, witnesses: shared.witnesses, signal: stop }, projectId, lone);
  const { audit, fence, clock, verifyTimeoutMs, warn, runId } = context;
  const parkedBefore = new Set(passings.filter((_, index) => project.intents[index]?.isParked === true));
  const waiting = passings.map((passing, index) => {
    passing.patience = patienceFor(context, project, index);
    return passing;
  });
  await settle(
    {
      ...{ runId, reader, audit, fence, clock, calibration, verifyTimeoutMs, warn },
      witnesses: shared.witnesses,
      takenByOthers,
      signal: stop,
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
async function park({ audit, fence, log }: SettleOpenContext, project: OfProject): Promise<void> {
  const { projectId, passings, intents } = project;
  const fresh = passings.filter((_, index) => intents[index]?.isParked === false);
  log.warn({ project_id: projectId, open: passings.length }, 'still open: the project is no longer visible');
  const reason = 'its project is no longer visible to this key';
  const entries = fresh.map((passing) => {
    const entry = outcomeEntry(passing, { outcome: 'unverified', reason }, proofBy(undefined));
    return { ...entry, facts: { ...entry.facts, parked: true } };
  });
  if (entries.length > 0) await audit.append(entries, fence);
}

/** Each one's own GET, for as long as its run would have asked. What was recorded as absent need not be asked again. */
async function lookAtAll(
  context: SettleOpenContext,
  project: OfProject,
  calibration: ProjectCalibration,
): Promise<void> {
  const several = pLimit(AT_ONCE);
  await Promise.all(
    project.passings.map((passing, index) =>
      several(() =>
        passing.life.reading?.is === 'absent'
          ? undefined
          : look(context, { project, passing, index, calibration }),
      ),
    ),
  );
}

async function look(
  context: SettleOpenContext,
  of: {
    readonly project: OfProject;
    readonly passing: Passing;
    readonly index: number;
    readonly calibration: ProjectCalibration;
  },
): Promise<void> {
  const { project, passing, index, calibration } = of;
  const { reader, clock, stop: signal, audit, fence } = context;
  const { projectId, sessionId } = passing.about;
  const patience = patienceFor(context, project, index);
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    const answer = await reader.existence(projectId, sessionId, { purpose: 'verify', signal });
    await calibration.compareAnew(answer);
    const reading = readingOf(answer, passing, calibration);
    const isTimeUp = patience.isUp();
    advance(passing, { saw: 'reading', reading, waitedMs: 0, isTimeUp });
    if (reading.is === 'absent') await audit.append([absentEntry(passing, reading, calibration.seq)], fence);
    if (reading.is === 'absent' || isTimeUp) return;
    await clock.sleep(pauseMs, signal);
  }
}

/** All that are settled together wait out the verify time-out together, counted from when the DELETE can have left. */
function patienceFor(context: SettleOpenContext, { intents, beganAt }: OfProject, index: number): Patience {
  const intent = intents[index];
  const leftAt = intent === undefined ? beganAt : leftBy(intent, beganAt);
  return startPatience(context, context.verifyTimeoutMs, Math.max(0, context.clock.now() - leftAt));
}
