import { nextSlot } from '../../core/slots.ts';
import { formatInstant } from '../../core/instant.ts';
import type { Policy } from '../../core/policy.ts';
import { policyInWords } from '../../report/policy-words.ts';
import type { Command } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { readAllPolicies, unusablePolicies } from '../policies.ts';

export interface ValidateInput {
  readonly paths: readonly string[];
}

/** Checks policies and says each one in plain words, with its next run. Sends nothing. */
export const validate: Command<ValidateInput> = async ({ output, surroundings }, { paths }) => {
  const { policies, problems } = await readAllPolicies(paths);
  if (problems.length > 0) {
    await output.document({ policies: [], problems });
    throw unusablePolicies(problems);
  }
  const now = surroundings.clock.now();
  const next = (policy: Policy): string | undefined => {
    const at = policy.schedule === undefined ? undefined : nextSlot(policy.schedule, now);
    return at === undefined ? undefined : formatInstant(at);
  };
  for (const policy of policies) {
    const nextRun = next(policy);
    await output.lines(
      ...policyInWords(policy),
      ...(nextRun === undefined ? [] : [`Next run: ${nextRun}`]),
      '',
    );
  }
  await output.lines(`${policies.length} ${policies.length === 1 ? 'policy' : 'policies'}, no problems.`);
  await output.document({
    policies: policies.map((policy) => ({
      name: policy.name,
      mode: policy.mode,
      policy_hash: policy.hash,
      words: policyInWords(policy),
      next_run: next(policy) ?? null,
    })),
    problems: [],
  });
  return EXIT.done;
};
