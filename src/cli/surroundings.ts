import { generateKeyPairSync, randomBytes } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { hostname } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import type { Chance, Clock } from '../core/ports/surroundings.ts';

/** A stream to print on, as much of it as is needed. */
export interface Screen extends NodeJS.WritableStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  /** What did not arrive there, in a sentence. */
  readonly remark?: string | undefined;
}

/** Everything outside the program, gathered where the program starts. */
export interface Surroundings {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdout: Screen;
  readonly stderr: Screen;
  /** Calls back for each SIGINT or SIGTERM; returns how to stop listening. */
  readonly onStopRequest: (listener: (signal: string) => void) => () => void;
  /** Calls back for each SIGHUP; returns how to stop listening, after which it ends the process again. */
  readonly onReloadRequest: (listener: () => void) => () => void;
  readonly clock: Clock;
  readonly chance: Chance;
  /** A private Ed25519 key that nobody had before. */
  readonly newSigningKey: () => KeyObject;
  /** Unique to this process. */
  readonly holder: string;
}

/** `setTimeout` fires at once beyond this many milliseconds (24.8 days). */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep,
};

async function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  for (let leftMs = ms; leftMs > 0; leftMs -= LONGEST_TIMER_MS) {
    // Rejects only for the signal, with an error of its own instead of the signal's reason.
    await delay(Math.min(leftMs, LONGEST_TIMER_MS), undefined, { signal }).catch(() => undefined);
    signal?.throwIfAborted();
  }
  signal?.throwIfAborted();
}

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz0123456789';

export const systemChance: Chance = {
  fraction: () => randomBytes(6).readUIntBE(0, 6) / 2 ** 48,
  token(length) {
    let text = '';
    while (text.length < length) {
      // 252 is the largest multiple of 36 in a byte: what lies above would favour the first letters.
      for (const byte of randomBytes(length)) if (byte < 252) text += ALPHABET[byte % 36] ?? '';
    }
    return text.slice(0, length);
  },
};

export function newSigningKey(): KeyObject {
  return generateKeyPairSync('ed25519').privateKey;
}

/** `host:pid:random`, so that two containers with the same host name and pid are still two. */
export function uniqueHolder(pid: number): string {
  return `${hostname()}:${pid}:${systemChance.token(6)}`;
}
