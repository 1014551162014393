import { LiveRuns } from '../core/live-runs.ts';
import { auditBroken } from '../core/notice.ts';
import { sharedStatus } from '../core/shared-status.ts';
import type { RunObserver } from '../core/ports/observer.ts';
import { AuditWatch } from '../daemon/audit-watch.ts';
import { RunStops } from '../daemon/run-stops.ts';
import { createMetrics } from '../metrics/metrics.ts';
import { StandingReader } from '../run/standing.ts';
import type { WebServer } from '../web/server.ts';
import type { CommandWorld } from './command.ts';
import type { Worker } from './compose.ts';
import { watchedBy } from './open-notices.ts';
import { policiesNow } from './policies.ts';
import { ReadinessCheck } from './readiness.ts';
import { startStatusPage } from './status-page.ts';
import { verifyState } from './verify-state.ts';
import { version } from './version.ts';

/** What watches a daemon at its work, and shows it. */
export interface ServeWatch {
  readonly observer: RunObserver;
  readonly stops: RunStops;
  /** Undefined where no address is set. Throws RetentionError `usage` where that is not to be had. */
  startPage(): Promise<WebServer | undefined>;
  /** Goes on until the signal aborts. */
  keepVerifying(signal: AbortSignal): Promise<void>;
}

export function createServeWatch(
  world: CommandWorld,
  parts: { readonly worker: Worker; readonly paths: readonly string[]; readonly signal: AbortSignal },
): ServeWatch {
  const { worker, paths, signal } = parts;
  const { store, log, settings, openApi } = worker;
  const { clock } = world.surroundings;
  const { requestsPerMinute } = settings;
  const live = new LiveRuns({ clock, requestsPerMinute });
  const stops = new RunStops({ clock, live });
  const audit = new AuditWatch();
  const verification = (): AuditWatch['last'] => audit.last;
  const policies = () => policiesNow(world, paths);
  const status = sharedStatus(new StandingReader({ store, clock, policies }), clock);
  const metrics = createMetrics({ status, live, clock, version, lastVerification: verification });
  worker.onEntries(metrics.onEntries);
  const readiness = new ReadinessCheck({
    ...{ store, clock, log, verification, openApi, signal },
    async problems() {
      const read = await policies();
      return 'problems' in read ? read.problems : [];
    },
  });
  return {
    observer: watchedBy([live, metrics.observer, readiness.observer, worker.observer], log),
    stops,
    startPage: () =>
      startStatusPage(world, {
        ...{ worker, live, status, verification },
        readiness: () => readiness.now(),
        metrics: () => metrics.text(),
        stopRun: (runId, by) => stops.stop(runId, by),
        isStopping: (policy) => stops.isStopping(policy),
      }),
    keepVerifying: (until) =>
      audit.keepVerifying({
        ...{ verify: () => verifyState(world, until), clock, log, signal: until },
        onBroken: ({ at, problem = '' }) => {
          worker.tell(auditBroken(at, problem));
        },
      }),
  };
}
