import { describe, expect, it } from 'vitest';
import { idOf, PARTIAL, sample, verified } from '../../test/support/run-samples.ts';
import { reportOn, written } from '../../test/support/report-samples.ts';

const NAMES = ['=HYPERLINK("x")', 'a "b", c', '| **bold** <i>\n[x](y)'];

function named() {
  const [first] = sample().items;
  const others = NAMES.map((name) => ({ seen: { ...first?.seen, name } as never }));
  return sample({ planned: 1, others });
}

describe('as CSV', () => {
  it('has a row for each conversation, and nothing that a spreadsheet takes for a formula', async () => {
    const lines = (await written(await reportOn(named(), 'plan'), 'csv')).split('\r\n');
    expect(lines[0]).toBe(
      'project_id,session_id,name,state,rule,age_days,reason,requested_at,delete_status,verified_at,verify_status,not_listed_at',
    );
    expect(lines[2]).toBe(`7,${idOf(2)},"'=HYPERLINK(""x"")",delete,idle,91,rule idle matches,,,,,`);
    expect(lines[3]).toContain('"a ""b"", c"');
  });

  it('of a run has no names, and the proof', async () => {
    const lines = (await written(await reportOn(sample(PARTIAL)), 'csv')).split('\r\n');
    expect(lines[0]).not.toContain('name');
    expect(lines).toContain(
      `7,${idOf(1)},verified,idle,91,,2026-05-04T23:59:51.000Z,200,2026-05-05T00:00:01.512Z,404,2026-05-04T23:59:53.000Z`,
    );
    expect(lines).toContain(`7,${idOf(5)},skipped,idle,91,renamed since the plan,,,,,`);
    const stopped = await reportOn(
      sample({ planned: 2, events: [verified(1)], run: { status: 'interrupted' } }),
    );
    expect(await written(stopped, 'csv')).toContain(`7,${idOf(2)},not_begun,`);
    expect(await written(stopped, 'json')).toContain('"state":"not_begun"');
  });
});

describe('as JSON', () => {
  it('is one document with every conversation', async () => {
    const text = await written(await reportOn(sample(PARTIAL)), 'json');
    expect(JSON.parse(text)).toMatchObject({
      dry_run: false,
      run: { run_id: 'run-4k2m9x7q1bzd' },
      by_rule: [{ rule: 'idle', planned: 6, deleted: 1 }],
      audit_head: { seq: 12_345 },
      conversations: [
        { session_id: idOf(1), state: 'verified', proof: { delete_status: 200 } },
        ...Array.from({ length: 5 }, () => ({})),
      ],
    });
    expect(text).not.toContain('Miller');
    const none = await written(await reportOn(sample({ planned: 0, events: [] }), 'plan'), 'json');
    expect(JSON.parse(none)).toMatchObject({ dry_run: true, run: null, conversations: [] });
  });
});

describe('as Markdown', () => {
  it('makes nothing of what a stranger wrote', async () => {
    const text = await written(await reportOn(named(), 'plan'), 'md');
    expect(text).toContain('**Would delete 1 conversation.**');
    expect(text).toContain(String.raw`\| \*\*bold\*\* \<i\>\\n\[x\](y) ${idOf(4)}`);
    expect(text.split('\n').filter((line) => line.startsWith('| 7 |'))).toHaveLength(5);
  });

  it('says the notes of a run and its outcomes', async () => {
    const text = await written(await reportOn(sample(PARTIAL)), 'md');
    expect(text).toContain('## Please note');
    expect(text).toContain('Account: https://app.customgpt.ai team:7');
    expect(text).toContain(`Fingerprint of the plan: \`${'b'.repeat(64)}\``);
    expect(text).toContain('| 7 | 16 | 6 | 1 | 0 | 0 | 10 |  |');
    expect(text).toContain(`| ${idOf(1)} | 91 d | deleted | idle | DELETE 200, GET 404 |`);
    const none = await written(await reportOn(sample({ planned: 0, events: [] }), 'plan'), 'md');
    expect(none).toContain('None is named one by one.');
  });
});
