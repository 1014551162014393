import { codeOf } from '../core/error-code.ts';
import { ApiError, RetentionError } from '../core/errors.ts';
import { columnsFor, fitted } from '../report/text-table.ts';
import { syncScreen } from './screens.ts';
import { withGiven, type Given } from './command-line.ts';
import type { Screen, Surroundings } from './surroundings.ts';
import { version } from './version.ts';

/** Something that was printed or exported is not there in full. What the command did is recorded all the same. */
export class OutputError extends Error {
  readonly hint: string;

  /** `what` is incomplete; `cause` is what the file system said. */
  constructor(
    what: string,
    options: {
      readonly cause: unknown;
      readonly state?: 'is incomplete' | 'was not written';
      readonly hint: string;
    },
  ) {
    super(`${what} ${options.state ?? 'is incomplete'}: ${inWords(options.cause)}`, { cause: options.cause });
    this.name = 'OutputError';
    this.hint = options.hint;
  }
}

/** Where a command prints: people read lines on stdout, scripts one JSON document; problems go to stderr. */
export class Output {
  readonly json: boolean;
  readonly #stdout: Screen;
  readonly #stderr: Screen;
  readonly #given: Given;
  readonly #withStack: boolean;
  #writing: Promise<void> = Promise.resolve();
  /** The first thing that went wrong: nothing is printed after it. */
  #failure: Error | undefined;

  constructor(
    surroundings: Pick<Surroundings, 'stdout' | 'stderr' | 'env'>,
    options: { readonly json?: boolean | undefined } & Given,
  ) {
    this.json = options.json === true;
    this.#stdout = surroundings.stdout;
    this.#stderr = surroundings.stderr;
    this.#given = options;
    this.#withStack = ['debug', 'trace'].includes(surroundings.env['LOG_LEVEL'] ?? '');
  }

  /** Whether what is printed arrives nowhere any more. */
  get isLost(): boolean {
    return this.#failure !== undefined;
  }

  /** Lines for people, broken between words where a terminal would break them anywhere; nothing in JSON mode. */
  async lines(...lines: readonly string[]): Promise<void> {
    if (this.json || lines.length === 0) return;
    const { isTTY, columns } = this.#stdout;
    const text = lines.join('\n');
    const shown =
      isTTY === true
        ? text
            .split('\n')
            .flatMap((line) => fitted(line, columnsFor(columns)))
            .join('\n')
        : text;
    await this.raw(`${shown}\n`);
  }

  /** The one JSON document; nothing in people's mode. */
  async document(value: unknown): Promise<void> {
    if (this.json) await this.raw(`${JSON.stringify(value)}\n`);
  }

  /**
   * Straight to stdout, waiting until it is written, so that a long answer needs no memory. Never rejects: that something
   * cannot be printed is no reason to stop what is being done; `end` says it.
   */
  raw(text: string): Promise<void> {
    this.#writing = this.#writing.then(() => this.#write(text));
    return this.#writing;
  }

  async #write(text: string): Promise<void> {
    if (this.#failure !== undefined) return;
    const error = await new Promise<Error | null | undefined>((resolve) => {
      this.#stdout.write(text, resolve);
    });
    this.#failure = error ?? undefined;
  }

  /** Waits for all of it, and says what is missing. A reader that went away (`plan | head`) misses nothing. */
  async end(): Promise<OutputError | undefined> {
    await this.#writing;
    try {
      if (this.#failure === undefined) syncScreen(this.#stdout);
    } catch (error) {
      this.#failure = error as Error;
    }
    if (this.#failure === undefined || READER_GONE.has(codeOf(this.#failure) ?? '')) return undefined;
    return new OutputError('stdout', {
      cause: this.#failure,
      hint: 'Do not use what was written. What was done is recorded: customgpt-retention runs',
    });
  }

  /** One or two lines on stderr: what happened, and what to do next. A stack trace only at LOG_LEVEL=debug. */
  problem(error: unknown): void {
    const options = { withStack: this.#withStack, given: this.#given };
    for (const line of problemLines(error, options)) this.#stderr.write(`${line}\n`);
  }

  /** A line beside the answer, on stderr. */
  readonly note = (line: string): void => {
    this.#stderr.write(`${line}\n`);
  };
}

const READER_GONE: ReadonlySet<string> = new Set(['EPIPE', 'ECONNRESET', 'ERR_STREAM_DESTROYED']);

const WORDS: Readonly<Record<string, string>> = {
  ENOSPC: 'no space left on device',
  EDQUOT: 'disk quota exceeded',
  EFBIG: 'file too large',
  EIO: 'input/output error',
  EMFILE: 'too many open files',
  ENFILE: 'too many open files on this machine',
};

/** Codes that say that a disk took only a part. */
export function isOutOfRoom(error: unknown): boolean {
  return ['ENOSPC', 'EDQUOT', 'EFBIG', 'EIO'].includes(codeOf(error) ?? '');
}

function inWords(cause: unknown): string {
  const code = codeOf(cause);
  const words = code === undefined ? undefined : WORDS[code];
  if (words !== undefined && code !== undefined) return `${words} (${code})`;
  return cause instanceof Error ? firstLine(cause.message) : String(cause);
}

export function problemLines(
  error: unknown,
  { withStack, given = {} }: { readonly withStack: boolean; readonly given?: Given },
): readonly string[] {
  if (!(error instanceof Error)) return [`error: ${String(error)}`];
  const hinted = (hint: string | undefined): readonly string[] =>
    hint === undefined ? [] : [`  ${withGiven(given, hint)}`];
  if (error instanceof RetentionError || error instanceof OutputError)
    return [`error: ${error.message}`, ...hinted(error.hint)];
  if (error instanceof ApiError) return [`error: ${error.message}`];
  const stack = withStack && error.stack !== undefined ? error.stack.split('\n').slice(1) : [];
  return [`error: ${inWords(error)}`, `  ${unexpectedHint(error)}`, ...stack];
}

function unexpectedHint(error: Error): string {
  const code = codeOf(error);
  if (code === 'EMFILE' || code === 'ENFILE')
    return 'Let this process have more open files (ulimit -n 1024, LimitNOFILE= in systemd) and run again.';
  return `This should not happen: please report this line, the command, and version ${version} (LOG_LEVEL=debug shows where).`;
}

function firstLine(text: string): string {
  return text.split('\n')[0] ?? text;
}
