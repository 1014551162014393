import type { AuditEntry } from './audit-entry.ts';
import { outcomeOfEvent } from './outcome.ts';

/** An entry that left the deletion of a conversation open: an intent, or `unverified`. */
export type OpenWord = Pick<AuditEntry, 'seq'> & {
  readonly policy: string;
  readonly project_id: number;
  readonly session_id: string;
  readonly run_id: string;
  /** Whose conversation it is; '' where the intent does not say. */
  readonly account: string;
};

export type Word = Pick<AuditEntry, 'seq' | 'event' | 'policy' | 'project_id' | 'session_id' | 'run_id'> & {
  /** Of an intent: the account it names. */
  readonly account: string | null;
};

/**
 * What an entry does to what is open: `opens` it anew, whoever left it open before; `stays_open` opens it where nobody
 * has; `settles` what the same run left open. Whoever keeps track of it in another form asks here.
 */
export type OpenChange = 'opens' | 'stays_open' | 'settles';

/** Undefined for an entry that changes nothing. */
export function openChangeOf({ event }: Pick<AuditEntry, 'event'>): OpenChange | undefined {
  if (event === 'deletion.intended') return 'opens';
  const outcome = outcomeOfEvent(event);
  if (outcome === undefined) return undefined;
  return outcome === 'unverified' ? 'stays_open' : 'settles';
}

/**
 * What the log, read from its first entry on, leaves open: one entry for each conversation of a policy and account. This is
 * the one truth about it; `open_intents` of a store is a copy.
 */
export class OpenWords {
  readonly #open = new Map<string, readonly OpenWord[]>();
  /** By run: the account that its intents name. Only these do. */
  readonly #accounts = new Map<string, string>();

  /** `known`: what was open before the first entry that is taken. */
  constructor(known: Iterable<OpenWord> = []) {
    for (const word of known) {
      this.#put(word);
      this.#accounts.set(word.run_id, word.account);
    }
  }

  take(entry: Word): void {
    const change = openChangeOf(entry);
    const { seq, policy, project_id, session_id, run_id, account } = entry;
    // An entry without one of them is nobody's deletion.
    if (change === undefined || policy === null || project_id === null) return;
    if (session_id === null || run_id === null) return;
    if (account !== null) this.#accounts.set(run_id, account);
    const whose = this.#accounts.get(run_id) ?? '';
    const word: OpenWord = { seq, policy, project_id, session_id, run_id, account: whose };
    const key = keyOf(word);
    const known = this.#open.get(key) ?? [];
    // A run settles only what it intended itself: what it says of a conversation is silent about a later run's DELETE.
    if (change === 'settles')
      this.#keep(
        key,
        known.filter((one) => one.run_id !== run_id),
      );
    if (change === 'opens' || (change === 'stays_open' && known.length === 0)) this.#put(word);
  }

  /** In the order of the log. */
  words(): readonly OpenWord[] {
    return [...this.#open.values()].flat().sort((one, other) => one.seq - other.seq);
  }

  #put(word: OpenWord): void {
    const key = keyOf(word);
    const others = (this.#open.get(key) ?? []).filter(({ account }) => account !== word.account);
    this.#keep(key, [...others, word]);
  }

  #keep(key: string, words: readonly OpenWord[]): void {
    if (words.length === 0) this.#open.delete(key);
    else this.#open.set(key, words);
  }
}

/** How a copy differs from what the log leaves open; undefined where it does not. Of either kind the first is named. */
export function openDifference(log: readonly OpenWord[], copy: readonly OpenWord[]): string | undefined {
  const inLog = new Set(log.map(textOf));
  const inCopy = new Set(copy.map(textOf));
  const missing = log.find((word) => !inCopy.has(textOf(word)));
  const surplus = copy.find((word) => !inLog.has(textOf(word)));
  const parts = [
    ...(missing === undefined ? [] : [`lacks the deletion that entry ${missing.seq} left open`]),
    ...(surplus === undefined ? [] : [`shows entry ${surplus.seq} as open, but the log says otherwise`]),
  ];
  return parts.length === 0 ? undefined : parts.join(', and ');
}

function keyOf({ policy, project_id, session_id }: Omit<OpenWord, 'seq' | 'run_id' | 'account'>): string {
  return JSON.stringify([policy, project_id, session_id]);
}

/** Without the account: an intent that names none is of the one that the state was bound to since. */
function textOf(word: OpenWord): string {
  return JSON.stringify([word.policy, word.project_id, word.session_id, word.run_id, word.seq]);
}
