import type { SkipCause } from '../outcome.ts';
import type { DeleteAnswer } from '../vendor-answers.ts';
import { stronger, type Answered, type Reading, type Sighting } from './evidence.ts';
import { answerInWords, readingInWords } from './words.ts';

/**
 * The life of one deletion as a state machine: where it stands and what was just seen give the next step, or the outcome with
 * its reason. Whoever sends, looks and lists drives it; nobody else decides what an answer means.
 */
export interface Life {
  /** The strongest answer to any DELETE for this id and creation date, in any run. */
  readonly strongest: Answered;
  /** DELETEs of this run and of the run it was intended by. */
  readonly attempts: number;
  /** The last DELETE's answer: undefined where none was sent, or none recorded. */
  readonly last: DeleteAnswer | undefined;
  /** Its own GET answered 200 before the DELETE. */
  readonly wasThere: boolean;
  /** What its own GET said last. */
  readonly reading: Reading | undefined;
}

export type Seen =
  | { readonly saw: 'answer'; readonly answer: DeleteAnswer }
  | {
      readonly saw: 'reading';
      readonly reading: Reading;
      /** How long it was asked for since the DELETE, pauses of the pool left out. */
      readonly waitedMs: number;
      readonly isTimeUp: boolean;
    }
  | { readonly saw: 'sighting'; readonly sighting: Sighting; readonly isTimeUp: boolean }
  /** No DELETE, or no further one, may be sent. */
  | { readonly saw: 'bar'; readonly reason: string; readonly cause: SkipCause };

type Saw<What extends Seen['saw']> = Extract<Seen, { readonly saw: What }>;
type NotShown = Extract<Sighting, { readonly is: 'not_shown' }>;

export type Settlement =
  | { readonly outcome: 'verified' | 'already_gone'; readonly warning?: string | undefined }
  | { readonly outcome: 'unverified' | 'failed'; readonly reason: string }
  | { readonly outcome: 'skipped'; readonly reason: string; readonly cause: SkipCause };

export type Step =
  /** Ask its own GET; `again`: after a pause. */
  | { readonly do: 'look'; readonly again: boolean }
  /** Send another DELETE: the last one was not carried out. */
  | { readonly do: 'delete_again' }
  /** A fresh listing decides; `again`: after a pause. */
  | { readonly do: 'list'; readonly again: boolean }
  | ({ readonly do: 'settle' } & Settlement);

/** DELETEs sent for one conversation in a run at most, the first included. */
export const MAX_ATTEMPTS = 3;
/**
 * After an answer that left it open, a conversation must still be there this long before a second DELETE: the vendor says that
 * what is stale is so for a few seconds. Under a shorter verify time-out there is none.
 */
const SETTLE_MS = 5000;

export const NEW_LIFE: Life = {
  strongest: 'never_sent',
  attempts: 0,
  last: undefined,
  wasThere: false,
  reading: undefined,
};

const FINDS_NOTHING: Settlement = {
  outcome: 'failed',
  reason:
    'the API finds nothing to delete (DELETE 404), yet it is there (GET 200): the key may be allowed to read and not to delete',
};

const LOOK: Step = { do: 'look', again: false };
const LOOK_AGAIN: Step = { do: 'look', again: true };
const LIST: Step = { do: 'list', again: false };
const LIST_AGAIN: Step = { do: 'list', again: true };

export function next(life: Life, seen: Seen): { readonly life: Life; readonly step: Step } {
  switch (seen.saw) {
    case 'answer': {
      const { answer } = seen;
      const strongest = stronger(life.strongest, answeredBy(answer));
      const attempts = life.attempts + (answer.kind === 'not_sent' ? 0 : 1);
      const now = { ...life, strongest, attempts, last: answer, reading: undefined };
      return { life: now, step: afterAnswer(now, answer) };
    }
    case 'reading': {
      const now = { ...life, reading: seen.reading };
      return { life: now, step: afterReading(now, seen) };
    }
    case 'sighting':
      return { life, step: afterSighting(life, seen) };
    case 'bar':
      return { life, step: afterBar(life, seen) };
  }
}

/** How much an answer claims. What was refused has not been carried out. */
function answeredBy({ kind }: DeleteAnswer): Answered {
  return kind === 'refused' || kind === 'not_sent' ? 'never_sent' : kind;
}

function afterAnswer(life: Life, answer: DeleteAnswer): Step {
  const isForbidden = answer.kind === 'refused' && answer.failure === 'forbidden';
  if (isForbidden && life.strongest === 'never_sent') {
    return settle({ outcome: 'failed', reason: 'forbidden: the key may not delete it (HTTP 403)' });
  }
  if (answer.kind === 'not_sent' && life.strongest === 'never_sent') {
    return skipped(`no DELETE could be sent: ${answer.failure}`, 'unreachable');
  }
  return LOOK;
}

function afterReading(life: Life, seen: Saw<'reading'>): Step {
  const { reading, isTimeUp } = seen;
  switch (reading.is) {
    case 'absent':
      return LIST;
    case 'there':
      return afterThere(life, seen);
    case 'unlike':
    case 'unknown':
      if (life.strongest === 'never_sent') return unknown(life, 'it could not be read');
      // Its own 200 before, a DELETE that was accepted, and other words now: the listing may bear it out at once.
      return isTimeUp || (reading.is === 'unlike' && mayCountUnlike(life)) ? LIST : LOOK_AGAIN;
  }
}

function afterThere(life: Life, { reading, waitedMs, isTimeUp }: Saw<'reading'>): Step {
  const isPlannedOne = reading.is === 'there' && reading.isPlannedOne;
  switch (life.strongest) {
    case 'never_sent':
      return skipped(`the API refused the DELETE: ${answerInWords(life.last)}`, 'not_known');
    case 'not_found':
      return isTimeUp ? settle(FINDS_NOTHING) : LOOK_AGAIN;
    case 'ambiguous': {
      const wasLeftOpen = life.last?.kind === 'ambiguous' && life.attempts < MAX_ATTEMPTS;
      if (wasLeftOpen && isPlannedOne && waitedMs >= SETTLE_MS) return { do: 'delete_again' };
      return isTimeUp ? LIST : LOOK_AGAIN;
    }
    case 'accepted':
      return isTimeUp ? LIST : LOOK_AGAIN;
  }
}

/** The table of outcomes: the strongest answer, the follow-up GET and the fresh listing, read together. */
function afterSighting(life: Life, seen: Saw<'sighting'>): Step {
  const { sighting } = seen;
  // What was never sent is left alone at once; what was sent is waited for.
  const isTimeUp = seen.isTimeUp || life.strongest === 'never_sent';
  if (isTimeUp && life.strongest === 'not_found' && life.reading?.is === 'there')
    return settle(FINDS_NOTHING);
  if (sighting.is === 'not_shown') return afterNotShown(life, sighting, isTimeUp);
  if (!isTimeUp) return LIST_AGAIN;
  switch (sighting.is) {
    case 'unreadable':
      return unknown(life, `the fresh listing could not be read: ${sighting.said}`);
    case 'blind':
      return unknown(life, `the fresh listing proves nothing: ${sighting.said}`);
    case 'shown':
      return stillShown(life);
  }
}

function afterNotShown(life: Life, sighting: NotShown, isTimeUp: boolean): Step {
  const { strongest, reading } = life;
  const isWitnessed = sighting.witness !== undefined;
  if (reading?.is === 'unlike' && mayCountUnlike(life) && isWitnessed) {
    const warning = `a deleted conversation answers 404 in other words than one that never was: ${reading.said}`;
    return settle({ outcome: 'verified', warning });
  }
  if (reading?.is !== 'absent' && !isReplaced(life, sighting)) {
    return isTimeUp
      ? unknown(life, 'the listing does not show it, but its own GET is no evidence')
      : LOOK_AGAIN;
  }
  if (strongest === 'accepted') return settle({ outcome: 'verified' });
  if (isWitnessed) return settle({ outcome: strongest === 'ambiguous' ? 'verified' : 'already_gone' });
  if (!isTimeUp) return LIST_AGAIN;
  return unknown(life, 'neither GET nor listing show it, but the listing shows no other of its kind');
}

/** Another one listed under its id is as good as its own 404, unless its own GET goes on showing the planned one. */
function isReplaced({ reading }: Life, { recreatedAt }: NotShown): boolean {
  const isShownItself = reading?.is === 'there' && reading.isPlannedOne;
  return recreatedAt !== undefined && !isShownItself;
}

function stillShown(life: Life): Step {
  const { strongest, last, attempts, reading } = life;
  const wasTriedOut = strongest === 'ambiguous' && last?.kind === 'ambiguous' && attempts >= MAX_ATTEMPTS;
  if (!wasTriedOut || reading?.is !== 'there') return unknown(life, 'the listing still shows it');
  return settle({
    outcome: 'failed',
    reason: `not carried out in ${MAX_ATTEMPTS} attempts: ${answerInWords(last)}`,
  });
}

/** What this run sent nothing for is skipped, whatever earlier ones did. */
function afterBar(life: Life, { reason, cause }: Saw<'bar'>): Step {
  if (wasTold(life) && life.attempts > 0)
    return settle({ outcome: 'unverified', reason: `${reason}; its DELETE: ${answerInWords(life.last)}` });
  return skipped(reason, cause);
}

/** Nobody can tell. What was sent is unverified; what was not is left alone. */
function unknown(life: Life, why: string): Step {
  const { reading, last } = life;
  const got = reading === undefined ? '' : `; GET: ${readingInWords(reading)}`;
  if (wasTold(life)) return settle({ outcome: 'unverified', reason: `${why}${got}` });
  const told = last === undefined ? '' : `; DELETE: ${answerInWords(last)}`;
  return skipped(`not known what became of it: ${why}${got}${told}`, 'not_known');
}

/** A DELETE that was carried out, or may have been. */
function wasTold({ strongest }: Life): boolean {
  return strongest === 'accepted' || strongest === 'ambiguous';
}

/** By their answers, no DELETE of ours for it was carried out: what became of it is not our doing. */
export function isNotOurs({ strongest }: Pick<Life, 'strongest'>): boolean {
  return strongest === 'never_sent' || strongest === 'not_found';
}

/** Only what was accepted is gone by a listing that shows no other of its kind, and not where a 404 has to be learnt. */
export function needsWitness({ strongest, reading }: Life): boolean {
  return strongest !== 'accepted' || reading?.is === 'unlike';
}

function mayCountUnlike({ strongest, wasThere }: Life): boolean {
  return strongest === 'accepted' && wasThere;
}

function skipped(reason: string, cause: SkipCause): Step {
  return settle({ outcome: 'skipped', reason, cause });
}

function settle(settlement: Settlement): Step {
  return { do: 'settle', ...settlement };
}
