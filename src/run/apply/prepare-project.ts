import type { DeletableItem } from '../../core/plan.ts';
import { kindOf, KIND_WORDS, type Kind } from '../../core/deletion/evidence.ts';
import { isAnother } from '../../core/deletion/reading.ts';
import type { Existence } from '../../core/vendor-answers.ts';
import { notThere, type KnownGone, type ProjectCalibration, type There } from '../prove/calibrate.ts';
import type { Application } from './context.ts';
import { passingOf } from './deletion.ts';
import { takeFreshListing } from '../prove/fresh-listing.ts';
import type { PlannedItems } from './planned-items.ts';
import type { ProjectWork } from './project-work.ts';

/** Conversations that are asked for until one is there. */
const MOST_ASKED = 3;

/**
 * Before the first DELETE in a project: an id that cannot exist must answer 404 with JSON, and a conversation that does exist
 * 200. Where that cannot be shown, or too much of the plan is gone from sight, the project is barred.
 */
export async function prepareProject(
  context: Application,
  work: ProjectWork,
  items: PlannedItems,
): Promise<void> {
  const first = await firstOf(items);
  if (first === undefined || context.bars.ofProject(work.projectId) !== undefined) return;
  const { missingBar } = work;
  if (missingBar !== undefined) return bar(context, work, missingBar.reason);
  const calibration = await calibrate(context, work, { items, first });
  if (typeof calibration === 'string') return bar(context, work, `not calibrated: ${calibration}`);
  work.calibration = calibration;
}

/** What *gone* looks like in the project; or why that cannot be shown, in words. */
async function calibrate(
  context: Application,
  work: ProjectWork,
  { items, first }: { readonly items: PlannedItems; readonly first: DeletableItem },
): Promise<ProjectCalibration | string> {
  const { projectId } = work;
  const { calibrator } = context;
  const gone = await context.slot(() => calibrator.gone(projectId, first.sessionId));
  if (!gone.isKnown) return `an id that cannot exist answers ${gone.said}, not 404 with JSON`;
  const there = await findThere(context, work, { items, gone });
  return typeof there === 'string'
    ? there
    : calibrator.calibrated(projectId, first.sessionId, { gone, there });
}

async function firstOf(items: PlannedItems): Promise<DeletableItem | undefined> {
  for await (const item of items.all()) return item;
  return undefined;
}

async function bar(context: Application, { projectId }: ProjectWork, reason: string): Promise<void> {
  context.bars.project(projectId, { reason, cause: 'project' });
  await context.calibrator.refused(projectId, reason);
}

async function findThere(
  context: Application,
  work: ProjectWork,
  { items, gone }: { readonly items: PlannedItems; readonly gone: KnownGone },
): Promise<There | string> {
  const absent: DeletableItem[] = [];
  let asked = 0;
  const another: There[] = [];
  for await (const item of items.all()) {
    const kind = kindOf(item.seen.createdBy, context.deleter.viewer());
    if (context.bars.of({ projectId: work.projectId, kind }) !== undefined) continue;
    if (asked === MOST_ASKED) break;
    asked += 1;
    const answer = await ask(context, work.projectId, item.sessionId);
    if (answer.state !== 'no_evidence') work.known.set(item.sessionId, answer);
    if (answer.state === 'present') {
      // Created at another time than listed: anew since, or the listing's dates are not to be trusted. Others tell.
      const there: There = { at: answer.receivedAt, how: 'messages', sessionId: item.sessionId };
      const { createdAt } = item.seen;
      if (!isAnother(answer.conversation?.createdAt, { createdAt, bornBefore: undefined })) return there;
      another.push(there);
      continue;
    }
    if (answer.state === 'not_found' && answer.words.shape === gone.words.shape) {
      absent.push(item);
      continue;
    }
    if (answer.state === 'no_evidence' && answer.status === 403) {
      forbidReading(context, work, kind);
      continue;
    }
    const how = notThere(answer, item.seen.name ?? null);
    return `a conversation that was listed answers ${how}, not 200`;
  }
  return noneThere(context, work, { absent, another });
}

/** None of those that were asked is there as it was listed: `absent` answer the 404, `another` are of another time. */
function noneThere(
  context: Application,
  work: ProjectWork,
  { absent, another }: { readonly absent: readonly DeletableItem[]; readonly another: readonly There[] },
): There | string | Promise<There | string> {
  if (another.length > 1)
    return `by their own GET, ${another.length} conversations were created at another time than listed`;
  if (absent.length > 0) return findListedThere(context, work, absent);
  // The only one that could be asked: created anew, which its own turn will find.
  const [alone] = another;
  return alone ?? 'the key may not read its conversations, HTTP 403';
}

/** The first of the plan are gone. Whether that is so, or nothing is ever found here, another that is listed tells. */
async function findListedThere(
  context: Application,
  work: ProjectWork,
  absent: readonly DeletableItem[],
): Promise<There | string> {
  const { deleter: reader, witnesses, signals } = context;
  const waiting = absent.map((item) => passingOf(context, item));
  const listing = await context.slot(() =>
    takeFreshListing({ reader, witnesses, signal: signals.stop }, work.projectId, waiting),
  );
  const sightings = waiting.map((one) => listing.sightingOf(one));
  const unreadable = sightings.find((sighting) => sighting.is === 'unreadable');
  if (unreadable !== undefined) return `its listing could not be read, ${unreadable.said}`;
  if (sightings.some(({ is }) => is === 'shown'))
    return 'a conversation that is listed answers the same 404 as an id that cannot exist';
  if (listing.anyRow === undefined) return 'nothing planned is there any more, and nothing else is listed';
  const answer = await ask(context, work.projectId, listing.anyRow);
  if (answer.state === 'present')
    return { at: answer.receivedAt, how: 'messages', sessionId: listing.anyRow };
  return `a conversation that is listed answers ${notThere(answer, undefined)}, not 200`;
}

function ask(
  { slot, deleter, signals }: Application,
  projectId: number,
  sessionId: string,
): Promise<Existence> {
  return slot(() => deleter.existence(projectId, sessionId, { purpose: 'calibrate', signal: signals.stop }));
}

function forbidReading({ bars, warn }: Application, { projectId }: ProjectWork, kind: Kind): void {
  const words = KIND_WORDS[kind];
  bars.kind(projectId, kind, { reason: `the key may not read ${words} in this project`, cause: 'right' });
  warn(`the key may not read ${words} in project ${projectId} (HTTP 403): nothing of them is deleted`);
}
