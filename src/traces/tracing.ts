import { ExportResultCode } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import {
  defaultResource,
  detectResources,
  envDetector,
  resourceFromAttributes,
} from '@opentelemetry/resources';
import { BasicTracerProvider, BatchSpanProcessor, type SpanExporter } from '@opentelemetry/sdk-trace-base';
import type { RunObserver } from '../core/ports/observer.ts';
import type { Clock, Log } from '../core/ports/surroundings.ts';
import { spansOfRuns } from './run-spans.ts';

/** No export waits longer, so that none holds a process that is done. */
const EXPORT_MS = 4000;
const CLOSE_MS = 5000;
const NAME = 'customgpt-retention';

export interface TracingParts {
  readonly clock: Pick<Clock, 'now' | 'sleep'>;
  readonly log: Log;
  readonly version: string;
  /** Instead of the collector that the variables name. */
  readonly exporter?: SpanExporter;
}

export interface Tracing {
  readonly observer: RunObserver;
  /** Sends what is left, for 5 seconds at most. Never rejects. */
  close(): Promise<void>;
}

/** Where to, with which headers, and which share of all: the SDK reads that from its own variables. */
export function openTracing({ clock, log, version, exporter }: TracingParts): Tracing {
  const collector = exporter ?? new OTLPTraceExporter({ timeoutMillis: EXPORT_MS });
  const provider = new BasicTracerProvider({
    resource: defaultResource()
      .merge(resourceFromAttributes({ 'service.name': NAME, 'service.version': version }))
      .merge(detectResources({ detectors: [envDetector] })),
    spanProcessors: [new BatchSpanProcessor(quietly(collector, log))],
  });
  return {
    observer: spansOfRuns(provider.getTracer(NAME, version), clock),
    async close() {
      const done = new AbortController();
      const shutdown = provider.shutdown().catch(() => undefined);
      const tooLate = clock.sleep(CLOSE_MS, done.signal).catch(() => undefined);
      await Promise.race([shutdown, tooLate]);
      done.abort();
    },
  };
}

/** Says once that spans do not arrive, and lets them go: they are worth neither a run nor a line each. */
function quietly(exporter: SpanExporter, log: Log): SpanExporter {
  let isTold = false;
  return {
    export(spans, onResult) {
      exporter.export(spans, (result) => {
        if (result.code !== ExportResultCode.SUCCESS && !isTold) {
          isTold = true;
          log.warn(
            { problem: problemIn(result.error) },
            'traces do not arrive at the collector; runs go on without',
          );
        }
        onResult({ code: ExportResultCode.SUCCESS });
      });
    },
    shutdown: () => exporter.shutdown(),
    ...(exporter.forceFlush === undefined
      ? {}
      : { forceFlush: () => exporter.forceFlush?.() ?? Promise.resolve() }),
  };
}

/** A code, and no text of the collector's. */
function problemIn(error: unknown): string {
  for (let one = error; one instanceof Error; one = one.cause) {
    const code = 'code' in one ? one.code : undefined;
    if (typeof code === 'number') return `HTTP ${code}`;
    if (typeof code === 'string' && /^[A-Z0-9_]+$/.test(code)) return code;
  }
  return 'no answer in time';
}
