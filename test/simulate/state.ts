import type { AuditEntry } from '../../src/core/audit-entry.ts';
import { RetentionError } from '../../src/core/errors.ts';
import type { PlanWriter } from '../../src/core/ports/plans.ts';
import type { Store } from '../../src/core/ports/store.ts';
import type { Random } from './random.ts';
import type { Actor, Timeline } from './timeline.ts';
import type { Tally, Trace } from './trace.ts';

/** How the disk of the machine is. `unacknowledged`: what is written is there, but the write reports an error. */
export type Disk = 'sound' | 'full' | 'unacknowledged' | 'dead';

export interface StateWatcher {
  /** In the instant in which entries are in the file, told or not. */
  onCommitted(entries: readonly AuditEntry[]): void;
  /** In the instant in which a hold was placed or released. */
  onHoldsChanged(): void;
  onPlanBegun(planId: string, decidedAt: number): void;
  /** Called before and after each piece of work; true: the process dies right here. */
  isToDie(when: 'before' | 'after'): boolean;
  /** A write failed. */
  onFailure(): void;
  die(): Promise<void>;
}

interface Work {
  readonly name: string;
  readonly isWrite: boolean;
  run(): Promise<unknown>;
  settle(outcome: Outcome): void;
}

type Outcome = { readonly value: unknown } | { readonly error: unknown };

const WRITES = [
  ...[
    'createPlan',
    'setPlanFileHash',
    'consumePlan',
    'arrangePlan',
    'scrubPlans',
    'acquireLease',
    'renewLease',
    'releaseLease',
  ],
  ...[
    'addHold',
    'releaseHold',
    'syncHolds',
    'bindAccount',
    'startRun',
    'updateRun',
    'recordSlot',
    'append',
    'add',
    'dropProject',
    'finish',
  ],
  'discard',
];

const HOLD_WRITES = ['addHold', 'releaseHold', 'syncHolds'];

/** What is read in batches, and not by one promise. */
const ITERATIONS = ['planItems', 'entries', 'verifiedSessions'];

type Method = (...args: unknown[]) => unknown;

/**
 * One process's way to the real store. Each piece of work waits its turn on the virtual disk, is then really done, and
 * its answer takes a moment to be heard: so a process can die before it, after it, or stopped in between.
 */
export class SimState {
  readonly #actor: Actor;
  readonly #timeline: Timeline;
  readonly #random: Random;
  readonly #trace: Trace;
  readonly #tally: Tally;
  readonly #disk: () => Disk;
  readonly #watcher: StateWatcher;
  readonly #queue: Work[] = [];
  #hasFailed = false;

  constructor(parts: {
    actor: Actor;
    timeline: Timeline;
    random: Random;
    trace: Trace;
    tally: Tally;
    disk: () => Disk;
    watcher: StateWatcher;
  }) {
    this.#actor = parts.actor;
    this.#timeline = parts.timeline;
    this.#random = parts.random;
    this.#trace = parts.trace;
    this.#tally = parts.tally;
    this.#disk = parts.disk;
    this.#watcher = parts.watcher;
  }

  wrap(store: Store): Store {
    const { audit, plans } = store;
    const { policies, leases, holds, runs, populations, protections, accounts } = store;
    const createPlan: typeof plans.createPlan = async (header) => {
      this.#watcher.onPlanBegun(header.planId, header.decidedAt);
      const writer = (await this.#do('createPlan', () => store.plans.createPlan(header))) as PlanWriter;
      return this.#wrapMethods({
        add: writer.add.bind(writer),
        dropProject: writer.dropProject.bind(writer),
        finish: writer.finish.bind(writer),
        discard: writer.discard.bind(writer),
      });
    };
    return {
      ...this.#wrapMethods(store),
      plans: { ...this.#wrapMethods(plans), createPlan },
      leases: this.#wrapMethods(leases),
      holds: this.#wrapMethods(holds),
      runs: this.#wrapMethods(runs),
      policies: this.#wrapMethods(policies),
      populations: this.#wrapMethods(populations),
      protections: this.#wrapMethods(protections),
      accounts: this.#wrapMethods(accounts),
      audit: {
        ...this.#wrapMethods(audit),
        append: async (...args) =>
          (await this.#do('append', async () => {
            const written = await audit.append(...args);
            this.#watcher.onCommitted(written);
            return written;
          })) as readonly AuditEntry[],
      },
      close: () => Promise.resolve(),
    };
  }

  #wrapMethods<T extends object>(target: T): T {
    const wrapped = Object.entries(target)
      .filter((member): member is [string, Method] => typeof member[1] === 'function')
      .map(([name, method]) => [
        name,
        (...args: unknown[]) => this.#call(name, () => method.apply(target, args)),
      ]);
    return Object.fromEntries(wrapped) as T;
  }

  #call(name: string, call: () => unknown): unknown {
    if (ITERATIONS.includes(name)) return this.#iterate(name, call() as AsyncIterable<unknown>);
    return this.#do(name, () => call() as Promise<unknown>);
  }

  async *#iterate<T>(name: string, source: AsyncIterable<T>): AsyncGenerator<T> {
    const iterator = source[Symbol.asyncIterator]();
    // One look at the disk for all of it: what is asked for here has a page at most.
    const first = (await this.#do(name, () => iterator.next())) as IteratorResult<T>;
    for (let next = first; next.done !== true; next = await iterator.next()) yield next.value;
  }

  #do(name: string, run: () => Promise<unknown>): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const settle = (outcome: Outcome): void => {
        if ('value' in outcome) resolve(outcome.value);
        // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- as the store rejected it
        else reject(outcome.error);
      };
      this.#queue.push({ name, isWrite: WRITES.includes(name), run, settle });
      this.#timeline.after(this.#actor, this.#random.fraction() * 2, () => this.#work());
    });
  }

  /** The oldest work; entries that wait behind one another go together, as the store takes them. */
  async #work(): Promise<void> {
    const first = this.#queue.shift();
    if (first === undefined) return;
    const group = [first];
    while (first.name === 'append' && this.#queue[0]?.name === 'append') {
      const next = this.#queue.shift();
      if (next !== undefined) group.push(next);
    }
    if (this.#watcher.isToDie('before')) return this.#watcher.die();
    const outcomes = await Promise.all(group.map((work) => this.#attempt(work)));
    if (this.#watcher.isToDie('after')) return this.#watcher.die();
    this.#timeline.after(this.#actor, 0.1 + this.#random.fraction() * 3, () => {
      group.forEach((work, index) => {
        const outcome = outcomes[index];
        if (outcome !== undefined) work.settle(outcome);
      });
    });
  }

  async #attempt(work: Work): Promise<Outcome> {
    const { name, isWrite } = work;
    const disk = this.#disk();
    const isRefused =
      disk === 'dead' || (isWrite && disk === 'full') || (name === 'append' && this.#hasFailed);
    if (isRefused) return this.#fail(name, isWrite);
    try {
      const value = await work.run();
      if (HOLD_WRITES.includes(name)) this.#watcher.onHoldsChanged();
      if (name !== 'lastSlot') this.#trace.say(this.#actor.name, `state: ${name}`);
      return isWrite && disk === 'unacknowledged' ? this.#fail(name, true) : { value };
    } catch (error) {
      this.#trace.say(this.#actor.name, `state: ${name} refused: ${String(error)}`);
      return { error };
    }
  }

  #fail(name: string, isWrite: boolean): Outcome {
    // The real store writes no entry any more after the first that failed.
    if (name === 'append') this.#hasFailed = true;
    this.#trace.say(this.#actor.name, `state: ${name} fails`);
    this.#tally.add('fault: the state fails');
    if (isWrite) this.#watcher.onFailure();
    return { error: new RetentionError('state_unusable', 'simulated: the disk does not write') };
  }
}
