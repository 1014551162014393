import type { Store } from '../../core/ports/store.ts';

/** Removes names from plans that can no longer be applied; one that a run is applying right now still needs them. */
export async function scrubIdlePlans(store: Pick<Store, 'plans' | 'runs'>, now: number): Promise<void> {
  const underWay = await store.runs.runsUnderWay();
  const inUse = underWay.flatMap(({ planId }) => (planId === undefined ? [] : [planId]));
  await store.plans.scrubPlans(now, inUse);
}
