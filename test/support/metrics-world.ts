import { LiveRuns } from '../../src/core/live-runs.ts';
import { allObservers } from '../../src/core/observers.ts';
import type { Policy } from '../../src/core/policy.ts';
import type { EntryObserver } from '../../src/core/ports/observer.ts';
import type { AuditVerification } from '../../src/core/ports/status.ts';
import { createMetrics, type Metrics } from '../../src/metrics/metrics.ts';
import { StandingReader } from '../../src/run/standing.ts';
import { addProject, AGE_POLICY, runOnce } from './purge.ts';
import { createWorld, NOW, type TestWorld } from './world.ts';

type WorldOptions = NonNullable<Parameters<typeof createWorld>[0]>;

/** A world whose runs are counted, and what a scrape of it says. */
export interface MetricsWorld {
  readonly world: TestWorld;
  readonly metrics: Metrics;
  readonly live: LiveRuns;
  /** What the files say now. */
  policies: readonly Policy[];
  problems: readonly string[];
  verification: AuditVerification | undefined;
  scrape(): Promise<Samples>;
}

/** Samples by name and labels as Prometheus writes them, without the prefix: `runs_total{policy="a",status="failed"}`. */
export type Samples = ReadonlyMap<string, number>;

export async function createMetricsWorld(options: WorldOptions = {}): Promise<MetricsWorld> {
  let onEntries: EntryObserver = () => undefined;
  const world = await createWorld({
    ...options,
    onAppended: (entries) => {
      onEntries(entries);
    },
  });
  const { clock, store } = world;
  const live = new LiveRuns({ clock, requestsPerMinute: options.rpm ?? 'unlimited' });
  const status = new StandingReader({
    store,
    clock,
    policies: () => {
      const { policies, problems } = counted;
      return Promise.resolve(problems.length > 0 ? { problems } : { policies });
    },
  });
  const metrics = createMetrics({
    ...{ status, live, clock, version: '1.2.3' },
    lastVerification: () => counted.verification,
  });
  onEntries = metrics.onEntries;
  const observer = allObservers([live, metrics.observer], (error) => {
    throw error;
  });
  const counted: MetricsWorld = {
    world: { ...world, deps: { ...world.deps, observer } },
    ...{ metrics, live, policies: [], problems: [], verification: undefined },
    scrape: async () => samplesOf((await counted.metrics.text()).body),
  };
  return counted;
}

const PREFIX = 'customgpt_retention_';

export function samplesOf(text: string): Samples {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => {
      const cut = line.lastIndexOf(' ');
      const name = line.slice(0, cut);
      return [name.startsWith(PREFIX) ? name.slice(PREFIX.length) : name, Number(line.slice(cut + 1))];
    }),
  );
}

/** A scrape in which every metric has a sample: a scheduled policy that ran with success, and a verified log. */
export async function fullScrape(): Promise<string> {
  const counted = await createMetricsWorld();
  const { world } = counted;
  try {
    addProject(world, 101, { old: 3, young: 2 });
    const policy = await world.policy(`${AGE_POLICY}schedule: { cron: "30 3 * * *" }\n`);
    counted.policies = [policy];
    counted.verification = { at: NOW, entries: 1, problem: undefined };
    await runOnce(world, policy);
    return (await counted.metrics.text()).body;
  } finally {
    await world.close();
  }
}
