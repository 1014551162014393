import {
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  type Context,
  type HrTime,
  type Span,
  type Tracer,
} from '@opentelemetry/api';
import { watching } from '../core/observers.ts';
import type { RequestSeen, RunEnd, RunObserver } from '../core/ports/observer.ts';
import type { Clock, ProgressPhase } from '../core/ports/surroundings.ts';
import { totalRequests, type RunRecord } from '../core/run.ts';

/** Answers after which a run goes on as planned; a 404 is what a deleted conversation looks like. */
const EXPECTED = (status: number): boolean => status < 400 || status === 404;

/** A span for each run, and in it one for each phase and for each request. Neither ids of conversations nor names. */
export function spansOfRuns(tracer: Tracer, clock: Pick<Clock, 'now'>): RunObserver {
  return {
    watch(run) {
      const spans = new RunSpans(run, tracer, clock);
      return watching({
        begin: (phase, total) => {
          spans.begin(phase, total);
        },
        enter: (phase) => {
          spans.enter(phase);
        },
        advance: (count) => {
          spans.advance(count);
        },
        end: () => {
          spans.endPhase();
        },
        requested: (request) => {
          spans.request(request);
        },
        ended: (end) => {
          spans.end(end);
        },
      });
    },
  };
}

interface PhaseSpan {
  readonly phase: ProgressPhase;
  readonly span: Span;
  done: number;
}

class RunSpans {
  readonly #tracer: Tracer;
  readonly #clock: Pick<Clock, 'now'>;
  readonly #run: Span;
  #phase: PhaseSpan | undefined;

  constructor(run: RunRecord, tracer: Tracer, clock: Pick<Clock, 'now'>) {
    this.#tracer = tracer;
    this.#clock = clock;
    const { runId, policy, mode, trigger, startedAt } = run;
    const attributes = {
      ...{ 'retention.run_id': runId, 'retention.policy': policy },
      ...{ 'retention.mode': mode, 'retention.trigger': trigger },
    };
    this.#run = tracer.startSpan('run', { attributes, startTime: instant(startedAt) }, ROOT_CONTEXT);
  }

  begin(phase: ProgressPhase, total: number | undefined): void {
    this.endPhase();
    const attributes = total === undefined ? {} : { 'retention.total': total };
    const startTime = instant(this.#clock.now());
    const span = this.#tracer.startSpan(phase, { attributes, startTime }, inside(this.#run));
    this.#phase = { phase, span, done: 0 };
  }

  enter(phase: ProgressPhase): void {
    // Said at each DELETE.
    if (this.#phase?.phase !== phase) this.begin(phase, undefined);
  }

  advance(count: number): void {
    if (this.#phase !== undefined) this.#phase.done += count;
  }

  endPhase(): void {
    if (this.#phase === undefined) return;
    const { span, done } = this.#phase;
    span.setAttribute('retention.done', done);
    span.end(instant(this.#clock.now()));
    this.#phase = undefined;
  }

  request({ purpose, status, wasSent, startedAt, tookMs, waitedMs }: RequestSeen): void {
    const attributes = {
      ...{ 'retention.purpose': purpose, 'retention.waited_ms': waitedMs, 'retention.sent': wasSent },
      ...(status === undefined ? {} : { 'http.response.status_code': status }),
    };
    const options = { kind: SpanKind.CLIENT, attributes, startTime: instant(startedAt) };
    const parent = inside(this.#phase?.span ?? this.#run);
    const span = this.#tracer.startSpan(`request ${purpose}`, options, parent);
    if (status === undefined || !EXPECTED(status)) span.setStatus({ code: SpanStatusCode.ERROR });
    span.end(instant(startedAt + tookMs));
  }

  end(end: RunEnd | undefined): void {
    this.endPhase();
    const status = end?.run.status ?? 'unrecorded';
    this.#run.setAttribute('retention.status', status);
    for (const [name, count] of Object.entries(end?.counts ?? {}))
      this.#run.setAttribute(`retention.${name}`, count);
    const { requests, endedAt = this.#clock.now() } = end?.run ?? {};
    if (requests !== undefined) this.#run.setAttribute('retention.requests', totalRequests(requests));
    if (status !== 'completed') this.#run.setStatus({ code: SpanStatusCode.ERROR, message: status });
    this.#run.end(instant(endedAt));
  }
}

function inside(span: Span): Context {
  return trace.setSpan(ROOT_CONTEXT, span);
}

/** As seconds and nanoseconds: the SDK takes a small number for one since the process started. */
function instant(atMs: number): HrTime {
  const seconds = Math.floor(atMs / 1000);
  return [seconds, Math.round((atMs - seconds * 1000) * 1e6)];
}
