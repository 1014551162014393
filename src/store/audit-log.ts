import type { AuditEntry } from '../core/audit-entry.ts';
import { formatInstant, parseInstant } from '../core/instant.ts';
import { OUTCOMES, foldOutcomes, skipCauseOf } from '../core/outcome.ts';
import type { SkipCause, SkipCounts } from '../core/outcome.ts';
import type { AuditLog } from '../core/ports.ts';
import { prepareSelect, readableEntry, recordedHead } from './audit-rows.ts';
import type { AuditRow } from './audit-rows.ts';
import { BATCH_ROWS } from './connection.ts';
import type { Connection } from './connection.ts';
import type { GroupCommit } from './group-commit.ts';
import { prepareEarlierDeletes, prepareOpenIntents } from './open-intents.ts';

/** Few enough that a page of entries is garbage before the collector would move it to the old ones: a quarter faster. */
const PAGE_ENTRIES = 250;

const OUTCOME_EVENTS = OUTCOMES.map((outcome) => `'deletion.${outcome}'`).join(', ');

export function createAuditLog(connection: Connection, writer: GroupCommit): AuditLog {
  const head = recordedHead(connection);
  const lastWords = prepareLastWords(connection);
  const open = prepareOpenIntents(connection);
  const earlier = prepareEarlierDeletes(connection);
  const intended = prepareIntendedInRuns(connection);
  const skipCauses = prepareSkipCauses(connection);
  const lastIntended = connection
    .prepare<[string], string | null>(
      "SELECT MAX(time) FROM audit_entries WHERE policy = ? AND event = 'deletion.intended'",
    )
    .pluck();
  const lastVerified = connection
    .prepare<[number, string], string | null>(
      "SELECT MAX(time) FROM audit_entries WHERE project_id = ? AND session_id = ? AND event = 'deletion.verified'",
    )
    .pluck();
  return {
    append: (entries, fence) => writer.append(entries, fence),
    head: () => connection.read(head),
    entries: (filter = {}) => readEntries(connection, filter),
    outcomeCounts: (runId) => connection.read(() => foldOutcomes(lastWords.all(runId))),
    openIntents: () => connection.read(open.all),
    openIntentCount: (policy, runId) => connection.read(() => open.count(policy, runId)),
    undoneAnswers: () => connection.read(earlier.undone),
    deletesUnderWay: (projectId, { thanRunId, now }) =>
      connection.read(() => earlier.underWay(projectId, thanRunId, now)),
    verifiedSessions: (projectId) => verifiedSessions(connection, projectId),
    lastVerifiedAt: (projectId, sessionId) =>
      connection.read(() => parseInstant(lastVerified.get(projectId, sessionId))),
    lastIntendedAt: (policy) => connection.read(() => parseInstant(lastIntended.get(policy))),
    intendedInRunsSince: (policy, sinceAt) =>
      connection.read(() => intended.get(policy, formatInstant(sinceAt)) ?? 0),
    skipCauses: (runId) => connection.read(() => skipCauses(runId)),
  };
}

/** Read run by run: a policy has few runs in a week, and what one wrote lies together. */
function prepareIntendedInRuns(connection: Connection) {
  return connection
    .prepare<[string, string], number>(
      `SELECT COUNT(*) FROM (
         SELECT DISTINCT intended.project_id, intended.session_id
           FROM audit_entries AS started CROSS JOIN audit_entries AS intended
          WHERE started.event = 'run.started' AND started.policy = ? AND started.time >= ?
            AND NOT EXISTS (SELECT 1 FROM audit_entries AS overridden
                             WHERE overridden.event = 'limits.overridden' AND overridden.run_id = started.run_id)
            AND intended.run_id = started.run_id AND intended.event = 'deletion.intended')`,
    )
    .pluck();
}

function prepareSkipCauses(connection: Connection): (runId: string) => SkipCounts {
  const select = connection.prepare<[string], { cause: unknown; count: number }>(
    `SELECT json_extract(facts, '$.cause') AS cause, COUNT(*) AS count FROM (
       SELECT event, facts, MAX(seq) FROM audit_entries WHERE run_id = ? AND event IN (${OUTCOME_EVENTS})
        GROUP BY project_id, session_id) AS outcomes
      WHERE event = 'deletion.skipped' GROUP BY cause`,
  );
  return (runId) => {
    const counts: Partial<Record<SkipCause, number>> = {};
    for (const { cause, count } of select.all(runId)) {
      const known = skipCauseOf(cause);
      counts[known] = (counts[known] ?? 0) + count;
    }
    return counts;
  };
}

/** How often each outcome was the last one of a conversation within a run. */
function prepareLastWords(connection: Connection) {
  // Beside a MAX, SQLite takes the other columns from the row that has it (https://www.sqlite.org/lang_select.html#bareagg).
  return connection.prepare<[string], { event: string; count: number }>(
    `SELECT event, COUNT(*) AS count FROM (
       SELECT event, MAX(seq) FROM audit_entries WHERE run_id = ? AND event IN (${OUTCOME_EVENTS})
        GROUP BY project_id, session_id) AS outcomes
      GROUP BY event`,
  );
}

async function* readEntries(
  connection: Connection,
  filter: { readonly runId?: string; readonly fromSeq?: number },
): AsyncGenerator<AuditEntry> {
  const { runId, fromSeq = 1 } = filter;
  const ofRun = runId === undefined ? '' : 'AND run_id = ?';
  const select = connection.readNow(() =>
    prepareSelect(connection, `seq >= ? ${ofRun} ORDER BY seq LIMIT ${PAGE_ENTRIES}`),
  );
  const parameters = runId === undefined ? [] : [runId];
  const pages = connection.pages<AuditRow>(
    (last) => select(last === undefined ? fromSeq : last.seq + 1, ...parameters),
    PAGE_ENTRIES,
  );
  for await (const rows of pages) {
    for (const row of rows) yield readableEntry(row);
  }
}

interface SessionRow {
  readonly seq: number;
  readonly session_id: string;
}

async function* verifiedSessions(
  connection: Connection,
  projectId: number,
): AsyncGenerator<readonly string[]> {
  const columns = 'SELECT seq, session_id FROM audit_entries WHERE project_id = ?';
  const [reappeared, verified] = connection.readNow(() => [
    connection.prepare<[number], SessionRow>(
      // The older of the two events meant the same.
      `${columns} AND event IN ('conversation.marked', 'conversation.reappeared') ORDER BY seq`,
    ),
    connection.prepare<[number, number], SessionRow>(
      `${columns} AND event = 'deletion.verified' AND seq > ? ORDER BY seq LIMIT ${BATCH_ROWS}`,
    ),
  ]);
  const reappearedAt = new Map<string, number>();
  for (const row of await connection.read(() => reappeared.all(projectId)))
    reappearedAt.set(row.session_id, row.seq);
  for await (const rows of connection.pages<SessionRow>((last) => verified.all(projectId, last?.seq ?? 0))) {
    yield rows.flatMap((row) => ((reappearedAt.get(row.session_id) ?? 0) > row.seq ? [] : [row.session_id]));
  }
}
