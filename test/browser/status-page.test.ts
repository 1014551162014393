import { mkdirSync } from 'node:fs';
import type { Browser, BrowserContextOptions, Page as Tab } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../src/cli/surroundings.ts';
import { addConversations, openTerminal, until, type Terminal } from '../support/command.ts';
import { AGE_POLICY } from '../support/purge.ts';
import { openState } from '../support/state.ts';
import { APPROVER, openStatusPage, VIEWER, type Page } from '../support/status-page.ts';
import { DAY } from '../support/world.ts';
import { faultsOf, launch } from './browser.ts';

const SHOTS = 'reports/screens';

let browser: Browser;
let terminal: Terminal;
let page: Page;

const FAR = `schedule: { cron: "0 ${(new Date().getUTCHours() + 12) % 24} * * *" }\n`;
const SCENE = {
  // The first to run, while there is something yet.
  'a-limited': AGE_POLICY.replace('max_percent: 100', 'max_deletions: 1'),
  'by-age': AGE_POLICY,
  looking: AGE_POLICY.replace('enforce', 'dry-run').replace(
    'rules:',
    'rules:\n  - { name: vip, match: { name: { contains: VIPP } }, action: keep, binds: this_policy }',
  ),
};

/** One policy that works, one that is refused, and a dry run whose protection matches nothing; a hold. */
async function openScene(): Promise<void> {
  terminal = await openTerminal();
  addConversations(terminal.sandbox, 101, { old: 30, young: 5 });
  addConversations(terminal.sandbox, 102, { old: 8, young: 5 });
  for (const [name, yaml] of Object.entries(SCENE))
    terminal.policy(`${yaml.replace('name: by-age', `name: ${name}`)}${FAR}`, name);
  await terminal.run([
    'hold',
    'add',
    '102',
    '--matter',
    'M-17',
    '--reason',
    'Smith v. Acme',
    '--by',
    'legal',
  ]);
  await terminal.run(['run']);
  const store = await openState(terminal.stateDir, { clock: systemClock });
  await store.runs.recordSlot('looking', Date.now() - 3 * DAY);
  await store.close();
  page = await openStatusPage(terminal);
  await until(() => page.serve.stderr().includes('"msg":"run.completed"'));
}

beforeAll(async () => {
  browser = await launch();
  mkdirSync(SHOTS, { recursive: true });
  await openScene();
}, 60_000);
afterAll(async () => {
  await browser.close();
  await terminal.close();
});

async function signedIn(
  token: string,
  options: BrowserContextOptions,
): Promise<{ readonly tab: Tab; readonly said: readonly string[] }> {
  const tab = await (await browser.newContext(options)).newPage();
  const said: string[] = [];
  tab.on('console', (message) => said.push(message.text()));
  tab.on('pageerror', (error) => said.push(String(error)));
  await tab.goto(`${page.url}/`);
  await tab.fill('#token', token);
  await tab.keyboard.press('Enter');
  await tab.waitForURL(`${page.url}/`);
  return { tab, said };
}

const PAGES = { overview: '/', runs: '/runs', holds: '/holds', login: '/login' } as const;
const LOOKS = [1280, 390].flatMap((width) =>
  (['light', 'dark'] as const).map((colorScheme) => ({ width, colorScheme })),
);

describe.each(LOOKS)('the status page at $width px, $colorScheme', ({ width, colorScheme }) => {
  const viewport = { width, height: 900 };

  test('fits, says nothing, and has no fault that axe finds', async () => {
    const { tab, said } = await signedIn(APPROVER, { viewport, colorScheme });
    for (const [name, path] of Object.entries(PAGES)) {
      await tab.goto(`${page.url}${path}`);
      expect(
        await tab.evaluate('document.documentElement.scrollWidth - innerWidth'),
        name,
      ).toBeLessThanOrEqual(0);
      await tab.screenshot({ path: `${SHOTS}/status-${name}-${width}-${colorScheme}.png`, fullPage: true });
    }
    expect(said).toEqual([]);
    await tab.context().close();
    const looked = await signedIn(APPROVER, { viewport, colorScheme, bypassCSP: true });
    for (const [name, path] of Object.entries(PAGES)) {
      await looked.tab.goto(`${page.url}${path}`);
      expect(await faultsOf(looked.tab), name).toEqual([]);
    }
    await looked.tab.context().close();
  });
});

describe('the overview', () => {
  test('says what needs somebody, and is used by keyboard alone', async () => {
    const { tab } = await signedIn(VIEWER, { viewport: { width: 1280, height: 900 } });
    expect(await tab.textContent('h1')).toBe('a-limited: somebody has to look.');
    expect(await tab.textContent('#trouble + ul')).toContain('a-limited: its last run was refused');
    expect(await tab.textContent('[aria-labelledby=protections]')).toContain('vip');
    await tab.keyboard.press('Tab');
    expect(await tab.evaluate('document.activeElement.className')).toBe('skip');
    await tab.keyboard.press('Enter');
    expect(await tab.evaluate('document.activeElement.id')).toBe('main');
    await tab.click('[aria-label=Policies] tbody tr:first-child td a');
    expect(await tab.textContent('h1')).toContain('refused');
    await tab.context().close();
  });

  test('follows a run without being loaded again, and an approver stops it', async () => {
    addConversations(terminal.sandbox, 103, { old: 30, young: 5 });
    terminal.sandbox.faults.add({ when: { method: 'DELETE' }, then: { latencyMs: 400 } });
    const { tab, said } = await signedIn(APPROVER, { viewport: { width: 1280, height: 900 } });
    await tab.evaluate('window.notLoadedAgain = true');
    // A policy that was down for three days when its file comes back.
    const store = await openState(terminal.stateDir, { clock: systemClock });
    await store.runs.recordSlot('late', Date.now() - 3 * DAY);
    await store.close();
    terminal.policy(`${AGE_POLICY.replace('name: by-age', 'name: late')}${FAR}`, 'late');
    page.serve.kill('SIGHUP');
    await tab.waitForSelector('[data-run] progress[value]');
    const words = (): Promise<string | null> => tab.textContent('[data-words]');
    const before = await words();
    await until(async () => (await words()) !== before);
    await tab.screenshot({ path: `${SHOTS}/status-live.png` });
    expect(await tab.evaluate('window.notLoadedAgain')).toBe(true);
    await tab.click('text=Stop this run');
    await tab.waitForSelector('text=interrupted');
    expect(said).toEqual([]);
    await tab.context().close();
  });
});
