import { readPolicies } from '../config/policy-file.ts';
import { formatProblem } from '../config/problems.ts';
import { RetentionError } from '../core/errors.ts';
import type { Policy } from '../core/policy.ts';

const DEFAULT_PATH = 'policies';

/**
 * Reads the policies that a command works on. Every problem of every file is in the one error (`usage`); nothing runs
 * while one of them is wrong, because a policy that is missing is data kept too long.
 */
export async function loadPolicies(paths: readonly string[], name?: string): Promise<readonly Policy[]> {
  const { policies, problems } = await readPolicies(paths.length === 0 ? [DEFAULT_PATH] : paths);
  if (problems.length > 0) {
    const lines = problems.map(formatProblem).join('\n');
    throw new RetentionError('usage', `the policies cannot be used\n${lines}`, {
      hint: 'Correct them, then look with: customgpt-retention validate',
    });
  }
  if (name === undefined) return policies;
  const chosen = policies.filter((policy) => policy.name === name);
  if (chosen.length === 0) {
    const names = policies.map((policy) => policy.name).join(', ');
    throw new RetentionError('usage', `no policy is called ${JSON.stringify(name)}`, {
      hint: `There are: ${names}`,
    });
  }
  return chosen;
}
