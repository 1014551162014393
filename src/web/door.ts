import type { Context, Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { isFromHere, isOwnForm, type Env } from './guards.ts';
import { formOf } from './form.ts';
import { closeSession, openSession } from './session-cookie.ts';
import { loginPage, messagePage } from './pages/layout.ts';
import type { WebParts } from './parts.ts';

/** Bytes: more than any form here has. */
const LONGEST_FORM = 8 * 1024;
/** Wrong tokens within a minute, by whomever: who types one wrong is not kept out for long. */
const MOST_FAILURES = 10;
const FAILURE_WINDOW_MS = 60_000;

type DoorParts = Pick<WebParts, 'access' | 'clock' | 'version' | 'onWrongTokens'>;

export const formLimit = bodyLimit({ maxSize: LONGEST_FORM });

/** Signing in and out. */
export function addDoor(app: Hono<Env>, parts: DoorParts): void {
  const { access, version } = parts;
  const failures = new Failures(parts);
  app.get('/login', (context) => {
    if (access.isOpen) return context.redirect('/', 303);
    return context.html(loginPage({ version, to: ownPath(context.req.query('to')), problem: undefined }));
  });
  app.post('/login', formLimit, async (context) => {
    if (!isFromHere(context)) return forbidden(context, version);
    const { token, to } = await formOf(context);
    const ownTo = ownPath(to);
    // A right one is never refused: others must not be able to keep an approver out.
    const sessionId = token === undefined ? undefined : access.open(token.trim());
    if (sessionId === undefined) {
      const isTooOften = failures.note();
      const problem = isTooOften
        ? 'Too many wrong tokens: wait a minute.'
        : 'This is not a token of this server.';
      return context.html(loginPage({ version, to: ownTo, problem }), isTooOften ? 429 : 401);
    }
    openSession(context, sessionId);
    return context.redirect(ownTo, 303);
  });
}

/** Wrong tokens, by whomever. */
class Failures {
  readonly #parts: Pick<WebParts, 'clock' | 'onWrongTokens'>;
  #recent: readonly number[] = [];
  #untold = 0;
  #toldAt = -Infinity;

  constructor(parts: Pick<WebParts, 'clock' | 'onWrongTokens'>) {
    this.#parts = parts;
  }

  /** True once there are too many. */
  note(): boolean {
    const now = this.#parts.clock.now();
    this.#untold += 1;
    if (now - this.#toldAt >= FAILURE_WINDOW_MS) {
      this.#parts.onWrongTokens(this.#untold);
      this.#untold = 0;
      this.#toldAt = now;
    }
    this.#recent = [...this.#recent.filter((at) => at > now - FAILURE_WINDOW_MS), now].slice(
      -MOST_FAILURES - 1,
    );
    return this.#recent.length > MOST_FAILURES;
  }
}

/** Behind the guard of the door. */
export function addExit(app: Hono<Env>, { access, version }: Pick<WebParts, 'access' | 'version'>): void {
  app.post('/logout', formLimit, async (context) => {
    if (!(await isOwnForm(context, context.get('visitor')))) return forbidden(context, version);
    closeSession(context, access);
    return context.redirect('/login', 303);
  });
}

export function forbidden(context: Context, version: string): Response | Promise<Response> {
  const words =
    'This form was not sent by a page of this server, or its session has ended. Open the page again.';
  return context.html(messagePage({ title: 'Refused', words, visitor: undefined, version }), 403);
}

/** A path on this server; whatever else is asked for, the first page. */
function ownPath(to: string | undefined): string {
  return to !== undefined && /^\/(?![/\\])[\w\-./?=&%]*$/.test(to) ? to : '/';
}
