import { hash } from 'node:crypto';

/**
 * A set of texts that keeps 64 bits of each one's SHA-256: about 16 bytes an entry where a `Set<string>` needs
 * over 100, so that a listing of a million conversations stays small. Two texts could only be taken for one
 * another by a collision (a million entries: 1 in 37 million), and every use errs towards keeping: a listing that
 * seems to repeat itself is incomplete.
 */
export class IdSet {
  #slots = new BigUint64Array(64);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** True when the text was not there yet. */
  add(text: string): boolean {
    if ((this.#size + 1) * 2 > this.#slots.length) this.#grow();
    const added = place(this.#slots, digestOf(text));
    if (added) this.#size += 1;
    return added;
  }

  has(text: string): boolean {
    const digest = digestOf(text);
    return this.#slots[slotOf(this.#slots, digest)] === digest;
  }

  #grow(): void {
    const larger = new BigUint64Array(this.#slots.length * 2);
    for (const digest of this.#slots) {
      if (digest !== 0n) place(larger, digest);
    }
    this.#slots = larger;
  }
}

function digestOf(text: string): bigint {
  const digest = hash('sha256', text, 'buffer').readBigUInt64LE(0);
  // Zero marks an empty slot.
  return digest === 0n ? 1n : digest;
}

function slotOf(slots: BigUint64Array, digest: bigint): number {
  const mask = slots.length - 1;
  let slot = Number(digest & 0xffff_ffffn) & mask;
  while (slots[slot] !== 0n && slots[slot] !== digest) slot = (slot + 1) & mask;
  return slot;
}

function place(slots: BigUint64Array, digest: bigint): boolean {
  const slot = slotOf(slots, digest);
  if (slots[slot] === digest) return false;
  slots[slot] = digest;
  return true;
}
