import { failureInWords } from '../core/errors.ts';
import type { NativeRetention } from '../core/native-retention.ts';
import { wordsOfNotFound } from '../core/not-found-words.ts';
import type { PlaceSight } from '../core/place.ts';
import { dataOf, withoutAnswer } from './answers.ts';
import type { Answer } from './request.ts';
import type { Asking } from './retry.ts';
import { parseId } from './rows.ts';

const LOOK = { purpose: 'control', size: 'small', repeat: 'read' } as const;

/** GET of one project. Never throws ApiError except `unauthorized` and `aborted`. */
export async function askProject(
  parts: Asking,
  projectId: number,
  signal: AbortSignal | undefined,
): Promise<PlaceSight> {
  try {
    return await parts.call<PlaceSight>({
      target: parts.urls.project(projectId),
      ...LOOK,
      signal,
      read: (answer) => (isProject(answer, projectId) ? { state: 'present' } : undefined),
      notFound: ({ status }, json) =>
        wordsOfNotFound(json, [String(projectId)]).isDocumented
          ? { state: 'gone' }
          : { state: 'no_evidence', failure: `HTTP ${status}` },
    });
  } catch (error) {
    return { state: 'no_evidence', failure: failureInWords(withoutAnswer(error)) };
  }
}

/** GET of a project's settings, the vendor's own retention alone; undefined where it cannot be read. Throws as above. */
export async function askNativeRetention(
  parts: Asking,
  projectId: number,
  signal: AbortSignal | undefined,
): Promise<NativeRetention | undefined> {
  try {
    return await parts.call({
      target: parts.urls.settings(projectId),
      ...LOOK,
      signal,
      read: retentionIn,
    });
  } catch (error) {
    withoutAnswer(error);
    return undefined;
  }
}

function isProject(answer: Answer, projectId: number): boolean {
  const data = dataOf(answer);
  return data !== undefined && parseId(data['id']) === projectId;
}

function retentionIn(answer: Answer): NativeRetention | undefined {
  const data = dataOf(answer);
  const period = data?.['conversation_retention_period'];
  if (period === 'year' || period === 'never') return { period, days: undefined };
  if (period !== 'custom') return undefined;
  // A count like those of the lists: a number, or its text.
  return { period, days: parseId(data?.['conversation_retention_days']) };
}
