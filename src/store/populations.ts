import { IdSet } from '../core/id-set.ts';
import type { KnownPopulation } from '../core/population.ts';
import type { PopulationStore } from '../core/ports/store.ts';
import { recordedHead } from './audit-rows.ts';
import { BATCH_ROWS } from './connection.ts';
import type { Connection } from './connection.ts';

interface PopulationRow {
  readonly projectId: number;
  readonly total: number;
  /** Where the log ended when the policy's populations were recorded: the same for all of them. */
  readonly seq: number;
}

interface IntentRow {
  readonly seq: number;
  readonly projectId: number;
  readonly sessionId: string;
}

export function createPopulationStore(connection: Connection): PopulationStore {
  const head = recordedHead(connection);
  const recorded = connection.prepare<[string], PopulationRow>(
    'SELECT project_id AS projectId, total, audit_seq AS seq FROM populations WHERE policy = ? ORDER BY project_id',
  );
  const intendedSince = prepareIntendedSince(connection);
  const forget = connection.prepare<[string]>('DELETE FROM populations WHERE policy = ?');
  const remember = connection.prepare<[string, number, number, number]>(
    'INSERT INTO populations (policy, project_id, total, audit_seq) VALUES (?, ?, ?, ?)',
  );
  return {
    knownPopulations: async (policy) => {
      const rows = await connection.read(() => recorded.all(policy));
      const [{ seq } = { seq: undefined }] = rows;
      const intended = seq === undefined ? new Map<number, number>() : await intendedSince(seq);
      return rows.map(({ projectId, total }): KnownPopulation => {
        return { projectId, count: Math.max(0, total - (intended.get(projectId) ?? 0)) };
      });
    },
    recordPopulations: (policy, populations) =>
      connection.write(() => {
        const { seq } = head();
        forget.run(policy);
        for (const { projectId, count } of populations) remember.run(policy, projectId, count, seq);
      }),
  };
}

/** By project, how many conversations any policy intended to delete behind an entry, each once. */
function prepareIntendedSince(connection: Connection): (seq: number) => Promise<ReadonlyMap<number, number>> {
  const select = connection.prepare<[number], IntentRow>(
    `SELECT seq, project_id AS projectId, session_id AS sessionId FROM audit_entries INDEXED BY audit_intents
      WHERE event = 'deletion.intended' AND seq > ? ORDER BY seq LIMIT ${BATCH_ROWS}`,
  );
  return async (seq) => {
    const counts = new Map<number, number>();
    const seen = new IdSet();
    for await (const rows of connection.pages<IntentRow>((last) => select.all(last?.seq ?? seq))) {
      for (const { projectId, sessionId } of rows) {
        if (seen.add(`${projectId}/${sessionId}`)) counts.set(projectId, (counts.get(projectId) ?? 0) + 1);
      }
    }
    return counts;
  };
}
