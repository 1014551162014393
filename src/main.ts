#!/usr/bin/env node
import { problemLines } from './cli/output.ts';
import { LogScreen, screenOf } from './cli/screens.ts';

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;
/** Supervisors kill ten seconds after the signal. Who is stuck by then, behind a reader that does not read, ends here. */
const LAST_CALL_MS = 9_500;
/** How long the last log lines are waited for. */
const LAST_LINES_MS = 1_000;

const stdout = screenOf(1, process.stdout);
const stderr = process.stderr.isTTY ? process.stderr : new LogScreen(screenOf(2, process.stderr));

const withStack = ['debug', 'trace'].includes(process.env['LOG_LEVEL'] ?? '');
// Stacks name the files of `src`. Reading the maps takes a moment, so only where stacks are shown.
if (withStack) process.setSourceMapsEnabled(true);

function fail(error: unknown): never {
  for (const line of problemLines(error, { withStack })) stderr.write(`${line}\n`);
  process.exit(1);
}
process.on('uncaughtException', fail);

async function main(): Promise<void> {
  // Not before: what is wrong already with reading the program itself (no file may be opened) is said in one line, too.
  const { runCli } = await import('./cli/program.ts');
  const { newSigningKey, systemChance, systemClock, uniqueHolder } = await import('./cli/surroundings.ts');
  const code = await runCli({
    argv: process.argv.slice(2),
    env: process.env,
    stdout,
    stderr,
    onStopRequest(listener) {
      const onSignal = (signal: string): void => {
        setTimeout(() => process.exit(130), LAST_CALL_MS).unref();
        listener(signal);
      };
      for (const signal of SIGNALS) process.on(signal, onSignal);
      return () => {
        for (const signal of SIGNALS) process.off(signal, onSignal);
      };
    },
    onReloadRequest(listener) {
      process.on('SIGHUP', listener);
      return () => {
        process.off('SIGHUP', listener);
      };
    },
    clock: systemClock,
    chance: systemChance,
    newSigningKey,
    holder: uniqueHolder(process.pid),
  });
  process.exitCode = code;
  // All of stdout is written by now. Lines that nobody reads would hold the process for ever.
  if (stderr instanceof LogScreen && !(await stderr.finish(LAST_LINES_MS))) process.exit(code);
}

main().catch(fail);
