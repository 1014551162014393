import type { Context, Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';
import { isFromHere, isOwnForm, SESSION_COOKIE, type Env } from './guards.ts';
import { loginPage, messagePage } from './pages/layout.ts';
import type { WebParts } from './parts.ts';

/** Bytes: more than any form here has. */
const LONGEST_FORM = 8 * 1024;
/** Wrong tokens within a minute, by whomever: who types one wrong is not kept out for long. */
const MOST_FAILURES = 10;
const FAILURE_WINDOW_MS = 60_000;

type DoorParts = Pick<WebParts, 'access' | 'clock' | 'version'>;

export const formLimit = bodyLimit({ maxSize: LONGEST_FORM });

/** Signing in and out. */
export function addDoor(app: Hono<Env>, parts: DoorParts): void {
  const { access, clock, version } = parts;
  let failures: readonly number[] = [];
  app.get('/login', (context) => {
    if (access.isOpen) return context.redirect('/', 303);
    return context.html(loginPage({ version, to: ownPath(context.req.query('to')), problem: undefined }));
  });
  app.post('/login', formLimit, async (context) => {
    if (!isFromHere(context)) return forbidden(context, version);
    const { token, to } = await context.req.parseBody();
    const ownTo = ownPath(typeof to === 'string' ? to : undefined);
    const now = clock.now();
    failures = failures.filter((at) => at > now - FAILURE_WINDOW_MS);
    const isTooOften = failures.length >= MOST_FAILURES;
    const sessionId = isTooOften || typeof token !== 'string' ? undefined : access.open(token.trim());
    if (sessionId === undefined) {
      if (!isTooOften) failures = [...failures, now];
      const problem = isTooOften
        ? 'Too many wrong tokens: wait a minute.'
        : 'This is not a token of this server.';
      return context.html(loginPage({ version, to: ownTo, problem }), isTooOften ? 429 : 401);
    }
    const isSecure = context.req.header('x-forwarded-proto') === 'https';
    setCookie(context, SESSION_COOKIE, sessionId, {
      httpOnly: true,
      sameSite: 'Lax',
      path: '/',
      secure: isSecure,
    });
    return context.redirect(ownTo, 303);
  });
}

/** Behind the guard of the door. */
export function addExit(app: Hono<Env>, { access, version }: DoorParts): void {
  app.post('/logout', formLimit, async (context) => {
    if (!(await isOwnForm(context, context.get('visitor')))) return forbidden(context, version);
    const sessionId = getCookie(context, SESSION_COOKIE);
    if (sessionId !== undefined) access.close(sessionId);
    deleteCookie(context, SESSION_COOKIE, { path: '/' });
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
