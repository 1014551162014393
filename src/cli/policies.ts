import { readPolicies } from '../config/policy-file.ts';
import { formatProblem, type Problem } from '../config/problems.ts';
import { RetentionError } from '../core/errors.ts';
import type { Policy } from '../core/policy.ts';

const DEFAULT_PATH = 'policies';

/** Policies and problems as they were found, for the command that reports on them. */
export function readAllPolicies(paths: readonly string[]): ReturnType<typeof readPolicies> {
  return readPolicies(paths.length === 0 ? [DEFAULT_PATH] : paths);
}

/** Every problem of every file in the one error. */
export function unusablePolicies(problems: readonly Problem[]): RetentionError {
  return new RetentionError(
    'usage',
    `the policies cannot be used\n${problems.map(formatProblem).join('\n')}`,
    {
      hint: 'Correct them, then look with: customgpt-retention validate',
    },
  );
}

/**
 * Reads the policies that a command works on. Nothing runs while one of them is wrong, because a policy that is missing
 * is data kept too long. Throws `usage`.
 */
export async function loadPolicies(paths: readonly string[], name?: string): Promise<readonly Policy[]> {
  const { policies, problems } = await readAllPolicies(paths);
  if (problems.length > 0) throw unusablePolicies(problems);
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
