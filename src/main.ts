#!/usr/bin/env node
import { runCli } from './cli/program.ts';
import { systemChance, systemClock, uniqueHolder } from './cli/surroundings.ts';

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
  clock: systemClock,
  chance: systemChance,
  holder: uniqueHolder(process.pid),
});
