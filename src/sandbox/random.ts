/** A reversible scrambling of 32 bits (the murmur3 finaliser): equal inputs always give equal outputs. */
export function mix32(value: number): number {
  let h = value >>> 0;
  h ^= h >>> 16;
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  h ^= h >>> 16;
  return h >>> 0;
}

/** The inverse of `mix32`. */
export function unmix32(value: number): number {
  let h = value >>> 0;
  h ^= h >>> 16;
  h = Math.imul(h, 0x7ed1b41d);
  h ^= (h >>> 13) ^ (h >>> 26);
  h = Math.imul(h, 0xa5cb9243);
  h ^= h >>> 16;
  return h >>> 0;
}

/** A sequence of numbers in [0, 1) that only depends on the seed. */
export function randomSequence(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x9e3779b9) >>> 0;
    return mix32(state) / 4_294_967_296;
  };
}

/** The entry of a table that a number falls on; tables are never empty. */
export function pick<T>(table: readonly T[], number: number): T {
  const entry = table[(number >>> 0) % table.length];
  if (entry === undefined) throw new Error('An empty table has nothing to pick.');
  return entry;
}

/** The same items in an order that depends on nothing but the numbers drawn. */
export function randomPermutation<T>(items: readonly T[], random: () => number): T[] {
  return items
    .map((item) => ({ item, place: random() }))
    .sort((a, b) => a.place - b.place)
    .map(({ item }) => item);
}
