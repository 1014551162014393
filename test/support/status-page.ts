import { writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { jsonLines, until, type Env, type Running, type Terminal } from './command.ts';

export const VIEWER = 'viewer-token-0123456789';
export const APPROVER = 'approver-token-0123456789';

export interface Page {
  readonly serve: Running;
  /** `http://127.0.0.1:PORT`. */
  readonly url: string;
  /** As a program with that token; without one, as nobody. */
  get(path: string, token?: string, headers?: Readonly<Record<string, string>>): Promise<Response>;
  text(path: string, token?: string): Promise<string>;
}

/** Starts `serve` with its status page on a free port. */
export async function openStatusPage(terminal: Terminal, env: Env = {}): Promise<Page> {
  const file = join(terminal.folder, 'tokens');
  writeFileSync(file, `# who may look\n${VIEWER}\napprover jane ${APPROVER}\n`);
  const serve = terminal.start(['serve'], {
    RETENTION_HTTP_ADDRESS: '127.0.0.1:0',
    RETENTION_HTTP_TOKEN_FILE: file,
    ...env,
  });
  const said = () => jsonLines(serve.stderr()).find(({ msg }) => msg === 'status page');
  await until(() => said() !== undefined && serve.stderr().includes('"msg":"serving"'));
  const url = String(said()?.['url']);
  const get: Page['get'] = (path, token, headers = {}) =>
    fetch(`${url}${path}`, {
      redirect: 'manual',
      headers: { ...(token === undefined ? {} : { authorization: `Bearer ${token}` }), ...headers },
    });
  return { serve, url, get, text: async (path, token) => (await get(path, token)).text() };
}

/** Under another name than the address: fetch would not let one choose it. */
export function statusUnderName(
  url: string,
  path: string,
  headers: Readonly<Record<'host', string>> & Readonly<Record<string, string>>,
): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    request(`${url}${path}`, { headers }, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .on('error', reject)
      .end();
  });
}

/** A person's browser: signs in with a token, and keeps the cookie. */
export async function signedIn(
  page: Page,
  token: string,
): Promise<{ readonly cookie: string; readonly csrf: string }> {
  const answer = await fetch(`${page.url}/login`, {
    method: 'POST',
    redirect: 'manual',
    body: new URLSearchParams({ token, to: '/' }),
  });
  const cookie = answer.headers.get('set-cookie')?.split(';')[0] ?? '';
  const html = await (await page.get('/', undefined, { cookie, accept: 'text/html' })).text();
  return { cookie, csrf: /name="csrf" value="([^"]+)"/.exec(html)?.[1] ?? '' };
}
