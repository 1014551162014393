import { firstIndex } from './first-index.ts';

const CHUNK_SIZE = 512;

/**
 * A sorted list of slots that is cheap to change in the middle and cheap to read by offset: an array of short arrays.
 * With a million entries an insertion, a removal or a page costs a few microseconds.
 */
export class ChunkedOrder {
  readonly #chunks: number[][] = [];
  readonly #compare: (a: number, b: number) => number;
  #length = 0;

  constructor(compare: (a: number, b: number) => number) {
    this.#compare = compare;
  }

  get length(): number {
    return this.#length;
  }

  insert(slot: number): void {
    const chunkIndex = Math.min(this.#chunkFor(slot), this.#chunks.length - 1);
    const chunk = this.#chunks[chunkIndex];
    this.#length += 1;
    if (chunk === undefined) {
      this.#chunks.push([slot]);
      return;
    }
    const isLastChunk = chunkIndex === this.#chunks.length - 1;
    if (isLastChunk && chunk.length >= CHUNK_SIZE && this.#position(chunk, slot) === chunk.length) {
      this.#chunks.push([slot]);
      return;
    }
    chunk.splice(this.#position(chunk, slot), 0, slot);
    if (chunk.length > CHUNK_SIZE * 2) this.#chunks.splice(chunkIndex + 1, 0, chunk.splice(CHUNK_SIZE));
  }

  remove(slot: number): boolean {
    const chunkIndex = this.#chunkFor(slot);
    const chunk = this.#chunks[chunkIndex];
    if (chunk === undefined) return false;
    const position = this.#position(chunk, slot);
    if (chunk[position] !== slot) return false;
    chunk.splice(position, 1);
    if (chunk.length === 0) this.#chunks.splice(chunkIndex, 1);
    this.#length -= 1;
    return true;
  }

  /** Up to `count` slots from `offset` on, counted from the other end when `descending`. */
  slice(offset: number, count: number, descending: boolean): number[] {
    if (!descending) return this.#ascending(offset, count);
    const end = this.#length - offset;
    const start = Math.max(0, end - count);
    return end <= 0 ? [] : this.#ascending(start, end - start).reverse();
  }

  *[Symbol.iterator](): Generator<number> {
    for (const chunk of this.#chunks) yield* chunk;
  }

  #ascending(offset: number, count: number): number[] {
    const slots: number[] = [];
    let skip = offset;
    for (const chunk of this.#chunks) {
      if (slots.length >= count) break;
      if (skip >= chunk.length) {
        skip -= chunk.length;
        continue;
      }
      slots.push(...chunk.slice(skip, skip + count - slots.length));
      skip = 0;
    }
    return slots;
  }

  /** The first chunk whose last slot does not sort before the given one. */
  #chunkFor(slot: number): number {
    return firstIndex(this.#chunks.length, (index) => this.#isBefore(this.#chunks[index]?.at(-1), slot));
  }

  #position(chunk: readonly number[], slot: number): number {
    return firstIndex(chunk.length, (index) => this.#isBefore(chunk[index], slot));
  }

  #isBefore(other: number | undefined, slot: number): boolean {
    return other !== undefined && this.#compare(other, slot) < 0;
  }
}
