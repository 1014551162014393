import { Hono } from 'hono';
import { HTTPException } from 'hono/http-exception';
import { addDoor, addExit, forbidden, formLimit } from './door.ts';
import { createEvents } from './events.ts';
import {
  contentPolicy,
  headers,
  isOwnForm,
  notFromElsewhere,
  onlyKnown,
  onlyOwnHost,
  type Env,
} from './guards.ts';
import { addPages } from './looking.ts';
import { messagePage } from './pages/layout.ts';
import { ICON, WEB_SCRIPT } from './pages/script.ts';
import { WEB_STYLE } from './pages/style.ts';
import type { WebParts } from './parts.ts';

/** All that `serve` answers over HTTP. It reads; the one thing that can be done is to stop a run. */
export function createApp(parts: WebParts): Hono<Env> {
  const { access, names, version, onFailure } = parts;
  const app = new Hono<Env>();
  app.use(headers, contentPolicy, onlyOwnHost(names));
  addProbes(app, parts);
  app.use(notFromElsewhere);
  addFiles(app);
  addDoor(app, parts);
  app.use(onlyKnown({ access }));
  addExit(app, parts);
  app.get('/metrics', async (context) => {
    const { body, contentType } = await parts.metrics();
    return context.body(body, 200, { 'Content-Type': contentType });
  });
  app.get('/events', createEvents(parts));
  addPages(app, parts);
  addStop(app, parts);
  app.notFound((context) => {
    const words = 'There is no such page.';
    return context.html(messagePage({ title: 'Not found', words, visitor: undefined, version }), 404);
  });
  app.onError((error, context) => {
    // What a visitor sent was wrong, or he went away: nothing to wake anybody for.
    if (error instanceof HTTPException) return error.getResponse();
    if (context.req.raw.signal.aborted) return context.body(null, 400);
    onFailure(error);
    const words = 'The log of this worker says why.';
    return context.html(messagePage({ title: 'That went wrong', words, visitor: undefined, version }), 500);
  });
  return app;
}

/** For whoever keeps the process alive, or sends it work: no token, and no word about what it works on. */
function addProbes(app: Hono<Env>, { readiness }: WebParts): void {
  app.get('/healthz', (context) => context.text('ok\n'));
  app.get('/readyz', async (context) => {
    const { checks } = await readiness();
    const isReady = Object.values(checks).every((word) => word === 'ok');
    return context.json({ ready: isReady, checks }, isReady ? 200 : 503);
  });
}

function addFiles(app: Hono<Env>): void {
  const files = [
    ['/style.css', 'text/css; charset=utf-8', WEB_STYLE],
    ['/script.js', 'text/javascript; charset=utf-8', WEB_SCRIPT],
    ['/icon.svg', 'image/svg+xml', ICON],
  ] as const;
  for (const [path, contentType, content] of files)
    app.get(path, (context) =>
      context.body(content, 200, { 'Content-Type': contentType, 'Cache-Control': 'no-cache' }),
    );
}

function addStop(app: Hono<Env>, { stopRun, version }: WebParts): void {
  app.post('/runs/:id/stop', formLimit, async (context) => {
    const visitor = context.get('visitor');
    if (!(await isOwnForm(context, visitor))) return forbidden(context, version);
    const isProgram = visitor.csrf === undefined;
    const told = (title: string, words: string, status: 403 | 404) =>
      isProgram
        ? context.json({ stopping: false, problem: words }, status)
        : context.html(messagePage({ title, words, visitor, version }), status);
    if (visitor.role !== 'approver')
      return told('Not allowed', 'A viewer cannot stop a run: that takes the token of an approver.', 403);
    if (!stopRun(context.req.param('id'), visitor.holder))
      return told('Not under way', 'This run is not under way in this worker.', 404);
    return isProgram ? context.json({ stopping: true }, 202) : context.redirect('/', 303);
  });
}
