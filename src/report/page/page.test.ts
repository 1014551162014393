import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { AT, idOf, INCOMPLETE, PARTIAL, PROOF, sample } from '../../../test/support/run-samples.ts';
import { reportOn, textOf, written } from '../../../test/support/report-samples.ts';
import { outcomeRows } from '../run-text.ts';

const run = async (...given: Parameters<typeof sample>): Promise<string> =>
  written(await reportOn(sample(...given)));
const plan = async (...given: Parameters<typeof sample>): Promise<string> =>
  written(await reportOn(sample(...given), 'plan'));

describe('a page', () => {
  it('needs nothing from outside, and its own policy forbids all but its own style and script', async () => {
    const page = await run(PARTIAL);
    expect(page).toMatch(/^<!doctype html>\s*<html lang="en">/);
    expect(page).not.toMatch(/<link|<img|<iframe|src=|href=|url\(|@import|style="|\son\w+=/i);
    const hashOf = (tag: string): string => {
      const [, content = ''] = new RegExp(`<${tag}>([^]*?)</${tag}>`).exec(page) ?? [];
      return `&#39;sha256-${createHash('sha256').update(content).digest('base64')}&#39;`;
    };
    expect(page).toContain(
      `content="default-src &#39;none&#39;; style-src ${hashOf('style')}; script-src ${hashOf('script')}; base-uri &#39;none&#39;; form-action &#39;none&#39;"`,
    );
    expect(page.match(/<(style|script)\b/g)).toHaveLength(2);
  });

  it('of a run never holds a name, and of a plan a name but never a user', async () => {
    const others = [{ verdict: 'held' as const, rule: null, reason: 'held for case 17' }];
    const [ofRun, ofPlan] = [await run({ ...PARTIAL, others }), await plan({ ...PARTIAL, others })];
    expect(ofRun).toContain('held for case 17');
    expect(ofRun).not.toContain('Miller');
    expect(ofPlan).toContain('<b>Divorce of Ms Miller</b>');
    for (const page of [ofRun, ofPlan]) expect(page).not.toContain('4711');
  });

  it('escapes whatever comes from outside', async () => {
    const hostile = '<script>alert(1)</script>';
    const seen = { name: hostile, createdAt: AT, updatedAt: AT, createdBy: undefined };
    const others = [
      { verdict: 'unknown' as const, reason: hostile, rule: hostile, sessionId: null, ageDays: null, seen },
    ];
    const page = await plan({ others, run: { policy: hostile } });
    expect(page.match(/<script/g)).toHaveLength(1);
    expect(page).toContain('&#60;b&#62;old');
    expect(textOf(page)).toContain('(no id)');
  });

  it('has scoped headings, no id twice, and no label without its element', async () => {
    const page = await run({ ...PARTIAL, others: [{ verdict: 'unknown' as const }] });
    expect(page).not.toMatch(/<th(?![^>]*scope=)[ >]/);
    const ids = [...page.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const [, id] of page.matchAll(/aria-labelledby="([^"]+)"/g)) expect(ids).toContain(id);
  });
});

describe('the page of a run', () => {
  it('says the verdict first, and proves each deletion with its instants', async () => {
    const page = textOf(await run());
    expect(page).toContain('Deleted 2 conversations, each one proven gone.');
    expect(page).toContain(
      `${idOf(1)} 91 d deleted idle DELETE 200 23:59:51.000, GET 404 2026-05-05 00:00:01.512, not listed 23:59:53.000`,
    );
    expect(page).toContain(`entry 12,345, ${'d'.repeat(64)}`);
    expect(page).not.toContain('Please note');
  });

  it('says why the rest is not deleted', async () => {
    const settled = { ...PROOF, delete_status: null, settled_by: 'run-later', attempts: 3 };
    const page = textOf(
      await run({ ...PARTIAL, events: [...(PARTIAL.events ?? []), ['deletion.verified', idOf(6), settled]] }),
    );
    expect(page).toContain(`${idOf(5)} 91 d skipped idle renamed since the plan`);
    expect(page).toContain(
      `${idOf(2)} 91 d already gone idle not deleted by us, and no longer visible to this key`,
    );
    expect(page).toContain('(3 attempts, settled by run-later)');
    expect(page).not.toContain('not begun');
    // One that was begun, and of which nothing is known, is no other than that in the figures, too.
    expect(textOf(await run(PARTIAL))).toMatch(/no outcome yet 1 /);
    expect(textOf(await run(PARTIAL))).not.toContain('not begun');
    expect(page).toContain('Please note');
    expect(page).toContain('1 unverified, not proven gone: the next run looks again.');
  });

  it('notes incomplete projects, overridden limits and missing confirmations', async () => {
    const page = textOf(
      await run({
        run: { status: 'partial' },
        projects: [INCOMPLETE],
        events: [
          ['limits.overridden', null, { by: 'Ada', reason: '<i>audit</i>' }],
          ['listing.incomplete', null, { phase: 'plan', reason: 'told by the plan' }],
          ['listing.incomplete', null, { phase: 'confirm', reason: 'timeout' }],
          ['run.completed', null, { unconfirmed: [7] }],
        ],
      }),
    );
    expect(page).toContain('Project 9 could not be listed in full (page 4 of 8 is short)');
    expect(page).toContain('overridden by Ada; reason given: &#60;i&#62;audit');
    expect(page).toContain('Project 7 could not be listed again at the end: timeout.');
    expect(page).toContain('No fresh listing of project 7');
    expect(page).not.toContain('told by the plan');
    expect(page).toContain('incomplete: page 4 of 8 is short');
  });

  it('shows a refused one as such, with the plan that nobody applied', async () => {
    const problem = 'max_deletions allows 1, the plan has 2';
    const page = await run({ run: { status: 'refused', problem }, events: [] });
    expect(page).toContain('class="note refused"');
    expect(textOf(page)).toContain(
      `Why it was refused: ${problem}. No DELETE was sent; the plan is kept as plan-8h3v5t0c2wqa.`,
    );
    expect(textOf(page)).toContain('before the first DELETE. Nothing was deleted.');
  });

  it('says what is proven by an earlier rule', async () => {
    const old = sample({ events: [['deletion.verified', idOf(1), { ...PROOF, evidence: null }]] });
    expect(textOf(await written(await reportOn(old)))).toContain('23:59:53.000, by an earlier rule');
    expect(outcomeRows(old.entries).replace(/\s+/g, ' ')).toContain(
      'DELETE 200, GET 404, by an earlier rule',
    );
  });

  it('needs no plan, requests, end or words', async () => {
    const change = {
      status: 'running',
      requests: undefined,
      endedAt: undefined,
      auditHead: undefined,
    } as const;
    const bare = { ...sample({ run: change, planned: 0, events: [], projects: [] }), items: [] };
    const report = { ...(await reportOn(bare)), policyWords: [] };
    const page = textOf(
      await written({ ...report, plan: undefined, finished: { ...bare, plan: undefined } }),
    );
    expect(page).toContain('The run is under way.');
    expect(page).toContain('Its text is not kept');
    expect(textOf(await written(report))).toContain('No project falls under the policy');
  });

  it('names what the log alone knows, once the rows of the plan are gone', async () => {
    const page = textOf(await written(await reportOn({ ...sample(), items: [] })));
    expect(page).toContain(`${idOf(1)} unknown deleted idle DELETE 200`);
  });
});

describe('what an officer asks of the page of a run', () => {
  it('is when a DELETE was sent for what is not proven gone, who signs, and what is not proven', async () => {
    const text = textOf(await written(await reportOn(sample(PARTIAL))));
    expect(text).toContain('it still answers (DELETE 202 23:59:51.000)');
    expect(text).toContain('not carried out (DELETE 23:59:51.000)');
    expect(text).toContain('Signed with customgpt-retention+1a2b3c4d+AQkey');
    expect(text).toContain('What this does not prove: Gone from the API is not erased');
  });

  it('is which matter a hold belongs to, and who applied the plan of a dry run', async () => {
    const report = await reportOn(sample());
    const hold = { kind: 'hold' as const, name: 'hold-1', matched: 2, before: undefined };
    const plan = report.plan && {
      ...report.plan,
      mode: 'dry-run' as const,
      findings: { ...report.plan.findings, protections: [hold] },
    };
    const finished = report.finished && { ...report.finished, plan };
    const text = textOf(await written({ ...report, plan, finished }));
    expect(text).toContain('Hold hold-1, matter CASE-17');
    expect(text).toContain('The policy itself is a dry run: a person applied this plan by command.');
  });

  it('is that what was open has been settled since', async () => {
    const report = await reportOn(sample({ run: { status: 'partial' } }));
    const finished = report.finished && { ...report.finished, settledLater: 1 };
    const text = textOf(await written({ ...report, finished }));
    expect(text).toContain('1 settled by a later run.');
    expect(text).not.toContain('the next run looks again');
  });
});

describe('the page of a plan', () => {
  it('says what would be deleted, and that nothing has been', async () => {
    const page = textOf(await plan());
    expect(page).toContain('Would delete 2 conversations.');
    expect(page).toContain('91 d would be deleted idle rule idle matches');
    expect(page).toContain('The plan was applied since.');
  });

  it('says what would refuse it, and which protection matches nothing', async () => {
    const report = await reportOn(sample(), 'plan');
    const findings = {
      ...{ warnings: ['Look at this'], stops: [], protectedIn: [], ages: [] },
      protections: [{ kind: 'rule' as const, name: 'vip', matched: 0, before: 3 }],
    };
    const page = textOf(
      await written({
        ...report,
        plan: report.plan && { ...report.plan, status: 'open', findings },
        cost: { requests: 12, seconds: 90, requestsPerMinute: 60 },
        breaches: [{ limit: 'max_deletions', projectId: undefined, wanted: 2, allowed: 1 }],
      }),
    );
    expect(page).toContain('Would delete 2 conversations, but would be refused.');
    expect(page).toContain('Nothing has been deleted.');
    expect(page).toContain('A limit would refuse it: max_deletions');
    expect(page).toContain('Look at this.');
    expect(page).toContain('Keep rule vip matches nothing.');
    expect(page).toContain('Keep rule vip nothing 3');
    expect(page).toContain('about 12 requests and 1 min 30 s, at 60 requests a minute');
  });

  it('draws ages, rules and projects, and says the same in numbers', async () => {
    const report = await reportOn(sample(), 'plan');
    const ages = [
      { fromDays: 0, delete: 0, keep: 5, held: 0, unknown: 0 },
      { fromDays: 90, delete: 2, keep: 1, held: 0, unknown: 1 },
    ];
    const findings = { protections: [], warnings: [], stops: [], protectedIn: [], ages };
    const page = await written({ ...report, plan: report.plan && { ...report.plan, findings } });
    expect(page.match(/<svg aria-hidden="true"/g)).toHaveLength(3);
    expect(textOf(page)).toContain('0–7 days 5 0 5 7–14 days 0 0 0');
    expect(textOf(page)).toContain('90–120 days 4 2 2');
    expect(textOf(page)).toContain(
      'By rule Conversations that would be deleted. In numbers Rule Would be deleted idle 2',
    );
  });

  it('is written in tables that a browser lays out one by one', async () => {
    const page = await plan({ planned: 600 });
    expect(page.match(/<div class="rows( more)?">/g)).toHaveLength(3);
    expect(page.match(/<details class="project"/g)).toHaveLength(1);
    expect(page.match(/<tr class="delete">/g)).toHaveLength(600);
  });
});
