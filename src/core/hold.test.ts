import { describe, expect, it } from 'vitest';
import { holdOver, type Hold } from './hold.ts';

const SESSION = '0b1e6f0c-5f0e-4f65-9a52-3a9df1c3a7d1';
const hold = (change: Partial<Hold> = {}): Hold => ({
  holdId: 'hold-1',
  projectId: 42,
  sessionId: SESSION,
  matter: 'M-17',
  untilAt: undefined,
  ...change,
});

describe('a hold', () => {
  it.each([
    ['its conversation', hold(), true],
    ['its conversation, copied in capitals', hold({ sessionId: SESSION.toUpperCase() }), true],
    ['every conversation of its project', hold({ sessionId: undefined }), true],
    ['until its last millisecond', hold({ untilAt: 1001 }), true],
    ['no longer when it is over', hold({ untilAt: 1000 }), false],
    ['not another conversation', hold({ sessionId: `${SESSION}x` }), false],
    ['not another project', hold({ projectId: 43, sessionId: undefined }), false],
  ])('covers %s', (_, one, isCovered) => {
    expect(holdOver([one], { projectId: 42, sessionId: SESSION }, 1000)).toBe(isCovered ? one : undefined);
  });
});
