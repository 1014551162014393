import { BacklogFold, type Backlog } from '../core/backlog.ts';
import { parseInstant } from '../core/instant.ts';
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
  readonly clock: Pick<Clock, 'now' | 'monotonic'>;
  /** The policies as their files say now, or what is wrong with them. */
  readonly policies: () => Promise<
    { readonly policies: readonly Policy[] } | { readonly problems: readonly string[] }
  >;
}

interface Folded {
  /** Run, plan and policy. */
  readonly of: string;
  /** Head of the log that it was read up to. */
  readonly seq: number;
  /** Not folded again before: a plan may have a million rows, and a run writes an entry every second. */
  readonly againAtMs: number;
  readonly backlog: Backlog | undefined;
}

/** How long a fold is kept while the log grows, as a multiple of the time that it took. */
const REST = 30;

/** Reads from the store how retention stands. Sends nothing, changes nothing. */
export class StandingReader implements StatusPort {
  readonly #parts: StandingParts;
  #policies: readonly Policy[] = [];
  /** What was folded last for each policy. */
  readonly #folded = new Map<string, Folded>();

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
    const { store, clock } = this.#parts;
    const of = `${runId} ${plan.planId} ${policy.hash}`;
    const { seq } = await store.audit.head();
    const known = this.#folded.get(policy.name);
    const startMs = clock.monotonic();
    if (known?.of === of && (known.seq === seq || startMs < known.againAtMs)) return known.backlog;
    const backlog = await this.#fold(policy, plan, runId);
    const endMs = clock.monotonic();
    const againAtMs = endMs + (endMs - startMs) * REST;
    this.#folded.set(policy.name, { of, seq, againAtMs, backlog });
    return backlog;
  }

  /** What is gone since then is gone, whichever policy deleted it. */
  async #fold(policy: Policy, plan: PlanSummary, runId: string): Promise<Backlog | undefined> {
    const { audit, plans } = this.#parts.store;
    const fold = new BacklogFold(plan, policy);
    for await (const entry of audit.entries({ fromSeq: await this.#firstSeq(runId, plan) })) {
      const { event, time, project_id: projectId, session_id: sessionId } = entry;
      const outcome = outcomeOfEvent(event);
      const isGone = outcome === 'verified' || outcome === 'already_gone';
      // What was gone before, and is planned, has come back.
      const isSince = isGone && (parseInstant(time) ?? 0) >= plan.decidedAt;
      if (isSince && projectId !== null && sessionId !== null) fold.gone(projectId, sessionId);
    }
    for await (const item of plans.planItems(plan.planId)) fold.take(item);
    return fold.end();
  }

  /** Where the log stood when the plan was made, or before. */
  async #firstSeq(runId: string, { decidedAt }: PlanSummary): Promise<number> {
    const { audit } = this.#parts.store;
    for await (const { seq, time } of audit.entries({ runId })) {
      // A run that applied a plan began after it was made: then nobody knows, and all of the log is read.
      return (parseInstant(time) ?? Infinity) <= decidedAt ? seq : 1;
    }
    return 1;
  }
}
