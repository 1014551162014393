import { nextSlot } from '../../core/slots.ts';
import { minuteInWords } from '../../core/calendar-day.ts';
import { formatInstant } from '../../core/instant.ts';
import type { Policy } from '../../core/policy.ts';
import { listedHoldJson, listedHoldLines } from '../../report/hold-text.ts';
import { overlapsInWords } from '../../report/policy-overlap.ts';
import { retentionJson, retentionLines } from '../../report/retention-text.ts';
import { policyInWords } from '../../report/policy-words.ts';
import { counted } from '../../report/quantities.ts';
import type { Command, CommandWorld } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { readAll, readHoldsOnly, unusable } from '../policies.ts';

export interface ValidateInput {
  readonly paths: readonly string[];
  /** Asks the API for the retention of the projects, too. */
  readonly online?: boolean | undefined;
}

/** Checks policies and holds and says them in plain words, each policy with its next run. Sends nothing, unless it is to ask for the vendor's own retention. */
export const validate: Command<ValidateInput> = async (world, { paths, online }) => {
  const { output, surroundings } = world;
  const { policies, holds, problems } = (await readHoldsOnly(world, paths)) ?? (await readAll(world, paths));
  if (problems.length > 0) {
    await output.document({ policies: [], overlaps: [], holds: [], problems });
    throw unusable(problems);
  }
  const now = surroundings.clock.now();
  const { timeZone } = world.settings();
  const next = ({ schedule }: Policy): number | undefined =>
    schedule === undefined ? undefined : nextSlot(schedule, now);
  for (const policy of policies) {
    const nextAt = next(policy);
    await output.lines(
      ...policyInWords(policy, timeZone),
      ...(nextAt === undefined ? [] : [`Next run: ${minuteInWords(nextAt, timeZone)}`]),
      '',
    );
  }
  const overlaps = overlapsInWords(policies);
  if (overlaps.length > 0) await output.lines(...overlaps, '');
  for (const one of holds) await output.lines(...listedHoldLines(one.file, one.holds, { now, timeZone }), '');
  const retention = online === true ? await askedRetention(world, policies) : undefined;
  if (retention !== undefined) await output.lines(...retentionLines(retention), '');
  const held = holds.reduce((sum, one) => sum + one.holds.length, 0);
  const found = [
    `${policies.length} ${policies.length === 1 ? 'policy' : 'policies'}`,
    ...(holds.length === 0 ? [] : [counted(held, 'hold')]),
  ];
  await output.lines(`${found.join(', ')}, no problems.`);
  if (!output.json) return EXIT.done;
  await output.document({
    policies: policies.map((policy) => policyJson(policy, { nextAt: next(policy), timeZone })),
    overlaps,
    holds: holds.flatMap((one) => one.holds.map((hold) => listedHoldJson(one.file, hold, now))),
    ...(retention === undefined ? {} : { native_retention: retention.map(retentionJson) }),
    problems: [],
  });
  return EXIT.done;
};

/** Loaded only for who asks: the way to the API is more than all the rest that a check of files reads. */
async function askedRetention(world: CommandWorld, policies: readonly Policy[]) {
  const { retentionOf } = await import('../native-retention.ts');
  return retentionOf(world, policies);
}

function policyJson(
  policy: Policy,
  { nextAt, timeZone }: { readonly nextAt: number | undefined; readonly timeZone: string },
) {
  return {
    name: policy.name,
    mode: policy.mode,
    policy_hash: policy.hash,
    words: policyInWords(policy, timeZone),
    next_run: nextAt === undefined ? null : formatInstant(nextAt),
  };
}
