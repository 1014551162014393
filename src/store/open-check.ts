import { openChangeOf, openDifference, OpenWords } from '../core/open-words.ts';
import type { OpenWord, Word } from '../core/open-words.ts';
import type { NotedHead } from '../core/ports/state-home.ts';
import { BOUND_ACCOUNT } from './account-rows.ts';
import type { Connection } from './connection.ts';
import { NAMED_ACCOUNT, storedOpenWords } from './derived.ts';

const COLUMNS = `seq, event, policy, project_id, session_id, run_id, ${NAMED_ACCOUNT} AS account`;

/**
 * Compares `open_intents` with the log, and where it differs makes it anew from the log: whatever became of the table, no
 * run forgets an intent. Reads only what came after `noted`, where there is such a note; the log's chain is checked by
 * then. Returns how it differed, in words.
 */
export function repairOpenIntents(connection: Connection, noted: NotedHead | undefined): string | undefined {
  const difference = (): string | undefined =>
    openDifference(openByLog(connection, noted), storedOpenWords(connection));
  if (connection.snapshotNow(difference) === undefined) return undefined;
  return connection.writeNow(() => {
    const words = difference();
    if (words !== undefined) replaceAll(connection, openByLog(connection, undefined));
    return words;
  });
}

function openByLog(connection: Connection, noted: NotedHead | undefined): readonly OpenWord[] {
  const known = noted === undefined ? undefined : knownOpen(connection, noted);
  const open = new OpenWords(known);
  const after = connection.prepare<[number], Word>(
    `SELECT ${COLUMNS} FROM audit_entries WHERE seq > ? AND event LIKE 'deletion.%' ORDER BY seq`,
  );
  const from = known === undefined ? 0 : (noted?.seq ?? 0);
  for (const word of after.iterate(from)) open.take(word);
  return open.words();
}

/** Undefined where the log does not bear out the note. */
function knownOpen(connection: Connection, noted: NotedHead): readonly OpenWord[] | undefined {
  const select = connection.prepare<[number], Word>(`SELECT ${COLUMNS} FROM audit_entries WHERE seq = ?`);
  const words: OpenWord[] = [];
  for (const seq of noted.open) {
    const word = select.get(seq);
    const change = word === undefined || seq > noted.seq ? undefined : openChangeOf(word);
    if (word === undefined || change === undefined || change === 'settles') return undefined;
    const { policy, project_id, session_id, run_id, account } = word;
    if (policy === null || project_id === null || session_id === null || run_id === null) return undefined;
    words.push({ seq, policy, project_id, session_id, run_id, account: account ?? '' });
  }
  return words;
}

function replaceAll(connection: Connection, words: readonly OpenWord[]): void {
  connection.prepare('DELETE FROM open_intents').run();
  const insert = connection.prepare(
    `INSERT INTO open_intents (policy, project_id, session_id, run_id, seq, account)
       VALUES (?, ?, ?, ?, ?, COALESCE(NULLIF(?, ''), ${BOUND_ACCOUNT}))`,
  );
  for (const { policy, project_id, session_id, run_id, seq, account } of words)
    insert.run(policy, project_id, session_id, run_id, seq, account);
}
