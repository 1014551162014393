import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { RetentionError } from '../core/errors.ts';
import type { KeptHeads, NotedHead } from '../core/ports/state-home.ts';
import { readNote } from '../core/signed-note.ts';
import { parseStrictJson } from '../core/strict-json.ts';
import { contentOf, replaceFile } from './small-files.ts';

/** The note of the last checkpoint. */
const LAST_CHECKPOINT = 'last-checkpoint';
/** Where the audit log ended, as it was last noted. */
const LAST_HEAD = 'last-head';

export function keptHeadsIn(stateDir: string): KeptHeads {
  /** What a file says; undefined without a file. */
  function read<T>(name: string, what: string, parse: (content: string) => T | undefined): T | undefined {
    const path = join(stateDir, name);
    if (!existsSync(path)) return undefined;
    const value = parse(contentOf(path));
    if (value !== undefined) return value;
    throw new RetentionError('state_unusable', `${path} is damaged, or not ${what}`, {
      hint: 'Run `audit verify` with a checkpoint from the program log; if the log holds, remove the file.',
    });
  }

  return {
    files: () => [LAST_HEAD, LAST_CHECKPOINT].filter((name) => existsSync(join(stateDir, name))),
    checkpoint() {
      const head = read(LAST_CHECKPOINT, 'a checkpoint', readNote);
      return head && { ...head, file: LAST_CHECKPOINT, how: 'signed' };
    },
    noted() {
      const head = read(LAST_HEAD, "a note of the audit log's head", notedIn);
      return head && { ...head, file: LAST_HEAD, how: 'noted' };
    },
    // Each number is written by one process only, so nobody else has the same draft.
    keepCheckpoint: (note, seq) => replaceFile(join(stateDir, LAST_CHECKPOINT), note, seq),
    keepNoted: ({ seq, hash, open }) =>
      replaceFile(join(stateDir, LAST_HEAD), `${JSON.stringify({ seq, hash, open })}\n`, seq),
  };
}

function notedIn(text: string): NotedHead | undefined {
  const value = parseStrictJson(text.trim());
  if (typeof value !== 'object' || value === null || !('seq' in value && 'hash' in value && 'open' in value))
    return undefined;
  const { seq, hash, open } = value;
  const isCount = (one: unknown): one is number => typeof one === 'number' && Number.isSafeInteger(one);
  if (!isCount(seq) || typeof hash !== 'string' || !Array.isArray(open) || !open.every(isCount))
    return undefined;
  return { seq, hash, open };
}
