import { fork } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { simulate, type Story } from './simulation.ts';
import { Tally } from './trace.ts';

type Told = Pick<Story, 'seed' | 'problems' | 'hash'> & {
  readonly counts: readonly (readonly [string, number])[];
};

export interface CrewReport {
  readonly counts: ReadonlyMap<string, number>;
  readonly failed: readonly Pick<Story, 'seed' | 'problems'>[];
  /** Seeds that were played: those before the time was up. */
  readonly played: number;
  readonly seconds: number;
}

/**
 * Runs the seeds in as many processes as there are cores; each asks for the next seed when it is done with one, and none
 * is begun after `minutes`.
 */
export async function runCrew(of: {
  from: number;
  count: number;
  jobs: number | undefined;
  minutes: number | undefined;
}): Promise<CrewReport> {
  const startedAt = performance.now();
  const tally = new Tally();
  const failed: Pick<Story, 'seed' | 'problems'>[] = [];
  let next = of.from;
  const lastStart = startedAt + (of.minutes ?? Infinity) * 60_000;
  const take = (): number | undefined =>
    next < of.from + of.count && performance.now() < lastStart ? next++ : undefined;
  const onTold = ({ seed, problems, counts }: Told): void => {
    tally.addAll(counts);
    if (problems.length > 0) failed.push({ seed, problems });
  };
  const hands = Math.min(of.jobs ?? availableParallelism(), of.count);
  await Promise.all(Array.from({ length: hands }, () => employ(take, onTold)));
  failed.sort((a, b) => a.seed - b.seed);
  const seconds = (performance.now() - startedAt) / 1000;
  return { counts: tally.counts, failed, played: next - of.from, seconds };
}

/** One process, until no seed is left. */
function employ(take: () => number | undefined, onTold: (told: Told) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const hand = fork(process.argv[1] ?? '');
    let seed = take();
    const give = (): void => {
      if (seed === undefined) hand.disconnect();
      else if (hand.connected) hand.send(seed);
    };
    hand.on('message', (told: Told) => {
      onTold(told);
      seed = take();
      give();
    });
    hand.on('error', reject);
    hand.on('exit', (code) => {
      if (code === 0 && seed === undefined) resolve();
      else reject(new Error(`the process that had seed ${String(seed)} ended with ${String(code)}`));
    });
    give();
  });
}

/** The other side: a seed comes, its story goes back. */
export function runAsHand(): void {
  process.on('message', (seed: number) => {
    void simulate(seed).then(({ problems, counts, hash }) => {
      process.send?.({ seed, problems, counts: [...counts], hash } satisfies Told);
    });
  });
}
