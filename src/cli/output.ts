import { once } from 'node:events';
import { RetentionError } from '../core/errors.ts';
import { withGiven, type Given } from './command-line.ts';
import type { Screen, Surroundings } from './surroundings.ts';

/** Where a command prints: people read lines on stdout, scripts one JSON document; problems go to stderr. */
export class Output {
  readonly json: boolean;
  readonly #stdout: Screen;
  readonly #stderr: Screen;
  readonly #given: Given;

  constructor(
    surroundings: Pick<Surroundings, 'stdout' | 'stderr'>,
    options: { readonly json?: boolean | undefined } & Given,
  ) {
    this.json = options.json === true;
    this.#stdout = surroundings.stdout;
    this.#stderr = surroundings.stderr;
    this.#given = options;
  }

  /** Lines for people; nothing in JSON mode. */
  async lines(...lines: readonly string[]): Promise<void> {
    if (!this.json && lines.length > 0) await this.raw(`${lines.join('\n')}\n`);
  }

  /** The one JSON document; nothing in people's mode. */
  async document(value: unknown): Promise<void> {
    if (this.json) await this.raw(`${JSON.stringify(value)}\n`);
  }

  /** Straight to stdout, waiting for a slow reader so that a long answer needs no memory. */
  async raw(text: string): Promise<void> {
    if (!this.#stdout.write(text) && 'destroyed' in this.#stdout && this.#stdout.destroyed !== true) {
      // A reader that went away is no reason to stop: what cannot be printed is lost, what was done is recorded.
      await Promise.race([once(this.#stdout, 'drain'), once(this.#stdout, 'close')]).catch(() => undefined);
    }
  }

  /** One or two lines on stderr: what happened, and what to do next. Never a stack trace. */
  problem(error: unknown): void {
    for (const line of problemLines(error, this.#given)) this.#stderr.write(`${line}\n`);
  }

  note(line: string): void {
    this.#stderr.write(`${line}\n`);
  }
}

function problemLines(error: unknown, given: Given): readonly string[] {
  if (!(error instanceof Error)) return [`error: ${String(error)}`];
  const hint = error instanceof RetentionError ? error.hint : undefined;
  return [`error: ${error.message}`, ...(hint === undefined ? [] : [`  ${withGiven(given, hint)}`])];
}
