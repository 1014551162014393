import { describe, expect, it } from 'vitest';
import { assertCurrent } from './migrate.ts';

describe('assertCurrent', () => {
  it('refuses a version that has to be brought up to date first', () => {
    expect(() => {
      assertCurrent(0, '/state/retention.db');
    }).toThrow(/older version/);
  });
});
