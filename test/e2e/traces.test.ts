import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { describe, expect } from 'vitest';
import { addConversations, jsonLines, type Ended, type Env, type Terminal } from '../support/command.ts';
import { AGE_POLICY } from '../support/purge.ts';
import { terminalTest } from '../support/terminal-test.ts';

interface Attribute {
  readonly key: string;
  readonly value: { readonly stringValue?: string; readonly intValue?: number };
}

/** OTLP as JSON, as far as it is looked at. */
interface Exported {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly Attribute[] };
    readonly scopeSpans: readonly {
      readonly spans: readonly {
        readonly name: string;
        readonly spanId: string;
        readonly parentSpanId?: string;
        readonly attributes: readonly Attribute[];
      }[];
    }[];
  }[];
}

/** Stands in for a collector on a real socket. */
interface Collector {
  readonly url: string;
  readonly requests: {
    readonly path: string;
    readonly headers: IncomingMessage['headers'];
    readonly body: Exported;
  }[];
  /** `null`: it takes the request and never answers. */
  status: number | null;
  close(): Promise<void>;
}

async function startCollector(): Promise<Collector> {
  const requests: Collector['requests'] = [];
  const server: Server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const sent = Buffer.concat(parts);
      const text = request.headers['content-encoding'] === 'gzip' ? gunzipSync(sent) : sent;
      const body = JSON.parse(text.toString()) as Exported;
      requests.push({ path: request.url ?? '', headers: request.headers, body });
      if (collector.status !== null) response.writeHead(collector.status).end('{}');
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const collector: Collector = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    status: 200,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return collector;
}

const test = terminalTest.extend<{ collector: Collector }>({
  collector: async ({}, use) => {
    const collector = await startCollector();
    await use(collector);
    await collector.close();
  },
});

/** Runs the policy as a process of its own: the SDK reads the environment of its process. */
function runWith(terminal: Terminal, env: Env): Promise<Ended> {
  terminal.policy(AGE_POLICY);
  addConversations(terminal.sandbox, 101, { old: 2, young: 2 });
  return terminal.start(['run'], env).ended;
}

const saysOfTraces = ({ stderr }: Ended): readonly string[] =>
  jsonLines(stderr).flatMap(({ msg, problem }) => {
    if (typeof msg !== 'string' || !msg.includes('traces')) return [];
    return typeof problem === 'string' ? [`${problem}: ${msg}`] : [msg];
  });

describe.concurrent('traces', () => {
  test('of a run arrive at the collector, with what the standard variables say', async ({
    terminal,
    collector,
  }) => {
    const ended = await runWith(terminal, {
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20abc',
      OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip',
      OTEL_SERVICE_NAME: 'retention-eu',
      OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test',
    });
    expect(ended.code).toBe(0);
    expect(saysOfTraces(ended)).toEqual([]);
    expect(ended.stderr).not.toContain('Bearer');
    const [request] = collector.requests;
    expect(request?.path).toBe('/v1/traces');
    expect(request?.headers).toMatchObject({
      'content-type': 'application/json',
      authorization: 'Bearer abc',
      'content-encoding': 'gzip',
    });
    const sent = collector.requests.flatMap(({ body }) => body.resourceSpans);
    const spans = sent.flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans));
    const run = spans.filter(({ name }) => name === 'run');
    expect(run.length).toBe(1);
    expect(run[0]?.attributes).toContainEqual({ key: 'retention.verified', value: { intValue: 2 } });
    expect(spans.filter(({ name }) => name === 'request delete').length).toBe(2);
    expect(spans.filter(({ parentSpanId }) => parentSpanId === run[0]?.spanId).length).toBeGreaterThan(2);
    expect(sent[0]?.resource.attributes).toEqual(
      expect.arrayContaining([
        { key: 'service.name', value: { stringValue: 'retention-eu' } },
        { key: 'deployment.environment.name', value: { stringValue: 'test' } },
      ]),
    );
    const text = JSON.stringify(sent);
    for (const { session_id: id } of await terminal.entries('deletion.verified'))
      expect(text).not.toContain(id);
    expect(text).not.toContain('/projects/');
  });

  test('go where the variable for traces says, and only as many as are sampled', async ({
    terminal,
    collector,
  }) => {
    const ended = await runWith(terminal, {
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${collector.url}/here`,
      OTEL_TRACES_SAMPLER: 'always_off',
    });
    expect(ended.code).toBe(0);
    expect(collector.requests).toEqual([]);
    const again = await terminal.start(['run'], {
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${collector.url}/here`,
    }).ended;
    expect(again.code).toBe(0);
    expect(collector.requests.map(({ path }) => path)).toEqual(['/here']);
  });

  test.for<readonly [string, Env]>([
    ['no variable is set', {}],
    ['the SDK is disabled', { OTEL_SDK_DISABLED: 'true' }],
    ['the exporter is none', { OTEL_TRACES_EXPORTER: 'none' }],
  ])('are not sent where %s', async ([, env], { terminal, collector }) => {
    const asked = Object.keys(env).length === 0 ? {} : { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url };
    const ended = await runWith(terminal, { ...asked, ...env });
    expect(ended.code).toBe(0);
    expect(collector.requests).toEqual([]);
    expect(saysOfTraces(ended)).toEqual([]);
  });

  test('that cannot be sent as asked for are no reason not to run', async ({ terminal }) => {
    const ended = await runWith(terminal, {
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1',
      OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc',
    });
    expect(ended.code).toBe(0);
    expect(saysOfTraces(ended)).toEqual([
      'no traces are sent: OTEL_EXPORTER_OTLP_PROTOCOL has to be http/json or http/protobuf',
    ]);
  });

  test('fail no run where nobody collects them, and one line says so', async ({ terminal, collector }) => {
    await collector.close();
    const ended = await runWith(terminal, { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url });
    expect(ended.code).toBe(0);
    expect(saysOfTraces(ended)).toEqual([
      'ECONNREFUSED: traces do not arrive at the collector; runs go on without',
    ]);
    expect((await terminal.entries('deletion.verified')).length).toBe(2);
  });

  test.for<readonly [string, number | null, string]>([
    ['refuses them', 400, 'HTTP 400'],
    ['never answers', null, 'no answer in time'],
  ])('fail no run where the collector %s', async ([, status, problem], { terminal, collector }) => {
    collector.status = status;
    const ended = await runWith(terminal, { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url });
    expect(ended.code).toBe(0);
    expect(saysOfTraces(ended)).toEqual([
      `${problem}: traces do not arrive at the collector; runs go on without`,
    ]);
    const ends = jsonLines(ended.stderr).filter(({ msg }) => msg === 'run.completed');
    expect(ends.length).toBe(1);
  });
});
