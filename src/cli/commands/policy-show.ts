import { RetentionError } from '../../core/errors.ts';
import type { Store } from '../../core/ports/store.ts';
import type { Command } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { withHistory } from '../history.ts';
import { wholePlanId, wholeRunId, type Say } from '../whole-ids.ts';

export interface PolicyShowInput {
  /** Of a plan or a run, or `policy_hash` of an audit entry. */
  readonly id: string;
}

/** A policy as its file was when a plan or a run went by it, byte for byte. */
export const policyShow: Command<PolicyShowInput> = async (world, { id }) => {
  return withHistory(world, async (store) => {
    const hash = await policyHashOf(store, id, world.output.note);
    const source = await store.policies.policySource(hash);
    if (source === undefined) {
      throw new RetentionError('usage', `no policy with the hash ${hash} is kept in this state directory`, {
        hint: 'Look for it where your policies are versioned: sha256sum of its file is this hash.',
      });
    }
    const text = Buffer.from(source).toString('utf8');
    if (!world.output.json) await world.output.raw(text);
    await world.output.document({ policy_hash: hash, text });
    return EXIT.done;
  });
};

async function policyHashOf({ plans, runs }: Store, id: string, say: Say): Promise<string> {
  if (/^[0-9a-f]{64}$/.test(id)) return id;
  const known =
    (await plans.plan(await wholePlanId(plans, id, say))) ??
    (await runs.run(await wholeRunId(runs, id, say)));
  if (known !== undefined) return known.policyHash;
  throw new RetentionError('usage', `${id} is neither the id of a plan or run nor the hash of a policy`, {
    hint: 'See: customgpt-retention runs. A hash has 64 digits, as policy_hash in the audit log.',
  });
}
