import { policyStatus, needsAttention, type PolicyStatus } from '../../core/status.ts';
import { statusJson, statusLines } from '../../report/status-text.ts';
import { lookOf } from '../colour.ts';
import type { Command } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { leaseOf } from '../../run/around/lease.ts';
import { withHistory } from '../history.ts';
import { loadPolicies } from '../policies.ts';

export interface StatusInput {
  readonly paths: readonly string[];
}

/** Whether retention works, by the records of its runs: for people, and by the exit code for a monitor. Sends nothing. */
export const status: Command<StatusInput> = async (world, { paths }) => {
  const { output, surroundings, settings, commandLine } = world;
  const { policies } = await loadPolicies(world, paths);
  return withHistory(world, async (store) => {
    const now = surroundings.clock.now();
    const found: PolicyStatus[] = [];
    for (const policy of policies) {
      const { name } = policy;
      const lastSlotAt = await store.runs.lastSlot(name);
      const isHeld = await store.leases.isHeld(leaseOf(name), now);
      found.push(policyStatus(policy, await store.runs.history(name), { lastSlotAt, isHeld, now }));
    }
    const report = {
      ...{ policies: found, now, commandLine, timeZone: settings().timeZone },
      look: lookOf(world),
      open: await store.audit.openIntents(),
      auditHead: await store.audit.head(),
    };
    await output.lines(...statusLines(report));
    await output.document(statusJson(report));
    return found.some(needsAttention) ? EXIT.attention : EXIT.done;
  });
};
