import fc from 'fast-check';
import { afterAll } from 'vitest';

/** How many times the usual number of cases: 1 in the tests, more by `npm run fuzz`, or as FUZZ_RUNS says. */
const TIMES = Math.max(1, Number(process.env['FUZZ_RUNS'] ?? '1') || 1);

/** The seed that a failure prints, to be played again. */
const SEED = process.env['FUZZ_SEED'];

let played = 0;

/** Plays a property against `usual` cases, or that many times `FUZZ_RUNS`. */
export async function fuzz<Ts>(
  property: fc.IProperty<Ts> | fc.IAsyncProperty<Ts>,
  usual: number,
): Promise<void> {
  const details = await fc.check(property, {
    numRuns: usual * TIMES,
    endOnFailure: TIMES > 1,
    ...(SEED === undefined ? {} : { seed: Number(SEED) }),
  });
  played += details.numRuns;
  if (!details.failed) return;
  throw new Error(await fc.asyncDefaultReportMessage(details), { cause: details.errorInstance });
}

/** Says at the end of a file how many cases it played, where somebody asked for more than usual. */
export function tellCases(what: string): void {
  afterAll(() => {
    if (TIMES > 1) console.log(`${what}: ${played} cases`);
  });
}
