import { spawnSync } from 'node:child_process';
import { readFileSync, renameSync } from 'node:fs';
import { GROUPS } from '../test/mutation/groups.ts';

/*
 * Changes the code that decides, limits, builds URLs, verifies and chains, one small thing at a time, and asks whether a
 * test notices. `npm run mutation -- duration limits` takes some groups only. Ends with 1 when one of them has a score
 * below 90 %.
 */

const LOWEST_SCORE = 90;
const REPORT = 'reports/mutation/mutation.json';

interface Mutant {
  readonly status: string;
  readonly mutatorName: string;
  readonly replacement?: string;
  readonly location: { readonly start: { readonly line: number; readonly column: number } };
}

interface Report {
  readonly files: Readonly<Record<string, { readonly source: string; readonly mutants: readonly Mutant[] }>>;
}

const DETECTED = ['Killed', 'Timeout', 'RuntimeError'];
const UNDETECTED = ['Survived', 'NoCoverage'];

function mutate(group: string): Report {
  const command = ['stryker', 'run', 'stryker.config.json', '--mutate', (GROUPS[group]?.mutate ?? []).join()];
  const env = { ...process.env, MUTATION_GROUP: group };
  const { status } = spawnSync('npx', command, { env, stdio: ['ignore', 'ignore', 'inherit'] });
  if (status !== 0) throw new Error(`${group}: the mutation run itself failed; try ${command.join(' ')}`);
  const kept = REPORT.replace('mutation.json', `${group}.json`);
  renameSync(REPORT, kept);
  return JSON.parse(readFileSync(kept, 'utf8')) as Report;
}

/** Prints file by file what no test noticed, and returns the lowest score. */
function tell({ files }: Report): number {
  let lowest = 100;
  for (const [file, { source, mutants }] of Object.entries(files)) {
    const lines = source.split('\n');
    const missed = mutants.filter(({ status }) => UNDETECTED.includes(status));
    const noticed = mutants.filter(({ status }) => DETECTED.includes(status)).length;
    const score = (100 * noticed) / Math.max(1, noticed + missed.length);
    lowest = Math.min(lowest, score);
    console.log(`${score.toFixed(1).padStart(5)} %  ${noticed} of ${noticed + missed.length}  ${file}`);
    for (const { location, mutatorName, replacement = '', status } of missed) {
      const { line, column } = location.start;
      const code = lines[line - 1]?.trim() ?? '';
      console.log(`    ${status} ${line}:${column} ${mutatorName}: ${code}`);
      console.log(`      => ${replacement.replaceAll(/\s+/g, ' ')}`);
    }
  }
  return lowest;
}

const asked = process.argv.slice(2);
const unknown = asked.filter((group) => GROUPS[group] === undefined);
if (unknown.length > 0) throw new Error(`no such group: ${unknown.join(', ')}`);
const scores = (asked.length === 0 ? Object.keys(GROUPS) : asked).map((group) => tell(mutate(group)));
if (Math.min(...scores) < LOWEST_SCORE) process.exitCode = 1;
