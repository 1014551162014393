import type { AuditFacts } from '../../core/audit-entry.ts';
import type { Proof } from '../../core/deletion/facts.ts';
import { isNotOurs, type Settlement, type Step } from '../../core/deletion/life.ts';
import { readingOf, type Calibration } from '../../core/deletion/reading.ts';
import type { Fence } from '../../core/ports/audit-log.ts';
import type { Run } from '../context.ts';
import type { Bar } from './bars.ts';
import { takeFreshListing, type FreshListing, type FreshListingParts } from './fresh-listing.ts';
import { hearOthers } from './hear-others.ts';
import { absentEntry, advance, outcomeEntry, type Passing } from './passing.ts';
import { startPatience } from './patience.ts';

const FIRST_PAUSE_MS = 2000;
const LONGEST_PAUSE_MS = 15_000;
const QUIET_PAUSE_MS = 500;

/** Watches over what is gone, and not by a DELETE of ours: where it is too much, the key may be the cause. */
export interface VanishedGuard {
  /** Told how many there are before any of them is called gone. */
  readonly count: (found: number) => void;
  /** Why none of them is called gone; undefined: they may be. */
  readonly withheld: () => Bar | undefined;
}

export interface SettleContext
  extends Pick<Run, 'runId' | 'store' | 'clock' | 'verifyTimeoutMs' | 'warn'>, FreshListingParts {
  readonly fence: Fence | undefined;
  /** Not needed where all of them had an intent. */
  readonly vanished?: VanishedGuard;
  readonly calibration: Calibration & { readonly shapes: Set<string> };
  readonly takenByOthers: () => Promise<number>;
  /** The entry of an outcome, where it is another than usual; null: nothing new is to be written. */
  readonly entryOf?: (passing: Passing, settlement: Settlement, proof: Proof) => AuditFacts | null;
  /** Told after the outcome is durable. */
  readonly onSettled: (passing: Passing, settlement: Settlement) => void;
  readonly onProjectLost: (reason: string) => void;
}

/**
 * The second step of the proof: a fresh listing, taken while no DELETE is under way in the project, decides what its own GETs
 * began to tell. With `patient`, what it still shows is waited for until its time is up; without, that is given back.
 * Throws ApiError `unauthorized` and `aborted`.
 */
export async function settle(
  context: SettleContext,
  projectId: number,
  { waiting, patient }: { readonly waiting: readonly Passing[]; readonly patient: boolean },
): Promise<readonly Passing[]> {
  let open = waiting;
  for (let pauseMs = FIRST_PAUSE_MS; open.length > 0; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    for (const one of open) one.patience ??= startPatience(context, context.verifyTimeoutMs);
    if (!(await isQuiet(context, projectId, patient))) return open;
    const undecided = await hearOthers({ audit: context.store.audit, runId: context.runId }, projectId, open);
    context.vanished?.count(open.filter((one) => isNotOurs(one.life) && !undecided.has(one)).length);
    const listing = await takeFreshListing(context, projectId, open);
    if (listing.isProjectLost)
      context.onProjectLost('its listing answers as if the project were missing or forbidden');
    open = await judgeAll(context, listing, { open, undecided });
    if (!patient) return open;
    if (open.length > 0) await context.clock.sleep(pauseMs, context.signal);
  }
  return open;
}

/** While another policy's DELETE is under way in the project, rows move from page to page. Waited for no longer than anything. */
async function isQuiet(
  { store, clock, reader, runId, signal, verifyTimeoutMs }: SettleContext,
  projectId: number,
  patient: boolean,
): Promise<boolean> {
  const patience = startPatience({ clock, reader }, verifyTimeoutMs);
  while ((await store.audit.deletesUnderWay(projectId, { thanRunId: runId, now: clock.now() })) > 0) {
    if (!patient) return false;
    // A listing whose ids are as many as its total says is whole, whatever moved.
    if (patience.isUp()) return true;
    await clock.sleep(QUIET_PAUSE_MS, signal);
  }
  return true;
}

/** What *gone* looks like after a deletion was borne out otherwise: for those that follow, this is the calibrated 404, too. */
function learn({ calibration, warn }: SettleContext, { life }: Passing, warning: string | undefined): void {
  if (warning !== undefined) warn(warning);
  if (life.reading?.is === 'unlike') calibration.shapes.add(life.reading.shape);
}

/** Gives back those that have to be waited for. */
async function judgeAll(
  context: SettleContext,
  listing: FreshListing,
  { open, undecided }: { readonly open: readonly Passing[]; readonly undecided: ReadonlySet<Passing> },
): Promise<readonly Passing[]> {
  const left: Passing[] = [];
  const judged: { readonly passing: Passing; readonly settlement: Settlement }[] = [];
  const entries: AuditFacts[] = [];
  for (const passing of open) {
    const found = await judge(context, listing, { passing, entries });
    const isClaim = found.do === 'settle' && found.outcome === 'already_gone';
    const step = (isClaim ? objection(context, passing, undecided) : undefined) ?? found;
    if (step.do !== 'settle') {
      left.push(passing);
      continue;
    }
    judged.push({ passing, settlement: step });
    const proof = {
      calibration: context.calibration.seq,
      sighting: listing.sightingOf(passing),
      control: listing.control,
    };
    const entry = (context.entryOf ?? outcomeEntry)(passing, step, proof);
    if (entry !== null) entries.push(entry);
  }
  if (entries.length > 0) await context.store.audit.append(entries, context.fence);
  for (const { passing, settlement } of judged) {
    if (settlement.outcome === 'verified') learn(context, passing, settlement.warning);
    context.onSettled(passing, settlement);
  }
  return left;
}

/** What comes instead of calling it already gone. */
function objection(
  { vanished }: SettleContext,
  passing: Passing,
  undecided: ReadonlySet<Passing>,
): Step | undefined {
  if (undecided.has(passing)) return othersMayHave(passing);
  const bar = isNotOurs(passing.life) ? vanished?.withheld() : undefined;
  return bar === undefined ? undefined : advance(passing, { saw: 'bar', ...bar });
}

/** It is gone, and whether by the DELETE of another run is not known before that is settled. */
function othersMayHave(passing: Passing): Step {
  if (passing.patience?.isUp() !== true) return { do: 'list', again: true };
  const reason = 'it is gone, and a DELETE of another run for it is still to be settled';
  return advance(passing, { saw: 'bar', reason, cause: 'not_known' });
}

async function judge(
  context: SettleContext,
  listing: FreshListing,
  { passing, entries }: { readonly passing: Passing; readonly entries: AuditFacts[] },
): Promise<Step> {
  const sighting = listing.sightingOf(passing);
  const isTimeUp = listing.isProjectLost || passing.patience?.isUp() === true;
  const step = advance(passing, { saw: 'sighting', sighting, isTimeUp: false });
  if (step.do === 'settle') return step;
  if (sighting.is === 'unreadable')
    return isTimeUp ? advance(passing, { saw: 'sighting', sighting, isTimeUp }) : step;
  // It has to be seen once more: because its own GET told nothing, or before its time is called up.
  const isLookWanted = step.do === 'look' || isTimeUp;
  if (isLookWanted) await lookOnceMore(context, passing, entries);
  return advance(passing, { saw: 'sighting', sighting: listing.sightingOf(passing), isTimeUp });
}

async function lookOnceMore(context: SettleContext, passing: Passing, entries: AuditFacts[]): Promise<void> {
  const { projectId, sessionId } = passing.about;
  const answer = await context.reader.existence(projectId, sessionId, {
    purpose: 'verify',
    signal: context.signal,
  });
  const before = passing.life.reading?.is;
  const reading = readingOf(answer, passing, context.calibration);
  // By this GET alone nothing is settled, so its time counts as up.
  advance(passing, { saw: 'reading', reading, waitedMs: 0, isTimeUp: true });
  if (reading.is === 'absent' && before !== 'absent')
    entries.push(absentEntry(passing, reading, context.calibration.seq));
}
