import { describe, expect, it } from 'vitest';
import { NO_PAINT, TERMINAL_PAINT } from '../report/paint.ts';
import { lookOf, paintFor } from './colour.ts';
import type { Screen } from './surroundings.ts';

function world(env: Readonly<Record<string, string>>, isTTY: boolean | undefined, json = false) {
  return { surroundings: { env, stdout: { isTTY, columns: 90 } as unknown as Screen }, output: { json } };
}

describe('colour', () => {
  it.each([
    [{ TERM: 'xterm' }, true, true],
    [{}, true, true],
    [{ TERM: 'xterm' }, undefined, false],
    [{ TERM: 'dumb' }, true, false],
    [{ NO_COLOR: '1' }, true, false],
    [{ NO_COLOR: '0' }, true, false],
    [{ NO_COLOR: '' }, true, true],
    [{ FORCE_COLOR: '1' }, undefined, true],
    [{ FORCE_COLOR: '' }, undefined, true],
    [{ FORCE_COLOR: '0' }, true, false],
    [{ FORCE_COLOR: 'false' }, true, false],
    [{ FORCE_COLOR: '1', TERM: 'dumb' }, true, true],
    [{ FORCE_COLOR: '1', NO_COLOR: '1' }, true, false],
  ])('with %j, a terminal: %j, is used: %j', (env, isTTY, isUsed) => {
    expect(paintFor(world(env, isTTY))).toBe(isUsed ? TERMINAL_PAINT : NO_PAINT);
  });

  it('is never in a JSON document', () => {
    expect(paintFor(world({ FORCE_COLOR: '1' }, true, true))).toBe(NO_PAINT);
  });

  it('ends where it began', () => {
    expect(TERMINAL_PAINT('bad', 'failed')).toBe('\u001b[31mfailed\u001b[39m');
    expect(lookOf(world({}, true))).toEqual({ columns: 90, paint: TERMINAL_PAINT });
  });
});
