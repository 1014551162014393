import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { readPolicies } from '../config/policy-file.ts';
import { RetentionError } from '../core/errors.ts';
import type { PlanSummary } from '../core/plan.ts';
import type { Policy } from '../core/policy.ts';
import { DEFAULT_PATH, unusable } from './policies.ts';

/**
 * The policy of a plan as its file says today: where it was read then, or, on a machine that has no such folder, the one of its
 * name in the usual one. Throws `plan_stale` where it is gone or broken, `usage` where that
 * folder has other faults.
 */
export async function policyOfPlan(plan: PlanSummary): Promise<Policy> {
  // A folder that is there is the one that counts: holds may lie in it.
  const isHere = existsSync(dirname(plan.policyPath));
  const place = isHere ? plan.policyPath : DEFAULT_PATH;
  const { policies, problems } = await readPolicies([place]);
  // Which of several files is meant nobody can tell while one of them cannot be read.
  if (!isHere && problems.length > 0 && existsSync(place)) throw unusable(problems);
  const policy = policies.find(({ name }) => name === plan.policy);
  if (policy !== undefined) return policy;
  const looked = isHere ? place : `${plan.policyPath} and ${place}/`;
  throw new RetentionError('plan_stale', `plan ${plan.planId}: its policy was edited or removed since`, {
    hint: `Look at ${looked}, then make a new plan: customgpt-retention plan`,
  });
}
