import { fnv1a } from './random.ts';

/** What happened, line by line: hashed always, kept only for whoever wants to read it. */
export class Trace {
  readonly lines: string[] = [];
  readonly #keeps: boolean;
  readonly #now: () => number;
  #hash = fnv1a('');
  #count = 0;

  constructor(now: () => number, keeps: boolean) {
    this.#now = now;
    this.#keeps = keeps;
  }

  say(who: string, what: string): void {
    const line = `${new Date(this.#now()).toISOString()} ${who.padEnd(9)} ${what}`;
    this.#hash = fnv1a(line, this.#hash);
    this.#count += 1;
    if (this.#keeps) this.lines.push(line);
  }

  get hash(): string {
    return `${this.#count}-${this.#hash.toString(16)}`;
  }
}

/** How often each thing happened, by name. */
export class Tally {
  readonly counts = new Map<string, number>();

  add(name: string, count = 1): void {
    this.counts.set(name, (this.counts.get(name) ?? 0) + count);
  }

  addAll(other: Iterable<readonly [string, number]>): void {
    for (const [name, count] of other) this.add(name, count);
  }
}
