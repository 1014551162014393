import { ApiError, failureInWords, RetentionError } from '../core/errors.ts';
import type { HoldRecord } from '../core/hold.ts';
import { foldSessionId } from '../core/ids.ts';
import type { Instant } from '../core/instant.ts';
import { endsBeforeHold, retentionInWords } from '../core/native-retention.ts';
import type { PlaceSight } from '../core/place.ts';
import type { CustomGptClient } from '../customgpt/client.ts';
import type { CommandWorld } from './command.ts';
import { loggingOf, openClient } from './compose.ts';

type Place = Pick<HoldRecord, 'projectId' | 'sessionId' | 'addedAt' | 'untilAt'>;

/** A person waits, and a hold must not wait for a server that is down. */
const HURRY = {
  timeouts: { connectMs: 3_000, headersMs: 5_000, totalMs: 8_000 },
  patience: { troubleMs: 3_000, throttledMs: 5_000 },
};

/**
 * Looks whether what is to be held exists, and whether the vendor's own retention may delete it before the hold ends. What
 * nobody could learn is a sentence, like all that a person should know. Throws `usage` when the API says that it is not there.
 */
export async function lookAtPlace(world: CommandWorld, place: Place): Promise<readonly string[]> {
  const settings = world.settings();
  if (settings.apiKey === undefined) return [`Nobody checked whether it exists: no API key is set.`];
  const { log } = await loggingOf(world, settings, true);
  const client = await openClient(world, { ...settings, apiKey: settings.apiKey }, { log, ...HURRY });
  try {
    const { createdAt, ...sight } = await look(client, place);
    if (sight.state === 'gone') throw absent(place);
    if (sight.state === 'no_evidence') return [`Could not find out whether it exists: ${sight.failure}.`];
    return await vendorsWord(client, place, createdAt);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    return [`Could not find out whether it exists: ${failureInWords(error)}.`];
  } finally {
    await client.close();
  }
}

async function look(
  { places, reader }: Pick<CustomGptClient, 'places' | 'reader'>,
  { projectId, sessionId }: Pick<Place, 'projectId' | 'sessionId'>,
): Promise<PlaceSight & { readonly createdAt?: Instant | undefined }> {
  if (sessionId === undefined) return places.project(projectId);
  const answer = await reader.existence(projectId, sessionId, { purpose: 'verify' });
  // It holds in any spelling; the API knows one.
  const folded = foldSessionId(sessionId);
  if (answer.state === 'not_found' && folded !== sessionId)
    return look({ places, reader }, { projectId, sessionId: folded });
  switch (answer.state) {
    case 'present':
      return { state: 'present', createdAt: answer.conversation?.createdAt };
    case 'not_found':
      return answer.words.isDocumented
        ? { state: 'gone' }
        : { state: 'no_evidence', failure: `HTTP ${answer.status}` };
    case 'no_evidence':
      return answer;
  }
}

async function vendorsWord(
  { places }: CustomGptClient,
  place: Place,
  createdAt: Instant | undefined,
): Promise<readonly string[]> {
  const retention = await places.nativeRetention(place.projectId);
  if (retention === undefined)
    return [
      `CustomGPT.ai's own retention could not be read: look at the settings of project ${place.projectId}.`,
    ];
  if (!endsBeforeHold(retention, place, createdAt)) return [];
  return [
    `CustomGPT.ai's own retention deletes conversations of project ${place.projectId} ${retentionInWords(retention)} and knows no holds: set it to "never" there.`,
  ];
}

function absent({ projectId, sessionId }: Place): RetentionError {
  const what =
    sessionId === undefined
      ? `there is no project ${projectId} that this key can see`
      : `there is no conversation ${projectId}/${sessionId} that this key can see`;
  return new RetentionError('usage', `${what}, so nothing was placed`, {
    hint: 'Check the id. To hold it anyway, add --offline.',
  });
}
