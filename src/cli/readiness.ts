import { watching } from '../core/observers.ts';
import type { RequestSeen, RunObserver } from '../core/ports/observer.ts';
import type { AuditVerification } from '../core/ports/status.ts';
import type { Store } from '../core/ports/store.ts';
import type { Clock, Log } from '../core/ports/surroundings.ts';
import type { CustomGptReader } from '../core/ports/vendor.ts';
import type { Readiness } from '../web/parts.ts';

/** Probes come every few seconds, from more than one side. */
const KEPT_MS = 5_000;
/** How soon a key that was refused is tried again: its file may have been exchanged. */
const ASKED_AGAIN_MS = 60_000;
/** One that was taken may be revoked while no run asks anything. */
const BELIEVED_MS = 5 * 60_000;

export interface ReadinessParts {
  readonly store: Pick<Store, 'checkWritable'>;
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly log: Log;
  /** What is wrong with the files of policies and holds. */
  readonly problems: () => Promise<readonly string[]>;
  readonly verification: () => AuditVerification | undefined;
  readonly openApi: (onRequest: (request: RequestSeen) => void) => { readonly reader: CustomGptReader };
  /** Ends a question that is under way. */
  readonly signal: AbortSignal;
}

/** Whether this worker could do its work: the state can be written, the key is taken, the policies can be read, the log is whole. */
export class ReadinessCheck {
  readonly #parts: ReadinessParts;
  #kept: { readonly atMs: number; readonly readiness: Promise<Readiness> } | undefined;
  /** What the API last said of the key; undefined: it was not asked, or did not answer. */
  #isKeyTaken: boolean | undefined;
  #askedAtMs = -Infinity;
  #learnedAtMs = -Infinity;

  constructor(parts: ReadinessParts) {
    this.#parts = parts;
  }

  /** Each run's requests say whether the key is taken. */
  readonly observer: RunObserver = {
    watch: () =>
      watching({
        requested: (request) => {
          this.#learn(request);
        },
      }),
  };

  now(): Promise<Readiness> {
    const atMs = this.#parts.clock.monotonic();
    if (this.#kept !== undefined && atMs - this.#kept.atMs < KEPT_MS) return this.#kept.readiness;
    const readiness = this.#look();
    this.#kept = { atMs, readiness };
    return readiness;
  }

  async #look(): Promise<Readiness> {
    const { problems, verification } = this.#parts;
    this.#askIfNeeded();
    const isWritable = await this.#isWritable();
    return {
      checks: {
        store: isWritable ? 'ok' : 'not writable',
        key: this.#isKeyTaken === undefined ? 'not known' : this.#isKeyTaken ? 'ok' : 'refused',
        policies: (await problems()).length === 0 ? 'ok' : 'wrong',
        audit: verification()?.problem === undefined ? 'ok' : 'broken',
      },
    };
  }

  async #isWritable(): Promise<boolean> {
    try {
      await this.#parts.store.checkWritable();
      return true;
    } catch (error) {
      const problem = error instanceof Error ? error.message : String(error);
      this.#parts.log.error({ problem }, 'the state cannot be written');
      return false;
    }
  }

  #learn({ status }: RequestSeen): void {
    if (status === undefined) return;
    this.#isKeyTaken = status !== 401;
    this.#learnedAtMs = this.#parts.clock.monotonic();
  }

  /** In the background: a probe waits for nobody. */
  #askIfNeeded(): void {
    const { clock, openApi, signal } = this.#parts;
    const now = clock.monotonic();
    const isBelieved = this.#isKeyTaken === true && now - this.#learnedAtMs < BELIEVED_MS;
    if (isBelieved || now - this.#askedAtMs < ASKED_AGAIN_MS) return;
    this.#askedAtMs = now;
    const { reader } = openApi((request) => {
      this.#learn(request);
    });
    // What it was answered is learned on the way.
    reader.account(signal).catch(() => undefined);
  }
}
