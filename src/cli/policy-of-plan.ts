import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { readPolicies } from '../config/policy-file.ts';
import { RetentionError } from '../core/errors.ts';
import type { PlanSummary } from '../core/plan.ts';
import type { Policy } from '../core/policy.ts';
import { DEFAULT_PATH } from './policies.ts';

/**
 * The policy of a plan as its file says today: where it was read then, or, on a machine that has no such folder, the one of its
 * name in the usual one. Throws `plan_stale` where it is gone or broken.
 */
export async function policyOfPlan(plan: PlanSummary): Promise<Policy> {
  // A folder that is there is the one that counts: holds may lie in it.
  const place = existsSync(dirname(plan.policyPath)) ? plan.policyPath : DEFAULT_PATH;
  const { policies } = await readPolicies([place]);
  const policy = policies.find(({ name }) => name === plan.policy);
  if (policy !== undefined) return policy;
  const looked = place === plan.policyPath ? place : `${plan.policyPath} and ${place}/`;
  throw new RetentionError('plan_stale', `plan ${plan.planId}: its policy was edited or removed since`, {
    hint: `Look at ${looked}, then make a new plan: customgpt-retention plan`,
  });
}
