import { BacklogFold, joinedBacklog, partsOf, type Backlog, type PlanPart } from '../core/backlog.ts';
import { HoldIndex, type SourcedHold } from '../core/hold.ts';
import { parseInstant } from '../core/instant.ts';
import { outcomeOfEvent } from '../core/outcome.ts';
import type { PlanItem, PlanSummary } from '../core/plan.ts';
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

interface HoldsNow {
  readonly inForce: readonly SourcedHold[];
  readonly index: HoldIndex;
}

interface Folded {
  /** Plans, and the holds in force. */
  readonly of: string;
  readonly holds: unknown;
  /** Head of the log that it was read up to. */
  readonly seq: number;
  /** Not folded again before: a plan may have a million rows, and a run writes an entry every second. */
  readonly againAtMs: number;
  readonly backlog: Backlog;
}

/** How long a fold is kept while the log grows, as a multiple of the time that it took. */
const REST = 30;
/** Plans that are looked back at for projects that later ones could not list. */
const MOST_PLANS = 20;

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
    const inForce = await store.holds.holdsInForce(now);
    const holds = { inForce, index: new HoldIndex(inForce) };
    const standings: PolicyStanding[] = [];
    for (const policy of this.#policies) standings.push(await this.#standingOf(policy, now, holds));
    return {
      now,
      policies: standings,
      problems: 'problems' in read ? read.problems : [],
      open: await store.audit.openIntents(),
      holdCount: inForce.length,
      auditHead: await store.audit.head(),
    };
  }

  async #standingOf(policy: Policy, now: number, holds: HoldsNow): Promise<PolicyStanding> {
    const { runs, leases, plans } = this.#parts.store;
    const { name } = policy;
    const history = await runs.history(name);
    const isHeld = await leases.isHeld(leaseOf(name), now);
    const status = policyStatus(policy, history, { lastSlotAt: await runs.lastSlot(name), isHeld, now });
    const all = await plans.plansOf(name, MOST_PLANS);
    // What the policy's file said before is not what it would delete now.
    const own = all.filter(({ policyHash }) => policyHash === policy.hash);
    return { ...status, plan: all[0], backlog: await this.#backlogOf(policy, own, { now, holds }) };
  }

  async #backlogOf(
    policy: Policy,
    plans: readonly PlanSummary[],
    { now, holds }: { readonly now: number; readonly holds: HoldsNow },
  ): Promise<Backlog | undefined> {
    const [latest] = plans;
    if (latest === undefined) return undefined;
    const { store, clock } = this.#parts;
    const of = plans.map(({ planId }) => planId).join(' ');
    const { seq } = await store.audit.head();
    const known = this.#folded.get(policy.name);
    const startMs = clock.monotonic();
    const isSame = known?.of === of && known.holds === holds.inForce;
    if (isSame && (known.seq === seq || startMs < known.againAtMs)) return known.backlog;
    const { parts, unread } = partsOf(plans);
    const folds = parts.map((part) => ({ part, fold: new BacklogFold(part, policy) }));
    await this.#takeGone(
      folds.map(({ fold }) => fold),
      Math.min(...parts.map(({ plan }) => plan.decidedAt)),
    );
    for (const { part, fold } of folds) {
      for await (const item of this.#rowsOf(part, latest)) fold.take(item, holds.index, now);
    }
    const backlog = joinedBacklog(
      folds.map(({ fold }) => fold.end()),
      unread,
      latest.decidedAt,
    );
    const endMs = clock.monotonic();
    const againAtMs = endMs + (endMs - startMs) * REST;
    this.#folded.set(policy.name, { of, holds: holds.inForce, seq, againAtMs, backlog });
    return backlog;
  }

  /** All rows of the latest plan; of older ones those of the few projects that they still speak for. */
  async *#rowsOf({ plan, projectIds }: PlanPart, latest: PlanSummary): AsyncGenerator<PlanItem> {
    const { plans } = this.#parts.store;
    if (plan.planId === latest.planId) {
      yield* plans.planItems(plan.planId);
      return;
    }
    for (const projectId of projectIds) yield* plans.planItems(plan.planId, { projectId });
  }

  /** What is gone is gone, whichever policy deleted it. */
  async #takeGone(folds: readonly BacklogFold[], sinceAt: number): Promise<void> {
    const { audit } = this.#parts.store;
    for await (const entry of audit.entries({ fromSeq: await this.#firstSeq(sinceAt) })) {
      const { event, time, project_id: projectId, session_id: sessionId } = entry;
      const outcome = outcomeOfEvent(event);
      const isGone = outcome === 'verified' || outcome === 'already_gone';
      if (!isGone || projectId === null || sessionId === null) continue;
      for (const fold of folds) fold.gone(projectId, sessionId, parseInstant(time) ?? 0);
    }
  }

  /** The first entry that may be of that instant or later. Where a clock was set back, too little is taken for gone, never too much. */
  async #firstSeq(at: number): Promise<number> {
    const { audit } = this.#parts.store;
    let [low, high] = [1, (await audit.head()).seq + 1];
    while (high - low > SEARCHED) {
      const middle = Math.floor((low + high) / 2);
      if ((await this.#timeOf(middle)) < at) low = middle;
      else high = middle;
    }
    return low;
  }

  async #timeOf(fromSeq: number): Promise<number> {
    for await (const { time } of this.#parts.store.audit.entries({ fromSeq })) return parseInstant(time) ?? 0;
    return Infinity;
  }
}

/** Entries that are rather read than searched. */
const SEARCHED = 4_000;
