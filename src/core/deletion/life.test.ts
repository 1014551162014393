import { describe, expect, test } from 'vitest';
import type { DeleteAnswer } from '../vendor-answers.ts';
import type { Answered, Reading, Sighting } from './evidence.ts';
import { MAX_ATTEMPTS, NEW_LIFE, next } from './life.ts';
import type { Life, Seen, Step } from './life.ts';
import { answerInWords, readingInWords } from './words.ts';

/* Golden cases: where a deletion stands, what was just seen, and what comes of it, in one short line each. */

const ANSWER = {
  accepted: { kind: 'accepted', status: 200 },
  ambiguous: { kind: 'ambiguous', status: 502, failure: 'HTTP 502' },
  cut: { kind: 'ambiguous', status: undefined, failure: 'ECONNRESET' },
  not_found: { kind: 'not_found', status: 404 },
  forbidden: { kind: 'refused', status: 403, failure: 'forbidden' },
  refused: { kind: 'refused', status: 405, failure: 'bad_request' },
  not_sent: { kind: 'not_sent', failure: 'ECONNREFUSED 127.0.0.1:4010' },
} as const satisfies Record<string, DeleteAnswer>;

const READING = {
  there: { is: 'there', isPlannedOne: true },
  undated: { is: 'there', isPlannedOne: false },
  absent: { is: 'absent', status: 404, at: 5, recreatedAt: undefined },
  recreated: { is: 'absent', status: 200, at: 5, recreatedAt: 9 },
  unlike: { is: 'unlike', status: 404, at: 5, said: 'gone away', shape: 's' },
  unknown: { is: 'unknown', status: 500, said: 'HTTP 500' },
} as const satisfies Record<string, Reading>;

const LISTING = { at: 7, ids: 3, total: 3 };
const SIGHTING = {
  shown: { is: 'shown' },
  witnessed: { is: 'not_shown', listing: LISTING, witness: 'session-9', recreatedAt: undefined },
  alone: { is: 'not_shown', listing: LISTING, witness: undefined, recreatedAt: undefined },
  replaced: { is: 'not_shown', listing: LISTING, witness: 'session-9', recreatedAt: 9 },
  blind: { is: 'blind', said: 'it shows none' },
  unreadable: { is: 'unreadable', said: 'HTTP 503' },
} as const satisfies Record<string, Sighting>;

const BLIND = 'the fresh listing proves nothing: it shows none';

type Said = keyof typeof ANSWER;
type Read = keyof typeof READING;
type Sighted = keyof typeof SIGHTING;

/** What the DELETE that made it so strong was answered. */
const LAST: Readonly<Record<Answered, DeleteAnswer | undefined>> = {
  accepted: ANSWER.accepted,
  ambiguous: ANSWER.ambiguous,
  not_found: ANSWER.not_found,
  never_sent: undefined,
};

function life(strongest: Answered, reading?: Read, change: Partial<Life> = {}): Life {
  const attempts = strongest === 'never_sent' ? 0 : 1;
  const read = reading === undefined ? undefined : READING[reading];
  return { ...NEW_LIFE, strongest, attempts, last: LAST[strongest], reading: read, ...change };
}

function words(step: Step): string {
  if (step.do === 'settle') {
    const why = 'reason' in step ? `: ${step.reason}` : '';
    const cause = step.outcome === 'skipped' ? ` [${step.cause}]` : '';
    const warning = 'warning' in step && step.warning !== undefined ? ` (${step.warning})` : '';
    return `${step.outcome}${cause}${why}${warning}`;
  }
  return 'again' in step && step.again ? `${step.do} again` : step.do;
}

function after(given: Life, seen: Seen): string {
  return words(next(given, seen).step);
}

describe('after a DELETE', () => {
  test.each<[Said, Answered, string]>([
    ['accepted', 'accepted', 'look'],
    ['ambiguous', 'ambiguous', 'look'],
    ['cut', 'ambiguous', 'look'],
    ['not_found', 'not_found', 'look'],
    ['refused', 'never_sent', 'look'],
    ['forbidden', 'never_sent', 'failed: forbidden: the key may not delete it (HTTP 403)'],
    ['not_sent', 'never_sent', 'skipped [unreachable]: no DELETE could be sent: ECONNREFUSED 127.0.0.1:4010'],
  ])('that was %s', (said, strongest, step) => {
    const { life: now, step: found } = next(life('never_sent', 'there'), {
      saw: 'answer',
      answer: ANSWER[said],
    });
    expect(words(found)).toBe(step);
    const attempts = said === 'not_sent' ? 0 : 1;
    expect(now).toEqual({ ...NEW_LIFE, strongest, attempts, last: ANSWER[said], reading: undefined });
  });

  test.each<[Said]>([['forbidden'], ['not_sent']])(
    'that was %s, its own GET decides where an earlier one may have been carried out',
    (said) => {
      for (const strongest of ['accepted', 'ambiguous', 'not_found'] as const) {
        const { life: now, step } = next(life(strongest), { saw: 'answer', answer: ANSWER[said] });
        expect(words(step)).toBe('look');
        expect(now.strongest).toBe(strongest);
      }
    },
  );

  test('the strongest answer of all is kept', () => {
    let now: Life = NEW_LIFE;
    const strongest = (said: Said): Answered => {
      now = next(now, { saw: 'answer', answer: ANSWER[said] }).life;
      return now.strongest;
    };
    expect((['not_found', 'ambiguous', 'not_found', 'accepted', 'cut'] as const).map(strongest)).toEqual([
      'not_found',
      'ambiguous',
      'ambiguous',
      'accepted',
      'accepted',
    ]);
    expect(now.attempts).toBe(5);
  });
});

describe('after its own GET', () => {
  const NOT_THERE =
    'failed: the API finds nothing to delete (DELETE 404), yet it is there (GET 200): the key may be allowed to read and not to delete';
  const UNREADABLE = 'skipped [not_known]: not known what became of it: it could not be read; GET: ';

  test.each<[Answered, Read, whileWaiting: string, timeUp: string]>([
    ['accepted', 'absent', 'list', 'list'],
    ['accepted', 'recreated', 'list', 'list'],
    ['accepted', 'there', 'look again', 'list'],
    ['accepted', 'undated', 'look again', 'list'],
    ['accepted', 'unlike', 'look again', 'list'],
    ['accepted', 'unknown', 'look again', 'list'],
    ['ambiguous', 'absent', 'list', 'list'],
    ['ambiguous', 'recreated', 'list', 'list'],
    ['ambiguous', 'there', 'look again', 'list'],
    ['ambiguous', 'undated', 'look again', 'list'],
    ['ambiguous', 'unlike', 'look again', 'list'],
    ['ambiguous', 'unknown', 'look again', 'list'],
    ['not_found', 'absent', 'list', 'list'],
    ['not_found', 'recreated', 'list', 'list'],
    ['not_found', 'there', 'look again', NOT_THERE],
    ['not_found', 'undated', 'look again', NOT_THERE],
    ['not_found', 'unlike', 'look again', 'list'],
    ['not_found', 'unknown', 'look again', 'list'],
    ['never_sent', 'absent', 'list', 'list'],
    ['never_sent', 'recreated', 'list', 'list'],
    [
      'never_sent',
      'unlike',
      ...twice(`${UNREADABLE}HTTP 404 in other words than an unknown id's: gone away`),
    ],
    ['never_sent', 'unknown', ...twice(`${UNREADABLE}HTTP 500`)],
  ])('%s, %s', (...[strongest, read, whileWaiting, timeUp]) => {
    const given = life(strongest);
    const seen = { saw: 'reading', reading: READING[read], waitedMs: 0 } as const;
    expect(after(given, { ...seen, isTimeUp: false })).toBe(whileWaiting);
    expect(after(given, { ...seen, isTimeUp: true })).toBe(timeUp);
    expect(next(given, { ...seen, isTimeUp: false }).life).toEqual({ ...given, reading: READING[read] });
  });

  test('of one that was refused the DELETE and is there, it is left alone', () => {
    const given = life('never_sent', undefined, { last: ANSWER.refused, attempts: 1 });
    const seen = { saw: 'reading', waitedMs: 0, isTimeUp: false } as const;
    expect(after(given, { ...seen, reading: READING.there })).toBe(
      'skipped [not_known]: the API refused the DELETE: HTTP 405',
    );
    expect(after(given, { ...seen, reading: READING.unknown })).toBe(
      'skipped [not_known]: not known what became of it: it could not be read; GET: HTTP 500; DELETE: HTTP 405',
    );
  });

  test('in other words, the listing is asked at once where it answered 200 before an accepted DELETE', () => {
    const seen = { saw: 'reading', reading: READING.unlike, waitedMs: 0, isTimeUp: false } as const;
    expect(after(life('accepted', undefined, { wasThere: true }), seen)).toBe('list');
    expect(after(life('ambiguous', undefined, { wasThere: true }), seen)).toBe('look again');
  });

  describe('a second DELETE', () => {
    const seen = { saw: 'reading', reading: READING.there, waitedMs: 5000, isTimeUp: false } as const;

    test('goes where the last one was left open, and the planned one is there for a while', () => {
      expect(after(life('ambiguous'), seen)).toBe('delete_again');
      expect(after(life('ambiguous'), { ...seen, waitedMs: 4999 })).toBe('look again');
      expect(after(life('ambiguous'), { ...seen, waitedMs: 4999, isTimeUp: true })).toBe('list');
    });

    test.each<[string, Life]>([
      ['the last one was accepted', life('accepted')],
      ['one before was accepted', life('accepted', undefined, { last: ANSWER.cut })],
      ['the last one found nothing', life('ambiguous', undefined, { last: ANSWER.not_found })],
      ['the last one was refused', life('ambiguous', undefined, { last: ANSWER.refused })],
      ['the last one left no answer on record', life('ambiguous', undefined, { last: undefined })],
      ['three were sent', life('ambiguous', undefined, { attempts: MAX_ATTEMPTS })],
    ])('does not where %s', (_, given) => {
      expect(after(given, seen)).toBe('look again');
      expect(after(given, { ...seen, isTimeUp: true })).toBe('list');
    });

    test('does not go to one that may be another', () => {
      expect(after(life('ambiguous'), { ...seen, reading: READING.undated })).toBe('look again');
    });
  });
});

function twice(step: string): [string, string] {
  return [step, step];
}

describe('the table of outcomes', () => {
  const WARNED =
    'verified (a deleted conversation answers 404 in other words than one that never was: gone away)';
  const STILL = 'unverified: the listing still shows it';
  const NO_EVIDENCE = 'unverified: the listing does not show it, but its own GET is no evidence; GET: ';
  const NO_WITNESS = 'neither GET nor listing show it, but the listing shows no other of its kind';
  const UNREADABLE = 'the fresh listing could not be read: HTTP 503';
  const NOT_KNOWN = 'skipped [not_known]: not known what became of it: ';
  const NOT_THERE =
    'failed: the API finds nothing to delete (DELETE 404), yet it is there (GET 200): the key may be allowed to read and not to delete';
  const TOLD_404 = '; DELETE: HTTP 404';
  const UNLIKE = "HTTP 404 in other words than an unknown id's: gone away";
  const ANSWERS = 'HTTP 200, it still answers';

  test.each<[Answered, Read, Sighted, whileWaiting: string, timeUp: string]>([
    // Accepted, calibrated 404, not shown: verified, with a witness or none.
    ['accepted', 'absent', 'witnessed', ...twice('verified')],
    ['accepted', 'absent', 'alone', ...twice('verified')],
    ['accepted', 'recreated', 'witnessed', ...twice('verified')],
    ['accepted', 'absent', 'replaced', ...twice('verified')],
    // Ambiguous: with a witness only.
    ['ambiguous', 'absent', 'witnessed', ...twice('verified')],
    ['ambiguous', 'recreated', 'witnessed', ...twice('verified')],
    ['ambiguous', 'absent', 'alone', 'list again', `unverified: ${NO_WITNESS}; GET: HTTP 404, it is gone`],
    // 404, or never sent: gone, and not by us.
    ['not_found', 'absent', 'witnessed', ...twice('already_gone')],
    ['never_sent', 'absent', 'witnessed', ...twice('already_gone')],
    [
      ...(['not_found', 'absent', 'alone', 'list again'] as const),
      `${NOT_KNOWN}${NO_WITNESS}; GET: HTTP 404, it is gone${TOLD_404}`,
    ],
    ['never_sent', 'absent', 'alone', ...twice(`${NOT_KNOWN}${NO_WITNESS}; GET: HTTP 404, it is gone`)],
    // Still shown.
    ['accepted', 'absent', 'shown', 'list again', `${STILL}; GET: HTTP 404, it is gone`],
    ['accepted', 'there', 'shown', 'list again', `${STILL}; GET: ${ANSWERS}`],
    ['accepted', 'unlike', 'shown', 'list again', `${STILL}; GET: ${UNLIKE}`],
    ['accepted', 'unknown', 'shown', 'list again', `${STILL}; GET: HTTP 500`],
    ['ambiguous', 'absent', 'shown', 'list again', `${STILL}; GET: HTTP 404, it is gone`],
    ['ambiguous', 'there', 'shown', 'list again', `${STILL}; GET: ${ANSWERS}`],
    // 404, and yet it is there, whatever the listing says.
    ['not_found', 'there', 'shown', 'list again', NOT_THERE],
    ['not_found', 'undated', 'shown', 'list again', NOT_THERE],
    ['not_found', 'there', 'alone', 'look again', NOT_THERE],
    ['not_found', 'there', 'unreadable', 'list again', NOT_THERE],
    [
      ...(['not_found', 'absent', 'shown', 'list again'] as const),
      `${NOT_KNOWN}the listing still shows it; GET: HTTP 404, it is gone${TOLD_404}`,
    ],
    [
      ...(['never_sent', 'absent', 'shown'] as const),
      ...twice(`${NOT_KNOWN}the listing still shows it; GET: HTTP 404, it is gone`),
    ],
    // The listing lost what nobody deleted: it proves nothing, whatever was answered.
    ['accepted', 'absent', 'blind', 'list again', `unverified: ${BLIND}; GET: HTTP 404, it is gone`],
    ['ambiguous', 'absent', 'blind', 'list again', `unverified: ${BLIND}; GET: HTTP 404, it is gone`],
    [
      ...(['not_found', 'absent', 'blind', 'list again'] as const),
      `${NOT_KNOWN}${BLIND}; GET: HTTP 404, it is gone${TOLD_404}`,
    ],
    ['never_sent', 'absent', 'blind', ...twice(`${NOT_KNOWN}${BLIND}; GET: HTTP 404, it is gone`)],
    // Anything else.
    ['accepted', 'there', 'witnessed', 'look again', `${NO_EVIDENCE}${ANSWERS}`],
    ['accepted', 'unlike', 'witnessed', 'look again', `${NO_EVIDENCE}${UNLIKE}`],
    ['ambiguous', 'unknown', 'witnessed', 'look again', `${NO_EVIDENCE}HTTP 500`],
    [
      'accepted',
      'absent',
      'unreadable',
      'list again',
      `unverified: ${UNREADABLE}; GET: HTTP 404, it is gone`,
    ],
    [
      'ambiguous',
      'absent',
      'unreadable',
      'list again',
      `unverified: ${UNREADABLE}; GET: HTTP 404, it is gone`,
    ],
    [
      ...(['not_found', 'absent', 'unreadable', 'list again'] as const),
      `${NOT_KNOWN}${UNREADABLE}; GET: HTTP 404, it is gone${TOLD_404}`,
    ],
    ['never_sent', 'absent', 'unreadable', ...twice(`${NOT_KNOWN}${UNREADABLE}; GET: HTTP 404, it is gone`)],
    [
      ...(['never_sent', 'there', 'witnessed'] as const),
      ...twice(`${NOT_KNOWN}the listing does not show it, but its own GET is no evidence; GET: ${ANSWERS}`),
    ],
  ])('%s, GET %s, listing %s', (...[strongest, read, sighted, whileWaiting, timeUp]) => {
    const given = life(strongest, read);
    const seen = { saw: 'sighting', sighting: SIGHTING[sighted] } as const;
    expect(after(given, { ...seen, isTimeUp: false })).toBe(whileWaiting);
    expect(after(given, { ...seen, isTimeUp: true })).toBe(timeUp);
    expect(next(given, { ...seen, isTimeUp: true }).life).toBe(given);
  });

  test.each<[Sighted, whileWaiting: string, timeUp: string]>([
    ['witnessed', ...twice(WARNED)],
    ['alone', 'look again', `${NO_EVIDENCE}${UNLIKE}`],
    ['shown', 'list again', `${STILL}; GET: ${UNLIKE}`],
  ])('counts other words after its own 200 and an accepted DELETE: listing %s', (...row) => {
    const [sighted, whileWaiting, timeUp] = row;
    const given = life('accepted', 'unlike', { wasThere: true });
    const seen = { saw: 'sighting', sighting: SIGHTING[sighted] } as const;
    expect(after(given, { ...seen, isTimeUp: false })).toBe(whileWaiting);
    expect(after(given, { ...seen, isTimeUp: true })).toBe(timeUp);
  });

  test('takes another one under its id for the end of the old one, unless its own GET shows the planned one', () => {
    const seen = { saw: 'sighting', sighting: SIGHTING.replaced, isTimeUp: true } as const;
    expect(after(life('accepted', 'undated'), seen)).toBe('verified');
    expect(after(life('ambiguous', 'unknown'), seen)).toBe('verified');
    expect(after(life('never_sent', 'undated'), seen)).toBe('already_gone');
    expect(after(life('accepted', 'there'), seen)).toBe(`${NO_EVIDENCE}${ANSWERS}`);
  });

  test('calls failed what three DELETEs without a clear answer left there', () => {
    const seen = { saw: 'sighting', sighting: SIGHTING.shown, isTimeUp: true } as const;
    const triedOut = { attempts: MAX_ATTEMPTS, last: ANSWER.ambiguous };
    expect(after(life('ambiguous', 'there', triedOut), seen)).toBe(
      'failed: not carried out in 3 attempts: HTTP 502',
    );
    expect(after(life('ambiguous', 'unknown', triedOut), seen)).toBe(`${STILL}; GET: HTTP 500`);
    expect(after(life('ambiguous', undefined, triedOut), seen)).toBe(STILL);
    expect(after(life('ambiguous', 'there', { ...triedOut, last: undefined }), seen)).toBe(
      `${STILL}; GET: ${ANSWERS}`,
    );
    expect(after(life('accepted', 'there', triedOut), seen)).toBe(`${STILL}; GET: ${ANSWERS}`);
    expect(after(life('ambiguous', 'there', { ...triedOut, attempts: 2 }), seen)).toBe(
      `${STILL}; GET: ${ANSWERS}`,
    );
  });

  test('says nothing of a GET that was never asked', () => {
    const seen = { saw: 'sighting', sighting: SIGHTING.shown, isTimeUp: true } as const;
    expect(after(life('accepted'), seen)).toBe(STILL);
    expect(after(life('never_sent'), seen)).toBe(`${NOT_KNOWN}the listing still shows it`);
  });
});

describe('a bar', () => {
  const bar = { saw: 'bar', reason: 'stopped', cause: 'stopped' } as const;

  test.each<[string, Life, string]>([
    ['before any DELETE', NEW_LIFE, 'skipped [stopped]: stopped'],
    ['before one of this run', life('accepted', 'there', { attempts: 0 }), 'skipped [stopped]: stopped'],
    ['after a 404', life('not_found'), 'skipped [stopped]: stopped'],
    ['after an unclear answer', life('ambiguous', 'there'), 'unverified: stopped; its DELETE: HTTP 502'],
    ['after an accepted one', life('accepted', 'there'), 'unverified: stopped; its DELETE: HTTP 200'],
  ])('%s', (_, given, step) => {
    expect(after(given, bar)).toBe(step);
    expect(next(given, bar).life).toBe(given);
  });
});

test('an answer in words', () => {
  expect([undefined, ...Object.values(ANSWER)].map(answerInWords)).toEqual([
    'no answer on record',
    'HTTP 200',
    'HTTP 502',
    'ECONNRESET',
    'HTTP 404',
    'HTTP 403',
    'HTTP 405',
    'not sent (ECONNREFUSED 127.0.0.1:4010)',
  ]);
});

test('a reading in words', () => {
  expect(Object.values(READING).map(readingInWords)).toEqual([
    'HTTP 200, it still answers',
    'HTTP 200, it still answers',
    'HTTP 404, it is gone',
    'HTTP 200, created anew since',
    "HTTP 404 in other words than an unknown id's: gone away",
    'HTTP 500',
  ]);
});
