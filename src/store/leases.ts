import type { Fence } from '../core/ports/audit-log.ts';
import type { Lease, LeaseStore } from '../core/ports/store.ts';
import type { Connection } from './connection.ts';

interface LeaseRow {
  /** null once it was released. */
  readonly holder: string | null;
  readonly token: number;
  readonly expires_at: number;
}

export function createLeaseStore(connection: Connection): LeaseStore {
  const select = connection.prepare<[string], LeaseRow>(
    'SELECT holder, token, expires_at FROM leases WHERE name = ?',
  );
  const put = connection.prepare<[string, string, number, number]>(
    `INSERT INTO leases (name, holder, token, expires_at) VALUES (?, ?, ?, ?)
       ON CONFLICT (name) DO UPDATE
       SET holder = excluded.holder, token = excluded.token, expires_at = excluded.expires_at`,
  );
  const release = connection.prepare<[string, string, number]>(
    'UPDATE leases SET holder = NULL, expires_at = 0 WHERE name = ? AND holder = ? AND token = ?',
  );

  const hold = (fence: Fence, expiresAt: number): Lease => {
    put.run(fence.name, fence.holder, fence.token, expiresAt);
    return { name: fence.name, holder: fence.holder, token: fence.token, expiresAt };
  };
  return {
    isHeld: (name, now) => connection.read(() => isLive(select.get(name), now)),
    acquireLease: (name, holder, { now, ttlMs }) =>
      connection.write(() => {
        const current = select.get(name);
        const held = isLive(current, now);
        if (held && current?.holder !== holder) return undefined;
        // Also grows when the former holder comes back after it had lapsed: what it sent off before must not count.
        const token = (current?.token ?? 0) + (held ? 0 : 1);
        return hold({ name, holder, token }, now + ttlMs);
      }),
    renewLease: (fence, { now, ttlMs }) =>
      connection.write(() => {
        const current = select.get(fence.name);
        const ours = current?.holder === fence.holder && current.token === fence.token;
        return ours && current.expires_at > now ? hold(fence, now + ttlMs) : undefined;
      }),
    releaseLease: (fence) =>
      connection.write(() => {
        release.run(fence.name, fence.holder, fence.token);
      }),
  };
}

function isLive(row: LeaseRow | undefined, now: number): boolean {
  return row !== undefined && row.holder !== null && row.expires_at > now;
}
