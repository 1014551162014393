import { randomPermutation } from './random.ts';

/** Orders that nobody asked for. */
export type Misorder = 'oldest-last' | 'oldest-in-the-middle' | 'reshuffled';

/** These slots, given oldest first, in an order that looks right at its start, or in none. */
export function misordered(slots: readonly number[], how: Misorder, random: () => number): readonly number[] {
  if (how === 'reshuffled') return randomPermutation(slots, random);
  const third = Math.floor(slots.length / 3);
  const [oldest, middle, newest] = [
    slots.slice(0, third),
    slots.slice(third, 2 * third),
    slots.slice(2 * third),
  ];
  return how === 'oldest-last' ? [...middle, ...newest, ...oldest] : [...middle, ...oldest, ...newest];
}

/** These slots, given in order of `secondOf`, with those of one second in a new order among themselves. */
export function withShuffledTies(
  slots: readonly number[],
  secondOf: (slot: number) => number,
  random: () => number,
): readonly number[] {
  const shuffled: number[] = [];
  for (let start = 0; start < slots.length;) {
    let end = start + 1;
    const second = secondOf(slots[start] ?? 0);
    while (end < slots.length && secondOf(slots[end] ?? 0) === second) end += 1;
    shuffled.push(...randomPermutation(slots.slice(start, end), random));
    start = end;
  }
  return shuffled;
}
