import type { Conversation, Project, UnusableRow } from '../core/conversation.ts';
import { isProjectId, isSessionId, USER_ID } from '../core/ids.ts';
import { parseRoughly } from '../core/instant.ts';
import type { ConversationPage } from '../core/ports/vendor.ts';
import { isRecord } from './answers.ts';

/** The vendor takes at most 255 characters; beyond this a name is not a name, and beyond the second the row is an attack. */
const LONGEST_NAME = 4096;
const OVERSIZED_NAME = 65_536;

export type Row = ConversationPage['rows'][number];
type Fields = Readonly<Record<string, unknown>>;

/**
 * A positive id, sent as a number (recorded) or as its text (documented). Undefined for a number that JSON has
 * rounded, beyond 2^53: whom it meant cannot be known.
 */
export function parseId(value: unknown): number | undefined {
  const id = typeof value === 'string' && /^[1-9]\d{0,15}$/.test(value) ? Number(value) : value;
  return isProjectId(id) ? id : undefined;
}

function parseName(value: unknown): string | undefined {
  return typeof value === 'string' && value.length <= LONGEST_NAME ? value : undefined;
}

/** Anonymous visitors have `null`, which says something; a missing field says nothing. */
function parseCreator(value: unknown): string | undefined {
  if (value === null) return 'anonymous';
  // No user has the number 0: it may be a visitor's.
  if (value === 0 || value === '0') return undefined;
  if (typeof value === 'number') return Number.isSafeInteger(value) && value > 0 ? String(value) : undefined;
  // One that no policy can name is nobody's for all that is known: a keep rule must not miss it.
  return typeof value === 'string' && USER_ID.test(value) ? value : undefined;
}

function unusable(
  row: Pick<UnusableRow, 'projectId' | 'problem'> & { readonly sessionId?: string },
  createdAt: unknown,
): Row {
  return { kind: 'unusable', sessionId: undefined, ...row, createdAt: parseRoughly(createdAt) };
}

/** By hand and not by schema: a list may have a million rows. */
export function parseConversationRow(row: unknown, projectId: number): Row {
  if (!isRecord(row)) return unusable({ projectId, problem: 'not_an_object' }, undefined);
  const sessionId = row['session_id'];
  if (sessionId === undefined || sessionId === null || sessionId === '') {
    return unusable({ projectId, problem: 'no_session_id' }, row['created_at']);
  }
  if (!isSessionId(sessionId)) return unusable({ projectId, problem: 'bad_session_id' }, row['created_at']);
  const owner = row['project_id'] ?? projectId;
  if (parseId(owner) !== projectId)
    return unusable({ projectId, problem: 'wrong_project', sessionId }, row['created_at']);
  const name = row['name'];
  if (typeof name === 'string' && name.length > OVERSIZED_NAME) {
    return unusable({ projectId, problem: 'oversized', sessionId }, row['created_at']);
  }
  return { kind: 'conversation', ...parseFacts(row, projectId, sessionId) };
}

function parseFacts(row: Fields, projectId: number, sessionId: string): Conversation {
  // What stands for "none" in one database or another (0, an empty text, the year 0000) is no date, and so no deletion.
  const deletedAt = parseRoughly(row['deleted_at']);
  return {
    projectId,
    sessionId,
    name: parseName(row['name']),
    createdAt: parseRoughly(row['created_at']),
    updatedAt: parseRoughly(row['updated_at']),
    createdBy: parseCreator(row['created_by']),
    ...(deletedAt === undefined ? {} : { deletedAt }),
  };
}

/** Undefined for a row without a usable id. */
export function parseProjectRow(row: unknown): Project | undefined {
  if (!isRecord(row)) return undefined;
  const id = parseId(row['id']);
  return id === undefined ? undefined : { id, name: parseName(row['project_name']) };
}
