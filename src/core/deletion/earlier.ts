import type { OpenIntent } from '../open-intent.ts';
import { stronger, type Answered } from './evidence.ts';

/** What a DELETE of an earlier run was answered that is not known to have ended the conversation. */
export interface EarlierAnswer {
  readonly projectId: number;
  readonly sessionId: string;
  /** Epoch ms of the conversation's creation; undefined: not on record. */
  readonly createdAt: number | undefined;
  readonly answered: Answered;
}

/** Remembers the strongest of them for each conversation. */
export class EarlierAnswers {
  readonly #known = new Map<string, EarlierAnswer[]>();

  constructor(undone: readonly EarlierAnswer[], open: readonly OpenIntent[]) {
    for (const one of [...undone, ...open]) {
      const key = keyOf(one);
      this.#known.set(key, [...(this.#known.get(key) ?? []), one]);
    }
  }

  /** `never_sent` where nothing is on record. What is on record of one created at another time is not about this one. */
  of(conversation: Omit<EarlierAnswer, 'answered'>): Answered {
    let strongest: Answered = 'never_sent';
    for (const { createdAt, answered } of this.#known.get(keyOf(conversation)) ?? []) {
      const isOther =
        createdAt !== undefined &&
        conversation.createdAt !== undefined &&
        createdAt !== conversation.createdAt;
      if (!isOther) strongest = stronger(strongest, answered);
    }
    return strongest;
  }
}

function keyOf({ projectId, sessionId }: Omit<EarlierAnswer, 'answered'>): string {
  return `${projectId} ${sessionId}`;
}
