import type { PlanStore, RunStore } from '../../core/ports.ts';

/** Removes names from plans that can no longer be applied; one that a run is applying right now still needs them. */
export async function scrubIdlePlans(store: PlanStore & RunStore, now: number): Promise<void> {
  const underWay = await store.runsUnderWay();
  const inUse = underWay.flatMap(({ planId }) => (planId === undefined ? [] : [planId]));
  await store.scrubPlans(now, inUse);
}
