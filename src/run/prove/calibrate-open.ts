import { parseInstant } from '../../core/instant.ts';
import type { OpenIntent } from '../../core/open-intent.ts';
import type { CustomGptReader } from '../../core/ports/vendor.ts';
import { notThere, type Calibrator, type Gone, type ProjectCalibration, type There } from './calibrate.ts';
import type { FreshListing } from './fresh-listing.ts';
import type { Passing } from './passing.ts';

interface Parts {
  readonly reader: CustomGptReader;
  readonly calibrator: Calibrator;
  readonly signal: AbortSignal;
}

interface LeftIn {
  readonly projectId: number;
  readonly intents: readonly OpenIntent[];
  readonly passings: readonly Passing[];
}

/**
 * What *gone* looks like in a project in which earlier runs left something open; or why that cannot be shown, in words.
 * Throws ApiError `unauthorized` and `aborted`.
 */
export async function calibrateOpen(
  { reader, signal, calibrator }: Parts,
  project: LeftIn,
  listing: FreshListing,
): Promise<ProjectCalibration | string> {
  const { projectId, passings } = project;
  const like = passings[0]?.about.sessionId ?? '';
  const gone = await calibrator.gone(projectId, like);
  if (!gone.isKnown) return `an id that cannot exist answers ${gone.said}, not 404 with JSON`;
  const there = await findThere({ reader, signal }, gone, { project, listing });
  if (typeof there === 'string') return there;
  return calibrator.calibrated(projectId, like, { words: gone.words, wasAsked: gone.wasAsked, there });
}

/** A row that the listing shows must answer 200; where it shows none any more, an intent on record had seen its own. */
async function findThere(
  { reader, signal }: Omit<Parts, 'calibrator'>,
  gone: Gone & { readonly isKnown: true },
  { project, listing }: { readonly project: LeftIn; readonly listing: FreshListing },
): Promise<There | string> {
  const { projectId, passings, intents } = project;
  const shown = passings.find((passing) => listing.sightingOf(passing).is === 'shown');
  const sessionId = listing.anyRow ?? shown?.about.sessionId;
  if (listing.control === undefined) return 'its listing could not be read';
  if (sessionId === undefined) {
    const seenAt = Math.max(...intents.map((intent) => parseInstant(intent.seenAt) ?? 0));
    if (seenAt <= 0) return 'nothing is listed there any more, and nothing on record was seen';
    return { at: seenAt, how: 'recorded', sessionId: undefined };
  }
  const answer = await reader.existence(projectId, sessionId, { purpose: 'calibrate', signal });
  if (answer.state === 'present') return { at: answer.receivedAt, how: 'messages', sessionId };
  const isAlike = answer.state === 'not_found' && answer.words.shape === gone.words.shape;
  const how = isAlike ? 'the same 404 as an id that cannot exist' : notThere(answer, undefined);
  return `a conversation that is listed answers ${how}`;
}
