import type { AuditEntry } from '../../src/core/audit-entry.ts';
import { isFault, RetentionError } from '../../src/core/errors.ts';
import { NO_OBSERVER } from '../../src/core/observers.ts';
import type { PlanSummary } from '../../src/core/plan.ts';
import type { Policy } from '../../src/core/policy.ts';
import type { Store } from '../../src/core/ports/store.ts';
import { createCustomGptClient, type CustomGptClient } from '../../src/customgpt/client.ts';
import { createGuardWake } from '../../src/daemon/guard-wake.ts';
import { createStopSignals, type StopControl } from '../../src/daemon/lifecycle.ts';
import type { SlotRequest } from '../../src/daemon/policy-schedule.ts';
import { createScheduler, type Scheduler } from '../../src/daemon/scheduler.ts';
import { applyStoredPlan, type Override } from '../../src/run/apply-stored-plan.ts';
import type { RunResult } from '../../src/run/around/close-run.ts';
import type { RunDeps } from '../../src/run/context.ts';
import { joinStops } from '../../src/run/stop-signals.ts';
import { enterAccount } from '../../src/run/around/enter-account.ts';
import { makePlan } from '../../src/run/plan/make-plan.ts';
import { HoldFiles } from '../../src/run/around/hold-files.ts';
import { runPolicy } from '../../src/run/run-policy.ts';
import { openState } from '../support/state.ts';
import type { Account } from './account.ts';
import type { Route } from './api.ts';
import type { Delivery } from './wire.ts';
import type { SentDelete, Suspect } from './referee.ts';
import { RunWatch } from './run-watch.ts';
import { SimState } from './state.ts';
import { createActor, type Actor } from './timeline.ts';
import type { Stage } from './stage.ts';
import { chanceOf, logOf, othersThan, rarely, sabotaged, silentProgress } from './worker-parts.ts';

/** Where a process dies by itself: at the n-th piece of work on its state, or the n-th request of a kind. */
export interface Fuse {
  readonly at: 'before-write' | 'after-write' | 'delete-sent' | 'request-sent' | 'answer-there';
  left: number;
}

/** Whose key a process has. */
interface Key {
  readonly account: Account;
  readonly text: string;
}

/** One process: its own connection to the state, its own client, its own chance; all of it ends when it is killed. */
export class SimWorker implements Suspect {
  readonly name: string;
  readonly holder: string;
  readonly actor: Actor;
  readonly account: Account;
  readonly heard: Suspect['heard'] = { unknownAt: -Infinity, thereAt: new Map() };
  readonly sights: Suspect['sights'] = new Map();
  readonly senders = new Map<string, RunWatch>();
  stoppedAt: number | undefined;
  stateFailedAt: number | undefined;
  toldToWaitUntil = 0;
  lastSentAt = -Infinity;
  fuse: Fuse | undefined;
  /** Called once, when a DELETE of its has begun to wait for a connection. */
  snare: (() => void) | undefined;
  readonly #stage: Stage;
  readonly #store: Store;
  readonly #state: Store;
  /** Of the file of holds, which may come late. */
  readonly hasCopy: boolean;
  readonly #client: CustomGptClient;
  readonly #deps: RunDeps;
  readonly #control: StopControl;
  #isOver = false;
  /** Called when it has ended by itself. */
  onEnded: () => void = () => undefined;

  static async start(stage: Stage, name: string, key?: Key): Promise<SimWorker> {
    const actor = createActor(name);
    const { stateDir, signer } = stage;
    const clock = stage.timeline.clockOf(actor);
    const store = await openState(stateDir, { clock, signer: () => signer });
    return new SimWorker(stage, {
      name,
      actor,
      store,
      key: key ?? { account: stage.account, text: 'simulated' },
    });
  }

  private constructor(stage: Stage, parts: { name: string; actor: Actor; store: Store; key: Key }) {
    this.#stage = stage;
    this.name = parts.name;
    this.hasCopy = parts.name.startsWith('serve1.');
    this.holder = `${parts.name}-${stage.random.token(4)}`;
    this.actor = parts.actor;
    this.account = parts.key.account;
    stage.machine.add(parts.actor);
    this.#store = parts.store;
    const { timeline, trace, tally, random } = stage;
    const chance = chanceOf(random.fork(this.holder));
    const clock = timeline.clockOf(this.actor);
    const log = logOf((line) => {
      trace.say(this.name, line);
    });
    const watcher = {
      onCommitted: (entries: readonly AuditEntry[]) => {
        stage.referee.onCommitted(entries, this);
      },
      onHoldsChanged: stage.referee.onHoldsChanged.bind(stage.referee),
      onPlanBegun: stage.referee.onPlanBegun.bind(stage.referee),
      isToDie: (when: 'before' | 'after') => {
        const isNow = this.#burns(`${when}-write`);
        if (isNow) tally.add(`fault: dies at ${when}-write`);
        return isNow;
      },
      onFailure: () => {
        this.stateFailedAt ??= timeline.now;
      },
      die: () => this.kill('on its way to the state'),
    };
    const disk = () => stage.disk;
    const state = new SimState({ actor: this.actor, timeline, random, trace, tally, disk, watcher });
    this.#state = sabotaged(stage.sabotage).store(state.wrap(watched(this.#store, stage)));
    this.#client = createCustomGptClient({
      baseUrl: 'https://app.customgpt.ai',
      apiKey: { reveal: () => parts.key.text },
      requestsPerMinute: stage.requestsPerMinute,
      clock,
      chance,
      log,
      wire: stage.wire.of(this),
    });
    this.#control = createStopSignals(clock);
    const file = sabotaged(stage.sabotage).holdFile(stage.paper.file({ isCopy: this.hasCopy }));
    this.#deps = {
      openApi: (onRequest) => this.#client.view(onRequest),
      store: this.#state,
      holds: new HoldFiles({ store: this.#state.holds, files: [file], clock, chance, log }),
      keeps: sabotaged(stage.sabotage).keeps({
        othersThan: (name) => Promise.resolve(othersThan(stage, name)),
      }),
      clock,
      chance,
      log,
      observer: NO_OBSERVER,
      holder: this.holder,
      leaseMs: stage.leaseMs,
      verifyTimeoutMs: stage.verifyTimeoutMs,
      requestsPerMinute: stage.requestsPerMinute,
      timeZone: 'UTC',
    };
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  get state(): Store {
    return this.#state;
  }

  // ── The wire ──────────────────────────────────────────────────────────────────────────────────────────────

  onHandedOver(route: Route, connectMs: number): void {
    this.#stage.referee.onHandedOver(this);
    if (route.kind !== 'delete' || connectMs === 0) return;
    this.snare?.();
    this.snare = undefined;
  }

  onSent(route: Route): SentDelete | undefined {
    const sent = this.#stage.referee.onSent(this, route);
    this.#dieAt(route.kind === 'delete' && this.#burns('delete-sent'));
    this.#dieAt(this.#burns('request-sent'));
    return sent;
  }

  onDelivered(delivery: Delivery): void {
    this.#stage.referee.onDelivered(this, delivery);
    this.#dieAt(this.#burns('answer-there'));
  }

  // ── Its work ──────────────────────────────────────────────────────────────────────────────────────────────

  /** What `serve` does: each policy on its schedule, until it is told to stop, or its state fails. */
  serve(policies: readonly Policy[]): void {
    const broken = new AbortController();
    const runOne = async (policy: Policy, request: SlotRequest): Promise<RunResult> => {
      try {
        const result = await this.run(policy, request, broken.signal);
        if (isFault(result.fault, 'state_unusable')) broken.abort(result.fault);
        return result;
      } catch (error) {
        if (isFault(error, 'state_unusable')) broken.abort(error);
        throw error;
      }
    };
    const { clock, log } = this.#deps;
    const parts = {
      policies,
      slots: this.#state.runs,
      clock,
      log,
      wake: rarely(createGuardWake(clock), clock),
      runPolicy: runOne,
      reread: () => Promise.resolve({ policies }),
    };
    const scheduler = createScheduler(parts);
    const stops = joinStops(this.#control.signals, broken.signal);
    stops.stop.addEventListener('abort', () => void this.#endServing(scheduler), { once: true });
    scheduler.start().catch(() => {
      void this.#endServing(scheduler);
    });
  }

  async run(
    policy: Policy,
    request: Pick<SlotRequest, 'trigger'> & { slotAt?: number },
    broken?: AbortSignal,
  ): Promise<RunResult> {
    const { signals } = this.#control;
    const stops = broken === undefined ? signals : joinStops(signals, broken);
    return this.#watched((deps) => runPolicy(deps, { policy, ...request, signals: stops }));
  }

  async plan(policy: Policy): Promise<PlanSummary> {
    const { store, clock } = this.#deps;
    const { reader } = sabotaged(this.#stage.sabotage).api(this.#client.view());
    const { text: account } = await enterAccount({ reader, accounts: store.accounts, signal: undefined });
    const holds = await this.#deps.holds.holdsInForce(clock.now());
    const others = await this.#deps.keeps.othersThan(policy.name);
    return makePlan(
      { ...this.#deps, reader, progress: silentProgress },
      { policy, account, others, holds, withKept: true },
    );
  }

  async apply(
    policy: Policy,
    planId: string,
    override: Override | undefined,
  ): Promise<RunResult | undefined> {
    const plan = await this.#state.plans.plan(planId);
    if (plan === undefined) return undefined;
    const { signals } = this.#control;
    return this.#watched((deps) => applyStoredPlan(deps, { plan, policy, override, signals }));
  }

  async #watched(run: (deps: RunDeps) => Promise<RunResult>): Promise<RunResult> {
    const watch = new RunWatch(this.#stage.timeline, this.senders);
    const { openApi } = this.#deps;
    const deps = {
      ...this.#deps,
      openApi: () => sabotaged(this.#stage.sabotage).api(watch.watchApi(openApi())),
      store: watch.watchStore(this.#state),
    };
    const { tally, trace } = this.#stage;
    try {
      const result = await run(deps);
      this.#stage.onRunEnded(result);
      tally.add(`run: ${result.run.status}`);
      if (result.fault !== undefined) tally.add(`fault of a run: ${result.fault.kind}`);
      trace.say(
        this.name,
        `run of ${result.run.policy} ended: ${result.run.status} ${JSON.stringify(result.counts)}`,
      );
      return result;
    } catch (error) {
      tally.add(`run not begun: ${error instanceof RetentionError ? error.kind : 'unexpected'}`);
      if (!(error instanceof RetentionError))
        this.#stage.referee.blame('unexpected', error instanceof Error ? String(error.stack) : String(error));
      trace.say(this.name, `run not begun: ${String(error)}`);
      throw error;
    }
  }

  // ── Its end ───────────────────────────────────────────────────────────────────────────────────────────────

  /** SIGTERM. */
  stop(): void {
    if (this.stoppedAt !== undefined || this.actor.state !== 'running') return;
    this.stoppedAt = this.#stage.timeline.now;
    this.#control.stop('stopped by a simulated SIGTERM');
  }

  /** SIGKILL: nothing of it goes on, in this very instant. */
  async kill(why: string): Promise<void> {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#stage.machine.delete(this.actor);
    this.#stage.timeline.kill(this.actor);
    this.#stage.trace.say(this.name, `dies ${why}`);
    await this.#store.close();
    this.onEnded();
  }

  async #endServing(scheduler: Scheduler): Promise<void> {
    await scheduler.stop();
    this.#control.settle();
    this.exit();
  }

  /** From the world's side, once all it does is done. */
  exit(): void {
    const { timeline, world } = this.#stage;
    timeline.after(world, 1, () => this.kill('in peace'));
  }

  #burns(at: Fuse['at']): boolean {
    if (this.fuse?.at !== at) return false;
    this.fuse.left -= 1;
    return this.fuse.left === 0;
  }

  #dieAt(isNow: boolean): void {
    if (!isNow) return;
    const { timeline, world, tally } = this.#stage;
    tally.add(`fault: dies at ${this.fuse?.at ?? ''}`);
    // Nothing of it goes on from here; what has to be closed is closed from outside.
    timeline.kill(this.actor);
    timeline.after(world, 0, () => this.kill('between two requests'));
  }
}

/** Tells the file of holds which of its versions the state has been told of. */
function watched(store: Store, { paper, tally }: Pick<Stage, 'paper' | 'tally'>): Store {
  const syncHolds: Store['holds']['syncHolds'] = async (list, how) => {
    const synced = await store.holds.syncHolds(list, how);
    paper.onSynced(list);
    if (synced.overruled.length > 0) tally.add('an older file of holds released nothing');
    return synced;
  };
  return { ...store, holds: { ...store.holds, syncHolds } };
}
