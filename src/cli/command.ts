import type { Settings } from '../config/settings.ts';
import type { CommandLine } from '../core/command-line.ts';
import type { Output } from './output.ts';
import type { Surroundings } from './surroundings.ts';
import type { ExitCode } from './exit-codes.ts';

/** Flags that every command takes. */
export interface CommonFlags {
  readonly json?: boolean;
  readonly stateDir?: string;
}

/** What a command gets: the world outside, where to print, and the common flags. */
export interface CommandWorld {
  readonly surroundings: Surroundings;
  readonly output: Output;
  readonly flags: CommonFlags;
  /** What flags and environment say, read when first asked for, and then kept: a key may come through a pipe. Throws `usage`. */
  readonly settings: () => Settings;
  /** How hints name a command: with what the user gave. */
  readonly commandLine: CommandLine;
}

export type Command<Input> = (world: CommandWorld, input: Input) => Promise<ExitCode>;
