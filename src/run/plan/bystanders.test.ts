import { expect, test } from 'vitest';
import { areLost, Bystanders } from './bystanders.ts';

test('bystanders are counted by project and kind, and anew when a listing begins again', () => {
  const bystanders = new Bystanders();
  expect(bystanders.count(1, ['anonymous'], Infinity)).toBe(0);
  bystanders.begin(1);
  bystanders.note(1, 'anonymous', 10);
  bystanders.note(1, 'anonymous', 20);
  bystanders.note(1, 'named', Infinity);
  bystanders.note(2, 'own', 10);
  expect(bystanders.count(1, ['anonymous'], Infinity)).toBe(2);
  expect(bystanders.count(1, ['anonymous'], 20)).toBe(1);
  expect(bystanders.count(1, ['anonymous', 'named', 'own'], Infinity)).toBe(3);
  expect(bystanders.count(1, ['anonymous', 'named', 'own'], 30)).toBe(2);
  expect(bystanders.count(2, ['own'], Infinity)).toBe(1);
  bystanders.begin(1);
  expect(bystanders.count(1, ['anonymous', 'named'], Infinity)).toBe(0);
});

test.each([
  ['none there were', 0, 0, false],
  ['the only one is gone', 1, 0, true],
  ['one of two is gone', 2, 1, false],
  ['five of six are gone', 6, 1, false],
  ['six of seven are gone', 7, 1, true],
  ['a tenth is gone', 100, 90, false],
  ['more than a tenth is gone', 100, 89, true],
  ['new ones came', 3, 30, false],
])('%s', (...[, before, now, lost]) => {
  expect(areLost({ before, now })).toBe(lost);
});
