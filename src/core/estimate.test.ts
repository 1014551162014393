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

  it('counts DELETE and follow-up, controls, the fresh listing and rechecks', () => {
    // 200 for the deletions, 2 + floor(98 / 25) controls, 4 pages.
    expect(estimate(INPUT).requests).toBe(200 + 5 + 4);
    expect(estimate({ ...INPUT, rechecked: 30 }).requests).toBe(200 + 5 + 4 + 30);
  });

  it.each([
    [1, 1, 1],
    [25, 1, 1],
    [26, 1, 2],
    [27, 2, 3],
    [3, 3, 3],
  ])('%i deletions in %i projects take at most %i controls', (planned, projectsWithPlanned, controls) => {
    const { requests } = estimate({ ...INPUT, planned, projectsWithPlanned, listingRequestsPerProject: 0 });
    expect(requests - 2 * planned).toBe(controls);
  });

  it('never falls short of the controls that any spread over the projects needs', () => {
    for (let first = 1; first < 100; first += 1) {
      const needed = Math.ceil(first / 25) + Math.ceil((100 - first) / 25);
      const { requests } = estimate({ ...INPUT, listingRequestsPerProject: 0 });
      expect(requests - 200).toBeGreaterThanOrEqual(needed);
    }
  });

  it('takes as long as the pace allows', () => {
    expect(estimate(INPUT).seconds).toBe(209);
    expect(estimate({ ...INPUT, requestsPerMinute: 'unlimited' }).seconds).toBe(0);
  });

  it('takes as long as the answers took so far, where that is longer', () => {
    const slow = { ...INPUT, observedMsPerRequest: 8_000 };
    expect(estimate(slow).seconds).toBe(418);
    expect(estimate({ ...slow, requestsPerMinute: 'unlimited' }).seconds).toBe(418);
    expect(estimate({ ...slow, observedMsPerRequest: 1 }).seconds).toBe(209);
  });

  it('rounds up', () => {
    expect(estimate({ ...INPUT, requestsPerMinute: 61 }).seconds).toBe(206);
    expect(estimate({ ...INPUT, listingRequestsPerProject: 1.3 }).requests).toBe(208);
  });
});
