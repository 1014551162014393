import type { Policy } from '../../src/core/policy.ts';
import type { Account } from './account.ts';
import { ACCOUNT_TROUBLES, AccountChaos } from './account-chaos.ts';
import { drawInstant, type Random } from './random.ts';
import type { StateReader } from './referee-log.ts';
import type { Stage } from './stage.ts';
import { SimWorker, type Fuse } from './worker.ts';

const MINUTE = 60_000;
const FUSES: readonly Fuse['at'][] = [
  'before-write',
  'after-write',
  'delete-sent',
  'request-sent',
  'answer-there',
];
const TROUBLES = [
  ...(['crash', 'pause', 'suspend', 'sigterm', 'down', 'disk', 'clock'] as const),
  ...ACCOUNT_TROUBLES,
] as const;
type Trouble = (typeof TROUBLES)[number];
const PAUSES_MS = [5000, 30_000, 55_000, 90_000, 5 * MINUTE, 20 * MINUTE];
const RARE: readonly Trouble[] = ['down', 'clock', ...ACCOUNT_TROUBLES];

/** The machine, its supervisor, and what befalls them. Starts `serve` workers and starts them again when they end. */
export class Chaos {
  readonly #stage: Stage;
  readonly #ofAccount: AccountChaos;
  readonly #random: Random;
  readonly #policies: readonly Policy[];
  readonly workers = new Map<number, SimWorker>();
  #started = 0;
  #forced: readonly string[] = [];
  #isOver = false;
  #isDown = false;
  /** Processes of this seed that may die by themselves, from their start on. */
  #fusesLeft: number;
  /** How many of the workers that start are stopped as a DELETE of theirs waits for a connection. */
  snaresPercent: number;
  clockMoved = false;
  /** Workers were stopped, killed or held up: a slot may see two passes. */
  wasDisturbed = false;

  constructor(
    stage: Stage,
    parts: {
      account: Account;
      stranger: Account;
      random: Random;
      policies: readonly Policy[];
      state: StateReader;
    },
  ) {
    this.#stage = stage;
    this.#ofAccount = new AccountChaos(stage, {
      ...parts,
      random: parts.random.fork('account'),
      say: (what) => {
        this.#say(what);
      },
      later: (ms, action) => {
        this.#later(ms, action);
      },
    });
    this.#random = parts.random;
    this.#policies = parts.policies;
    this.#fusesLeft = parts.random.pick([0, 0, 1, 3]);
    this.snaresPercent = parts.random.pick([0, 0, 0, 50]);
  }

  /** Trouble that this story has in any case. */
  force(troubles: readonly string[]): void {
    this.#forced = troubles;
  }

  /** All processes that are there. */
  get there(): readonly SimWorker[] {
    return [...this.workers.values(), ...this.#ofAccount.atWork];
  }

  async startAll(count: number): Promise<void> {
    for (let place = 0; place < count; place += 1) await this.#start(place);
  }

  schedule(span: { readonly from: number; readonly to: number }): void {
    const { timeline, world } = this.#stage;
    const share = this.#random.pick([0, 10, 25, 40]);
    for (const trouble of TROUBLES) {
      const isForced = this.#forced.includes(trouble);
      const isMeant = this.#random.percent(RARE.includes(trouble) ? share / 2 : share);
      if (!isMeant && !isForced) continue;
      const isOften = trouble === 'crash' || trouble === 'pause';
      const count = isForced ? 3 : this.#random.whole(1, isOften ? 6 : 2);
      for (let index = 0; index < count; index += 1) {
        timeline.after(world, drawInstant(this.#random, span) - timeline.now, () => this.#strike(trouble));
      }
    }
  }

  /** Everything is well again, and stays so. */
  heal(): void {
    const { timeline } = this.#stage;
    this.#isOver = true;
    this.#isDown = false;
    this.#stage.disk = 'sound';
    this.#ofAccount.heal();
    timeline.hostOffsetMs = 0;
    for (const worker of this.workers.values()) {
      worker.fuse = undefined;
      worker.snare = undefined;
    }
    for (const actor of this.#stage.machine) timeline.resume(actor);
  }

  #say(what: string): void {
    this.#stage.tally.add(`fault: ${what.replaceAll(/ [-0-9.].*$/g, '')}`);
    this.#stage.trace.say('chaos', what);
  }

  async #start(place: number): Promise<void> {
    const { timeline, world } = this.#stage;
    if (this.#stage.disk !== 'sound' || this.#isDown) {
      timeline.after(world, MINUTE, () => this.#start(place));
      return;
    }
    this.#started += 1;
    const worker = await SimWorker.start(this.#stage, `serve${place}.${this.#started}`);
    this.workers.set(place, worker);
    worker.onEnded = () => {
      this.workers.delete(place);
      timeline.after(world, 1000 + this.#random.fraction() * 3 * MINUTE, () => this.#start(place));
    };
    if (this.#fusesLeft > 0 && this.#random.percent(50)) this.#layFuse(worker);
    if (!this.#isOver && this.#random.percent(this.snaresPercent)) this.#laySnare(worker);
    worker.serve(this.#policies);
  }

  #victim(): SimWorker | undefined {
    const there = [...this.workers.values()].filter(({ actor }) => actor.state === 'running');
    return there.length === 0 ? undefined : this.#random.pick(there);
  }

  #later(ms: number, action: () => void): void {
    const { timeline, world } = this.#stage;
    timeline.after(world, ms, () => {
      // What was healed is not to be healed, or spoiled, once more.
      if (!this.#isOver) action();
    });
  }

  async #strike(trouble: Trouble): Promise<void> {
    switch (trouble) {
      case 'crash':
        return this.#crash();
      case 'pause':
        this.#pause();
        return;
      case 'suspend':
        this.#suspend();
        return;
      case 'sigterm':
        this.#sigterm();
        return;
      case 'down':
        return this.#goDown();
      case 'disk':
        this.#spoilDisk();
        return;
      case 'clock':
        this.#moveClock();
        return;
      default:
        return this.#ofAccount.strike(trouble);
    }
  }

  async #crash(): Promise<void> {
    const victim = this.#victim();
    if (victim === undefined) return;
    this.wasDisturbed = true;
    if (this.#random.percent(20)) {
      this.#say('crash at any time');
      await victim.kill('by SIGKILL');
      return;
    }
    this.#layFuse(victim);
  }

  /** It burns down while the worker is at work: idle, it does no more than read its slots. */
  #layFuse(victim: SimWorker): void {
    this.#fusesLeft -= 1;
    this.wasDisturbed = true;
    const at = this.#random.pick(FUSES);
    victim.fuse = { at, left: this.#random.whole(1, at === 'delete-sent' ? 8 : 60) };
    this.#say(`fuse ${victim.fuse.left} ${at}`);
  }

  /** The moment at which what was looked at before is oldest: a DELETE has had its turn and is not written yet. */
  #laySnare(victim: SimWorker): void {
    victim.snare = () => {
      this.#say('a DELETE has no connection yet');
      // Mostly for long enough that somebody else has had the lease meanwhile.
      this.#pause(victim, this.#random.pick([30_000, 20 * MINUTE, 40 * MINUTE]));
    };
  }

  #pause(victim = this.#victim(), usualMs = this.#random.pick(PAUSES_MS)): void {
    if (victim === undefined) return;
    this.wasDisturbed = true;
    const ms = usualMs * (0.7 + this.#random.fraction());
    this.#say(`worker stopped ${Math.round(ms / 1000)} s`);
    this.#stage.timeline.pause(victim.actor);
    this.#later(ms, () => {
      this.#stage.timeline.resume(victim.actor);
    });
  }

  #suspend(): void {
    const { timeline } = this.#stage;
    this.wasDisturbed = true;
    const ms =
      this.#random.pick([20_000, 90_000, 10 * MINUTE, 40 * MINUTE]) * (0.7 + this.#random.fraction());
    this.#say(`machine suspended ${Math.round(ms / 1000)} s`);
    const asleep = [...this.#stage.machine];
    for (const actor of asleep) timeline.pause(actor);
    this.#later(ms, () => {
      timeline.suspendedMs += ms;
      for (const actor of asleep) timeline.resume(actor);
    });
  }

  #sigterm(): void {
    const victim = this.#victim();
    if (victim === undefined) return;
    this.wasDisturbed = true;
    this.#say('SIGTERM');
    victim.stop();
  }

  async #goDown(): Promise<void> {
    this.wasDisturbed = true;
    this.#say('machine down, slots missed');
    this.#isDown = true;
    for (const worker of [...this.workers.values()]) await worker.kill('with the machine');
    this.#later(this.#random.whole(10, 80) * MINUTE, () => {
      this.#isDown = false;
    });
  }

  #spoilDisk(): void {
    const disk = this.#random.pick(['full', 'unacknowledged', 'dead'] as const);
    this.wasDisturbed = true;
    this.#say(`disk ${disk}`);
    this.#stage.disk = disk;
    this.#later(this.#random.pick([1000, 30_000, 10 * MINUTE]), () => {
      this.#stage.disk = 'sound';
    });
  }

  #moveClock(): void {
    const { timeline } = this.#stage;
    const before = timeline.hostOffsetMs;
    const ms =
      this.#random.pick([-1, 1]) * this.#random.pick([20_000, 50_000, 70_000, 20 * MINUTE, 26 * 60 * MINUTE]);
    this.clockMoved = true;
    this.#say(`clock set ${Math.round(ms / 1000)} s`);
    timeline.hostOffsetMs += ms;
    this.#later(this.#random.pick([10_000, 5 * MINUTE, 60 * MINUTE]), () => {
      timeline.hostOffsetMs = before;
    });
  }
}
