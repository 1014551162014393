import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import { ExportResultCode } from '@opentelemetry/core';
import { InMemorySpanExporter, type ReadableSpan, type SpanExporter } from '@opentelemetry/sdk-trace-base';
import { afterEach, describe, expect, test } from 'vitest';
import { openTracing, type Tracing } from '../../src/traces/tracing.ts';
import type { RunRecord } from '../../src/core/run.ts';
import { RUN } from '../support/run-samples.ts';
import { addProject, AGE_POLICY, runOnce } from '../support/purge.ts';
import { createVirtualClock } from '../support/virtual-clock.ts';
import { createWorld, NOW, recordLog, SECRET_NAME, type TestWorld } from '../support/world.ts';

let world: TestWorld;
afterEach(() => world.close());

/** Spans are kept until the SDK is closed: its memory forgets them with that. */
class KeptSpans extends InMemorySpanExporter {
  readonly kept: ReadableSpan[] = [];
  override export(...[spans, onResult]: Parameters<InMemorySpanExporter['export']>): void {
    this.kept.push(...spans);
    super.export(spans, onResult);
  }
}

async function traced(
  setUp: (world: TestWorld) => void,
  yaml = AGE_POLICY,
  options: Parameters<typeof createWorld>[0] = {},
): Promise<readonly ReadableSpan[]> {
  world = await createWorld(options);
  const exporter = new KeptSpans();
  const { clock, log } = world;
  const tracing = openTracing({ clock, log, version: '1.2.3', exporter });
  setUp(world);
  const policy = await world.policy(yaml);
  await runOnce({ ...world, deps: { ...world.deps, observer: tracing.observer } }, policy);
  await tracing.close();
  return exporter.kept;
}

function only(spans: readonly ReadableSpan[], name: string): ReadableSpan {
  const [one, another] = spans.filter((span) => span.name === name);
  if (one === undefined || another !== undefined) throw new Error(`not one span ${name}`);
  return one;
}

const msOf = ([seconds, nanos]: ReadableSpan['startTime']): number => seconds * 1000 + nanos / 1e6;

describe('a run', () => {
  test('is a span, with its phases in it and the requests in them', async () => {
    const spans = await traced((one) => addProject(one, 987_654, { old: 3, young: 2 }), AGE_POLICY, {
      rpm: 600,
    });
    const run = only(spans, 'run');
    expect(run.parentSpanContext).toBeUndefined();
    expect(run.attributes).toMatchObject({
      'retention.policy': 'by-age',
      'retention.mode': 'enforce',
      'retention.trigger': 'manual',
      'retention.status': 'completed',
      'retention.listed': 5,
      'retention.planned': 3,
      'retention.verified': 3,
      'retention.failed': 0,
    });
    expect(run.status.code).toBe(SpanStatusCode.UNSET);
    expect(msOf(run.startTime)).toBeGreaterThanOrEqual(NOW);
    expect(msOf(run.endTime)).toBeGreaterThan(msOf(run.startTime));
    expect(new Set(spans.map((span) => span.spanContext().traceId)).size).toBe(1);

    const phases = spans.filter(({ parentSpanContext: parent, name }) => {
      return parent?.spanId === run.spanContext().spanId && !name.startsWith('request');
    });
    expect(phases.map(({ name }) => name)).toEqual(['listing', 'checking', 'deleting', 'confirming']);
    expect(only(spans, 'listing').attributes).toEqual({ 'retention.done': 5 });
    expect(only(spans, 'checking').attributes).toMatchObject({ 'retention.total': 3 });

    const deletes = spans.filter(({ name }) => name === 'request delete');
    expect(deletes.length).toBe(3);
    for (const span of deletes) {
      expect(span.kind).toBe(SpanKind.CLIENT);
      expect(span.attributes).toEqual({
        'retention.purpose': 'delete',
        'retention.sent': true,
        'retention.waited_ms': expect.any(Number) as number,
        'http.response.status_code': 200,
      });
    }
    expect(deletes[0]?.parentSpanContext?.spanId).toBe(only(spans, 'deleting').spanContext().spanId);
    const [known, journal] = [spans.filter(({ name }) => name.startsWith('request')), world.sandbox.journal];
    expect(known.length).toBe(journal.count());
    expect(run.attributes['retention.requests']).toBe(journal.count());
    // A 404 is what a deleted conversation looks like.
    const gone = spans.filter(({ attributes }) => attributes['http.response.status_code'] === 404);
    expect(gone.length).toBeGreaterThan(2);
    expect(gone.every(({ status }) => status.code === SpanStatusCode.UNSET)).toBe(true);
    expect(run.resource.attributes).toMatchObject({
      'service.name': 'customgpt-retention',
      'service.version': '1.2.3',
    });
  });

  test('tells neither ids of conversations and projects nor names', async () => {
    let ids: readonly string[] = [];
    const spans = await traced((one) => {
      ids = addProject(one, 987_654, { old: 3, young: 2 });
    });
    const told = JSON.stringify(
      spans.map(({ name, attributes, status, events, links }) => ({
        name,
        attributes,
        status,
        events,
        links,
      })),
    );
    for (const secret of [...ids, SECRET_NAME, '987654', 'young', world.sandbox.url, world.sandbox.apiKey])
      expect(told).not.toContain(secret);
  });

  test('that was refused is marked as an error, and says no more than that', async () => {
    const spans = await traced(
      (one) => addProject(one, 101, { old: 6, young: 0 }),
      AGE_POLICY.replace('max_percent: 100', 'max_deletions: 2'),
    );
    const run = only(spans, 'run');
    expect(run.status).toEqual({ code: SpanStatusCode.ERROR, message: 'refused' });
    expect(run.attributes['retention.status']).toBe('refused');
  });

  test('that nobody recorded the end of is unrecorded', async () => {
    world = await createWorld();
    const exporter = new KeptSpans();
    const { clock, log } = world;
    const tracing = openTracing({ clock, log, version: '1.2.3', exporter });
    const watch = tracing.observer.watch({ ...RECORD, startedAt: NOW });
    watch.requested({ ...REQUEST, status: undefined });
    watch.requested({ ...REQUEST, status: 503 });
    watch.requested({ ...REQUEST, status: 404 });
    watch.ended(undefined);
    await tracing.close();
    const run = only(exporter.kept, 'run');
    expect(run.status).toEqual({ code: SpanStatusCode.ERROR, message: 'unrecorded' });
    const requests = exporter.kept.filter(({ name }) => name === 'request list');
    expect(requests.map(({ status }) => status.code)).toEqual([2, 2, 0]);
    expect(requests.every(({ parentSpanContext: one }) => one?.spanId === run.spanContext().spanId)).toBe(
      true,
    );
  });
});

const REQUEST = { purpose: 'list', wasSent: true, startedAt: NOW, tookMs: 40, waitedMs: 0 } as const;
const RECORD: RunRecord = {
  ...RUN,
  status: 'running',
  planId: undefined,
  endedAt: undefined,
  requests: undefined,
};

describe('a collector that does not answer', () => {
  const openWith = (exporter: SpanExporter) => {
    const clock = createVirtualClock(NOW);
    const log = recordLog();
    return { clock, log, tracing: openTracing({ clock, log, version: '1', exporter }) };
  };
  const oneSpan = (tracing: Tracing): void => {
    tracing.observer.watch({ ...RECORD, startedAt: NOW }).ended(undefined);
  };
  const failing = (error: Error | undefined): SpanExporter => ({
    export: (_, onResult) => {
      onResult(
        error === undefined ? { code: ExportResultCode.FAILED } : { code: ExportResultCode.FAILED, error },
      );
    },
    shutdown: () => Promise.resolve(),
  });

  test.each([
    [
      Object.assign(new Error('connect ECONNREFUSED 10.0.0.1:4318'), { code: 'ECONNREFUSED' }),
      'ECONNREFUSED',
    ],
    [Object.assign(new Error('a text of theirs'), { code: 503 }), 'HTTP 503'],
    [new Error('wrapped', { cause: Object.assign(new Error(), { code: 'ETIMEDOUT' }) }), 'ETIMEDOUT'],
    [new Error('a text of theirs'), 'no answer in time'],
    [undefined, 'no answer in time'],
  ])('is told of once: %o', async (error, problem) => {
    world = await createWorld();
    const { tracing, log } = openWith(failing(error));
    for (let count = 0; count < 1200; count += 1) oneSpan(tracing);
    await tracing.close();
    expect(log.lines.map((line) => JSON.parse(line) as unknown)).toEqual([
      { level: 'warn', problem, message: 'traces do not arrive at the collector; runs go on without' },
    ]);
  });

  test('is waited for five seconds at the end, and no longer', async () => {
    world = await createWorld();
    const { tracing, clock } = openWith({ export: () => undefined, shutdown: () => Promise.resolve() });
    oneSpan(tracing);
    await tracing.close();
    expect(clock.now()).toBe(NOW + 5000);
    expect(clock.sleeping).toBe(0);
  });
});
