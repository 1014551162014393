import { expect, it } from 'vitest';
import { DONE, FINDINGS, header } from './store-samples.ts';
import type { Suite } from './store-samples.ts';

export function protectionTests({ store, reopen }: Suite): void {
  const seen = (entry: string, projectId: number, matched: number) => ({
    keptOut: [{ entry, projectId }],
    matched: [{ kind: 'rule', name: 'vip', matched } as const],
  });

  it('are remembered for each policy: what was kept out for good, the counts as they were last', async () => {
    expect(await store().protections.protectionMemory('p')).toEqual({ keptOut: [], matched: [] });
    await store().protections.rememberProtections('p', seen('Legal*', 202, 12), 1);
    await store().protections.rememberProtections('q', seen('Legal*', 999, 99), 2);
    await store().protections.rememberProtections('p', seen('Legal*', 203, 7), 3);
    await store().protections.rememberProtections(
      'p',
      { keptOut: [{ entry: 'Legal*', projectId: 202 }], matched: [] },
      4,
    );
    const again = await reopen();
    expect(await again.protections.protectionMemory('p')).toEqual({
      keptOut: [
        { entry: 'Legal*', projectId: 202 },
        { entry: 'Legal*', projectId: 203 },
      ],
      matched: [{ kind: 'rule', name: 'vip', matched: 7, at: 3 }],
    });
    expect((await again.protections.protectionMemory('q')).matched).toMatchObject([{ matched: 99 }]);
  });

  it('stand in the plan that found them, and in its fingerprint', async () => {
    const one = await (await store().plans.createPlan(header('plan-1'))).finish(DONE);
    expect(one.findings).toEqual(FINDINGS);
    const again = await reopen();
    expect((await again.plans.plan('plan-1'))?.findings).toEqual(FINDINGS);
    expect(await again.plans.planFingerprint('plan-1')).toBe(one.fingerprint);
    const unstopped = { ...DONE, findings: { ...FINDINGS, stops: [] } };
    const other = await (
      await again.plans.createPlan({ ...header('plan-1'), planId: 'plan-2' })
    ).finish(unstopped);
    expect(other.findings.stops).toEqual([]);
    expect(other.fingerprint).not.toBe(one.fingerprint);
  });
}
