import { parseArgs } from 'node:util';
import { runCrew, runAsHand, type CrewReport } from './crew.ts';
import { unexercised } from './coverage.ts';
import { simulate } from './simulation.ts';

const HELP = `Plays the program against a simulated API, disk, clock and people; each seed is another story, the same each time.

  npm run simulate -- [--seeds N] [--from S] [--jobs N] [--minutes M]
      so many seeds, from S on (default: 200 from 1, a job a core); none is begun after M minutes
  npm run simulate -- --seed S
      one seed, told line by line

Example, and what a failure says to do:

  npm run simulate -- --seeds 2000
  npm run simulate -- --seed 1234 > story.txt
`;

/** From so many seeds on, every kind of trouble has to have happened. */
const ENOUGH_FOR_ALL = 500;
const MOST_TOLD = 20;

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      seeds: { type: 'string' },
      from: { type: 'string', default: '1' },
      seed: { type: 'string' },
      jobs: { type: 'string' },
      minutes: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  if (values.seed !== undefined) return tell(wholeNumber('--seed', values.seed));
  const count = wholeNumber('--seeds', values.seeds ?? '200');
  const report = await runCrew({
    from: wholeNumber('--from', values.from),
    count,
    jobs: optionalNumber('--jobs', values.jobs),
    minutes: optionalNumber('--minutes', values.minutes),
  });
  return summarise(report, count);
}

function optionalNumber(name: string, text: string | undefined): number | undefined {
  return text === undefined ? undefined : wholeNumber(name, text);
}

function wholeNumber(name: string, text: string): number {
  const number = Number(text);
  if (!/^\d+$/.test(text) || number < 1) throw new Error(`${name} takes a whole number from 1 on\n\n${HELP}`);
  return number;
}

async function tell(seed: number): Promise<number> {
  const { lines, problems, hash } = await simulate(seed, { keepsTrace: true });
  for (const line of lines) console.log(line);
  for (const { rule, what } of problems) console.log(`BROKEN ${rule}: ${what}`);
  console.log(
    `seed ${seed}: ${problems.length === 0 ? 'sound' : `${problems.length} broken`}, trace ${hash}`,
  );
  return problems.length === 0 ? 0 : 1;
}

function summarise({ counts, failed, played, seconds }: CrewReport, asked: number): number {
  const sorted = [...counts].sort(([a], [b]) => (a < b ? -1 : 1));
  for (const [name, count] of sorted) console.log(`${String(count).padStart(10)}  ${name}`);
  for (const { seed, problems } of failed.slice(0, MOST_TOLD)) {
    console.log(`\nseed ${seed} is broken; to read it: npm run simulate -- --seed ${seed}`);
    const told = new Set(problems.map(({ rule, what }) => `  ${rule}: ${what.split('\n', 3).join(' ')}`));
    for (const line of [...told].slice(0, 5)) console.log(line);
  }
  const never = played >= ENOUGH_FOR_ALL ? unexercised(counts) : [];
  for (const name of never) console.log(`\nnever happened, so it proves nothing: ${name}`);
  const cut = played < asked ? `, of ${asked} that were asked for: the time was up` : '';
  console.log(`\n${played} seeds in ${Math.round(seconds)} s${cut}: ${failed.length} broken`);
  return failed.length + never.length === 0 ? 0 : 1;
}

if (process.send === undefined) process.exitCode = await main();
else runAsHand();
