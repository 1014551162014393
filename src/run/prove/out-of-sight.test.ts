import { expect, test } from 'vitest';
import { OutOfSight } from './out-of-sight.ts';

function project(planned: number, outOfSight: number): { planned: number; outOfSight: number } {
  return { planned, outOfSight };
}

test('so few in each project that it alone tells nothing are added up', () => {
  const run = new OutOfSight();
  run.count(project(5, 5));
  expect(run.bar).toBeUndefined();
  run.count(project(5, 1));
  expect(run.bar).toEqual({
    reason: '6 of 10 planned conversations, over all projects so far, are no longer visible to this key',
    cause: 'vanished',
  });
});

test('projects of which nothing is gone count, too, and those that are told together are judged together', () => {
  const run = new OutOfSight();
  run.count(project(5, 5), project(5, 3), project(70, 0));
  expect(run.bar).toBeUndefined();
  run.count(project(1, 1));
  expect(run.bar?.reason).toMatch(/^9 of 81 /);
});

test('a project is counted once, with what is gone of it by now', () => {
  const run = new OutOfSight();
  const growing = project(50, 3);
  run.count(growing);
  run.count(growing);
  expect(run.bar).toBeUndefined();
  growing.outOfSight = 6;
  run.count(growing);
  expect(run.bar?.reason).toMatch(/^6 of 50 /);
});

test('what was once too much stays so for the run, in the same words', () => {
  const run = new OutOfSight();
  run.count(project(10, 6));
  const { bar } = run;
  run.count(project(1000, 0));
  expect(run.bar).toBe(bar);
  run.count(project(10, 10));
  expect(run.bar).toBe(bar);
});
