import { isFault } from '../core/errors.ts';
import { formatInstant } from '../core/instant.ts';
import type { Policy, Schedule } from '../core/policy.ts';
import type { RunStore } from '../core/ports/store.ts';
import type { Clock, Log } from '../core/ports/surroundings.ts';
import { decideSlot, nextSlot, ON_TIME_MS } from '../core/slots.ts';
import type { RunResult } from '../run/around/close-run.ts';
import type { RunRequest } from '../run/context.ts';
import { SlotNews, type DueSlot } from './slot-news.ts';
import type { Alarm, Wake } from './wake.ts';

/** The slot that a run is for. */
export type SlotRequest = Pick<RunRequest, 'trigger'> & { readonly slotAt: number };

export interface ScheduleParts {
  readonly slots: Pick<RunStore, 'lastSlot' | 'recordSlot'>;
  readonly clock: Pick<Clock, 'now'>;
  readonly log: Log;
  /** One pass of a policy; the lease, the stop signals and the report are the caller's. */
  readonly runPolicy: (policy: Policy, request: SlotRequest) => Promise<Pick<RunResult, 'fault'>>;
  readonly wake: Wake;
  /**
   * Reads the policies again and tells every schedule what became of its own. Resolves with what is wrong with them: then
   * nothing of them runs, in any version.
   */
  readonly refresh: () => Promise<readonly string[]>;
}

export type ScheduledPolicy = Policy & { readonly schedule: Schedule };

/**
 * What became of a slot. `covered`: it has had its run, however that ended. `due`: it is tried again at the next wake.
 * `for_the_next_start`: the state failed under the run; this process writes nothing any more, the next one catches up.
 */
type SlotEnd = 'covered' | 'due' | 'for_the_next_start';

/**
 * Runs one policy when its slots come, never twice at a time, and as its file says then.
 *
 * A slot is recorded when its run has ended, not when it begins. So a worker that dies in mid-run leaves the slot due:
 * the next start, or another worker within a minute of the lease's end, does it once more, and that run first settles
 * what the dead one left open. Recorded beforehand, the rest of a monthly policy would wait a month. The price is that a
 * slot can see a second pass when the worker dies between the end of a run and the record; that pass finds nothing.
 */
export class PolicySchedule {
  #policy: ScheduledPolicy;
  readonly #parts: ScheduleParts;
  readonly #news: SlotNews;
  /** Slots up to here are covered as far as this process knows, even where the store could not be told. */
  #settledAt = 0;
  #nextAt: number | undefined;
  #alarm: Alarm | undefined;
  #passes: Promise<void> | undefined;
  #runningSlotAt: number | undefined;
  #isBusy = false;
  #wokenAt = 0;
  #lookedAt = 0;
  #isStopped = false;
  #isRetired = false;
  #reschedules = 0;

  constructor(policy: ScheduledPolicy, parts: ScheduleParts) {
    this.#policy = policy;
    this.#parts = parts;
    this.#news = new SlotNews(parts.log, policy.name);
  }

  /** Rejects with RetentionError `state_unusable` when the slots cannot be read. Nothing has begun yet. */
  async prepare(): Promise<void> {
    const { slots, clock } = this.#parts;
    const lastSlotAt = await slots.lastSlot(this.#policy.name);
    const now = clock.now();
    this.#nextAt = nextSlot(this.#policy.schedule, now);
    // Recorded at first sight, though no slot: what the schedule named before is no debt, what it names from now on is.
    if (lastSlotAt === undefined) await slots.recordSlot(this.#policy.name, now);
    this.#settledAt = lastSlotAt ?? now;
  }

  /** Its file is gone, or names no schedule any more: no run begins until it is back. One under way goes on. */
  retire(): void {
    this.#isRetired = true;
    this.#alarm?.stop();
  }

  /** What its file says by now. With another schedule, the slots up to now are nobody's debt any more. */
  async replace(policy: ScheduledPolicy): Promise<void> {
    const { cron, timezone } = this.#policy.schedule;
    const isSame = cron === policy.schedule.cron && timezone === policy.schedule.timezone;
    this.#policy = policy;
    if (isSame && !this.#isRetired) return;
    const now = this.#parts.clock.now();
    this.#isRetired = false;
    this.#reschedules += 1;
    this.#settledAt = now;
    this.#nextAt = nextSlot(policy.schedule, now);
    this.#alarm?.stop();
    this.#setAlarm();
    await this.#parts.slots.recordSlot(policy.name, now);
  }

  /** From here on runs begin; the first one immediately, when slots were missed while nobody was awake. */
  arm(): void {
    this.#setAlarm();
    if (this.#nextAt !== undefined) this.look();
  }

  #setAlarm(): void {
    const { log, wake } = this.#parts;
    const { name, schedule } = this.#policy;
    if (this.#nextAt === undefined) {
      log.warn(
        { policy: name, cron: schedule.cron },
        'never runs: its schedule names no date that will come',
      );
      return;
    }
    log.info({ policy: name, next_at: formatInstant(this.#nextAt) }, 'scheduled');
    this.#alarm = wake(schedule, () => {
      this.look();
    });
  }

  /** No run begins any more; resolves when the one under way has ended. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#alarm?.stop();
    await this.#passes;
  }

  /** Looks whether something is due: when the alarm calls, or somebody else. */
  look(): void {
    if (this.#isStopped) return;
    this.#wokenAt = this.#parts.clock.now();
    if (this.#runningSlotAt !== undefined) this.#skipOverlapped(this.#runningSlotAt);
    else if (!this.#isBusy) this.#passes = this.#pass();
  }

  async #pass(): Promise<void> {
    this.#isBusy = true;
    do {
      this.#lookedAt = this.#parts.clock.now();
      try {
        await this.#runIfDue();
      } catch (error) {
        // Neither a run nor the state may end the alarm: the next wake tries again.
        this.#news.notKept(error);
      }
      // Woken again at a later instant than the one it looked at: a slot may have come in between. An instant that is
      // still to come says nothing, since the clock was set back; the next wake is a minute away.
    } while (this.#wokenAt > this.#lookedAt && this.#wokenAt <= this.#parts.clock.now() && !this.#isStopped);
    this.#isBusy = false;
  }

  async #runIfDue(): Promise<void> {
    const first = await this.#due();
    if (first === undefined) return;
    const problems = await this.#parts.refresh();
    if (problems.length > 0) {
      this.#news.unusable(first.slotAt, problems);
      return;
    }
    // Asked once more: the file may name another schedule by now, or be gone.
    const due = await this.#due();
    if (due !== undefined) await this.#run(due);
  }

  async #due(): Promise<DueSlot | undefined> {
    const { slots, clock } = this.#parts;
    const lastSlotAt = await slots.lastSlot(this.#policy.name);
    if (this.#isStopped || this.#isRetired) return undefined;
    const now = clock.now();
    if (lastSlotAt !== undefined && lastSlotAt > now + ON_TIME_MS) this.#news.inTheFuture(lastSlotAt);
    // The clock was set back: what was settled "later" than now says nothing about the slots to come.
    this.#settledAt = Math.min(this.#settledAt, now);
    const { schedule } = this.#policy;
    const decision = decideSlot({ schedule, lastSlotAt, settledAt: this.#settledAt, now });
    return decision.kind === 'due' ? decision : undefined;
  }

  async #run(due: DueSlot): Promise<void> {
    const { slotAt, trigger } = due;
    this.#news.due(due);
    const settledBefore = this.#settledAt;
    const reschedules = this.#reschedules;
    this.#settledAt = slotAt;
    this.#runningSlotAt = slotAt;
    const end = await this.#attempt({ trigger, slotAt });
    // Wakes during the run have been answered; one that was interrupted must not begin again before the next.
    this.#lookedAt = this.#parts.clock.now();
    if (end === 'covered') this.#skipOverlapped(slotAt);
    this.#runningSlotAt = undefined;
    if (end === 'covered') await this.#parts.slots.recordSlot(this.#policy.name, this.#settledAt);
    else if (end === 'due' && reschedules === this.#reschedules) this.#settledAt = settledBefore;
  }

  async #attempt(request: SlotRequest): Promise<SlotEnd> {
    try {
      const { fault } = await this.#parts.runPolicy(this.#policy, request);
      return fault === undefined ? 'covered' : this.#endOf(request.slotAt, fault);
    } catch (error) {
      return this.#endOf(request.slotAt, error);
    }
  }

  #endOf(slotAt: number, error: unknown): SlotEnd {
    // Its holder records the slot when done. Should it vanish instead, the slot is still due and ours.
    if (isFault(error, 'lease_held')) {
      this.#news.held(slotAt);
      return 'due';
    }
    if (isFault(error, 'interrupted')) {
      this.#news.interrupted(slotAt, error);
      return 'due';
    }
    this.#news.failed(slotAt, error);
    return isFault(error, 'state_unusable') ? 'for_the_next_start' : 'covered';
  }

  /** Slots that came during a run are covered by it: it went on past them. */
  #skipOverlapped(runningSlotAt: number): void {
    const { clock, log } = this.#parts;
    const { name: policy, schedule } = this.#policy;
    const question = { schedule, lastSlotAt: undefined, settledAt: this.#settledAt, now: clock.now() };
    const decision = decideSlot(question);
    if (decision.kind === 'wait') return;
    const { slotAt, missed } = decision;
    this.#settledAt = slotAt;
    const skipped = question.now - slotAt > ON_TIME_MS ? missed : missed + 1;
    const facts = { slot_at: formatInstant(slotAt), running_slot_at: formatInstant(runningSlotAt), skipped };
    log.warn({ policy, ...facts }, 'skipped: still running');
  }
}
