import type { Context, Hono } from 'hono';
import { REPORT_FORMATS, type ReportFormat } from '../report/format-names.ts';
import type { Html } from '../report/html.ts';
import type { Env } from './guards.ts';
import { holdsPageHtml } from './pages/holds.ts';
import { messagePage, page } from './pages/layout.ts';
import { overviewHtml } from './pages/overview.ts';
import { runsPageHtml } from './pages/runs.ts';
import type { WebParts } from './parts.ts';

const RECENT = 8;
const RUNS_A_PAGE = 25;
const MOST_PAGES = 10_000;
/** At once: each reads a whole plan, on the thread that deletes. */
const MOST_REPORTS = 3;

const CONTENT_TYPES: Readonly<Record<ReportFormat, string>> = {
  html: 'text/html; charset=utf-8',
  json: 'application/json',
  csv: 'text/csv; charset=utf-8',
  md: 'text/markdown; charset=utf-8',
};

/** The pages that say how things stand, and the reports. */
export function addPages(app: Hono<Env>, parts: WebParts): void {
  const { status, live, runs, holds, verification, readiness, clock, timeZone, version } = parts;
  const answer = (context: Context<Env>, at: string, titled: readonly [title: string, body: Html]) => {
    const [title, body] = titled;
    return context.html(page({ title, at, body, version, timeZone, visitor: context.get('visitor') }));
  };
  app.get('/', async (context) => {
    const standing = await status.standing();
    const recent = await runs({ skip: 0, limit: RECENT });
    const visitor = context.get('visitor');
    const { checks } = await readiness();
    const overview = {
      ...{ standing, recent, checks, visitor, timeZone },
      live: live.now(),
      verification: verification(),
    };
    return answer(context, '/', ['Overview', overviewHtml(overview)]);
  });
  app.get('/runs', async (context) => {
    const policy = context.req.query('policy');
    const number = pageNumber(context.req.query('page'));
    // One more than is shown tells whether there are older ones.
    const found = await runs({ policy, skip: (number - 1) * RUNS_A_PAGE, limit: RUNS_A_PAGE + 1 });
    const shown = { runs: found.slice(0, RUNS_A_PAGE), policy, number, hasMore: found.length > RUNS_A_PAGE };
    return answer(context, '/runs', ['Runs', runsPageHtml(shown, { now: clock.now(), timeZone })]);
  });
  app.get('/holds', async (context) =>
    answer(context, '/holds', ['Holds', holdsPageHtml(await holds(), { now: clock.now(), timeZone })]),
  );
  const reports = new Turns(MOST_REPORTS);
  app.get('/runs/:id', (context) => sendReport(context, parts, reports));
  app.get('/plans/:id', (context) => sendReport(context, parts, reports));
}

function pageNumber(text: string | undefined): number {
  const number = Number(text ?? 1);
  return Number.isInteger(number) && number >= 1 && number <= MOST_PAGES ? number : 1;
}

async function sendReport(
  context: Context<Env>,
  { report, version, onFailure }: WebParts,
  turns: Turns,
): Promise<Response> {
  const visitor = context.get('visitor');
  const id = context.req.param('id') ?? '';
  const wanted = context.req.query('format') ?? 'html';
  const format = REPORT_FORMATS.find((one) => one === wanted);
  const isKnownShape = format !== undefined && /^(?:run|plan)-[a-z0-9]+$/.test(id);
  if (isKnownShape && !turns.take()) {
    const words = 'Others are reading reports just now: try again in a moment.';
    return context.html(messagePage({ title: 'Busy', words, visitor, version }), 503);
  }
  // The names of conversations are for who may do something, not for everybody who may look.
  const text = isKnownShape
    ? await report(id, { format, withNames: visitor.role === 'approver' }).catch((error: unknown) => {
        turns.giveBack();
        throw error;
      })
    : undefined;
  if (isKnownShape && text === undefined) turns.giveBack();
  if (format === undefined || text === undefined) {
    const words = 'There is no such plan or run here, or no report in that format.';
    return context.html(messagePage({ title: 'Not found', words, visitor, version }), 404);
  }
  const disposition = format === 'html' ? 'inline' : `attachment; filename="${id}.${format}"`;
  const onEnd = (): void => {
    turns.giveBack();
  };
  return new Response(streamOf(text, { onFailure, onEnd }), {
    headers: {
      'Content-Type': CONTENT_TYPES[format],
      'Content-Disposition': disposition,
      'Cache-Control': 'no-store',
      // It has a policy of its own, by the hashes of its style and script; here it gets no origin beside.
      'Content-Security-Policy': "sandbox allow-scripts allow-modals; frame-ancestors 'none'",
    },
  });
}

/** So many at once, and no more. */
class Turns {
  #free: number;

  constructor(count: number) {
    this.#free = count;
  }

  take(): boolean {
    if (this.#free === 0) return false;
    this.#free -= 1;
    return true;
  }

  giveBack(): void {
    this.#free += 1;
  }
}

/** Read as it is sent. One that breaks off on the way is cut, so that nobody takes it for whole. */
function streamOf(
  text: AsyncIterable<string>,
  { onFailure, onEnd }: { readonly onFailure: (error: unknown) => void; readonly onEnd: () => void },
): ReadableStream<Uint8Array> {
  const pieces = text[Symbol.asyncIterator]();
  const encoder = new TextEncoder();
  let isOver = false;
  const end = (): void => {
    if (isOver) return;
    isOver = true;
    onEnd();
  };
  return new ReadableStream({
    async pull(controller) {
      try {
        const next = await pieces.next();
        // Whoever asked may have gone meanwhile.
        if (isOver) return;
        if (next.done !== true) {
          controller.enqueue(encoder.encode(next.value));
          return;
        }
        end();
        controller.close();
      } catch (error) {
        end();
        onFailure(error);
        controller.error(error);
      }
    },
    async cancel() {
      end();
      await pieces.return?.();
    },
  });
}
