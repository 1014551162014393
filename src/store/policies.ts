import { createHash } from 'node:crypto';
import { RetentionError } from '../core/errors.ts';
import type { PolicyStore } from '../core/ports/policies.ts';
import type { Connection } from './connection.ts';

export function createPolicyStore(connection: Connection): PolicyStore {
  const insert = connection.prepare<[string, Uint8Array]>(
    'INSERT INTO policies (hash, source) VALUES (?, ?) ON CONFLICT DO NOTHING',
  );
  const select = connection.prepare<[string], Buffer>('SELECT source FROM policies WHERE hash = ?').pluck();
  return {
    keepPolicy: ({ hash, source }) => connection.write(() => void insert.run(hash, source)),
    async policySource(hash) {
      const source = await connection.read(() => select.get(hash));
      if (source === undefined || createHash('sha256').update(source).digest('hex') === hash) return source;
      throw new RetentionError(
        'state_unusable',
        `${connection.path} does not hold the text that policy ${hash} had`,
        {
          hint: 'Restore the state directory from a backup, or take the text from where policies are versioned.',
        },
      );
    },
  };
}
