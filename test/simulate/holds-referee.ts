import type { ListedHold } from '../../src/core/hold.ts';
import type { HoldsPaper } from './holds-paper.ts';
import type { LoggedEntry, StateReader } from './referee-log.ts';
import type { Actor, Timeline } from './timeline.ts';

/** What is promised: a DELETE leaves at most 250 ms after the last look at the holds; the look itself takes its time. */
const KNOWN_AFTER_MS = 1000;
/** A list from which something has vanished has to stay the same for a second before anything is released. */
const SETTLED_AFTER_MS = 900;
/** A hold that ends about now may be over by the clock of the machine. */
const CLOCKS_APART_MS = 120_000;

type Placed = Omit<ListedHold, 'reason'> & { readonly reason: unknown; readonly at: number };

/** Judges the DELETEs by the holds alone: those in the state, and those that the file lists, read or not. */
export class HoldsReferee {
  readonly #timeline: Timeline;
  readonly #state: StateReader;
  readonly #paper: HoldsPaper;
  readonly #blame: (rule: string, what: string) => void;
  readonly #placed = new Map<unknown, Placed>();
  #known = 0;

  constructor(parts: {
    timeline: Timeline;
    state: StateReader;
    paper: HoldsPaper;
    blame: (rule: string, what: string) => void;
  }) {
    this.#timeline = parts.timeline;
    this.#state = parts.state;
    this.#paper = parts.paper;
    this.#blame = parts.blame;
  }

  /** In the instant in which it is in the state. */
  onHoldsChanged(): void {
    const entries = this.#state.entries();
    for (const entry of entries.slice(this.#known)) {
      if (entry.event === 'hold.added') this.#placed.set(entry.facts['hold_id'], this.#placedBy(entry));
      if (entry.event === 'hold.released') this.#released(entry);
    }
    this.#known = entries.length;
  }

  checkDelete(
    { actor, hasCopy }: { readonly actor: Actor; readonly hasCopy: boolean },
    about: { projectId: number; sessionId: string },
  ): void {
    const { projectId, sessionId } = about;
    const where = `${projectId} ${sessionId}`;
    const isLate = (since: number | undefined): boolean =>
      since !== undefined && this.#timeline.now - Math.max(since, actor.resumedAt) > KNOWN_AFTER_MS;
    for (const [id, hold] of this.#placed)
      if (this.#covers(hold, about) && isLate(hold.at))
        this.#blame('hold', `DELETE of ${where} under ${String(id)}`);
    // What stands in a newer version than its own it knows by the state alone.
    if (hasCopy && this.#paper.lagMs > 0) return;
    if (isLate(this.#paper.heldSince(projectId, sessionId)))
      this.#blame('hold-file', `DELETE of ${where}, which the file of holds lists`);
    if (isLate(this.#paper.wrongSince()))
      this.#blame('hold-file', `DELETE of ${where} while nobody can read the file of holds`);
  }

  #placedBy({ facts, project_id: projectId, session_id: sessionId }: LoggedEntry): Placed {
    const { until, matter, reason, by } = facts;
    return {
      projectId: projectId ?? 0,
      sessionId: sessionId ?? undefined,
      untilAt: typeof until === 'string' ? Date.parse(until) : undefined,
      matter: String(matter),
      by: String(by),
      reason,
      at: this.#timeline.now,
    };
  }

  #released({ facts, seq }: LoggedEntry): void {
    const { hold_id: id, by } = facts;
    const hold = this.#placed.get(id);
    this.#placed.delete(id);
    if (by !== 'holds.yaml' || hold === undefined) return;
    const since = this.#paper.absentSince({ ...hold, reason: String(hold.reason) });
    if (since === undefined || this.#timeline.now - since < SETTLED_AFTER_MS)
      this.#blame('hold-file', `entry ${seq} releases what the file of holds lists, or did just before`);
  }

  #covers(hold: Placed, { projectId, sessionId }: { projectId: number; sessionId: string }): boolean {
    return (
      hold.projectId === projectId &&
      (hold.sessionId === undefined || hold.sessionId.toUpperCase() === sessionId.toUpperCase()) &&
      (hold.untilAt === undefined || hold.untilAt > this.#timeline.now + CLOCKS_APART_MS)
    );
  }
}
