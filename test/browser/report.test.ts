import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { written, reportOn } from '../support/report-samples.ts';
import { idOf, INCOMPLETE, PARTIAL, sample, verified } from '../support/run-samples.ts';
import { faultsOf, launch, openFile } from './browser.ts';

/** Where the screenshots go that somebody should look at. */
const SHOTS = 'reports/screens';

let browser: Browser;
let folder: string;

beforeAll(async () => {
  browser = await launch();
  folder = mkdtempSync(join(tmpdir(), 'report-pages-'));
  mkdirSync(SHOTS, { recursive: true });
  for (const name of ['plan', 'run'] as const)
    writeFileSync(join(folder, `${name}.html`), await pageOf(name));
});
afterAll(async () => {
  await browser.close();
  rmSync(folder, { recursive: true });
});

/** Two projects, everything that can become of a conversation, and a name that would break out of a table. */
async function pageOf(of: 'plan' | 'run'): Promise<string> {
  const seen = { name: `${'long-'.repeat(40)}<b>name</b>`, createdAt: 1, updatedAt: 1, createdBy: undefined };
  const others = [
    { verdict: 'held' as const, rule: null, reason: 'hold CASE-17', seen },
    { verdict: 'unknown' as const, ageDays: null, reason: 'its age is not known' },
    ...Array.from({ length: 30 }, (_, index) => ({ projectId: 8, ageDays: 10 + index })),
  ];
  const sampled = sample({ ...PARTIAL, others, events: [...(PARTIAL.events ?? []), verified(99)] });
  const report = await reportOn(sampled, of);
  const ages = [0, 7, 30, 90].map((fromDays) => ({
    fromDays,
    delete: fromDays,
    keep: 9,
    held: 1,
    unknown: 0,
  }));
  const protections = [{ kind: 'rule' as const, name: 'vip', matched: 0, before: 2 }];
  const findings = { protections, warnings: ['Look at this'], stops: [], protectedIn: [], ages };
  const projects = [...(report.plan?.projects ?? []), INCOMPLETE];
  const plan = report.plan && { ...report.plan, status: 'open' as const, findings, projects };
  const finished = report.finished && { ...report.finished, plan };
  const cost = { requests: 120, seconds: 130, requestsPerMinute: 60 };
  return written({ ...report, plan, finished, cost });
}

const LOOKS = [
  ...[1280, 390].flatMap((width) =>
    (['light', 'dark'] as const).flatMap((colorScheme) =>
      (['plan', 'run'] as const).map((name) => ({ name, width, colorScheme })),
    ),
  ),
];

describe.each(LOOKS)('$name at $width px, $colorScheme', ({ name, width, colorScheme }) => {
  test('fits, says nothing, and has no fault that axe finds, closed and open', async () => {
    const viewport = { width, height: 900 };
    const file = join(folder, `${name}.html`);
    const { page, said } = await openFile(browser, file, { viewport, colorScheme });
    await page.click('#open');
    expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBeLessThanOrEqual(0);
    await page.screenshot({ path: `${SHOTS}/report-${name}-${width}-${colorScheme}.png`, fullPage: true });
    expect(said).toEqual([]);
    await page.context().close();
    const looked = await openFile(browser, file, { viewport, colorScheme, bypassCSP: true });
    expect(await faultsOf(looked.page)).toEqual([]);
    await looked.page.click('#open');
    expect(await faultsOf(looked.page)).toEqual([]);
    await looked.page.context().close();
  });
});

describe('a page of conversations', () => {
  test('stands open and whole where no script runs', async () => {
    const { page } = await openFile(browser, join(folder, 'plan.html'), { javaScriptEnabled: false });
    expect(await page.locator('details.project').count()).toBe(2);
    expect(await page.locator('details.project[open]').count()).toBe(2);
    expect(await page.locator('tr.delete').first().isVisible()).toBe(true);
    expect(await page.locator('#tools').isVisible()).toBe(false);
    await page.context().close();
  });

  test('is closed by project at first, opened by keyboard, found by words and by verdict', async () => {
    const { page, said } = await openFile(browser, join(folder, 'plan.html'));
    const shown = (): Promise<number> => page.locator('.rows tbody tr:visible').count();
    expect(await shown()).toBe(0);
    await page.locator('details.project summary').first().press('Enter');
    expect(await shown()).toBe(8);
    await page.fill('#find', idOf(3));
    await expect.poll(shown).toBe(1);
    await page.fill('#find', '');
    await page.selectOption('#which', 'held');
    expect(await page.locator('#found').textContent()).toBe('1 of 38 shown');
    expect(await shown()).toBe(1);
    await page.selectOption('#which', '');
    expect(await page.locator('details.project').count()).toBe(2);
    expect(said).toEqual([]);
    await page.context().close();
  });

  test('is sorted by its heads, up and down, and says so', async () => {
    const { page } = await openFile(browser, join(folder, 'plan.html'));
    await page.click('#open');
    const project = page.locator('details.project').nth(1);
    const ages = (): Promise<string[]> => project.locator('tbody td:nth-child(2)').allTextContents();
    const head = project.locator('thead th').nth(1);
    await head.locator('button').press('Enter');
    expect((await ages()).slice(0, 2)).toEqual(['10 d', '11 d']);
    expect(await head.getAttribute('aria-sort')).toBe('ascending');
    await head.locator('button').click();
    expect((await ages())[0]).toBe('39 d');
    expect(await head.getAttribute('aria-sort')).toBe('descending');
    await page.context().close();
  });

  test('is printed open', async () => {
    const { page } = await openFile(browser, join(folder, 'plan.html'));
    const closed = await page.pdf();
    expect(await page.locator('details.project[open]').count()).toBe(0);
    await page.click('#open');
    const open = await page.pdf();
    expect(Math.abs(closed.length - open.length)).toBeLessThan(open.length / 20);
    await page.context().close();
  });
});
