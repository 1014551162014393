import { expect, test } from 'vitest';
import { Bars, type Bar } from './bars.ts';

const FIRST: Bar = { reason: 'first', cause: 'project' };
const SECOND: Bar = { reason: 'second', cause: 'right' };

test('a project is barred for all kinds, and the first word stays', () => {
  const bars = new Bars();
  bars.project(7, FIRST);
  bars.project(7, SECOND);
  expect(bars.ofProject(7)).toBe(FIRST);
  expect(bars.of({ projectId: 7, kind: 'named' })).toBe(FIRST);
  expect(bars.ofProject(8)).toBeUndefined();
  expect(bars.of({ projectId: 8, kind: 'named' })).toBeUndefined();
});

test('a kind is barred in its project alone, and the project is not', () => {
  const bars = new Bars();
  bars.kind(7, 'anonymous', SECOND);
  bars.kind(7, 'anonymous', FIRST);
  expect(bars.of({ projectId: 7, kind: 'anonymous' })).toBe(SECOND);
  expect(bars.of({ projectId: 7, kind: 'named' })).toBeUndefined();
  expect(bars.of({ projectId: 8, kind: 'anonymous' })).toBeUndefined();
  expect(bars.ofProject(7)).toBeUndefined();
  bars.project(7, FIRST);
  expect(bars.of({ projectId: 7, kind: 'anonymous' })).toBe(FIRST);
});
