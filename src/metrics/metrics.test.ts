import { describe, expect, test } from 'vitest';
import type { PlanSummary } from '../core/plan.ts';
import type { Policy } from '../core/policy.ts';
import type { Protection } from '../core/findings.ts';
import type { RequestSeen } from '../core/ports/observer.ts';
import type { PolicyStanding, Standing } from '../core/ports/status.ts';
import type { RunRecord } from '../core/run.ts';
import { createMetrics, type Metrics } from './metrics.ts';

const NOW = Date.parse('2026-03-01T12:00:00Z');
const REQUEST: RequestSeen = {
  ...{ purpose: 'list', status: 200, wasSent: true, startedAt: NOW, tookMs: 40, waitedMs: 1000 },
};
const RUN = { policy: 'a', runId: 'run-1' } as RunRecord;

const PROJECT = { projectId: 7, listed: 5, total: 5, kept: 5, held: 0, unknown: 0, planned: 0 };

function standing(changes: Partial<Standing> = {}): Standing {
  const auditHead = { seq: 0, hash: '' };
  return { now: NOW, policies: [], problems: [], open: [], holdCount: 0, auditHead, ...changes };
}

function withStanding(now: () => Promise<Standing>): Metrics {
  return createMetrics({
    status: { standing: now },
    live: { now: () => [] },
    clock: { monotonic: () => 0 },
    version: '1.0.0',
    lastVerification: () => undefined,
  });
}

const lines = async (metrics: Metrics): Promise<readonly string[]> =>
  (await metrics.text()).body.split('\n').map((line) => line.replace('customgpt_retention_', ''));

describe('requests', () => {
  test.each([
    [{ status: 404 }, '404'],
    [{ status: undefined }, 'none'],
    [{ status: undefined, wasSent: false }, 'not_sent'],
    [{ status: 999 }, 'other'],
    [{ status: 0 }, 'other'],
    [{ status: 200.5 }, 'other'],
  ])('with %o count as %s', async (change, status) => {
    const metrics = withStanding(() => Promise.resolve(standing()));
    metrics.observer.watch(RUN).requested({ ...REQUEST, ...change });
    expect(await lines(metrics)).toContain(`requests_total{purpose="list",status="${status}"} 1`);
  });
});

test('a run whose end is not on record is counted as that', async () => {
  const metrics = withStanding(() => Promise.resolve(standing()));
  metrics.observer.watch(RUN).ended(undefined);
  expect(await lines(metrics)).toContain('runs_total{policy="a",status="unrecorded"} 1');
});

test('scrapes at the same time read the state once, and the next one anew', async () => {
  let reads = 0;
  const metrics = withStanding(() => {
    reads += 1;
    return Promise.resolve(standing());
  });
  await Promise.all([metrics.text(), metrics.text()]);
  expect(reads).toBe(1);
  await metrics.text();
  expect(reads).toBe(2);
});

describe('protections that match nothing', () => {
  const keep = (name: string, kind = 'name') => ({ name, action: 'keep', selector: { kind } });
  const policy = {
    name: 'a',
    rules: [keep('vip'), keep('rest', 'everything'), { ...keep('old'), action: 'delete' }],
  } as unknown as Policy;
  const of = (kind: Protection['kind'], name: string, before?: number): Protection => ({
    ...{ kind, name, matched: 0, before },
  });
  const counts = async (
    protections: readonly Protection[],
    project: Partial<PlanSummary['projects'][number]> = {},
  ): Promise<readonly (string | undefined)[]> => {
    const plan = {
      findings: { protections },
      projects: [{ ...PROJECT, ...project }],
    } as unknown as PlanSummary;
    const history = { failuresInARow: 0 };
    const one = { policy, plan, state: 'ok', history } as unknown as PolicyStanding;
    const metrics = withStanding(() => Promise.resolve(standing({ policies: [one] })));
    const said = await lines(metrics);
    return ['protections_unmatched', 'protections_lost'].map((name) =>
      said.find((line) => line.startsWith(`${name}{`))?.replace(/.* /, ''),
    );
  };

  test('are counted, and those apart that once matched something', async () => {
    expect(
      await counts([of('rule', 'vip', 3), of('exclude', '*-archive'), { ...of('hold', 'h'), matched: 1 }]),
    ).toEqual(['2', '1']);
  });

  test('are not those of other policies, nor the one for all that is left', async () => {
    expect(await counts([of('rule', 'vip of policy b', 3), of('rule', 'rest', 3)])).toEqual(['0', '0']);
  });

  test('are no holds where not everything was read, and no rules where nothing was listed', async () => {
    const hold = of('hold', 'h', 1);
    expect(await counts([hold])).toEqual(['1', '1']);
    expect(await counts([hold], { sampled: { claimed: 9 } })).toEqual(['0', '0']);
    expect(await counts([hold], { incomplete: 'page 4 is short' })).toEqual(['0', '0']);
    expect(await counts([of('rule', 'vip', 3)], { listed: 0 })).toEqual(['0', '0']);
  });
});
