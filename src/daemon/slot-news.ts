import { ApiError, RetentionError } from '../core/errors.ts';
import { formatInstant } from '../core/instant.ts';
import type { Log } from '../core/ports/surroundings.ts';
import type { SlotDecision } from '../core/slots.ts';

export type DueSlot = Extract<SlotDecision, { readonly kind: 'due' }>;

/** What the log says of one policy's slots. While a slot stays due it is tried every minute; each thing is said of it once. */
export class SlotNews {
  readonly #log: Log;
  readonly #policy: string;
  readonly #said = new Map<string, unknown>();

  constructor(log: Log, policy: string) {
    this.#log = log;
    this.#policy = policy;
  }

  due({ slotAt, trigger, missed }: DueSlot): void {
    if (!this.#isNews('due', slotAt)) return;
    const facts = { ...this.#factsAt(slotAt), trigger };
    if (missed > 0) this.#log.warn({ ...facts, missed }, 'slots were missed: one run catches up');
    else this.#log.info(facts, 'due');
  }

  unusable(slotAt: number, problems: readonly string[]): void {
    if (!this.#isNews('unusable', JSON.stringify([slotAt, problems]))) return;
    const facts = { ...this.#factsAt(slotAt), problems };
    this.#log.error(facts, 'due, but the policies or holds cannot be used: the slot stays due');
  }

  inTheFuture(lastSlotAt: number): void {
    if (!this.#isNews('future', lastSlotAt)) return;
    const facts = { policy: this.#policy, recorded_at: formatInstant(lastSlotAt) };
    this.#log.error(facts, 'the last slot on record lies in the future: was the clock set back?');
  }

  held(slotAt: number): void {
    if (!this.#isNews('held', slotAt)) return;
    this.#log.info(this.#factsAt(slotAt), 'left to another worker, which is running this policy');
  }

  interrupted(slotAt: number, { message: reason }: RetentionError): void {
    if (!this.#isNews('interrupted', slotAt)) return;
    this.#log.warn({ ...this.#factsAt(slotAt), reason }, 'interrupted: the slot stays due');
  }

  failed(slotAt: number, error: unknown): void {
    this.#log.error({ ...this.#factsAt(slotAt), ...factsOf(error) }, 'run failed');
  }

  notKept(error: unknown): void {
    this.#log.error({ policy: this.#policy, ...factsOf(error) }, 'schedule could not be kept');
  }

  #factsAt(slotAt: number): object {
    return { policy: this.#policy, slot_at: formatInstant(slotAt) };
  }

  #isNews(what: string, said: unknown): boolean {
    if (this.#said.get(what) === said) return false;
    this.#said.set(what, said);
    return true;
  }
}

function factsOf(error: unknown): { readonly kind: string; readonly message: string } {
  if (error instanceof RetentionError) return { kind: error.kind, message: error.message };
  if (error instanceof ApiError) return { kind: error.failure, message: error.message };
  return error instanceof Error
    ? { kind: error.name, message: error.message }
    : { kind: typeof error, message: String(error) };
}
