import type { PlanStore, RunStore } from '../core/ports.ts';

/** More runs than can be under way at once. */
const RECENT_RUNS = 200;

/** Removes names from plans that can no longer be applied; one that a run is applying right now still needs them. */
export async function scrubIdlePlans(store: PlanStore & RunStore, now: number): Promise<void> {
  const recent = await store.runs({ limit: RECENT_RUNS });
  const inUse = recent.flatMap(({ status, planId }) =>
    status === 'running' && planId !== undefined ? [planId] : [],
  );
  await store.scrubPlans(now, inUse);
}
