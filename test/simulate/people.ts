import type { ListedHold } from '../../src/core/hold.ts';
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
  /** What the file of holds ought to say. */
  #listed: readonly ListedHold[] | 'missing' = 'missing';
  #commands = 0;
  #isOver = false;
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
    const edits = random.pick([0, 0, 2, 6, 12]);
    for (let index = 0; index < edits; index += 1)
      at(() => {
        this.#editPaper();
      });
    const commands = random.pick([0, 0, 1, 2]);
    for (let index = 0; index < commands; index += 1) at(() => this.#planAndApply());
  }

  /** Whoever spoiled the file of holds has put it right. */
  heal(): void {
    this.#isOver = true;
    this.#stage.paper.lagMs = 0;
    if (this.#stage.paper.content !== this.#listed) this.#stage.paper.write(this.#listed);
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
      state.holds.releaseHold(known, { at, by: 'lawyer', reason: 'over' }).catch(() => undefined);
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
    state.holds
      .addHold({ ...common, sessionId: isWhole ? undefined : sessionId, ...rest })
      .catch(() => undefined);
  }

  /** Lawyers list what they hold in a file, save it in two halves, take it out again, and spoil it. */
  #editPaper(): void {
    if (this.#isOver) return;
    const { paper } = this.#stage;
    const listed = this.#listed === 'missing' ? [] : this.#listed;
    const what = this.#random.pick(['list', 'list', 'list', 'unlist', 'spoil', 'lose'] as const);
    this.#say(`${what} in the file of holds`);
    if (what === 'spoil' || what === 'lose') {
      paper.write(what === 'spoil' ? 'wrong' : 'missing');
      this.#writeLater(this.#random.pick([300, 5000, 200_000]));
      return;
    }
    const kept = what === 'unlist' ? listed.filter(() => this.#random.percent(60)) : listed;
    this.#listed = what === 'list' ? [...kept, ...this.#newlyListed()] : kept;
    if (this.#random.percent(40)) {
      paper.write(this.#listed.slice(0, Math.floor(this.#listed.length / 2)));
      this.#writeLater(this.#random.whole(1, 700));
    } else paper.write(this.#listed);
  }

  #writeLater(ms: number): void {
    const { timeline, world, paper } = this.#stage;
    timeline.after(world, ms, () => {
      if (!this.#isOver) paper.write(this.#listed);
    });
  }

  #newlyListed(): readonly ListedHold[] {
    const now = Math.floor(this.#stage.timeline.now);
    return Array.from({ length: this.#random.whole(1, 4) }, () => this.#talk())
      .filter((talk) => talk !== undefined)
      .map(({ row }) => ({
        projectId: row.project_id,
        sessionId: this.#random.percent(10) ? undefined : row.session_id,
        matter: `matter-${this.#random.whole(1, 1000)}`,
        reason: 'simulated',
        by: 'lawyer',
        untilAt: this.#random.percent(80) ? undefined : now + this.#random.whole(1, 90) * 60_000,
      }));
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
