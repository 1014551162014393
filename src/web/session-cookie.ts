import type { Context } from 'hono';
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';
import type { Access } from './access.ts';

const NAME = 'retention_session';

/** Where something in front of us speaks https, browsers are asked to keep it to this very host. */
function isSecure(context: Context): boolean {
  return context.req.header('x-forwarded-proto') === 'https';
}

/** The id of the session that the browser brings; undefined: none. */
export function sessionIdOf(context: Context): string | undefined {
  return isSecure(context) ? getCookie(context, NAME, 'host') : getCookie(context, NAME);
}

export function openSession(context: Context, sessionId: string): void {
  const secure = isSecure(context);
  const options = { httpOnly: true, sameSite: 'Lax', path: '/', secure } as const;
  setCookie(context, NAME, sessionId, secure ? { ...options, secure: true, prefix: 'host' } : options);
}

export function closeSession(context: Context, access: Access): void {
  const sessionId = sessionIdOf(context);
  if (sessionId !== undefined) access.close(sessionId);
  deleteCookie(context, isSecure(context) ? `__Host-${NAME}` : NAME, {
    path: '/',
    secure: isSecure(context),
  });
}
