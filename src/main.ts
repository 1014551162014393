#!/usr/bin/env node
import { setFlagsFromString } from 'node:v8';
import { runCli } from './cli/program.ts';
import { newSigningKey, systemChance, systemClock, uniqueHolder } from './cli/surroundings.ts';

// Rows stream through, so most of what the heap grows to is garbage that nobody has collected yet. Collected once what
// is alive has doubled, a plan of a million conversations stays below 200 MB, and the young generation may grow as it likes.
setFlagsFromString('--heap-growing-percent=100');

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

// A reader that went away (`plan | head`) must not end a run in the middle of its deletions: what cannot be printed
// is lost, what was done stands in the audit log.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);

process.exitCode = await runCli({
  argv: process.argv.slice(2),
  env: process.env,
  stdout: process.stdout,
  stderr: process.stderr,
  onStopRequest(listener) {
    for (const signal of SIGNALS) process.on(signal, listener);
    return () => {
      for (const signal of SIGNALS) process.off(signal, listener);
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
