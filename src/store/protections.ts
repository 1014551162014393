import type { KeptOut } from '../core/exclusions.ts';
import type { KnownProtection } from '../core/find-protections.ts';
import type { ProtectionStore } from '../core/ports/protections.ts';
import type { Connection } from './connection.ts';

export function createProtectionStore(connection: Connection): ProtectionStore {
  const keptOut = connection.prepare<[string], KeptOut>(
    'SELECT entry, project_id AS projectId FROM kept_out WHERE policy = ? ORDER BY entry, project_id',
  );
  const known = connection.prepare<[string], KnownProtection>(
    'SELECT kind, name, matched, at FROM protections WHERE policy = ? ORDER BY kind, name',
  );
  const rememberKeptOut = connection.prepare<[string, string, number, number, number]>(
    `INSERT INTO kept_out (policy, entry, project_id, first_at, last_at) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT (policy, entry, project_id) DO UPDATE SET last_at = excluded.last_at`,
  );
  const rememberMatched = connection.prepare<[string, string, string, number, number]>(
    `INSERT INTO protections (policy, kind, name, matched, at) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT (policy, kind, name) DO UPDATE SET matched = excluded.matched, at = excluded.at`,
  );
  return {
    protectionMemory: (policy) =>
      connection.read(() => ({ keptOut: keptOut.all(policy), matched: known.all(policy) })),
    rememberProtections: (policy, seen, at) =>
      connection.write(() => {
        for (const { entry, projectId } of seen.keptOut)
          rememberKeptOut.run(policy, entry, projectId, at, at);
        for (const { kind, name, matched } of seen.matched) {
          rememberMatched.run(policy, kind, name, matched, at);
        }
      }),
  };
}
