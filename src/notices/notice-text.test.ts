import { describe, expect, it } from 'vitest';
import { AT, RUN } from '../../test/support/run-samples.ts';
import { plainCommandLine } from '../core/command-line.ts';
import { NOTICE_KINDS, type Notice } from '../core/notice.ts';
import { NO_OUTCOMES } from '../core/outcome.ts';
import { runCountsOf } from '../core/run.ts';
import { noticeDocument, slackDocument } from './notice-text.ts';

const NOTICE: Notice = { kind: 'run_failed', severity: 'error', at: AT, policy: 'chats', next: 'status' };
const COUNTS = {
  ...runCountsOf(undefined, NO_OUTCOMES),
  planned: 9,
  verified: 5,
  already_gone: 1,
  failed: 3,
};

function textOf(notice: Partial<Notice>): string {
  return noticeDocument({ ...NOTICE, ...notice }, plainCommandLine).data.text;
}

describe('a notice in words', () => {
  it.each<[string, Partial<Notice>, string]>([
    ['failed', { problem: 'the API refused the key' }, 'the run failed: the API refused the key'],
    ['interrupted', { kind: 'run_interrupted' }, 'the run was interrupted'],
    [
      'partial',
      { kind: 'run_partial', counts: COUNTS },
      'the run ended partial; 9 planned, 5 verified as deleted, 1 already gone, 3 failed',
    ],
    [
      'a dry run',
      { kind: 'run_completed', counts: COUNTS, run: { ...RUN, mode: 'dry-run' } },
      'the run was completed; a dry run: 9 would be deleted',
    ],
    [
      'again',
      {
        kind: 'as_before',
        streak: { runs: 6, since: AT },
        run: { ...RUN, status: 'refused' },
        problem: 'too many',
      },
      '6 runs (since 2026-05-04T23:59:50.000Z) in a row ended in the same way, refused: too many',
    ],
    [
      'good again',
      { kind: 'recovered', streak: { runs: 1, since: AT } },
      'the run was completed; before it, 1 run (since 2026-05-04T23:59:50.000Z) ended otherwise',
    ],
    [
      'stuck',
      {
        kind: 'conversations_stuck',
        stuck: { conversations: 12, projectIds: Array.from({ length: 12 }, (_, id) => id) },
      },
      '12 conversations stuck in projects 0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and 2 more: a deletion was begun, and nobody can tell for now what became of it',
    ],
    [
      'unmatched',
      {
        kind: 'protection_unmatched',
        unmatched: [
          { kind: 'rule', name: 'vip', matched: 0, before: 12 },
          { kind: 'hold', name: 'hold-x', matched: 0, before: 1 },
        ],
      },
      'what protected something before protects nothing any more: rule vip (12 before), hold hold-x (1 before)',
    ],
  ])('says it in a sentence: %s', (_, notice, words) => {
    expect(textOf(notice)).toBe(`Policy chats: ${words}`);
  });

  it('has words for every kind, and all keys in every document', () => {
    const documents = NOTICE_KINDS.map((kind) => noticeDocument({ ...NOTICE, kind }, plainCommandLine));
    for (const { data } of documents) expect(data.text).not.toMatch(/undefined|null/);
    const withRun = noticeDocument({ ...NOTICE, run: RUN, counts: COUNTS }, plainCommandLine);
    const keys = [withRun, ...documents].map(({ data }) => Object.keys(data).sort().join());
    expect(new Set(keys).size).toBe(1);
  });
});

describe('for Slack', () => {
  it('escapes what Slack reads as a link, a mention or an entity, and nothing else', () => {
    const problem = 'rule <!channel> & <https://x|y> *z* &amp;';
    expect(slackDocument({ ...NOTICE, problem }, plainCommandLine).text).toBe(
      [
        ':rotating_light: Policy chats: the run failed: rule &lt;!channel&gt; &amp; &lt;https://x|y&gt; *z* &amp;amp;',
        'Next: customgpt-retention status',
      ].join('\n'),
    );
  });

  it('keeps controls and line breaks of others out', () => {
    const problem = 'a\nb\u2028c\u202ed\u0007';
    expect(slackDocument({ ...NOTICE, problem }, plainCommandLine).text.split('\n')).toEqual([
      ':rotating_light: Policy chats: the run failed: a b c d ',
      'Next: customgpt-retention status',
    ]);
  });
});
