import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

const PREFIX = 'customgpt_retention_';

/** What prom-client measures of its process under names that end like a counter's and are none. */
const MISNAMED = [
  'nodejs_active_resources_total',
  'nodejs_active_handles_total',
  'nodejs_active_requests_total',
];

type Labels<Name extends string> = Readonly<Record<Name, string>>;

interface Declaration<Name extends string> {
  /** Without the prefix. */
  readonly name: string;
  readonly help: string;
  readonly labels?: readonly Name[];
}

/** One value of a gauge; undefined: not known, and so not told. */
export type Row<Name extends string> = readonly [labels: Labels<Name>, value: number | undefined];

/** Tells all values of a gauge anew: what was told before and is not told now disappears. */
export type Show<Name extends string> = (rows: readonly Row<Name>[]) => void;

/** What this process says of itself, apart from what other code of it may say with prom-client. */
export class MetricsRegistry {
  readonly #registry = new Registry();

  constructor() {
    collectDefaultMetrics({ register: this.#registry });
    for (const name of MISNAMED) this.#registry.removeSingleMetric(name);
  }

  counter<Name extends string>(declaration: Declaration<Name>): Counter<Name> {
    return new Counter(this.#configOf(declaration));
  }

  histogram<Name extends string>(
    declaration: Declaration<Name>,
    buckets: readonly number[],
  ): Histogram<Name> {
    return new Histogram({ ...this.#configOf(declaration), buckets: [...buckets] });
  }

  gauge<Name extends string = never>(declaration: Declaration<Name>): Show<Name> {
    const gauge = new Gauge(this.#configOf(declaration));
    const hasLabels = declaration.labels !== undefined;
    const clear = (): void => {
      // Without labels `reset` means 0, and 0 is an answer.
      if (hasLabels) gauge.reset();
      else gauge.remove();
    };
    clear();
    return (rows) => {
      clear();
      for (const [labels, value] of rows) if (value !== undefined) gauge.set(labels, value);
    };
  }

  async text(): Promise<{ readonly body: string; readonly contentType: string }> {
    return { body: await this.#registry.metrics(), contentType: this.#registry.contentType };
  }

  #configOf<Name extends string>({ name, help, labels = [] }: Declaration<Name>) {
    return { name: `${PREFIX}${name}`, help, labelNames: labels, registers: [this.#registry] };
  }
}
