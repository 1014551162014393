import type { Conversation } from './conversation.ts';
import { IdMap } from './id-map.ts';
import { NO_OUTCOMES, OUTCOMES, outcomeOfEvent, SKIP_CAUSES, skipCauseOf } from './outcome.ts';
import type { Outcome, OutcomeCounts, SkipCause, SkipCounts } from './outcome.ts';

/** What a run says of its conversations: how often each outcome was the last word on one, and why it was skipped. */
export interface RunOutcomes {
  readonly counts: OutcomeCounts;
  readonly skipped: SkipCounts;
}

interface LastWord {
  readonly outcome: Outcome;
  readonly cause?: SkipCause;
}

/** Every one there is. */
const LAST_WORDS = OUTCOMES.flatMap((outcome): readonly LastWord[] =>
  outcome === 'skipped' ? SKIP_CAUSES.map((cause) => ({ outcome, cause })) : [{ outcome }],
);

/** Folds the outcomes of one run, in the order of the log. */
export class LastOutcomes {
  /** By conversation: the place in {@link LAST_WORDS} of the last word on it, counted from 1. */
  readonly #places = new IdMap();
  /** By such a place: on how many it is. */
  readonly #tally = new Map<number, number>();

  /** `cause`: of a skipped one, as its entry names it. */
  take(
    { projectId, sessionId }: Pick<Conversation, 'projectId' | 'sessionId'>,
    event: string,
    cause: unknown,
  ): void {
    const outcome = outcomeOfEvent(event);
    if (outcome === undefined) return;
    const why = outcome === 'skipped' ? skipCauseOf(cause) : undefined;
    const place = 1 + LAST_WORDS.findIndex((word) => word.outcome === outcome && word.cause === why);
    const before = this.#places.set(`${projectId}/${sessionId}`, place);
    this.#tally.set(before, this.#at(before) - 1);
    this.#tally.set(place, this.#at(place) + 1);
  }

  outcomes(): RunOutcomes {
    const counts: Record<Outcome, number> = { ...NO_OUTCOMES };
    const skipped: Partial<Record<SkipCause, number>> = {};
    LAST_WORDS.forEach(({ outcome, cause }, index) => {
      const count = this.#at(index + 1);
      counts[outcome] += count;
      if (cause !== undefined && count > 0) skipped[cause] = count;
    });
    return { counts, skipped };
  }

  #at(place: number): number {
    return this.#tally.get(place) ?? 0;
  }
}
