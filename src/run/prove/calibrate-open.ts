import { parseInstant } from '../../core/instant.ts';
import type { CustomGptReader } from '../../core/ports/vendor.ts';
import {
  notThere,
  type Calibrator,
  type KnownGone,
  type ProjectCalibration,
  type There,
} from './calibrate.ts';
import type { FreshListing } from './fresh-listing.ts';
import type { LeftOpen } from './left-open.ts';

export interface CalibrateParts {
  readonly reader: CustomGptReader;
  readonly calibrator: Calibrator;
  readonly signal: AbortSignal;
}

/** What earlier runs left open in one project. */
export interface LeftIn {
  readonly projectId: number;
  readonly left: readonly LeftOpen[];
}

/**
 * What *gone* looks like in a project in which earlier runs left something open; or why that cannot be shown, in words.
 * Throws ApiError `unauthorized` and `aborted`.
 */
export async function calibrateOpen(
  parts: CalibrateParts,
  project: LeftIn,
  listing: FreshListing,
): Promise<ProjectCalibration | string> {
  const { calibrator } = parts;
  const { projectId, left } = project;
  const like = left[0]?.intent.sessionId ?? '';
  const gone = await calibrator.gone(projectId, like);
  if (!gone.isKnown) return `an id that cannot exist answers ${gone.said}, not 404 with JSON`;
  const there = await findThere(parts, gone, { project, listing });
  return typeof there === 'string' ? there : calibrator.calibrated(projectId, like, { gone, there });
}

/** A row that the listing shows must answer 200; where it shows none any more, an intent on record had seen its own. */
async function findThere(
  { reader, signal }: CalibrateParts,
  gone: KnownGone,
  { project, listing }: { readonly project: LeftIn; readonly listing: FreshListing },
): Promise<There | string> {
  const { projectId, left } = project;
  const shown = left.find(({ passing }) => listing.sightingOf(passing).is === 'shown');
  const sessionId = listing.anyRow ?? shown?.intent.sessionId;
  if (listing.control === undefined) return 'its listing could not be read';
  if (sessionId === undefined) {
    const seenAt = Math.max(...left.map(({ intent }) => parseInstant(intent.seenAt) ?? 0));
    if (seenAt <= 0) return 'nothing is listed there any more, and nothing on record was seen';
    return { at: seenAt, how: 'recorded', sessionId: undefined };
  }
  const answer = await reader.existence(projectId, sessionId, { purpose: 'calibrate', signal });
  if (answer.state === 'present') return { at: answer.receivedAt, how: 'messages', sessionId };
  const isAlike = answer.state === 'not_found' && answer.words.shape === gone.words.shape;
  const how = isAlike ? 'the same 404 as an id that cannot exist' : notThere(answer, undefined);
  return `a conversation that is listed answers ${how}`;
}
