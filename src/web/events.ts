import type { Context } from 'hono';
import { streamSSE } from 'hono/streaming';
import { liveRunJson } from './pages/live-runs.ts';
import type { WebParts } from './parts.ts';
import { sessionIdOf } from './session-cookie.ts';

const EACH_MS = 1_000;
/** With nothing under way, often enough that nothing between here and the browser takes the line for dead. */
const IDLE_MS = 15_000;
/** Lines held open at once. */
const MOST_LINES = 64;

/** Server-sent events: how far runs are, each second, and when one has begun or ended. */
export function createEvents(
  parts: Pick<WebParts, 'access' | 'live' | 'clock' | 'closing'>,
): (context: Context) => Response | Promise<Response> {
  const { access, live, clock, closing } = parts;
  let lines = 0;
  return (context) => {
    // Nobody would read the stream.
    if (context.req.method === 'HEAD') return context.body(null);
    if (lines >= MOST_LINES) return context.text('Too many pages are open.\n', 503);
    lines += 1;
    return streamSSE(context, async (stream) => {
      const gone = new AbortController();
      const over = AbortSignal.any([gone.signal, closing]);
      stream.onAbort(() => {
        gone.abort();
      });
      let changes = 0;
      let wake = new AbortController();
      const stopListening = live.onChange(() => {
        changes += 1;
        wake.abort();
      });
      try {
        // A session that has ended meanwhile hears no more.
        const isKnown = (): boolean =>
          access.visitor(context.req.header('authorization'), sessionIdOf(context)) !== undefined;
        for (let told = 0; !over.aborted && isKnown();) {
          if (changes > told) {
            told = changes;
            await stream.writeSSE({ event: 'changed', data: '' });
          }
          wake = new AbortController();
          const runs = live.now();
          await stream.writeSSE({ event: 'runs', data: JSON.stringify(runs.map(liveRunJson)) });
          if (changes > told) continue;
          const pauseMs = runs.length > 0 ? EACH_MS : IDLE_MS;
          await clock.sleep(pauseMs, AbortSignal.any([over, wake.signal])).catch(() => undefined);
        }
      } finally {
        lines -= 1;
        stopListening();
      }
    });
  };
}
