import type { DeleteAnswer } from '../vendor-answers.ts';
import type { Reading } from './evidence.ts';

/* What a DELETE and a conversation's own GET were answered, for people. */

/** `HTTP 500`, `HTTP 200, unreadable`. */
export function answerInWords(answer: DeleteAnswer | undefined): string {
  if (answer === undefined) return 'no answer on record';
  if (answer.kind === 'not_sent') return `not sent (${answer.failure})`;
  if (answer.kind === 'ambiguous') return answer.failure;
  return `HTTP ${answer.status}`;
}

export function readingInWords(reading: Reading): string {
  switch (reading.is) {
    case 'there':
      return 'HTTP 200, it still answers';
    case 'absent':
      return reading.recreatedAt === undefined ? 'HTTP 404, it is gone' : 'HTTP 200, created anew since';
    case 'unlike':
      return `HTTP 404 in other words than an unknown id's: ${reading.said}`;
    case 'unknown':
      return reading.said;
  }
}
