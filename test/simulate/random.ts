/** Chance that can be played again: the same seed, the same numbers. */
export interface Random {
  /** In [0, 1). */
  fraction(): number;
  /** Whole, both ends included. */
  whole(from: number, to: number): number;
  /** True in so many of a hundred cases. */
  percent(of: number): boolean;
  pick<T>(items: readonly T[]): T;
  /** Lower-case letters and digits. */
  token(length: number): string;
  /** A stream of its own: what is drawn from one says nothing about the other. */
  fork(label: string): Random;
}

const LETTERS = 'abcdefghijklmnopqrstuvwxyz0123456789';

export function createRandom(seed: string): Random {
  const next = sfc32(seed);
  const whole = (from: number, to: number): number => from + Math.floor(next() * (to - from + 1));
  const pick = <T>(items: readonly T[]): T => {
    if (items.length === 0) throw new Error('nothing to pick from');
    return items[Math.floor(next() * items.length)] as T;
  };
  return {
    fraction: next,
    whole,
    percent: (of) => next() * 100 < of,
    pick,
    token: (length) => Array.from({ length }, () => LETTERS[whole(0, 35)] ?? 'a').join(''),
    fork: (label) => createRandom(`${seed}/${label}`),
  };
}

/** Small Fast Counter (https://pracrand.sourceforge.net/RNG_engines.txt), its state filled from a text by FNV-1a. */
function sfc32(seed: string): () => number {
  let [a, b, c, d] = [1, 2, 3, 4].map((salt) => fnv1a(`${salt}:${seed}`)) as [number, number, number, number];
  const next = (): number => {
    const sum = (a + b + d) | 0;
    d = (d + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + sum) | 0;
    return (sum >>> 0) / 2 ** 32;
  };
  for (let round = 0; round < 12; round += 1) next();
  return next;
}

export function fnv1a(text: string, start = 0x811c9dc5): number {
  let hash = start;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  return hash >>> 0;
}

const MINUTE = 60_000;
const BUSY_MINUTES = [0, 5, 7, 15, 20, 30, 35, 37, 40, 45];

/** An instant of a span, most likely soon after a scheduled minute: that is when something is under way. */
export function drawInstant(random: Random, span: { readonly from: number; readonly to: number }): number {
  const at = span.from + random.fraction() * (span.to - span.from);
  if (random.percent(20)) return at;
  const hour = Math.floor(at / (60 * MINUTE)) * 60 * MINUTE;
  const soonMs = random.fraction() * random.pick([2000, 10_000, 60_000, 180_000]);
  const busyAt = hour + random.pick(BUSY_MINUTES) * MINUTE + soonMs;
  return Math.min(Math.max(busyAt, span.from), span.to - 1);
}
