import { fdatasyncSync, fstatSync, writeSync } from 'node:fs';
import { Socket } from 'node:net';
import { Writable } from 'node:stream';
import type { Screen } from './surroundings.ts';

/** What may wait for a reader of log lines, beside what the pipe itself holds. */
const MOST_WAITING_BYTES = 256 * 1024;

/**
 * A file or device as a stream. Node's own writes each chunk by one call and takes what that call left out for written:
 * on a disk that fills up, the end of a document would be missing, and nobody told.
 */
class FileScreen extends Writable {
  readonly #fd: number;

  constructor(fd: number) {
    super({ decodeStrings: true, autoDestroy: false });
    this.#fd = fd;
  }

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    try {
      for (let at = 0; at < chunk.length;) at += writeSync(this.#fd, chunk, at);
      done();
    } catch (error) {
      done(error as Error);
    }
  }

  /** What a network disk or a quota refuses only now. @throws as the file system does */
  sync(): void {
    if (fstatSync(this.#fd).isFile()) fdatasyncSync(this.#fd);
  }
}

/** Standard output or error: Node's stream for a terminal, a pipe or a socket, else one that writes in full or says so. */
export function screenOf(fd: number, stream: Writable): Writable {
  // Without a listener the error of a stream ends the process. Whoever writes is told of it by the callback.
  const screen = stream instanceof Socket ? stream : new FileScreen(fd);
  screen.on('error', () => undefined);
  return screen;
}

/** @throws as the file system does */
export function syncScreen(screen: Screen): void {
  if (screen instanceof FileScreen) screen.sync();
}

/**
 * Log lines on their way to a reader who may have stopped reading: so many wait, and what comes beyond is dropped and
 * counted. Neither the work nor the end of the program waits for them; what they say is in the state as well.
 */
export class LogScreen extends Writable {
  readonly #target: Writable;
  #droppedLines = 0;
  #failure: Error | undefined;

  constructor(target: Writable) {
    super({ decodeStrings: true });
    this.#target = target;
  }

  /** What is to be said of lines that were dropped; undefined where there are none. */
  get remark(): string | undefined {
    if (this.#droppedLines === 0) return undefined;
    const lines = this.#droppedLines === 1 ? '1 log line was' : `${this.#droppedLines} log lines were`;
    const why =
      this.#failure === undefined
        ? 'standard error was not read in time'
        : `standard error: ${this.#failure.message}`;
    return `${lines} dropped (${why}); the audit log has every entry`;
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    if (this.#target.writableLength + chunk.length > MOST_WAITING_BYTES) {
      this.#droppedLines += linesIn(chunk);
    } else {
      this.#target.write(chunk, (error) => {
        if (error === undefined || error === null) return;
        this.#failure = error;
        this.#droppedLines += linesIn(chunk);
      });
    }
    done();
  }

  /** Gives what waits so much time, and then says what was dropped. False when somebody still does not read. */
  async finish(ms: number): Promise<boolean> {
    const isThrough = (): Promise<boolean> =>
      new Promise((resolve) => {
        const timer = setTimeout(() => {
          resolve(false);
        }, ms);
        this.#target.write('', () => {
          clearTimeout(timer);
          resolve(true);
        });
      });
    if (!(await isThrough())) return false;
    const { remark } = this;
    if (remark === undefined) return true;
    this.#target.write(`warning: ${remark}\n`);
    return isThrough();
  }
}

function linesIn(chunk: Buffer): number {
  return chunk.toString().split('\n').length - 1;
}
