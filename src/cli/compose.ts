import { setFlagsFromString } from 'node:v8';
import { createKeySource } from '../config/key-source.ts';
import { requireApiKey, type Settings } from '../config/settings.ts';
import type { Secret } from '../config/secret.ts';
import type { HoldFile } from '../core/ports/holds.ts';
import type { KeepSource } from '../core/ports/policies.ts';
import type { StateHome } from '../core/ports/state-home.ts';
import type { EntryObserver, RunObserver } from '../core/ports/observer.ts';
import type { Store } from '../core/ports/store.ts';
import type { Log, Progress } from '../core/ports/surroundings.ts';
import type { PlaceReader } from '../core/place.ts';
import type { CustomGptClient, CustomGptClientOptions } from '../customgpt/client.ts';
import type { RunDeps } from '../run/context.ts';
import { HoldFiles } from '../run/around/hold-files.ts';
import { openStateHome } from '../state-home/state-home.ts';
import { openSqliteStore } from '../store/sqlite-store.ts';
import type { CommandWorld } from './command.ts';
import { createLogging, type Logging } from './logging.ts';
import { openNotices, watchedBy, type NoticeSender } from './open-notices.ts';
import { createProgress, NO_PROGRESS, showing } from './progress-bar.ts';
import { signerOf } from './signing.ts';
import { tracingOf } from './tracing.ts';

/** `forPeople`: a command somebody waits for, as opposed to the daemon. */
export function loggingOf(world: CommandWorld, settings: Settings, forPeople: boolean): Promise<Logging> {
  const level = world.surroundings.env['LOG_LEVEL'] === undefined ? undefined : settings.logLevel;
  return createLogging(world.surroundings.stderr, { level, forPeople });
}

/** Opens the state for writing; every audit entry also goes out as a log line, and the log is signed as it grows. */
export async function openState(
  world: CommandWorld,
  settings: Settings,
  { onEntries, ...logging }: Logging & { readonly onEntries?: EntryObserver },
): Promise<Store> {
  const { clock, newSigningKey } = world.surroundings;
  const { stateDir } = settings;
  const { log, logAudit } = logging;
  const onAppended: EntryObserver = (entries) => {
    logAudit(entries);
    onEntries?.(entries);
  };
  const home = openStateHome(stateDir);
  const signer = () => signerOf(settings, home, { newSigningKey, log });
  const onRepaired = (sentence: string): void => {
    log.warn({ state_dir: stateDir }, sentence);
  };
  // A first start, or a state that was lost: nobody can tell them apart.
  const onNew = (): void => {
    log.warn({ state_dir: stateDir }, 'new state: the audit log starts at entry 1');
  };
  return openSqliteStore({ stateDir, heads: home.heads, clock, onAppended, onNew, onRepaired, signer });
}

/** The way to the API. */
export async function openClient(
  { surroundings: { clock, chance, env } }: CommandWorld,
  { baseUrl, apiKey, requestsPerMinute }: Settings & { readonly apiKey: Secret },
  options: Pick<CustomGptClientOptions, 'log' | 'timeouts' | 'patience'>,
): Promise<CustomGptClient> {
  // Loaded only by who talks to the API: the HTTP client is the largest part of what a command has to read at its start.
  const { createCustomGptClient } = await import('../customgpt/client.ts');
  const key = createKeySource(apiKey, { env, log: options.log });
  return createCustomGptClient({ baseUrl, apiKey: key, requestsPerMinute, clock, chance, ...options });
}

/** A worker ready to run policies. */
export interface Worker {
  readonly settings: Settings;
  /** What a run needs, with the holds that these files list and what other policies keep. */
  readonly depsWith: (from: {
    readonly holdFiles: readonly HoldFile[];
    readonly keeps: KeepSource;
  }) => RunDeps;
  /** For what is asked outside of runs. */
  readonly openApi: RunDeps['openApi'];
  readonly store: Store;
  readonly home: StateHome;
  readonly log: Log;
  /** For what is counted outside of runs. */
  readonly progress: Progress;
  /** Of each run that is made with `depsWith`. */
  readonly observer: RunObserver;
  /** Tells of every audit entry once it is durable. */
  readonly onEntries: (listener: EntryObserver) => void;
  /** For what is asked of projects beside runs. */
  readonly places: PlaceReader;
  /** Tells people of what is no run's end. */
  readonly tell: NoticeSender['tell'];
}

/** Opens a worker, and ends its connections and its store once the work is done. */
export async function withWorker<T>(
  world: CommandWorld,
  options: { readonly forPeople: boolean },
  work: (worker: Worker) => Promise<T>,
): Promise<T> {
  const worker = await openWorker(world, options);
  try {
    return await work(worker);
  } finally {
    await worker.close();
  }
}

async function openWorker(
  world: CommandWorld,
  options: { readonly forPeople: boolean },
): Promise<Worker & { close(): Promise<void> }> {
  // Rows stream through, so most of what the heap grows to is garbage that nobody has collected yet. Collected once what
  // is alive has doubled, a plan of a million conversations stays below 200 MB, and the young generation may grow as it likes.
  // Benchmark: planning 1,000,000 conversations.
  setFlagsFromString('--heap-growing-percent=100');
  const { surroundings } = world;
  const settings = world.settings();
  const logging = await loggingOf(world, settings, options.forPeople);
  const { clock, chance, holder } = surroundings;
  const client = await openClient(
    world,
    { ...settings, apiKey: requireApiKey(settings) },
    { log: logging.log },
  );
  const listeners: EntryObserver[] = [];
  const onEntries: EntryObserver = (entries) => {
    for (const listener of listeners) listener(entries);
  };
  const store = await openState(world, settings, { ...logging, onEntries });
  const { log } = logging;
  const { leaseMs, verifyTimeoutMs, requestsPerMinute, timeZone } = settings;
  const progress: Progress = options.forPeople
    ? await createProgress(surroundings.stderr, { clock, requestsPerMinute })
    : NO_PROGRESS;
  const openApi: RunDeps['openApi'] = (onRequest) => client.view(onRequest);
  const remarks = (): readonly string[] => {
    const { remark } = surroundings.stderr;
    return remark === undefined ? [] : [remark];
  };
  const tracing = await tracingOf(surroundings, log);
  const notices = await openNotices(world, settings, { store, log });
  const observer = watchedBy([showing(progress), ...tracing.observers, ...notices.observers], log);
  const common = { openApi, store, clock, chance, log, observer, holder, remarks };
  return {
    settings,
    openApi,
    store,
    home: openStateHome(settings.stateDir),
    log,
    progress,
    observer,
    onEntries: (listener) => void listeners.push(listener),
    places: client.places,
    tell: notices.tell,
    depsWith({ holdFiles: files, keeps }) {
      const holds = new HoldFiles({ store: store.holds, files, clock, chance, log });
      return { ...common, holds, keeps, leaseMs, verifyTimeoutMs, requestsPerMinute, timeZone };
    },
    async close() {
      await notices.decided();
      try {
        await client.close();
        await store.close();
      } finally {
        // Only now: who is killed while a receiver does not answer leaves the state closed.
        await Promise.all([notices.close(), tracing.close()]);
      }
    },
  };
}
