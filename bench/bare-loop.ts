import { fork } from 'node:child_process';
import { once } from 'node:events';
import pLimit from 'p-limit';
import { Pool } from 'undici';
import type { BenchSandbox, Timed } from './sandbox.ts';

/**
 * Deletions for one page of a list: in the place of the fresh listings that the worker takes in between, which are at most a
 * tenth of its requests.
 */
const DELETIONS_PER_PAGE = 25;

/**
 * The baseline: the same HTTP calls with the same concurrency and cutoff, and nothing else. It lists page after page, sends a
 * DELETE and a follow-up GET for each conversation and reads a page for each 25, and lists once more at the end. No checks, no
 * state, no proof.
 */
export async function bareLoop(
  sandbox: Pick<BenchSandbox, 'url' | 'apiKey'>,
  concurrency: number,
): Promise<Timed> {
  const pool = new Pool(sandbox.url, { connections: 32, pipelining: 1 });
  const headers = { authorization: `Bearer ${sandbox.apiKey}`, accept: 'application/json' };
  const call = async (method: 'GET' | 'DELETE', path: string): Promise<unknown> => {
    const { body } = await pool.request({ method, path, headers });
    return body.json();
  };
  const projects = (await call('GET', '/api/v1/projects')) as { data: { data: { id: number }[] } };
  const startedAt = performance.now();
  const cutoff = Date.now() - 24 * 60 * 60 * 1000;
  let deleted = 0;
  for (const { id } of projects.data.data) {
    const base = `/api/v1/projects/${id}/conversations`;
    const page = (number: number): Promise<unknown> =>
      call('GET', `${base}?page=${number}&orderBy=created_at&order=asc`);
    const list = async (): Promise<string[]> => {
      const sessions: string[] = [];
      for (let number = 1, last = 1; number <= last; number += 1) {
        const { data } = (await page(number)) as {
          data: { data: { session_id: string; created_at: string }[]; last_page: number };
        };
        for (const row of data.data) if (Date.parse(row.created_at) < cutoff) sessions.push(row.session_id);
        last = data.last_page;
      }
      return sessions;
    };
    const limit = pLimit(concurrency);
    await limit.map(await list(), async (session) => {
      await call('DELETE', `${base}/${session}`);
      await call('GET', `${base}/${session}/messages?page=1&order=desc`);
      deleted += 1;
      if (deleted % DELETIONS_PER_PAGE === 0) await page(1);
    });
    if ((await list()).length > 0) throw new Error('the bare loop left something');
  }
  const seconds = (performance.now() - startedAt) / 1000;
  await pool.close();
  return { deleted, seconds };
}

/** {@link bareLoop} in a process of its own: as cold as the command it is measured against. */
export async function bareRun(sandbox: BenchSandbox, concurrency: number): Promise<Timed> {
  const script = new URL('./bare-process.ts', import.meta.url);
  const child = fork(script, [sandbox.url, sandbox.apiKey, String(concurrency)]);
  const ended = once(child, 'exit');
  const [timed] = (await once(child, 'message')) as [Timed];
  await ended;
  return timed;
}
