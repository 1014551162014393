import type { AuditEntry } from '../core/audit-entry.ts';
import { verificationMs } from '../core/deletion/facts.ts';
import { watching } from '../core/observers.ts';
import { OUTCOMES, outcomeOfEvent } from '../core/outcome.ts';
import type { EntryObserver, RequestSeen, RunObserver } from '../core/ports/observer.ts';
import type { Clock } from '../core/ports/surroundings.ts';
import { PURPOSES, type RunStatus } from '../core/run.ts';
import type { MetricsRegistry } from './registry.ts';

/** How runs end; `unrecorded`: something unexpected broke it off, and no end of it is on record. */
const ENDS: readonly (Exclude<RunStatus, 'running'> | 'unrecorded')[] = [
  'completed',
  'partial',
  'refused',
  'failed',
  'interrupted',
  'unrecorded',
];

/** What requests are answered with, told from 0 so that the first one is seen as an increase. */
const FORESEEN = ['200', '401', '403', '404', '429', '500', '503', 'none', 'not_sent'];

const REQUEST_BUCKETS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
const WAIT_BUCKETS = [0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900];
const VERIFICATION_BUCKETS = [1, 2.5, 5, 10, 20, 30, 60, 120, 300, 3600, 86_400];
const RUN_BUCKETS = [1, 5, 15, 60, 300, 900, 3600, 14_400, 43_200, 86_400];

/** What is counted as it happens, in this process and since it started. */
export interface Counted {
  readonly observer: RunObserver;
  readonly onEntries: EntryObserver;
  /** From now on what this policy may still do is counted from 0, so that the first time is seen as an increase. */
  readonly expect: (policy: string) => void;
}

export function createCounted(registry: MetricsRegistry, clock: Pick<Clock, 'monotonic'>): Counted {
  const runs = registry.counter({
    name: 'runs_total',
    help: 'Runs that ended in this process, by policy and status.',
    labels: ['policy', 'status'],
  });
  const runDuration = registry.histogram(
    { name: 'run_duration_seconds', help: 'How long runs took, by policy.', labels: ['policy'] },
    RUN_BUCKETS,
  );
  const requested = countRequests(registry);
  return {
    observer: {
      watch({ policy }) {
        const startMs = clock.monotonic();
        return watching({
          requested,
          ended(end) {
            runs.inc({ policy, status: end?.run.status ?? 'unrecorded' });
            runDuration.observe({ policy }, (clock.monotonic() - startMs) / 1000);
          },
        });
      },
    },
    ...countOutcomes(registry, (policy) => {
      for (const status of ENDS) runs.inc({ policy, status }, 0);
    }),
  };
}

function countRequests(registry: MetricsRegistry): (request: RequestSeen) => void {
  const requests = registry.counter({
    name: 'requests_total',
    help: 'Requests of runs, by purpose and HTTP status (none: no answer; not_sent: no connection).',
    labels: ['purpose', 'status'],
  });
  const duration = registry.histogram(
    {
      name: 'request_duration_seconds',
      help: 'From the turn of a request until it was answered or given up, by purpose.',
      labels: ['purpose'],
    },
    REQUEST_BUCKETS,
  );
  const wait = registry.histogram(
    { name: 'pace_wait_seconds', help: 'How long requests waited for the pace or for a pause.' },
    WAIT_BUCKETS,
  );
  for (const purpose of PURPOSES) {
    duration.zero({ purpose });
    for (const status of FORESEEN) requests.inc({ purpose, status }, 0);
  }
  return (request) => {
    const { purpose, tookMs, waitedMs } = request;
    requests.inc({ purpose, status: statusOf(request) });
    duration.observe({ purpose }, tookMs / 1000);
    wait.observe(waitedMs / 1000);
  };
}

/** Of a limited number, whatever a server makes up. */
function statusOf({ status, wasSent }: RequestSeen): string {
  if (status === undefined) return wasSent ? 'none' : 'not_sent';
  return Number.isInteger(status) && status >= 100 && status <= 599 ? String(status) : 'other';
}

function countOutcomes(
  registry: MetricsRegistry,
  expectRuns: (policy: string) => void,
): Pick<Counted, 'onEntries' | 'expect'> {
  const outcomes = registry.counter({
    name: 'outcomes_total',
    help: 'Outcomes of planned deletions in the audit log, by policy and outcome. Only verified is success.',
    labels: ['policy', 'outcome'],
  });
  const verification = registry.histogram(
    {
      name: 'verification_seconds',
      help: 'From the DELETE of a verified deletion until its conversation was proven gone.',
    },
    VERIFICATION_BUCKETS,
  );
  const count = (entry: AuditEntry): void => {
    const outcome = outcomeOfEvent(entry.event);
    if (outcome === undefined) return;
    outcomes.inc({ policy: entry.policy ?? '', outcome });
    const ms = verificationMs(entry);
    if (outcome === 'verified' && ms !== undefined) verification.observe(ms / 1000);
  };
  return {
    onEntries: (entries) => {
      entries.forEach(count);
    },
    expect(policy) {
      expectRuns(policy);
      for (const outcome of OUTCOMES) outcomes.inc({ policy, outcome }, 0);
    },
  };
}
