import type { LiveRuns } from '../core/live-runs.ts';
import type { StatusPort } from '../core/ports/status.ts';
import { reportText } from '../report/report-formats.ts';
import { isFault } from '../core/errors.ts';
import { Access } from '../web/access.ts';
import type { WebParts } from '../web/parts.ts';
import { startWebServer, type WebServer } from '../web/server.ts';
import type { CommandWorld } from './command.ts';
import type { Worker } from './compose.ts';
import { reportOf } from './report-of.ts';
import { subjectOf } from './report-subject.ts';
import { withCounts } from './run-counts.ts';
import { version } from './version.ts';

/** What the pages of one daemon show, and whom they ask. */
export type StatusPageParts = Pick<WebParts, 'verification' | 'readiness' | 'metrics' | 'stopRun'> & {
  readonly worker: Worker;
  readonly live: LiveRuns;
  readonly status: StatusPort;
  readonly isStopping: (policy: string) => boolean;
};

/** Starts the status page where the settings name an address. Throws RetentionError `usage` where that is not to be had. */
export async function startStatusPage(
  world: CommandWorld,
  parts: StatusPageParts,
): Promise<WebServer | undefined> {
  const { worker, live, status, verification, readiness, metrics, stopRun, isStopping } = parts;
  const { settings, store, log } = worker;
  const { http } = settings;
  if (http === undefined) return undefined;
  const { clock, chance } = world.surroundings;
  const server = await startWebServer(http, {
    ...{ status, verification, readiness, metrics, stopRun, clock, chance, version },
    live: {
      now: () => live.now().map((one) => ({ ...one, isStopping: isStopping(one.run.policy) })),
      onChange: (listener) => live.onChange(listener),
    },
    async runs({ policy, skip, limit }) {
      const records = await store.runs.runs({ policy, skip, limit });
      return Promise.all(records.map((run) => withCounts(store, run)));
    },
    holds: () => store.holds.holds(),
    async report(id, { format, withNames }) {
      try {
        const subject = await subjectOf(store, id, { now: clock.now(), say: () => undefined });
        return reportText(await reportOf(world, store, { subject, redact: !withNames }), format);
      } catch (error) {
        if (isFault(error, 'usage')) return undefined;
        throw error;
      }
    },
    access: new Access(http.tokens, { clock, chance }),
    names: [...http.names, http.host.toLowerCase()],
    timeZone: settings.timeZone,
    onWrongTokens(count) {
      log.warn({ count }, 'wrong tokens were tried on the status page');
    },
    onFailure(error) {
      const problem = error instanceof Error ? error.message : String(error);
      log.error({ problem }, 'a page could not be shown');
    },
  });
  const access = http.tokens.length === 0 ? 'anybody on this machine may look' : 'with a token';
  log.info({ url: server.url, access }, 'status page');
  return server;
}
