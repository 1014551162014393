import { describe, expect, it } from 'vitest';
import type { AuditEvent } from './audit-entry.ts';
import { openDifference, OpenWords } from './open-words.ts';
import type { OpenWord, Word } from './open-words.ts';

function word(seq: number, event: AuditEvent, change: Partial<Word> = {}): Word {
  return { seq, event, policy: 'p', project_id: 1, session_id: 's', run_id: 'run-1', account: '', ...change };
}

function openAfter(...words: readonly Word[]): readonly number[] {
  const open = new OpenWords();
  for (const one of words) open.take(one);
  return open.words().map(({ seq }) => seq);
}

const OPEN: OpenWord = { seq: 1, policy: 'p', project_id: 1, session_id: 's', run_id: 'run-1', account: '' };

describe('what the log leaves open', () => {
  it.each<readonly [string, readonly Word[], readonly number[]]>([
    ['an intent', [word(1, 'deletion.intended')], [1]],
    ['the latest of two intents', [word(1, 'deletion.intended'), word(2, 'deletion.intended')], [2]],
    ['an intent that stayed unverified', [word(1, 'deletion.intended'), word(2, 'deletion.unverified')], [1]],
    ['one that was verified before', [word(1, 'deletion.verified'), word(2, 'deletion.unverified')], [2]],
    [
      'what a later run intended, whatever an earlier one says then',
      [
        word(1, 'deletion.intended'),
        word(2, 'deletion.intended', { run_id: 'run-2' }),
        word(3, 'deletion.verified'),
      ],
      [2],
    ],
    [
      'what a later run intended, though an earlier one was left unverified by a third after it had settled it',
      [
        word(1, 'deletion.intended', { account: 'a' }),
        word(2, 'deletion.skipped', { account: null }),
        word(3, 'deletion.unverified', { account: null }),
        word(4, 'deletion.intended', { run_id: 'run-2', account: 'a' }),
      ],
      [4],
    ],
    [
      'each policy by itself, in the order of the log',
      [word(1, 'deletion.intended', { policy: 'q' }), word(2, 'deletion.intended')],
      [1, 2],
    ],
  ])('is %s', (_, words, open) => {
    expect(openAfter(...words)).toEqual(open);
  });

  it.each(['verified', 'already_gone', 'failed', 'skipped'] as const)('is not what is %s', (outcome) => {
    expect(openAfter(word(1, 'deletion.intended'), word(2, `deletion.${outcome}`))).toEqual([]);
  });

  it.each<readonly [string, Word]>([
    ['of another kind', word(1, 'run.started')],
    ['of no policy', word(1, 'deletion.intended', { policy: null })],
    ['of no project', word(1, 'deletion.intended', { project_id: null })],
    ['of no conversation', word(1, 'deletion.intended', { session_id: null })],
    ['of no run', word(1, 'deletion.intended', { run_id: null })],
  ])('is no entry %s', (_, entry) => {
    expect(openAfter(entry)).toEqual([]);
  });

  it('goes on from what was open before', () => {
    const open = new OpenWords([OPEN]);
    open.take(word(2, 'deletion.verified'));
    expect(open.words()).toEqual([]);
  });
});

describe('a copy of it', () => {
  const other: OpenWord = { ...OPEN, seq: 5, session_id: 't' };

  it.each<readonly [string, readonly OpenWord[], string | undefined]>([
    ['the same', [OPEN], undefined],
    ['emptied', [], 'lacks the deletion that entry 1 left open'],
    ['with one more', [OPEN, other], 'shows entry 5 as open, but the log says otherwise'],
    [
      'altered',
      [{ ...OPEN, run_id: 'run-9' }],
      'lacks the deletion that entry 1 left open, and shows entry 1 as open, but the log says otherwise',
    ],
  ])('that is %s', (_, copy, words) => {
    expect(openDifference([OPEN], copy)).toBe(words);
  });
});
