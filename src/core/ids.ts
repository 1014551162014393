/*
 * What the ids of sessions, projects and users look like, and when two of them are the same. Sessions are compared as
 * the API spells them where something is to be deleted, and without regard to case where something is to be kept: a UUID
 * is often copied in capitals. A UUID without its hyphens is another id, unless an
 * absence is to be proven: then it counts as the same that is still there.
 */

/** A conversation's `session_id` as the paths of the API allow it. */
export const SESSION_ID = /^[A-Za-z0-9_-]{8,128}$/;
export const PROJECT_ID = /^[1-9][0-9]*$/;
export const USER_ID = /^(?:anonymous|0|[1-9][0-9]{0,18})$/;

/** A value from outside that may stand in a path as a conversation's key. The vendor's are UUIDs. */
export function isSessionId(value: unknown): value is string {
  return typeof value === 'string' && SESSION_ID.test(value);
}

export function isProjectId(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) > 0;
}

/** The form in which session ids that protect something are compared: keeping one too many is the safe side. */
export function foldSessionId(sessionId: string): string {
  return sessionId.toLowerCase();
}

/** The form in which an id that is still listed is looked for: without its hyphens, too, since a list may drop them one day. */
export function foldLoosely(sessionId: string): string {
  return foldSessionId(sessionId).replaceAll(/[-_]/g, '');
}

/** Why a text is no session id, as a phrase. */
export function problemOfSessionId(text: string): string | undefined {
  if (SESSION_ID.test(text)) return undefined;
  const parts = partsOf(text);
  if (parts.length === 0 || !parts.every((part) => SESSION_ID.test(part))) {
    return 'must be a session id: 8 to 128 letters, digits, - and _';
  }
  return `is no session id: write ${asList(parts)}`;
}

/** Why a text is no project's id, as a phrase, with the right spelling where there is one. */
export function problemOfProjectId(text: string): string | undefined {
  if (PROJECT_ID.test(text)) return Number.isSafeInteger(Number(text)) ? undefined : 'is not a project id';
  return `is not a project id${spelledRightly(text, 1)}`;
}

/** Why a text is no user's id, as a phrase, with the right spelling where there is one. */
export function problemOfUserId(text: string): string | undefined {
  if (USER_ID.test(text)) return undefined;
  const spelling = spelledRightly(text, 0);
  return spelling === ''
    ? "must be a user's id (digits) or the word anonymous"
    : `is no user's id${spelling}`;
}

/** One number as people and programs write it: `101`, `#101`, `101.0`, `0x65`, `1e3`, `1_000`, and in any script's digits. */
const NUMBER = /^[#+-]*(?:0[xob][0-9a-f]+|[\p{Nd}_]+(?:\.\p{Nd}*)?(?:e[+-]?\d+)?)$/iu;

/** Whether an entry that may be an id or a name is nothing but numbers, and so was meant as an id or several. */
export function isMeantAsId(text: string): boolean {
  const parts = partsOf(text);
  return parts.length > 0 && parts.every((part) => NUMBER.test(part) && /\p{Nd}/u.test(part));
}

/** What stands between separators that people put between ids. */
function partsOf(text: string): readonly string[] {
  return text
    .replaceAll(/#\s+/g, '#')
    .split(/[\s,;|]+/u)
    .filter((part) => part !== '');
}

function spelledRightly(text: string, least: number): string {
  if (!isMeantAsId(text)) return '';
  const ids = partsOf(text).map((part) => {
    // Another script's digits become those of ASCII where Unicode knows them as forms of the same sign.
    const value = Number(part.normalize('NFKC').replaceAll(/[#+_]/g, ''));
    return Number.isSafeInteger(value) && value >= least ? String(value) : undefined;
  });
  const known = ids.filter((id) => id !== undefined);
  if (known.length < ids.length) return ': an id is written in the digits 0 to 9 alone';
  return `: write ${asList(known)}`;
}

function asList(ids: readonly string[]): string {
  const told = ids.length > 5 ? [...ids.slice(0, 5), '…'] : ids;
  return ids.length === 1 ? told.join('') : `them one by one: [${told.join(', ')}]`;
}
