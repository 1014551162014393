import { createHash, createPrivateKey } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync, existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readPolicies } from '../../src/config/policy-file.ts';
import type { Policy } from '../../src/core/policy.ts';
import { createNoteSigner, type NoteSigner } from '../../src/core/signed-note.ts';
import { Account, tellingHabits } from './account.ts';
import { Chaos } from './chaos.ts';
import { HoldsPaper } from './holds-paper.ts';
import type { WrittenPolicy } from './oracle.ts';
import { People } from './people.ts';
import { makePolicy, USERS, type MadePolicy } from './policy-maker.ts';
import { runInQuiet } from './quiet.ts';
import { createRandom, type Random } from './random.ts';
import { Referee } from './referee.ts';
import { StateReader } from './referee-log.ts';
import type { Sabotage, Stage } from './stage.ts';
import { createActor, Timeline, type Actor } from './timeline.ts';
import { Tally, Trace } from './trace.ts';
import { checkEnds, checkLog, checkResult } from './verdict.ts';
import { Weather } from './weather.ts';
import { SimWire } from './wire.ts';
import { SimWorker } from './worker.ts';

const MINUTE = 60_000;
const DAY = 86_400_000;
const EARLIEST = Date.parse('2026-01-15T00:00:00Z');
/** More happenings than any sound story has: somebody goes round in circles. */
const MOST_HAPPENINGS = 400_000;

export interface Story {
  readonly seed: number;
  readonly problems: readonly { readonly rule: string; readonly what: string }[];
  readonly counts: ReadonlyMap<string, number>;
  /** The same for the same seed, whenever and wherever it is told. */
  readonly hash: string;
  readonly lines: readonly string[];
}

export interface SimulationOptions {
  readonly keepsTrace?: boolean;
  readonly sabotage?: Sabotage;
  /** Weather that this story has in any case, and a pace instead of one by chance. */
  readonly weather?: readonly string[];
  readonly requestsPerMinute?: number;
  /** Every worker is stopped for a while as a DELETE of its waits for a connection; by chance otherwise. */
  readonly snares?: boolean;
  /** One worker has an older copy of the file of holds. */
  readonly copies?: boolean;
}

/** One seed: a few hours of trouble, then quiet, then the verdict. */
export async function simulate(seed: number, options: SimulationOptions = {}): Promise<Story> {
  const home = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
  const stateDir = mkdtempSync(join(home, 'retention-simulation-'));
  try {
    return await new Simulation(seed, stateDir, options).tell();
  } finally {
    rmSync(stateDir, { recursive: true, force: true });
  }
}

class Simulation {
  readonly #seed: number;
  readonly #random: Random;
  readonly #stateDir: string;
  readonly #sabotage: Sabotage | undefined;
  readonly #timeline: Timeline;
  readonly #trace: Trace;
  readonly #tally = new Tally();
  readonly #world = createActor('world');
  readonly #account: Account;
  readonly #span: { readonly from: number; readonly to: number };
  readonly #options: SimulationOptions;

  constructor(seed: number, stateDir: string, options: SimulationOptions) {
    this.#seed = seed;
    this.#options = options;
    this.#random = createRandom(`seed ${seed}`);
    this.#stateDir = stateDir;
    this.#sabotage = options.sabotage;
    const from = EARLIEST + Math.floor(this.#random.fraction() * 400 * DAY);
    this.#span = { from, to: from + this.#random.whole(30, 90) * MINUTE };
    this.#timeline = new Timeline(from, this.#random.fork('timeline'));
    this.#trace = new Trace(() => this.#timeline.now, options.keepsTrace === true);
    this.#account = new Account(this.#random.fork('account'));
    this.#account.populate(from);
  }

  async tell(): Promise<Story> {
    const made = this.#makePolicies();
    const policies = await this.#read(made);
    const weather = new Weather(this.#random.fork('weather'), this.#tally, this.#span);
    if (this.#options.weather !== undefined) weather.force(this.#options.weather);
    const requestsPerMinute = this.#options.requestsPerMinute ?? this.#drawPace();
    this.#describe(made, weather, requestsPerMinute);
    // The first to open the state makes it; the reader comes after.
    const { stage, state } = await this.#setTheStage({ made, policies }, weather, requestsPerMinute);
    const random = this.#random.fork('chaos');
    const chaos = new Chaos(stage, { ...this.#bystanders(), random, policies, state });
    chaos.force(this.#options.weather ?? []);
    if (this.#options.snares === true) chaos.snaresPercent = 100;
    const office = await SimWorker.start(stage, 'office');
    const people = new People(stage, {
      account: this.#account,
      random: this.#random.fork('people'),
      policies,
      office,
    });
    try {
      people.schedule(this.#span);
      chaos.schedule(this.#span);
      await chaos.startAll(this.#random.pick([1, 2, 2, 3]));
      await this.#until(this.#span.to);
      await this.#recover(stage, state, { chaos, people, weather });
      const through = <T>(what: string, work: Promise<T>) => this.#through(stage, what, work);
      await runInQuiet(stage, policies, { account: this.#account, state, through });
      checkLog(stage.referee, state, { clockMoved: chaos.clockMoved });
      checkEnds(stage.referee, state, this.#account);
    } finally {
      await office.kill('at the end');
      for (const worker of [...chaos.there, ...people.atWork]) await worker.kill('at the end');
      state.close();
    }
    return this.#story(stage);
  }

  /** The account, and another one behind the same address. */
  #bystanders(): { readonly account: Account; readonly stranger: Account } {
    const stranger = new Account(this.#random.fork('stranger'), { user: 10, creator: USERS[1], team: '8' });
    stranger.populate(this.#span.from);
    return { account: this.#account, stranger };
  }

  /** Slow enough, with few conversations, that what was listed is old when its turn comes. */
  #drawPace(): number | 'unlimited' {
    const pace = this.#random.pick(['unlimited', 'unlimited', 60, 60, 120, 600] as const);
    return pace === 60 && this.#account.allTalks().length < 60 ? 20 : pace;
  }

  #story({ referee }: Stage): Story {
    this.#tally.add('conversations', this.#account.allTalks().length);
    for (const habit of tellingHabits(this.#account.habits)) this.#tally.add(`account: ${habit}`);
    this.#tally.add('happenings', this.#timeline.happened);
    const { counts } = this.#tally;
    const { hash, lines } = this.#trace;
    return { seed: this.#seed, problems: referee.problems, counts, hash, lines };
  }

  #makePolicies(): readonly MadePolicy[] {
    const random = this.#random.fork('policies');
    const projectIds = this.#account.projects.map(({ id }) => id);
    const sessionIds = this.#account.allTalks().map(({ row }) => row.session_id);
    return Array.from({ length: random.pick([1, 1, 2, 3]) }, (_, index) =>
      makePolicy(random, {
        name: `policy-${index + 1}`,
        projectIds,
        sessionIds: ['no-such-session', ...sessionIds],
      }),
    );
  }

  /** By the program's own reader, from files. */
  async #read(made: readonly MadePolicy[]): Promise<readonly Policy[]> {
    const files = made.map(({ written, yaml }) => {
      const file = join(this.#stateDir, `${written.name}.yaml`);
      writeFileSync(file, this.#sabotage?.policy?.(yaml) ?? yaml);
      return file;
    });
    const { policies, problems } = await readPolicies(files);
    if (problems.length > 0) throw new Error(`seed ${this.#seed}: ${JSON.stringify(problems)}`);
    return policies;
  }

  #describe(made: readonly MadePolicy[], weather: Weather, pace: number | string): void {
    this.#trace.say(
      'world',
      `habits ${JSON.stringify(this.#account.habits)}; weather: ${weather.troubles}; pace ${pace}`,
    );
    for (const { yaml } of made) this.#trace.say('policy', `\n${yaml}`);
    for (const { id, row, messages } of this.#account.allTalks())
      this.#trace.say('account', `${id} ${JSON.stringify(row)} messages ${JSON.stringify(messages)}`);
  }

  async #setTheStage(
    { made, policies: read }: { made: readonly MadePolicy[]; policies: readonly Policy[] },
    weather: Weather,
    requestsPerMinute: number | 'unlimited',
  ): Promise<{ stage: Stage; state: StateReader }> {
    await makeState(this.#stateDir, this.#timeline);
    const state = new StateReader(this.#stateDir);
    const shared = { timeline: this.#timeline, trace: this.#trace, tally: this.#tally };
    const account = this.#account;
    const policies = new Map<string, WrittenPolicy>(made.map(({ written }) => [written.name, written]));
    const paper = new HoldsPaper(() => this.#timeline.now);
    paper.lagMs = this.#drawLag();
    const referee = new Referee({ ...shared, account, weather, state, policies, requestsPerMinute, paper });
    const verifyTimeoutMs = this.#random.pick([20_000, MINUTE, MINUTE]);
    const wire = new SimWire({
      ...shared,
      ...{ weather, random: this.#random.fork('wire'), api: createActor('api'), verifyTimeoutMs },
      onDeleted: () => {
        this.#tally.add('deleted by us');
      },
    });
    const stage: Stage = {
      ...shared,
      ...{
        world: this.#world,
        machine: new Set<Actor>(),
        wire,
        referee,
        policies: read,
        random: this.#random.fork('stage'),
        stateDir: this.#stateDir,
        ...{ signer: signerOf(this.#seed), paper, account },
      },
      ...{ requestsPerMinute, leaseMs: MINUTE, verifyTimeoutMs },
      ...{ sabotage: this.#sabotage, disk: 'sound' },
      onRunEnded: (result) => {
        checkResult(referee, state, result);
      },
    };
    return { stage, state };
  }

  /** One worker in some stories has a copy of the file of holds, which comes late. */
  #drawLag(): number {
    const random = this.#random.fork('copies');
    if (this.#options.copies !== true && !random.percent(25)) return 0;
    this.#tally.add('a copy of the file of holds');
    return random.whole(1, 30) * MINUTE;
  }

  /** Trouble ends. What is scheduled must come in time again, and what is told to stop must stop. */
  async #recover(
    stage: Stage,
    state: StateReader,
    parts: { chaos: Chaos; people: People; weather: Weather },
  ): Promise<void> {
    const { chaos, people, weather } = parts;
    weather.isCalm = true;
    chaos.heal();
    people.heal();
    this.#trace.say('world', 'all is well from here on');
    const end = this.#timeline.now + 50 * MINUTE;
    await this.#until(end);
    for (const [name, policy] of stage.referee.policies) {
      const dueAt = lastSlot(policy.schedule?.cron ?? '', end - 15 * MINUTE);
      if ((state.lastSlot(name) ?? 0) < dueAt && !chaos.clockMoved)
        stage.referee.blame('slot', `${name} has not run its slot of ${new Date(dueAt).toISOString()}`);
    }
    const working = [...chaos.there, ...people.atWork];
    for (const worker of working) {
      worker.onEnded = () => undefined;
      worker.stop();
    }
    await this.#until(this.#timeline.now + 15_000);
    for (const worker of working) {
      if (!worker.isOver) stage.referee.blame('stop', `${worker.name} does not end after SIGTERM`);
      await worker.kill('after the trouble');
    }
    // What the API still shows of the past is over by then, no lease is left, and no entry is of a future that never came.
    const lastAt = Math.max(0, ...state.entries().map(({ time }) => Date.parse(time)));
    await this.#until(Math.max(this.#timeline.now, lastAt) + 5 * MINUTE);
  }

  #until(at: number): Promise<void> {
    this.#timeline.after(this.#world, at - this.#timeline.now, () => undefined);
    return this.#timeline.run(() => this.#timeline.now >= at || this.#isEndless());
  }

  #isEndless(): boolean {
    return this.#timeline.happened > MOST_HAPPENINGS;
  }

  async #through<T>(stage: Stage, what: string, work: Promise<T>): Promise<T | undefined> {
    let ended: { value?: T; error?: unknown } | undefined;
    work.then(
      (value) => {
        ended = { value };
      },
      (error: unknown) => {
        ended = { error };
      },
    );
    await this.#timeline.run(() => ended !== undefined || this.#isEndless());
    if (ended === undefined) stage.referee.blame('stuck', `${what} does not end`);
    else if ('error' in ended) stage.referee.blame('quiet', `${what} fails: ${String(ended.error)}`);
    return ended?.value;
  }
}

/** From the seed alone, so that the notes are the same each time. */
function signerOf(seed: number): NoteSigner {
  const start = Buffer.from('302e020100300506032b657004220420', 'hex');
  const secret = createHash('sha256').update(`signer ${seed}`).digest();
  const key = Buffer.concat([start, secret]);
  return createNoteSigner(createPrivateKey({ key, format: 'der', type: 'pkcs8' }));
}

/** By an own store, so that nothing is open but the file. */
async function makeState(stateDir: string, timeline: Timeline): Promise<void> {
  const { openState } = await import('../support/state.ts');
  const store = await openState(stateDir, { clock: timeline.clockOf(createActor('setup')) });
  await store.close();
}

/** The last full minute up to `at` that the minutes of a cron name; all its other fields are stars here. */
function lastSlot(cron: string, at: number): number {
  const [field = ''] = cron.split(' ');
  const step = /^\*\/(\d+)$/.exec(field)?.[1];
  const names = field.split(',').map(Number);
  let slotAt = Math.floor(at / MINUTE) * MINUTE;
  const isNamed = (): boolean => {
    const minute = new Date(slotAt).getUTCMinutes();
    return step === undefined ? names.includes(minute) : minute % Number(step) === 0;
  };
  while (!isNamed()) slotAt -= MINUTE;
  return slotAt;
}
