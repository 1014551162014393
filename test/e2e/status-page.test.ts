import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { systemClock } from '../../src/cli/surroundings.ts';
import { addConversations, runsOf, until, type Terminal } from '../support/command.ts';
import { AGE_POLICY } from '../support/purge.ts';
import { openState } from '../support/state.ts';
import { APPROVER, openStatusPage, signedIn, statusUnderName, VIEWER } from '../support/status-page.ts';
import { expectPlainWords, terminalTest } from '../support/terminal-test.ts';
import { DAY, SECRET_NAME } from '../support/world.ts';

const test = terminalTest.extend({
  old: [
    async ({ terminal }, use) => {
      const farHour = (new Date().getUTCHours() + 12) % 24;
      terminal.policy(`${AGE_POLICY}schedule: { cron: "0 ${farHour} * * *" }\n`);
      await use(addConversations(terminal.sandbox, 101, { old: 8, young: 5 }));
    },
    { auto: true },
  ],
});

/** As if the daemon had been down: it runs at once. */
async function missSlots({ stateDir }: Terminal): Promise<void> {
  const store = await openState(stateDir, { clock: systemClock });
  await store.runs.recordSlot('by-age', Date.now() - 3 * DAY);
  await store.close();
}

const HTML = { accept: 'text/html' };

describe.concurrent('who is let in', () => {
  test('probes are for everybody, all else is for who has a token', async ({ terminal }) => {
    const page = await openStatusPage(terminal);
    expect(await page.text('/healthz')).toBe('ok\n');
    await until(async () => (await page.get('/readyz')).status === 200);
    expect(await (await page.get('/readyz')).json()).toEqual({
      ready: true,
      checks: { store: 'ok', key: 'ok', policies: 'ok', audit: 'ok' },
    });
    for (const path of ['/', '/runs', '/holds', '/metrics', '/events', '/runs/run-1', '/nowhere']) {
      expect((await page.get(path)).status, path).toBe(401);
      expect((await page.get(path, 'a-wrong-token-0123456789')).status, path).toBe(401);
      const person = await page.get(path, undefined, HTML);
      expect([person.status, person.headers.get('location')]).toEqual([
        303,
        `/login?to=${encodeURIComponent(path)}`,
      ]);
    }
    for (const path of ['/', '/runs', '/holds', '/metrics'])
      expect((await page.get(path, VIEWER)).status, path).toBe(200);
    expect((await page.get('/nowhere', VIEWER)).status).toBe(404);
    expect(page.serve.stderr()).not.toContain(VIEWER);
  });

  test('nobody under a name that is not its own', async ({ terminal }) => {
    const page = await openStatusPage(terminal, { RETENTION_HTTP_HOSTS: 'retention.example.com' });
    const port = new URL(page.url).port;
    for (const [host, status] of [
      ['evil.example', 421],
      [`evil.example:${port}`, 421],
      ['localhost.evil.example', 421],
      [`localhost:${port}`, 200],
      ['[::1]:80', 200],
      ['10.1.2.3', 200],
      ['Retention.Example.com', 200],
    ] as const)
      expect(await statusUnderName(page.url, '/login', { host }), host).toBe(status);
    // Probes and Prometheus may use whatever name they know it by.
    expect(await statusUnderName(page.url, '/healthz', { host: 'worker:80' })).toBe(200);
    const authorization = `Bearer ${VIEWER}`;
    expect(await statusUnderName(page.url, '/metrics', { host: 'worker:80', authorization })).toBe(200);
    expect(await statusUnderName(page.url, '/metrics', { host: 'worker:80' })).toBe(421);
  });

  test('without tokens, everybody on the machine may look, and nobody stop a run', async ({ terminal }) => {
    const page = await openStatusPage(terminal, { RETENTION_HTTP_TOKEN_FILE: undefined });
    expect(await page.text('/')).toContain('No policy has had a run yet.');
    expect((await page.get('/login', undefined, HTML)).headers.get('location')).toBe('/');
    const stop = await fetch(`${page.url}/runs/run-1/stop`, { method: 'POST' });
    expect(stop.status).toBe(403);
  });

  test('a wrong token is said to be wrong; too many are logged, and keep nobody out who has a right one', async ({
    terminal,
  }) => {
    const page = await openStatusPage(terminal);
    const signIn = (token: string) =>
      fetch(`${page.url}/login`, {
        method: 'POST',
        redirect: 'manual',
        body: new URLSearchParams({ token, to: 'https://evil.example/' }),
      });
    const good = await signIn(VIEWER);
    expect([good.status, good.headers.get('location')]).toEqual([303, '/']);
    expect(good.headers.get('set-cookie')).toMatch(
      /^retention_session=\w{32}; Path=\/; HttpOnly; SameSite=Lax$/,
    );
    for (let times = 0; times < 10; times += 1) expect((await signIn('wrong')).status).toBe(401);
    expect((await signIn('wrong')).status).toBe(429);
    // Who has a right one is never kept out by others.
    expect((await signIn(VIEWER)).status).toBe(303);
    await until(() => page.serve.stderr().includes('wrong tokens were tried'));
  });
});

describe.concurrent('what is shown', () => {
  test('how retention stands, each run, and its report, without a name', async ({ terminal }) => {
    await missSlots(terminal);
    const page = await openStatusPage(terminal);
    await until(() => page.serve.stderr().includes('"msg":"run.completed"'));
    await until(async () => (await page.text('/', VIEWER)).includes('Retention works.'));
    const overview = await page.text('/', VIEWER);
    expect(overview).toContain('Deleted 8 conversations, each one proven gone.');
    expect(overview).not.toMatch(/Stop this run/);
    const [run] = runsOf(await terminal.run(['runs', '--json']));
    const report = await page.get(`/runs/${run?.run_id ?? ''}`, VIEWER);
    expect(report.headers.get('content-security-policy')).toMatch(/^sandbox allow-scripts/);
    expect(await report.text()).toContain('8 conversations');
    for (const format of ['json', 'csv', 'md'])
      expect((await page.get(`/runs/${run?.run_id ?? ''}?format=${format}`, VIEWER)).status).toBe(200);
    for (const path of [
      `/runs/${run?.run_id ?? ''}?format=exe`,
      '/runs/run-none',
      '/plans/..%2f..',
      '/runs/%00',
    ])
      expect((await page.get(path, VIEWER)).status, path).toBe(404);
    expect(await page.text('/runs', VIEWER)).toContain(run?.run_id);
    expect(await page.text('/runs?page=2', VIEWER)).toContain('There are none further back.');
    const all = overview + (await page.text('/runs', VIEWER)) + (await page.text('/metrics', VIEWER));
    expect(all).not.toContain(SECRET_NAME);
    expect(await page.text('/metrics', VIEWER)).toMatch(
      /customgpt_retention_outcomes_total\{policy="by-age",outcome="verified"\} 8/,
    );
  });

  test("names in a plan's report, to approvers alone", async ({ terminal }) => {
    const planned = await terminal.run(['plan', '--json']);
    const [plan] = (JSON.parse(planned.stdout) as { plans: { plan_id: string }[] }).plans;
    const page = await openStatusPage(terminal);
    const path = `/plans/${plan?.plan_id ?? ''}`;
    const withNames = await page.text(path, APPROVER);
    const without = await page.text(path, VIEWER);
    expect(withNames).toContain(SECRET_NAME);
    expect(without).toContain('8 conversations');
    expect(without).not.toContain(SECRET_NAME);
  });

  test('that it is not ready while a file is wrong, or the key refused', async ({ terminal }) => {
    terminal.sandbox.faults.add({ when: {}, then: { status: 401 } });
    const page = await openStatusPage(terminal);
    await until(async () => (await page.text('/readyz')).includes('"key":"refused"'));
    expect(await page.text('/', VIEWER)).toContain('<h1>The API refuses the key.</h1>');
    writeFileSync(join(terminal.folder, 'policies', 'broken.yaml'), 'version: 1\nnam: x\n');
    const problem = async () => (await page.text('/', VIEWER)).includes('Nothing runs: files of policies');
    await until(problem);
    await until(async () => (await page.text('/readyz')).includes('"policies":"wrong"'));
    expect((await page.get('/readyz')).status).toBe(503);
    expect(await page.text('/metrics', VIEWER)).toMatch(/customgpt_retention_policies_broken 1/);
  });
});

test('what cannot be a form is refused as such, and a line that nobody reads holds nothing open', async ({
  terminal,
}) => {
  const page = await openStatusPage(terminal);
  const post = async (body: string, headers: Readonly<Record<string, string>> = {}): Promise<number> =>
    (await fetch(`${page.url}/login`, { method: 'POST', headers, body })).status;
  expect(await post('x'.repeat(20_000))).toBe(413);
  expect(await post('--x', { 'content-type': 'multipart/form-data; boundary=y' })).toBe(400);
  for (let times = 0; times < 70; times += 1) {
    const head = await fetch(`${page.url}/events`, {
      method: 'HEAD',
      headers: { authorization: `Bearer ${VIEWER}` },
    });
    expect(head.status).toBe(200);
  }
  const events = await page.get('/events', VIEWER);
  expect(events.status).toBe(200);
  await events.body?.cancel();
  const foreign = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' };
  expect((await page.get('/events', VIEWER, foreign)).status).toBe(403);
  const followed = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', host: 'localhost' };
  expect(await statusUnderName(page.url, '/login', followed)).toBe(200);
  expect(page.serve.stderr()).not.toContain('a page could not be shown');
});

test('an approver stops a run: it ends as interrupted by a person, and does not begin again', async ({
  terminal,
}) => {
  await missSlots(terminal);
  terminal.sandbox.faults.add({ when: { method: 'DELETE' }, then: { latencyMs: 300 } });
  const page = await openStatusPage(terminal);
  await until(() => terminal.deleteCount() >= 2);
  const [run] = runsOf(await terminal.run(['runs', '--json']));
  const path = `/runs/${run?.run_id ?? ''}/stop`;
  const post = async (body: object, headers: Readonly<Record<string, string>> = {}): Promise<number> => {
    const form = new URLSearchParams({ ...body });
    return (await fetch(`${page.url}${path}`, { method: 'POST', redirect: 'manual', headers, body: form }))
      .status;
  };
  expect(await page.text('/', APPROVER)).toContain('Stop this run');
  const { cookie, csrf } = await signedIn(page, APPROVER);
  expect(await post({})).toBe(401);
  expect(await post({}, { authorization: `Bearer ${VIEWER}` })).toBe(403);
  expect(await post({}, { cookie })).toBe(403);
  expect(await post({ csrf: 'x'.repeat(32) }, { cookie })).toBe(403);
  expect(await post({ csrf }, { cookie, origin: 'https://evil.example' })).toBe(403);
  expect(await post({ csrf }, { cookie, 'sec-fetch-site': 'cross-site' })).toBe(403);
  const viewer = await signedIn(page, VIEWER);
  expect(await post({ csrf: viewer.csrf }, { cookie: viewer.cookie })).toBe(403);
  expect(page.serve.stderr()).not.toContain('run.interrupted');
  const events = await page.get('/events', VIEWER);
  const reader = events.body?.getReader() as ReadableStreamDefaultReader<Uint8Array> | undefined;
  const first = new TextDecoder().decode((await reader?.read())?.value);
  expect(first).toContain('event: runs');
  expect(first).toMatch(/"words":"(checking|deleting): \d+ of 8 done/);

  expect(await post({ csrf }, { cookie, origin: page.url })).toBe(303);
  // Pressed twice, it is the same stop: what is in flight is still waited for.
  expect([303, 404]).toContain(await post({ csrf }, { cookie, origin: page.url }));
  await until(() => page.serve.stderr().includes('"msg":"run.interrupted"'));
  await until(async () => !(await page.text('/', VIEWER)).includes('Under way'));
  const [ended] = runsOf(await terminal.run(['runs', '--json']));
  expect(ended).toMatchObject({ status: 'interrupted' });
  const log = (await terminal.run(['audit', 'export'])).stdout;
  expect(log).toContain('stopped on the status page by jane');
  expect(await post({ csrf }, { cookie })).toBe(404);
  // Its slot is over: a restart finds nothing due.
  page.serve.kill('SIGTERM');
  expect((await page.serve.ended).code).toBe(130);
  const again = await openStatusPage(terminal);
  expect(again.serve.stderr()).not.toContain('"msg":"due"');
});

describe.concurrent('an address that cannot be', () => {
  test('is refused before anything is begun', async ({ terminal }) => {
    const open = await terminal.run(['serve'], { RETENTION_HTTP_ADDRESS: '0.0.0.0:0' });
    expect(open.code).toBe(2);
    expectPlainWords(open, /RETENTION_HTTP_ADDRESS is not a loopback address: .* RETENTION_HTTP_TOKEN_FILE/);
    const other = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => other.once('listening', resolve));
    const { port } = other.address() as AddressInfo;
    const used = await terminal.run(['serve'], { RETENTION_HTTP_ADDRESS: `127.0.0.1:${port}` });
    other.close();
    expect(used.code).toBe(2);
    expectPlainWords(used, /cannot listen on 127\.0\.0\.1:\d+ \(it is in use\)/);
    expect(terminal.sandbox.journal.count()).toBe(0);
  });
});
