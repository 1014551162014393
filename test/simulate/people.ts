import type { Policy } from '../../src/core/policy.ts';
import type { Account, Talk } from './account.ts';
import { drawInstant, type Random } from './random.ts';
import type { Stage } from './stage.ts';
import { SimWorker } from './worker.ts';

/** Everybody else: visitors, colleagues in the vendor's own pages, lawyers, and whoever types commands here. */
export class People {
  readonly #stage: Stage;
  readonly #account: Account;
  readonly #random: Random;
  readonly #policies: readonly Policy[];
  readonly #office: SimWorker;
  readonly #holds: string[] = [];
  #commands = 0;
  /** Commands at work: they are stopped with everything else. */
  readonly atWork = new Set<SimWorker>();

  constructor(
    stage: Stage,
    parts: { account: Account; random: Random; policies: readonly Policy[]; office: SimWorker },
  ) {
    this.#stage = stage;
    this.#account = parts.account;
    this.#random = parts.random;
    this.#policies = parts.policies;
    this.#office = parts.office;
  }

  /** Spreads what they do over a span. */
  schedule(span: { readonly from: number; readonly to: number }): void {
    const random = this.#random;
    const at = (action: () => void | Promise<void>): void => {
      const { timeline, world } = this.#stage;
      timeline.after(world, drawInstant(random, span) - timeline.now, action);
    };
    const changes = random.pick([0, 0, 5, 20, 60]);
    for (let index = 0; index < changes; index += 1)
      at(() => {
        this.#change();
      });
    const holds = random.pick([0, 0, 0, 3, 8]);
    for (let index = 0; index < holds; index += 1)
      at(() => {
        this.#placeOrRelease();
      });
    const commands = random.pick([0, 0, 1, 2]);
    for (let index = 0; index < commands; index += 1) at(() => this.#planAndApply());
  }

  #say(what: string): void {
    this.#stage.tally.add(`people: ${what.split(' ')[0] ?? ''}`);
    this.#stage.trace.say('people', what);
  }

  #talk(): Talk | undefined {
    const there = this.#account.allTalks().filter(({ goneAt }) => goneAt === undefined);
    return there.length === 0 ? undefined : this.#random.pick(there);
  }

  #change(): void {
    const { now } = this.#stage.timeline;
    const talk = this.#talk();
    const what = this.#random.pick([
      'rename',
      'message',
      'message',
      'delete',
      'create',
      'recreate',
      'revive',
    ] as const);
    if (what === 'create') {
      const project = this.#random.pick(this.#account.projects);
      const made = this.#account.create(project.id, { bornAt: now, now });
      this.#say(`create ${made.row.session_id} in ${project.id}`);
    } else if (what === 'revive') {
      this.#revive();
    } else if (talk !== undefined) {
      this.#say(`${what} ${talk.row.session_id}`);
      this.#changeOne(talk, what);
    }
  }

  #changeOne(talk: Talk, what: 'rename' | 'message' | 'delete' | 'recreate'): void {
    const { timeline, world } = this.#stage;
    const { now } = timeline;
    if (what === 'rename') this.#account.rename(talk, now);
    if (what === 'message') this.#account.addMessage(talk, now);
    if (what === 'delete' || what === 'recreate')
      this.#account.remove(talk, 'others', { at: now, listedForMs: 0, answersForMs: 0 });
    if (what !== 'recreate') return;
    const { project_id: projectId, session_id: sessionId } = talk.row;
    timeline.after(world, this.#random.fraction() * 20_000, () => {
      this.#return(projectId, sessionId);
    });
  }

  /** An open chat window writes to a session that is gone. */
  #revive(): void {
    const gone = this.#account.allTalks().filter(({ goneAt }) => goneAt !== undefined);
    if (gone.length === 0) return;
    const { project_id: projectId, session_id: sessionId } = this.#random.pick(gone).row;
    this.#say(`revive ${sessionId}`);
    this.#return(projectId, sessionId);
  }

  #return(projectId: number, sessionId: string): void {
    const { now } = this.#stage.timeline;
    if (this.#account.living(projectId, sessionId) !== undefined) return;
    this.#account.create(projectId, { bornAt: now, now, sessionId });
  }

  #placeOrRelease(): void {
    const { timeline, disk } = this.#stage;
    if (disk !== 'sound') return;
    const { state } = this.#office;
    const known =
      this.#holds.length > 0 && this.#random.percent(30) ? this.#random.pick(this.#holds) : undefined;
    const at = Math.floor(timeline.now + timeline.hostOffsetMs);
    if (known !== undefined) {
      this.#say(`release ${known}`);
      state.releaseHold(known, { at, by: 'lawyer', reason: 'over' }).catch(() => undefined);
      return;
    }
    const talk = this.#talk();
    if (talk === undefined) return;
    const holdId = `hold-${this.#holds.length + 1}`;
    const isWhole = this.#random.percent(15);
    const { project_id: projectId, session_id } = talk.row;
    const sessionId = this.#random.percent(80) ? session_id : session_id.toUpperCase();
    const untilAt = this.#random.percent(70) ? undefined : at + this.#random.whole(1, 90) * 60_000;
    this.#holds.push(holdId);
    this.#say(`hold ${projectId} ${isWhole ? 'whole' : sessionId} until ${String(untilAt)}`);
    const common = { holdId, projectId, matter: 'matter-1', untilAt };
    const rest = { reason: 'simulated', by: 'lawyer', addedAt: at };
    state.addHold({ ...common, sessionId: isWhole ? undefined : sessionId, ...rest }).catch(() => undefined);
  }

  /** A person plans, looks at it for a while, and applies it. */
  async #planAndApply(): Promise<void> {
    const policy = this.#random.pick(this.#policies);
    const planner = await this.#command();
    if (planner === undefined) return;
    this.#say(`plan ${policy.name}`);
    const pauseMs = this.#random.pick([1000, 60_000, 600_000, 3_000_000]) * this.#random.fraction();
    const override = this.#random.percent(30) ? { by: 'operator', reason: 'simulated' } : undefined;
    const isTwice = this.#random.percent(20);
    void (async () => {
      try {
        const { planId } = await planner.plan(policy);
        const { timeline, world } = this.#stage;
        timeline.after(world, pauseMs, () => this.#apply(policy, planId, override));
        // Somebody presses the key twice: a plan is used up by its first use.
        if (isTwice) timeline.after(world, pauseMs + 300_000, () => this.#apply(policy, planId, override));
      } catch {
        // Nothing to apply, then.
      }
      planner.exit();
    })();
  }

  async #apply(
    policy: Policy,
    planId: string,
    override: { by: string; reason: string } | undefined,
  ): Promise<void> {
    const applier = await this.#command();
    if (applier === undefined) return;
    this.#say(`apply ${planId}${override === undefined ? '' : ' over the limits'}`);
    void applier
      .apply(policy, planId, override)
      .catch(() => undefined)
      .then(() => {
        applier.exit();
      });
  }

  async #command(): Promise<SimWorker | undefined> {
    if (this.#stage.disk !== 'sound') return undefined;
    this.#commands += 1;
    const worker = await SimWorker.start(this.#stage, `cli${this.#commands}`);
    this.atWork.add(worker);
    worker.onEnded = () => {
      this.atWork.delete(worker);
    };
    return worker;
  }
}
