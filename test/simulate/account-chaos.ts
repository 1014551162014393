import type { Policy } from '../../src/core/policy.ts';
import type { Account } from './account.ts';
import type { Random } from './random.ts';
import type { StateReader } from './referee-log.ts';
import type { Stage } from './stage.ts';
import { SimWorker } from './worker.ts';

const MINUTE = 60_000;

export const ACCOUNT_TROUBLES = ['key', 'project', 'rights', 'stranger'] as const;
export type AccountTrouble = (typeof ACCOUNT_TROUBLES)[number];

/** What befalls the key and what it may see, and somebody who comes with another one. */
export class AccountChaos {
  readonly #stage: Stage;
  readonly #account: Account;
  readonly #stranger: Account;
  readonly #random: Random;
  readonly #policies: readonly Policy[];
  readonly #state: StateReader;
  readonly #say: (what: string) => void;
  readonly #later: (ms: number, action: () => void) => void;
  #strangers = 0;
  readonly atWork = new Set<SimWorker>();

  constructor(
    stage: Stage,
    parts: {
      readonly account: Account;
      /** Behind the same address. */
      readonly stranger: Account;
      readonly random: Random;
      readonly policies: readonly Policy[];
      readonly state: StateReader;
      readonly say: (what: string) => void;
      readonly later: (ms: number, action: () => void) => void;
    },
  ) {
    this.#stage = stage;
    this.#account = parts.account;
    this.#stranger = parts.stranger;
    this.#random = parts.random;
    this.#policies = parts.policies;
    this.#state = parts.state;
    this.#say = parts.say;
    this.#later = parts.later;
  }

  async strike(trouble: AccountTrouble): Promise<void> {
    switch (trouble) {
      case 'key':
        this.#revokeKey();
        return;
      case 'project':
        this.#loseProject();
        return;
      case 'rights':
        this.#narrowRights();
        return;
      case 'stranger':
        return this.#sendStranger();
    }
  }

  heal(): void {
    this.#account.keyWorks = true;
    this.#account.narrow(undefined, this.#stage.timeline.now);
    for (const project of this.#account.projects) project.state = 'there';
    for (const talk of this.#account.allTalks()) talk.isHollow = false;
  }

  #revokeKey(): void {
    this.#say('key revoked');
    this.#account.keyWorks = false;
    this.#later(this.#random.pick([5000, 10 * MINUTE, 40 * MINUTE]), () => {
      this.#account.keyWorks = true;
    });
  }

  #loseProject(): void {
    const project = this.#random.pick(this.#account.projects);
    const state = this.#random.pick(['gone', 'forbidden'] as const);
    this.#say(`project ${state}`);
    project.state = state;
    this.#later(this.#random.pick([20_000, 5 * MINUTE, 60 * MINUTE]), () => {
      project.state = 'there';
    });
  }

  #narrowRights(): void {
    // Who may not see the team's conversations may see his own all the same.
    const kinds = this.#random.pick([['anonymous'], ['named'], ['named', 'own']] as const);
    const right = this.#random.pick(['read', 'read', 'delete'] as const);
    const answers = this.#random.pick([403, 404, 404] as const);
    this.#say(`right to ${right} withdrawn`);
    this.#stage.trace.say('chaos', `${kinds.join(' and ')}, ${answers}`);
    this.#account.narrow({ kinds, right, answers }, this.#stage.timeline.now);
    this.#later(this.#random.pick([20_000, 5 * MINUTE, 60 * MINUTE]), () => {
      this.#account.narrow(undefined, this.#stage.timeline.now);
    });
  }

  /** A worker on this very state, set up with the key of somebody else. */
  async #sendStranger(): Promise<void> {
    const isBound = this.#state.entries().some(({ event }) => event === 'account.bound');
    // A state that is nobody's yet would be the stranger's.
    if (!isBound || this.#stage.disk !== 'sound') return;
    this.#strangers += 1;
    this.#say('a worker with the key of another account');
    const key = { account: this.#stranger, text: 'somebody-else' };
    const worker = await SimWorker.start(this.#stage, `other${this.#strangers}`, key);
    this.atWork.add(worker);
    worker.onEnded = () => this.atWork.delete(worker);
    const policy = this.#random.pick(this.#policies);
    void worker
      .run(policy, { trigger: 'manual' })
      .catch(() => undefined)
      .then(() => {
        worker.exit();
      });
  }
}
