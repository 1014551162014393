import { RetentionError } from '../../core/errors.ts';
import type { Fence } from '../../core/ports/audit-log.ts';
import type { Lease, Store } from '../../core/ports/store.ts';
import type { RunDeps } from '../context.ts';

type Leasing = Pick<RunDeps, 'clock' | 'log' | 'holder' | 'leaseMs'> & {
  readonly store: Pick<Store, 'leases'>;
};

/** The name of the lease that gives the right to run a policy. */
export function leaseOf(policy: string): string {
  return `policy:${policy}`;
}

export interface HeldLease {
  readonly fence: Fence;
  /** False from the instant at which another worker may take it, whether or not a timer has noticed by then. */
  readonly isLive: () => boolean;
  /** Aborts when the lease was lost: somebody else may be at work by then. */
  readonly lost: AbortSignal;
}

/**
 * Holds the right to run a policy while `work` runs, renewing it three times within its life. Throws `lease_held`
 * when another worker has it. A renewal that fails, for whatever cause, counts as lost: unsure means do not run.
 */
export async function withLease<T>(
  parts: Leasing,
  name: string,
  work: (lease: HeldLease) => Promise<T>,
): Promise<T> {
  const { store, clock, holder, leaseMs: ttlMs } = parts;
  const lease = await store.leases.acquireLease(name, holder, { now: clock.now(), ttlMs });
  if (lease === undefined) {
    throw new RetentionError('lease_held', `another worker is running ${name}`, {
      hint: `Wait for it to end; a worker that vanished gives way after ${Math.ceil(ttlMs / 1000)} s.`,
    });
  }
  const fence: Fence = { name, holder, token: lease.token };
  const lost = new AbortController();
  const done = new AbortController();
  let { expiresAt } = lease;
  const onRenewed = (renewed: Lease): void => {
    expiresAt = renewed.expiresAt;
  };
  const renewal = keepRenewing(parts, fence, { lost, done: done.signal, onRenewed });
  const isLive = (): boolean => !lost.signal.aborted && clock.now() < expiresAt;
  try {
    return await work({ fence, isLive, lost: lost.signal });
  } finally {
    done.abort();
    await renewal;
    if (!lost.signal.aborted) await releaseQuietly(parts, fence);
  }
}

async function keepRenewing(
  { store, clock, log, leaseMs: ttlMs }: Leasing,
  fence: Fence,
  {
    lost,
    done,
    onRenewed,
  }: {
    readonly lost: AbortController;
    readonly done: AbortSignal;
    readonly onRenewed: (lease: Lease) => void;
  },
): Promise<void> {
  for (;;) {
    try {
      await clock.sleep(ttlMs / 3, done);
    } catch {
      return;
    }
    try {
      const renewed = await store.leases.renewLease(fence, { now: clock.now(), ttlMs });
      if (renewed !== undefined) {
        onRenewed(renewed);
        continue;
      }
      log.error({ lease: fence.name }, 'lease lost: no further deletion');
    } catch {
      log.error({ lease: fence.name }, 'lease could not be renewed: no further deletion');
    }
    lost.abort(
      new RetentionError('lease_held', `the lease ${fence.name} was lost: another worker may be at work`, {
        hint: 'Nothing further was deleted here. See why this worker was held up for so long.',
      }),
    );
    return;
  }
}

async function releaseQuietly({ store, log }: Leasing, fence: Fence): Promise<void> {
  try {
    await store.leases.releaseLease(fence);
  } catch {
    log.warn({ lease: fence.name }, 'lease could not be released: it expires by itself');
  }
}
