import type { AuditEntry } from '../core/audit-entry.ts';
import { formatInstant, parseInstant } from '../core/instant.ts';
import { LastOutcomes } from '../core/last-outcomes.ts';
import type { RunOutcomes } from '../core/last-outcomes.ts';
import { OUTCOMES } from '../core/outcome.ts';
import type { AuditLog } from '../core/ports/audit-log.ts';
import { readableEntry, recordedHead, SELECT_AUDIT } from './audit-rows.ts';
import type { AuditRow } from './audit-rows.ts';
import { BATCH_ROWS } from './connection.ts';
import type { Connection } from './connection.ts';
import type { GroupCommit } from './group-commit.ts';
import { prepareSessionsStarting } from './sessions-starting.ts';
import { prepareEarlierDeletes, prepareOpenIntents } from './open-intents.ts';

/** Few enough that others get their turn while whole logs are read and hashed. */
const PAGE_ENTRIES = 250;

export function createAuditLog(connection: Connection, writer: GroupCommit): AuditLog {
  const head = recordedHead(connection);
  const open = prepareOpenIntents(connection);
  const earlier = prepareEarlierDeletes(connection);
  const intended = prepareIntendedInRuns(connection);
  const outcomes = prepareOutcomes(connection);
  const lastIntended = connection
    .prepare<[string], string | null>(
      "SELECT MAX(time) FROM audit_entries WHERE policy = ? AND event = 'deletion.intended'",
    )
    .pluck();
  const intendedByOthers = connection
    .prepare<[{ projectId: number; thanRunId: string }], number>(
      `SELECT COUNT(DISTINCT session_id) FROM audit_entries INDEXED BY audit_intents
        WHERE event = 'deletion.intended' AND project_id = @projectId AND run_id <> @thanRunId
          AND seq > (SELECT MIN(seq) FROM audit_entries WHERE run_id = @thanRunId)`,
    )
    .pluck();
  const about = connection.prepare<[number, string], AuditRow>(
    `${SELECT_AUDIT} WHERE project_id = ? AND session_id = ? ORDER BY seq`,
  );
  const lastVerified = connection
    .prepare<[number, string], string | null>(
      "SELECT MAX(time) FROM audit_entries WHERE project_id = ? AND session_id = ? AND event = 'deletion.verified'",
    )
    .pluck();
  return {
    append: (entries, fence) => writer.append(entries, fence),
    head: () => connection.read(head),
    entries: (filter = {}) => readEntries(connection, filter),
    entriesAbout: (projectId, sessionId) =>
      connection.read(() => about.all(projectId, sessionId).map(readableEntry)),
    sessionsStarting: prepareSessionsStarting(connection, 'audit_entries'),
    outcomes,
    openIntents: () => connection.read(open.all),
    openIntentCount: (policy, runId) => connection.read(() => open.count(policy, runId)),
    undoneAnswers: () => connection.read(earlier.undone),
    deletesUnderWay: (projectId, { thanRunId, now }) =>
      connection.read(() => earlier.underWay(projectId, thanRunId, now)),
    intendedByOthers: (projectId, thanRunId) =>
      connection.read(() => intendedByOthers.get({ projectId, thanRunId }) ?? 0),
    verifiedSessions: (projectId) => verifiedSessions(connection, projectId),
    lastVerifiedAt: (projectId, sessionId) =>
      connection.read(() => parseInstant(lastVerified.get(projectId, sessionId))),
    lastIntendedAt: (policy) => connection.read(() => parseInstant(lastIntended.get(policy))),
    intendedInRunsSince: (policy, sinceAt) =>
      connection.read(() => intended.get(policy, formatInstant(sinceAt)) ?? 0),
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

interface OutcomeRow {
  readonly seq: number;
  readonly event: string;
  readonly projectId: number;
  readonly sessionId: string;
  readonly cause: unknown;
}

function prepareOutcomes(connection: Connection): (runId: string) => Promise<RunOutcomes> {
  const events = OUTCOMES.map((outcome) => `'deletion.${outcome}'`).join(', ');
  const select = connection.prepare<[string, number], OutcomeRow>(
    `SELECT seq, event, project_id AS projectId, session_id AS sessionId,
       CASE event WHEN 'deletion.skipped' THEN json_extract(facts, '$.cause') END AS cause
       FROM audit_entries WHERE run_id = ? AND seq > ? AND event IN (${events}) ORDER BY seq LIMIT ${BATCH_ROWS}`,
  );
  return async (runId) => {
    const last = new LastOutcomes();
    for await (const rows of connection.pages<OutcomeRow>((before) => select.all(runId, before?.seq ?? 0))) {
      for (const row of rows) last.take(row, row.event, row.cause);
    }
    return last.outcomes();
  };
}

async function* readEntries(
  connection: Connection,
  filter: { readonly runId?: string; readonly fromSeq?: number },
): AsyncGenerator<AuditEntry> {
  const { runId, fromSeq = 1 } = filter;
  const ofRun = runId === undefined ? '' : 'AND run_id = ?';
  const select = connection.readNow(() =>
    connection.prepare<(number | string)[], AuditRow>(
      `${SELECT_AUDIT} WHERE seq >= ? ${ofRun} ORDER BY seq LIMIT ${PAGE_ENTRIES}`,
    ),
  );
  const parameters = runId === undefined ? [] : [runId];
  const pages = connection.pages<AuditRow>(
    (last) => select.all(last === undefined ? fromSeq : last.seq + 1, ...parameters),
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
