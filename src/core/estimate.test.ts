import { describe, expect, it } from 'vitest';
import { estimate, type EstimateInput } from './estimate.ts';

const INPUT: EstimateInput = {
  planned: 100,
  projectsWithPlanned: 2,
  rechecked: 0,
  listingRequestsPerProject: 2,
  requestsPerMinute: 60,
  observedMsPerRequest: undefined,
  concurrency: 4,
};

describe('estimate', () => {
  it('costs nothing when nothing is planned', () => {
    expect(estimate({ ...INPUT, planned: 0 })).toEqual({ requests: 0, seconds: 0 });
  });

  it('counts DELETE and follow-up, calibrating, the fresh listing and rechecks', () => {
    // 200 for the deletions, 2 for each project to calibrate it, 4 pages.
    expect(estimate(INPUT).requests).toBe(200 + 4 + 4);
    expect(estimate({ ...INPUT, rechecked: 30 }).requests).toBe(200 + 4 + 4 + 30);
  });

  it.each([
    [249, 0],
    [250, 50],
    [10_000, 2000],
  ])('%i deletions have %i requests of fresh listings in between at most', (planned, listings) => {
    const { requests } = estimate({
      ...INPUT,
      ...{ planned, projectsWithPlanned: 1, listingRequestsPerProject: 0 },
    });
    expect(requests - 2 * planned - 2).toBe(listings);
  });

  it('takes as long as the pace allows', () => {
    expect(estimate(INPUT).seconds).toBe(208);
    expect(estimate({ ...INPUT, requestsPerMinute: 'unlimited' }).seconds).toBe(0);
  });

  it('takes as long as the answers took so far, where that is longer', () => {
    const slow = { ...INPUT, observedMsPerRequest: 8_000 };
    expect(estimate(slow).seconds).toBe(416);
    expect(estimate({ ...slow, requestsPerMinute: 'unlimited' }).seconds).toBe(416);
    expect(estimate({ ...slow, observedMsPerRequest: 1 }).seconds).toBe(208);
  });

  it('rounds up', () => {
    expect(estimate({ ...INPUT, requestsPerMinute: 61 }).seconds).toBe(205);
    expect(estimate({ ...INPUT, listingRequestsPerProject: 1.3 }).requests).toBe(207);
  });
});
