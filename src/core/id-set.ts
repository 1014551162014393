import { IdMap } from './id-map.ts';

/** A set of texts that is small with a million of them, as {@link IdMap} is. */
export class IdSet {
  readonly #texts = new IdMap();

  get size(): number {
    return this.#texts.size;
  }

  /** True when the text was not there yet. */
  add(text: string): boolean {
    return this.#texts.set(text, 1) === 0;
  }

  has(text: string): boolean {
    return this.#texts.get(text) !== 0;
  }
}
