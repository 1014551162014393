import type { KnownPopulation } from '../core/population.ts';
import type { PopulationStore } from '../core/ports.ts';
import { recordedHead } from './audit-rows.ts';
import type { Connection } from './connection.ts';

export function createPopulationStore(connection: Connection): PopulationStore {
  const head = recordedHead(connection);
  const known = connection.prepare<[string], KnownPopulation>(
    `SELECT project_id AS projectId, MAX(0, total - (
       SELECT COUNT(DISTINCT session_id) FROM audit_entries
        WHERE seq > audit_seq AND event = 'deletion.intended' AND audit_entries.project_id = populations.project_id
     )) AS count
     FROM populations WHERE policy = ? ORDER BY project_id`,
  );
  const forget = connection.prepare<[string]>('DELETE FROM populations WHERE policy = ?');
  const remember = connection.prepare<[string, number, number, number]>(
    'INSERT INTO populations (policy, project_id, total, audit_seq) VALUES (?, ?, ?, ?)',
  );
  return {
    knownPopulations: (policy) => connection.read(() => known.all(policy)),
    recordPopulations: (policy, populations) =>
      connection.write(() => {
        const { seq } = head();
        forget.run(policy);
        for (const { projectId, count } of populations) remember.run(policy, projectId, count, seq);
      }),
  };
}
