import { ApiError, failureInWords } from '../core/errors.ts';
import type { NativeRetention } from '../core/native-retention.ts';
import { wordsOfNotFound } from '../core/not-found-words.ts';
import type { PlaceSight } from '../core/place.ts';
import { isRecord, parseJson } from './answers.ts';
import type { Answer } from './request.ts';
import type { Asking } from './retry.ts';
import { parseId } from './rows.ts';

/** GET of one project. Never throws ApiError except `unauthorized` and `aborted`. */
export async function askProject(
  parts: Asking,
  projectId: number,
  signal: AbortSignal | undefined,
): Promise<PlaceSight> {
  try {
    return await parts.call<PlaceSight>({
      target: parts.urls.project(projectId),
      purpose: 'control',
      size: 'small',
      signal,
      repeat: 'read',
      read: (answer) => (isProject(answer, projectId) ? { state: 'present' } : undefined),
      notFound: ({ status }, json) =>
        wordsOfNotFound(json, [String(projectId)]).isDocumented
          ? { state: 'gone' }
          : { state: 'no_evidence', failure: `HTTP ${status}` },
    });
  } catch (error) {
    return withoutEvidence(error);
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
      purpose: 'control',
      size: 'small',
      signal,
      repeat: 'read',
      read: retentionIn,
    });
  } catch (error) {
    withoutEvidence(error);
    return undefined;
  }
}

function withoutEvidence(error: unknown): PlaceSight {
  if (!(error instanceof ApiError)) throw error;
  const { failure } = error;
  if (failure === 'unauthorized' || failure === 'aborted') throw error;
  return { state: 'no_evidence', failure: failureInWords(error) };
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

function dataOf({ status, body }: Answer): Readonly<Record<string, unknown>> | undefined {
  const json = status === 200 ? parseJson(body) : undefined;
  const data = isRecord(json) ? json['data'] : undefined;
  return isRecord(data) ? data : undefined;
}
