import { parseStrictJson } from '../core/strict-json.ts';
import { noteOf } from '../core/checkpoint.ts';
import { RetentionError } from '../core/errors.ts';
import { isSignedBy, readNote } from '../core/signed-note.ts';
import type { VerifierKey } from '../core/signed-note.ts';
import type { KnownHead } from '../core/verify-log.ts';
import { lineBatches } from './lines.ts';

/**
 * The heads that a file kept elsewhere signs: a note as it stands in `last-checkpoint`, or JSON lines with checkpoints
 * among them, such as the program's log or an export. @throws RetentionError `usage` when there is none, or not of a trusted key
 */
export async function keptCheckpoints(
  file: string,
  trusted: readonly VerifierKey[] | undefined,
): Promise<readonly KnownHead[]> {
  const notes: string[] = [];
  let isFirst = true;
  for await (const lines of lineBatches(file)) {
    if (isFirst && lines[0]?.includes('{') !== true) notes.push(`${lines.join('\n').trimEnd()}\n`);
    else notes.push(...lines.flatMap(noteIn));
    isFirst = false;
  }
  const heads = notes.flatMap((note) => {
    const head = readNote(note);
    if (head === undefined) return [];
    if (trusted === undefined || trusted.some((key) => isSignedBy(note, key)))
      return [{ ...head, how: `signed in ${file}` }];
    throw new RetentionError('usage', `${file} holds a checkpoint that no known key has signed`, {
      hint: 'Give the verifier key that you kept with it: --key KEY',
    });
  });
  if (heads.length > 0) return heads;
  throw new RetentionError('usage', `${file} holds no checkpoint`, {
    hint: 'Name a copy of last-checkpoint, or a log file of the worker (JSON lines).',
  });
}

/** What collects logs may put something before each line. */
function noteIn(line: string): readonly string[] {
  if (!line.includes('"note"')) return [];
  const value = parseStrictJson(line.slice(line.indexOf('{')));
  const audit = typeof value === 'object' && value !== null && 'audit' in value ? value.audit : value;
  const note = noteOf(audit);
  return note === undefined ? [] : [note];
}
