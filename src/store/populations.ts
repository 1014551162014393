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
      const intended = seq === undefined ? new Map<number, IdSet>() : await intendedSince(seq);
      return rows.map(({ projectId, total }): KnownPopulation => {
        return { projectId, count: Math.max(0, total - (intended.get(projectId)?.size ?? 0)) };
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

/** By project, the conversations that any policy intended to delete behind an entry. */
function prepareIntendedSince(connection: Connection): (seq: number) => Promise<ReadonlyMap<number, IdSet>> {
  const select = connection.prepare<[number], IntentRow>(
    `SELECT seq, project_id AS projectId, session_id AS sessionId FROM audit_entries INDEXED BY audit_intents
      WHERE event = 'deletion.intended' AND seq > ? ORDER BY seq LIMIT ${BATCH_ROWS}`,
  );
  return async (seq) => {
    const intended = new Map<number, IdSet>();
    for await (const rows of connection.pages<IntentRow>((last) => select.all(last?.seq ?? seq))) {
      for (const { projectId, sessionId } of rows) {
        const ofProject = intended.get(projectId) ?? new IdSet();
        ofProject.add(sessionId);
        intended.set(projectId, ofProject);
      }
    }
    return intended;
  };
}
