import { firstIndex } from './first-index.ts';

/** A growing column of numbers at eight bytes each. */
export class NumberColumn {
  #values = new Float64Array(16);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(value: number): void {
    if (this.#length === this.#values.length) this.reserve(this.#length * 2);
    this.#values[this.#length] = value;
    this.#length += 1;
  }

  /** Grows once, ahead of many pushes. */
  reserve(capacity: number): void {
    if (capacity <= this.#values.length) return;
    const grown = new Float64Array(capacity);
    grown.set(this.#values.subarray(0, this.#length));
    this.#values = grown;
  }

  at(index: number): number {
    return this.#values[index] ?? Number.NaN;
  }

  set(index: number, value: number): void {
    this.#values[index] = value;
  }

  /** The index of a value in a column that only ever grew upwards. */
  indexOfSorted(value: number): number | undefined {
    const index = firstIndex(this.#length, (middle) => this.at(middle) < value);
    return index < this.#length && this.at(index) === value ? index : undefined;
  }
}
