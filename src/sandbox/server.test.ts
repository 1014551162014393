import { request as httpRequest } from 'node:http';

import { afterEach, describe, expect, it } from 'vitest';

import { startSandbox, type Sandbox, type SandboxOptions } from './server.ts';

const NOW = Date.UTC(2025, 10, 20, 12, 0, 0);
const PROJECT = 12345;

/** What the tests read of an answer; any part may be missing from any one of them. */
interface Body {
  readonly status: string;
  readonly data: Listing & BodyRow & { readonly conversation: BodyRow; readonly messages: Listing };
}

interface Listing {
  readonly data: readonly BodyRow[];
  readonly total: number;
  readonly per_page: unknown;
}

interface BodyRow {
  readonly session_id: string;
  readonly name: string;
  readonly message: string;
  readonly project_name: string;
  readonly email: string;
  readonly current_projects_num: number;
  readonly created_at: unknown;
  readonly user_query: string;
  readonly openai_response: string;
}

let sandbox: Sandbox;

afterEach(() => sandbox.close());

async function start(options: SandboxOptions = {}): Promise<void> {
  sandbox = await startSandbox({ sample: 'empty', now: () => NOW, ...options });
  sandbox.accounts.addProject({ id: PROJECT, name: 'Support' });
}

async function call(path: string, init: RequestInit = {}): Promise<{ response: Response; json: Body }> {
  const response = await fetch(`${sandbox.url}/api/v1${path}`, {
    ...init,
    headers: {
      authorization: `Bearer ${sandbox.apiKey}`,
      accept: 'application/json',
      ...Object.fromEntries(new Headers(init.headers)),
    },
  });
  const text = await response.text();
  return { response, json: JSON.parse(text === '' ? '{}' : text) as Body };
}

function raw(method: string, path: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${sandbox.apiKey}` };
    const request = httpRequest(sandbox.url, { method, path, headers }, (response) => {
      response.resume().on('end', () => {
        resolve(response.statusCode ?? 0);
      });
    });
    request.on('error', reject).end();
  });
}

describe('the wire', () => {
  it('sends a conversation as recorded', async () => {
    await start();
    const added = sandbox.accounts.addConversation(PROJECT, {
      name: 'Größe 😀 </script>',
      createdAt: '2025-11-17T21:09:16Z',
      createdBy: 9001,
    });
    const { response, json } = await call(`/projects/${PROJECT}/conversations`);
    expect(response.headers.get('date')).toBe('Thu, 20 Nov 2025 12:00:00 GMT');
    expect(response.headers.get('content-type')).toBe('application/json');
    expect(json.status).toBe('success');
    expect(json.data.data).toEqual([
      {
        id: added.id,
        created_at: '2025-11-17T21:09:16.000000Z',
        updated_at: '2025-11-17T21:09:16.000000Z',
        session_id: added.sessionId,
        project_id: PROJECT,
        created_by: 9001,
        name: 'Größe 😀 </script>',
        ended_at: null,
      },
    ]);
    expect(Object.keys(json.data).sort()).toEqual(
      'current_page data first_page_url from last_page last_page_url next_page_url path per_page prev_page_url to total'.split(
        ' ',
      ),
    );
  });

  it('escapes slashes and everything beyond ASCII', async () => {
    await start();
    sandbox.accounts.addConversation(PROJECT, { name: 'a/ö😀' });
    const response = await fetch(`${sandbox.url}/api/v1/projects/${PROJECT}/conversations`, {
      headers: { authorization: 'bearer sandbox-key' },
    });
    expect(await response.text()).toContain('"name":"a\\/\\u00f6\\ud83d\\ude00"');
  });

  it('plays the way of the OpenAPI document, too', async () => {
    await start({ scenario: 'stringly-typed' });
    sandbox.accounts.addConversation(PROJECT, { createdAt: '2023-04-30T16:43:53Z', createdBy: 7 });
    const { json } = await call(`/projects/${PROJECT}/conversations`);
    expect(json.data.per_page).toBe('10');
    expect(json.data.data[0]).toMatchObject({
      created_at: '2023-04-30 16:43:53',
      project_id: String(PROJECT),
      created_by: '7',
      deleted_at: null,
    });
  });

  it('answers 401 without the right key', async () => {
    await start();
    for (const authorization of ['', 'Bearer wrong', 'Basic sandbox-key']) {
      const { response, json } = await call('/user', { headers: { authorization } });
      expect(response.status).toBe(401);
      expect(json).toEqual({
        status: 'error',
        url: `${sandbox.url}/api/v1/user`,
        data: { code: 401, message: 'API Token is either missing or invalid' },
      });
    }
  });

  it('answers the single routes', async () => {
    await start();
    expect((await call('/user')).json.data.email).toBe('owner@example.com');
    expect((await call('/limits/usage')).json.data.current_projects_num).toBe(1);
    expect((await call(`/projects/${PROJECT}`)).json.data).toMatchObject({
      id: PROJECT,
      project_name: 'Support',
    });
    expect((await call(`/projects/${PROJECT}/settings`)).json.data).toMatchObject({
      conversation_retention_period: 'year',
      conversation_retention_days: 0,
    });
  });

  it('tells 400, 404 and 405 apart', async () => {
    await start();
    expect((await call('/projects/abc')).json.data.message).toBe('Agent id must be integer');
    expect((await call('/projects/1')).json.data.message).toBe('Agent with id 1 not found');
    expect((await call(`/projects/${PROJECT}/conversations/x!y/messages`)).response.status).toBe(400);
    const unknown = await call(`/projects/${PROJECT}/conversations/not-there-at-all/messages`);
    expect(unknown.json.data).toEqual({ code: 404, message: `Agent with id ${PROJECT} not found` });
    expect((await call('/nothing')).response.status).toBe(404);
    const patch = await call(`/projects/${PROJECT}/conversations/not-there-at-all`, { method: 'PATCH' });
    expect(patch.response.status).toBe(405);
    expect(patch.response.headers.get('allow')).toBe('PUT, DELETE');
    expect((await call('/user', { method: 'HEAD' })).response.status).toBe(200);
    expect(sandbox.journal.count({ route: 'other' })).toBe(2);
  });

  it('deletes the whole project when dot segments say so', async () => {
    await start();
    sandbox.accounts.addProject({ id: 2, name: 'Other' });
    expect(await raw('DELETE', `/api/v1/projects/${PROJECT}/conversations/..`)).toBe(200);
    expect(await raw('DELETE', '/api/v1/projects/2/conversations/%2e%2E/')).toBe(200);
    expect(sandbox.accounts.projects()).toEqual([]);
    expect(sandbox.journal.count({ route: 'projects.delete' })).toBe(2);
  });
});

describe('lists', () => {
  it('pages by offset, in either order', async () => {
    await start();
    for (let day = 1; day <= 23; day += 1) {
      sandbox.accounts.addConversation(PROJECT, { name: `day ${day}`, createdAt: NOW - day * 86_400_000 });
    }
    const names = async (query: string): Promise<string[]> =>
      (await call(`/projects/${PROJECT}/conversations?${query}`)).json.data.data.map((row) => row.name);
    expect((await names('orderBy=created_at&order=asc'))[0]).toBe('day 23');
    expect((await names('orderBy=created_at'))[0]).toBe('day 1');
    expect((await names(''))[0]).toBe('day 23');
    expect(await names('page=3&orderBy=created_at')).toEqual(['day 21', 'day 22', 'day 23']);
    const { json } = await call(`/projects/${PROJECT}/conversations?page=3`);
    expect(json.data).toMatchObject({
      current_page: 3,
      from: 21,
      to: 23,
      total: 23,
      last_page: 3,
      per_page: 10,
      next_page_url: null,
      prev_page_url: `${sandbox.url}/api/v1/projects/${PROJECT}/conversations?page=2`,
    });
    expect((await call(`/projects/${PROJECT}/conversations?page=4`)).json.data).toMatchObject({
      data: [],
      to: null,
    });
    sandbox.faults.pastLastPage = 404;
    expect((await call(`/projects/${PROJECT}/conversations?page=4`)).response.status).toBe(404);
    sandbox.faults.conversationsPageSize = 7;
    expect((await call(`/projects/${PROJECT}/conversations?per_page=50`)).json.data.data).toHaveLength(7);
    sandbox.faults.perPageHeeded = true;
    expect((await call(`/projects/${PROJECT}/conversations?per_page=50`)).json.data.data).toHaveLength(23);
  });

  it('filters by user and by name', async () => {
    await start();
    const own = sandbox.accounts.user.id;
    for (const [name, createdBy] of [
      ['VIP a', null],
      ['b', 5],
      ['vip c', own],
      [null, null],
    ] as const) {
      sandbox.accounts.addConversation(PROJECT, { name, createdBy });
    }
    const total = async (query: string): Promise<number> =>
      (await call(`/projects/${PROJECT}/conversations?${query}`)).json.data.total;
    expect(await total('userFilter=all')).toBe(4);
    expect(await total('userFilter=anonymous')).toBe(2);
    expect(await total('userFilter=team_member')).toBe(2);
    expect(await total('userFilter=me')).toBe(1);
    expect(await total('name=VIP')).toBe(2);
    expect(await total('name=VIP&userFilter=anonymous')).toBe(1);
  });

  it('lists projects ten a page', async () => {
    await start();
    for (let index = 0; index < 11; index += 1) sandbox.accounts.addProject({ name: `P${index}` });
    expect((await call('/projects')).json.data).toMatchObject({ total: 12, last_page: 2, per_page: 10 });
    expect((await call('/projects?name=p1&order=asc')).json.data.data.map((row) => row.project_name)).toEqual(
      ['P1', 'P10'],
    );
    sandbox.faults.vanishedProjects.add(PROJECT);
    expect((await call('/projects')).json.data.total).toBe(11);
  });

  it('sends raw fields instead of the true ones', async () => {
    await start();
    sandbox.accounts.addConversation(PROJECT, { raw: { session_id: undefined, created_at: 0 } });
    const [row] = (await call(`/projects/${PROJECT}/conversations`)).json.data.data;
    expect(row?.created_at).toBe(0);
    expect(row).not.toHaveProperty('session_id');
  });
});

describe('the life of a conversation', () => {
  const bodies: readonly [string, (name: string) => RequestInit][] = [
    [
      'json',
      (name) => ({
        body: JSON.stringify({ name, prompt: name }),
        headers: { 'content-type': 'application/json' },
      }),
    ],
    ['urlencoded', (name) => ({ body: new URLSearchParams({ name, prompt: name }) })],
    [
      'multipart',
      (name) => {
        const form = new FormData();
        form.set('prompt', name);
        form.set('file', new Blob(['name']), 'name.txt');
        form.set('name', name);
        return { body: form };
      },
    ],
  ];

  it.each(bodies)('creates, posts and renames with a %s body', async (_kind, body) => {
    await start();
    const created = await call(`/projects/${PROJECT}/conversations`, { method: 'POST', ...body('Ä first') });
    expect(created.response.status).toBe(201);
    expect(created.json.data.name).toBe('Ä first');
    const path = `/projects/${PROJECT}/conversations/${created.json.data.session_id}`;
    const posted = await call(`${path}/messages`, { method: 'POST', ...body('What is "a"?\r\n--b') });
    expect(posted.response.status).toBe(200);
    expect(posted.json.data.user_query).toBe('What is "a"?\r\n--b');
    expect(posted.json.data.openai_response).toEqual(expect.any(String));
    const renamed = await call(path, { method: 'PUT', ...body('second') });
    expect(renamed.json.data.name).toBe('second');
    const { json } = await call(`${path}/messages`);
    expect(json.data.conversation.name).toBe('second');
    expect(json.data.messages).toMatchObject({ total: 1, per_page: 20 });
  });

  it('refuses names of more than 255 characters, missing fields and huge bodies', async () => {
    await start();
    const { sessionId } = sandbox.accounts.addConversation(PROJECT);
    const path = `/projects/${PROJECT}/conversations/${sessionId}`;
    const send = async (method: string, at: string, fields: unknown): Promise<number> =>
      (await call(at, { method, body: JSON.stringify(fields) })).response.status;
    expect(await send('PUT', path, { name: 'ö'.repeat(256) })).toBe(400);
    expect(await send('PUT', path, { name: '😀'.repeat(255) })).toBe(200);
    expect(await send('PUT', path, {})).toBe(400);
    expect(await send('POST', `${path}/messages`, { prompt: '' })).toBe(400);
    expect(await send('POST', `/projects/${PROJECT}/conversations`, { name: 'x'.repeat(2_000_000) })).toBe(
      413,
    );
    expect(await send('PUT', `/projects/${PROJECT}/conversations/not-there-at-all`, { name: 'x' })).toBe(404);
  });

  it('moves updated_at on a rename, and on a message only when told', async () => {
    let now = NOW;
    await start({ now: () => now });
    const { sessionId } = sandbox.accounts.addConversation(PROJECT);
    const updatedAt = (): number | undefined => sandbox.accounts.conversation(PROJECT, sessionId)?.updatedAt;
    const post = (): Promise<unknown> =>
      call(`/projects/${PROJECT}/conversations/${sessionId}/messages`, {
        method: 'POST',
        body: '{"prompt":"a"}',
      });
    now += 1000;
    await post();
    expect(updatedAt()).toBe(NOW);
    sandbox.accounts.rename(PROJECT, sessionId, 'x');
    expect(updatedAt()).toBe(NOW + 1000);
    now += 1000;
    sandbox.faults.messageMovesUpdatedAt = true;
    await post();
    expect(updatedAt()).toBe(NOW + 2000);
  });

  it('deletes once, answers 404 or 200 after that, and lets a message bring the session back', async () => {
    await start();
    const { sessionId } = sandbox.accounts.addConversation(PROJECT);
    const path = `/projects/${PROJECT}/conversations/${sessionId}`;
    const first = await call(path, { method: 'DELETE' });
    expect(first.json).toEqual({ data: { deleted: true }, status: 'success' });
    expect(sandbox.accounts.has(PROJECT, sessionId)).toBe(false);
    expect((await call(`${path}/messages`)).response.status).toBe(404);
    expect((await call(path, { method: 'DELETE' })).response.status).toBe(404);
    sandbox.faults.deleteTwice = 200;
    expect((await call(path, { method: 'DELETE' })).response.status).toBe(200);
    await call(`${path}/messages`, { method: 'POST', body: '{"prompt":"Still there?"}' });
    expect((await call(`${path}/messages`)).json.data.messages.total).toBe(1);
    expect(sandbox.accounts.count(PROJECT)).toBe(1);
    expect((await call(`/projects/${PROJECT}/conversations`)).json.data.total).toBe(1);
  });

  it('answers the newest message first by default', async () => {
    await start();
    const messages = Array.from({ length: 25 }, (_, index) => ({
      createdAt: NOW - index * 1000,
      query: `q${index}`,
      response: 'r',
    }));
    const { sessionId } = sandbox.accounts.addConversation(PROJECT, { createdAt: NOW - 90_000, messages });
    const path = `/projects/${PROJECT}/conversations/${sessionId}/messages`;
    const { json } = await call(`${path}?order=desc&page=1`);
    expect(json.data.messages.data).toHaveLength(20);
    expect(json.data.messages.data[0]).toMatchObject({
      user_query: 'q0',
      created_at: '2025-11-20T12:00:00.000000Z',
      metadata: { user_ip: '192.0.2.1' },
    });
    expect((await call(`${path}?order=asc`)).json.data.messages.data[0]?.user_query).toBe('q24');
  });
});

describe('the witness', () => {
  it('journals arrivals with their answers', async () => {
    await start();
    await call(`/projects/${PROJECT}/conversations?page=2`);
    await call(`/projects/${PROJECT}/conversations/some-session`, { method: 'DELETE' });
    expect(sandbox.journal.entries).toMatchObject([
      {
        at: NOW,
        method: 'GET',
        path: `/api/v1/projects/${PROJECT}/conversations?page=2`,
        route: 'conversations.list',
        projectId: PROJECT,
        status: 200,
      },
      { route: 'conversations.delete', sessionId: 'some-session', status: 404 },
    ]);
    expect(sandbox.journal.count()).toBe(2);
    expect(sandbox.journal.count({ method: 'DELETE', status: 404 })).toBe(1);
    expect(sandbox.journal.count({ sessionId: 'some-session' })).toBe(1);
    sandbox.journal.clear();
    expect(sandbox.journal.count()).toBe(0);
  });

  it('keeps the journal bounded and counts on', async () => {
    await start();
    sandbox.journal.limit = 4;
    for (let index = 0; index < 20; index += 1) await call('/user');
    expect(sandbox.journal.entries.length).toBeLessThanOrEqual(6);
    expect(sandbox.journal.count({ route: 'user', status: 200 })).toBe(20);
    expect(() => sandbox.journal.count({ projectId: 1 })).toThrow('dropped');
  });

  it('refuses and records a DELETE that breaks the rules', async () => {
    await start({
      beforeDelete: (projectId, sessionId) =>
        sessionId === 'good-one' ? undefined : `no intent: ${projectId}`,
    });
    for (const sessionId of ['good-one', 'bad-one-1'])
      sandbox.accounts.addConversation(PROJECT, { sessionId });
    const path = `/projects/${PROJECT}/conversations`;
    expect((await call(`${path}/good-one`, { method: 'DELETE' })).response.status).toBe(200);
    expect((await call(`${path}/bad-one-1`, { method: 'DELETE' })).response.status).toBe(500);
    expect(sandbox.violations).toEqual([`no intent: ${PROJECT}`]);
    expect(sandbox.accounts.conversationIds(PROJECT)).toEqual(['bad-one-1']);
  });
});
