import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from '../../src/core/ports/surroundings.ts';
import type { StartDeadline } from '../../src/customgpt/deadlines.ts';
import type { Random } from './random.ts';

/** Whose events these are: a process that can be stopped, woken and killed, or the world outside. */
export interface Actor {
  readonly name: string;
  state: 'running' | 'paused' | 'dead';
  /** When it was last woken. */
  resumedAt: number;
  /** What came while it was stopped, in order. */
  readonly missed: Happening[];
}

interface Happening {
  readonly at: number;
  /** Decides between happenings of one instant. */
  readonly tie: number;
  readonly actor: Actor;
  readonly action: () => void | Promise<void>;
  cancelled: boolean;
}

export type Cancel = () => void;

export function createActor(name: string): Actor {
  return { name, state: 'running', resumedAt: -Infinity, missed: [] };
}

/**
 * Virtual time: a queue of happenings, in order of their instants, chance deciding between those of one instant. Nothing
 * else makes anything go on: between two happenings all that can run has run to its next wait. So one seed is one story.
 */
export class Timeline {
  readonly #random: Random;
  readonly #heap: Happening[] = [];
  #now: number;
  /** Wall clock of the workers' machine minus the true time. */
  hostOffsetMs = 0;
  /** Time that the machine was suspended, which its monotonic clock did not see. */
  suspendedMs = 0;
  happened = 0;

  constructor(startAt: number, random: Random) {
    this.#now = startAt;
    this.#random = random;
  }

  /** The true time, epoch ms. */
  get now(): number {
    return this.#now;
  }

  after(actor: Actor, delayMs: number, action: () => void | Promise<void>): Cancel {
    const happening: Happening = {
      at: this.#now + Math.max(0, delayMs),
      tie: this.#random.fraction(),
      actor,
      action,
      cancelled: false,
    };
    if (Number.isFinite(delayMs)) push(this.#heap, happening);
    return () => {
      happening.cancelled = true;
    };
  }

  pause(actor: Actor): void {
    if (actor.state === 'running') actor.state = 'paused';
  }

  resume(actor: Actor): void {
    if (actor.state !== 'paused') return;
    actor.state = 'running';
    actor.resumedAt = this.#now;
    for (const [index, missed] of actor.missed.splice(0).entries()) {
      // In the order in which it was due, all of it now.
      push(this.#heap, { ...missed, at: this.#now, tie: -1 + index * 1e-6, action: unlessCancelled(missed) });
    }
  }

  kill(actor: Actor): void {
    actor.state = 'dead';
    actor.missed.length = 0;
  }

  /** Lets things happen until `isOver`, or until nothing is left. */
  async run(isOver: () => boolean): Promise<void> {
    while (!isOver()) {
      const next = pop(this.#heap);
      if (next === undefined) return;
      this.#now = Math.max(this.#now, next.at);
      if (next.cancelled || next.actor.state === 'dead') continue;
      if (next.actor.state === 'paused') {
        next.actor.missed.push(next);
        continue;
      }
      this.happened += 1;
      const work = next.action();
      if (work !== undefined) await work;
      await nextTurn();
    }
  }

  clockOf(actor: Actor): Clock {
    return {
      now: () => Math.floor(this.#now + this.hostOffsetMs),
      monotonic: () => this.#now - START_OF_MONOTONIC - this.suspendedMs,
      sleep: (ms, signal) => this.#sleep(actor, ms, signal),
    };
  }

  deadlinesOf(actor: Actor): StartDeadline {
    return (limitMs, onExpired) => this.after(actor, limitMs, onExpired);
  }

  #sleep(actor: Actor, ms: number, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const refuse = (): void => {
        cancel();
        // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- the port promises the signal's own reason
        reject(signal?.reason);
      };
      const cancel = this.after(actor, ms, () => {
        signal?.removeEventListener('abort', refuse);
        resolve();
      });
      if (signal?.aborted === true) refuse();
      else signal?.addEventListener('abort', refuse, { once: true });
    });
  }
}

const START_OF_MONOTONIC = Date.parse('2026-01-01T00:00:00Z');

function unlessCancelled(missed: Happening): () => void | Promise<void> {
  return () => {
    if (!missed.cancelled) return missed.action();
  };
}

// ── A binary heap ───────────────────────────────────────────────────────────────────────────────────────────

function isBefore(a: Happening, b: Happening): boolean {
  return a.at === b.at ? a.tie < b.tie : a.at < b.at;
}

function push(heap: Happening[], item: Happening): void {
  let index = heap.length;
  heap.push(item);
  while (index > 0) {
    const parent = (index - 1) >> 1;
    const above = heap[parent];
    if (above === undefined || !isBefore(item, above)) break;
    heap[index] = above;
    index = parent;
  }
  heap[index] = item;
}

function pop(heap: Happening[]): Happening | undefined {
  const first = heap[0];
  const last = heap.pop();
  if (first === undefined || last === undefined || heap.length === 0) return first;
  let index = 0;
  for (;;) {
    const left = 2 * index + 1;
    const right = left + 1;
    const a = heap[left];
    const b = heap[right];
    const child = b !== undefined && a !== undefined && isBefore(b, a) ? right : left;
    const below = child === right ? b : a;
    if (below === undefined || !isBefore(below, last)) break;
    heap[index] = below;
    index = child;
  }
  heap[index] = last;
  return first;
}
