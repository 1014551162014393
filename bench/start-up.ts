import { execFileSync } from 'node:child_process';

/** Enough that a hundredth of a second, in which the shell tells times, is no matter. */
const TURNS = 10;
const ROUNDS = 7;

/** Processor time of `validate` on the three policies of the repository, against that of a Node that does nothing: the median. */
export function startUpRatio(): number {
  const ratios = Array.from(
    { length: ROUNDS },
    () => cpuSeconds(['dist/main.js', 'validate', 'policies']) / cpuSeconds(['-e', '0']),
  );
  return ratios.sort((one, other) => one - other)[(ROUNDS - 1) / 2] ?? NaN;
}

/** User and system time of all turns, by the shell that waits for them. */
function cpuSeconds(args: readonly string[]): number {
  const turns = Array.from({ length: TURNS }, () => '"$@" >/dev/null || exit 1').join('\n');
  const printed = execFileSync('/bin/sh', ['-c', `${turns}\ntimes`, 'sh', process.execPath, ...args], {
    encoding: 'utf8',
  });
  const children = printed.trim().split('\n').at(-1) ?? '';
  return [...children.matchAll(/(\d+)m([\d.]+)s/g)].reduce(
    (sum, [, minutes, seconds]) => sum + 60 * Number(minutes) + Number(seconds),
    0,
  );
}
