import { hash } from 'node:crypto';

/**
 * A set of texts that keeps 64 bits of each one's SHA-256: about 16 bytes an entry where a `Set<string>` needs
 * over 100, so that a listing of a million conversations stays small. Two texts are only taken for one another by a
 * collision: among a million entries 1 chance in 37 million.
 */
export class IdSet {
  /** Pairs of words; a pair of zeros is an empty slot. */
  #words = new Uint32Array(128);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** True when the text was not there yet. */
  add(text: string): boolean {
    // Stryker disable next-line EqualityOperator,ArithmeticOperator: when it grows is a matter of speed, not of what it knows
    if ((this.#size + 1) * 4 > this.#words.length) this.#grow();
    const { low, high } = digestOf(text);
    const at = placeOf(this.#words, low, high);
    if (this.#words[at] !== 0) return false;
    this.#words[at] = low;
    this.#words[at + 1] = high;
    this.#size += 1;
    return true;
  }

  has(text: string): boolean {
    const { low, high } = digestOf(text);
    return this.#words[placeOf(this.#words, low, high)] !== 0;
  }

  #grow(): void {
    const old = this.#words;
    const larger = new Uint32Array(old.length * 2);
    // Stryker disable next-line EqualityOperator: behind the end there is nothing to copy
    for (let at = 0; at < old.length; at += 2) {
      const low = Number(old[at]);
      const high = Number(old[at + 1]);
      // Stryker disable next-line ConditionalExpression: an empty slot that is copied stays an empty slot
      if (low === 0) continue;
      const place = placeOf(larger, low, high);
      larger[place] = low;
      larger[place + 1] = high;
    }
    this.#words = larger;
  }
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
