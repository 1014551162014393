import type { Instant } from '../instant.ts';
import type { OpenIntent } from '../open-intent.ts';
import { stronger, type Answered } from './evidence.ts';
import { areApart } from './reading.ts';

/** What a DELETE of an earlier run was answered that is not known to have ended the conversation. */
export interface EarlierAnswer {
  readonly projectId: number;
  readonly sessionId: string;
  /** Of the conversation's creation; undefined: not on record. */
  readonly createdAt: Instant | undefined;
  readonly answered: Answered;
}

/** Remembers the strongest of them for each conversation. */
export class EarlierAnswers {
  readonly #known = new Map<string, EarlierAnswer[]>();
  readonly #open: ReadonlySet<string>;

  constructor(undone: readonly EarlierAnswer[], open: readonly OpenIntent[]) {
    this.#open = new Set(open.map(keyOf));
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
        areApart(createdAt, conversation.createdAt);
      if (!isOther) strongest = stronger(strongest, answered);
    }
    return strongest;
  }

  /** An earlier run's DELETE for it is still to be settled. */
  isOpen(conversation: Pick<EarlierAnswer, 'projectId' | 'sessionId'>): boolean {
    return this.#open.has(keyOf(conversation));
  }
}

function keyOf({ projectId, sessionId }: Pick<EarlierAnswer, 'projectId' | 'sessionId'>): string {
  return `${projectId} ${sessionId}`;
}
