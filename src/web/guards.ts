import type { Context, MiddlewareHandler } from 'hono';
import { secureHeaders } from 'hono/secure-headers';
import { isSame, type Visitor } from './access.ts';
import { formOf } from './form.ts';
import { isOwnHost } from './own-host.ts';
import type { WebParts } from './parts.ts';
import { sessionIdOf } from './session-cookie.ts';

export interface Env {
  Variables: { visitor: Visitor };
}

/** Nothing but what this server itself sends; nobody frames it. */
const CONTENT_POLICY =
  "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; form-action 'self'; " +
  "base-uri 'none'; frame-ancestors 'none'";

export const headers: MiddlewareHandler = secureHeaders({
  // With none at all, browsers would not say where a form came from.
  referrerPolicy: 'same-origin',
  xFrameOptions: 'DENY',
  // Said of some pages of a host and not of others, browsers complain of it.
  originAgentCluster: false,
  strictTransportSecurity: false,
});

/** A report brings a policy of its own. */
export const contentPolicy: MiddlewareHandler = async (context, next) => {
  await next();
  if (!context.res.headers.has('Content-Security-Policy'))
    context.res.headers.set('Content-Security-Policy', CONTENT_POLICY);
  if (!context.res.headers.has('Cache-Control')) context.res.headers.set('Cache-Control', 'no-store');
};

/** Another site may lead people here by a link; it may not send requests from its own pages. */
export const notFromElsewhere: MiddlewareHandler = async (context, next) => {
  const { req } = context;
  const isElsewhere =
    req.header('sec-fetch-site') === 'cross-site' && req.header('sec-fetch-mode') !== 'navigate';
  return isElsewhere ? context.text('Not from another site.\n', 403) : next();
};

/**
 * Refuses what was not meant for this server. A program that brings a token is no page of somebody else's, which could not know
 * it; and what probes are told may be told to anybody.
 */
export function onlyOwnHost(names: readonly string[]): MiddlewareHandler {
  return async (context, next) => {
    const { req } = context;
    const isProgram = /^Bearer /i.test(req.header('authorization') ?? '');
    if (isProgram || isProbe(req.path) || isOwnHost(req.header('host'), names)) return next();
    return context.text(
      'This server is not reached under that name. Use its address, or list the name in RETENTION_HTTP_HOSTS.\n',
      421,
    );
  };
}

function isProbe(path: string): boolean {
  return path === '/healthz' || path === '/readyz';
}

/** Lets in who has a token or a session; people are led to the door, programs told. */
export function onlyKnown({ access }: Pick<WebParts, 'access'>): MiddlewareHandler<Env> {
  return async (context, next) => {
    const { req } = context;
    const visitor = access.visitor(req.header('authorization'), sessionIdOf(context));
    if (visitor !== undefined) {
      context.set('visitor', visitor);
      return next();
    }
    const isPerson = req.method === 'GET' && (req.header('accept') ?? '').includes('text/html');
    if (!isPerson) {
      context.header('WWW-Authenticate', 'Bearer realm="customgpt-retention"');
      return context.text('A token is needed: Authorization: Bearer TOKEN\n', 401);
    }
    const { pathname, search } = new URL(req.url);
    return context.redirect(`/login?to=${encodeURIComponent(pathname + search)}`, 303);
  };
}

/** Whether a form was sent by one of our own pages. A request with a token in its header is no form. */
export async function isOwnForm(context: Context, visitor: Visitor): Promise<boolean> {
  if (visitor.csrf === undefined) return true;
  const { csrf } = await formOf(context);
  return isFromHere(context) && csrf !== undefined && isSame(csrf, visitor.csrf);
}

/** By what the browser says of the page that the form is on. */
export function isFromHere(context: Context): boolean {
  const { req } = context;
  const site = req.header('sec-fetch-site');
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return false;
  const origin = req.header('origin');
  if (origin === undefined) return true;
  // By the host alone: in front of us something may speak https for us.
  return URL.canParse(origin) && new URL(origin).host === req.header('host');
}
