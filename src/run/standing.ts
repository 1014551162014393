import { BacklogFold, type Backlog } from '../core/backlog.ts';
import { outcomeOfEvent } from '../core/outcome.ts';
import type { PlanSummary } from '../core/plan.ts';
import type { Policy } from '../core/policy.ts';
import type { PolicyStanding, Standing, StatusPort } from '../core/ports/status.ts';
import type { Store } from '../core/ports/store.ts';
import type { Clock } from '../core/ports/surroundings.ts';
import { policyStatus } from '../core/status.ts';
import { leaseOf } from './around/lease.ts';

export interface StandingParts {
  readonly store: Pick<Store, 'runs' | 'leases' | 'plans' | 'audit' | 'holds'>;
  readonly clock: Pick<Clock, 'now'>;
  /** The policies as their files say now, or what is wrong with them. */
  readonly policies: () => Promise<
    { readonly policies: readonly Policy[] } | { readonly problems: readonly string[] }
  >;
}

/** Reads from the store how retention stands. Sends nothing, changes nothing. */
export class StandingReader implements StatusPort {
  readonly #parts: StandingParts;
  #policies: readonly Policy[] = [];
  /** What was folded last for each policy, for as long as nothing happened since: a plan may have a million rows. */
  readonly #folded = new Map<string, { readonly of: string; readonly backlog: Backlog | undefined }>();

  constructor(parts: StandingParts) {
    this.#parts = parts;
  }

  async standing(): Promise<Standing> {
    const { store, clock, policies } = this.#parts;
    const read = await policies();
    // While a file is wrong, those that it was read as last go on being shown: they are what is missed.
    if ('policies' in read) this.#policies = read.policies;
    const now = clock.now();
    const standings: PolicyStanding[] = [];
    for (const policy of this.#policies) standings.push(await this.#standingOf(policy, now));
    return {
      now,
      policies: standings,
      problems: 'problems' in read ? read.problems : [],
      open: await store.audit.openIntents(),
      holdCount: (await store.holds.holdsInForce(now)).length,
      auditHead: await store.audit.head(),
    };
  }

  async #standingOf(policy: Policy, now: number): Promise<PolicyStanding> {
    const { runs, leases, plans } = this.#parts.store;
    const { name } = policy;
    const history = await runs.history(name);
    const isHeld = await leases.isHeld(leaseOf(name), now);
    const status = policyStatus(policy, history, { lastSlotAt: await runs.lastSlot(name), isHeld, now });
    const { lastPlanned } = history;
    const plan = lastPlanned?.planId === undefined ? undefined : await plans.plan(lastPlanned.planId);
    if (lastPlanned === undefined || plan === undefined) return { ...status, plan, backlog: undefined };
    return { ...status, plan, backlog: await this.#backlogOf(policy, plan, lastPlanned.runId) };
  }

  async #backlogOf(policy: Policy, plan: PlanSummary, runId: string): Promise<Backlog | undefined> {
    const of = `${runId} ${plan.planId} ${policy.hash}`;
    const known = this.#folded.get(policy.name);
    if (known?.of === of) return known.backlog;
    const { audit, plans } = this.#parts.store;
    const fold = new BacklogFold(plan, policy);
    for await (const { event, project_id: projectId, session_id: sessionId } of audit.entries({ runId })) {
      const outcome = outcomeOfEvent(event);
      const isGone = outcome === 'verified' || outcome === 'already_gone';
      if (isGone && projectId !== null && sessionId !== null) fold.gone(projectId, sessionId);
    }
    for await (const item of plans.planItems(plan.planId)) fold.take(item);
    const backlog = fold.end();
    this.#folded.set(policy.name, { of, backlog });
    return backlog;
  }
}
