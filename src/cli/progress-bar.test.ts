import { describe, expect, it } from 'vitest';
import { ProgressCount } from '../core/progress-count.ts';
import { progressLine } from './progress-bar.ts';

class Line extends ProgressCount {
  text(atMs: number, columns: number): string {
    return progressLine(this.at(atMs), columns);
  }
}

const line = (total: number | undefined, requestsPerMinute: number | 'unlimited' = 60) =>
  new Line({ phase: 'deleting', total, startMs: 0, requestsPerMinute });

describe('the progress bar', () => {
  it('says a truthful time from the first half minute on, before anything has ended', () => {
    const bar = line(4_000);
    expect(bar.text(30_000, 140)).toBe(
      `deleting  ${'░'.repeat(24)}  0%  0/4,000  0.0/s  about 2 h 30 min left`,
    );
  });

  it('goes on with the speed that it sees', () => {
    const bar = line(4_000);
    for (let done = 1; done <= 100; done += 1) bar.advance(1, done * 2_500);
    expect(bar.text(250_000, 140)).toContain('2%  100/4,000  0.4/s  about 2 h 43 min left');
    expect(bar.text(250_000, 140)).toMatch(/^deleting {2}█░{23} {2}/);
  });

  it('says which phase it is in, and goes on counting', () => {
    const bar = line(100);
    bar.advance(100, 240_000);
    bar.phase = 'confirming';
    expect(bar.text(250_000, 140)).toBe(
      `confirming  ${'█'.repeat(24)}  100%  100/100  0.4/s  about 0 s left`,
    );
  });

  it.each([40, 60, 80, 140])('fits %i columns', (columns) => {
    const bar = line(1_000_000);
    bar.phase = 'confirming';
    bar.advance(123_456, 90_000_000);
    const text = bar.text(90_000_000, columns);
    expect(text.length).toBeLessThan(columns);
    expect(text).toContain('12%  123,456/1,000,000');
  });

  it('owns up to what it does not know', () => {
    expect(line(10, 'unlimited').text(5_000, 80)).toContain('time left unknown');
  });

  it('counts what it lists, of which nobody knows the total', () => {
    const bar = line(undefined);
    bar.phase = 'listing';
    bar.advance(1_200, 60_000);
    expect(bar.text(60_000, 80)).toBe('listing  1,200 conversations  20.0/s');
  });
});
