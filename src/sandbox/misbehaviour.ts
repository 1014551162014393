import type { ServerResponse } from 'node:http';
import { constants, deflateRawSync } from 'node:zlib';

import { disguised, type Answer } from './answers.ts';
import type { FaultEffect, RetryAfter } from './fault-rules.ts';

const ENDLESS_CHUNK = Buffer.alloc(65_536, ' ');
const BOMB_BLOCK_BYTES = 8_388_608;
const GZIP_HEADER = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3]);

/** Whether a rule puts another answer in the place of the honest one. */
export function isReplaced(effect: FaultEffect): boolean {
  return effect.status !== undefined || effect.redirectTo !== undefined || effect.body !== undefined;
}

/** The answer as the effect would have it. Without an honest one, when nothing was executed, 200 stands in. */
export function bend(
  effect: FaultEffect,
  honest: Answer | undefined,
  facts: { url: string; nowMs: number },
): Answer {
  const answer = isReplaced(effect) || honest === undefined ? replacement(effect, honest, facts.url) : honest;
  const headers: Record<string, string> = { ...answer.headers, ...effect.headers };
  if (effect.redirectTo !== undefined) headers['location'] = effect.redirectTo;
  if (effect.retryAfter !== undefined)
    headers['retry-after'] = retryAfterHeader(effect.retryAfter, facts.nowMs);
  const body = effect.truncateBody === true ? answer.body.slice(0, answer.body.length / 2) : answer.body;
  return { status: answer.status, body, headers };
}

function replacement(effect: FaultEffect, honest: Answer | undefined, url: string): Answer {
  const status = effect.status ?? (effect.redirectTo === undefined ? (honest?.status ?? 200) : 302);
  return disguised(status, effect.body ?? (effect.redirectTo === undefined ? 'api-json' : 'html'), url);
}

function retryAfterHeader(retryAfter: RetryAfter, nowMs: number): string {
  if (typeof retryAfter === 'object') return new Date(nowMs + retryAfter.dateInMs).toUTCString();
  return String(retryAfter);
}

/** Sends a body without end, until the client leaves. Memory stays flat on this side. */
export function sendEndless(response: ServerResponse, effect: FaultEffect, head: Answer): void {
  const isBomb = effect.endless === 'gzip-bomb';
  const encoding = isBomb ? { 'content-encoding': 'gzip' } : {};
  response.writeHead(head.status, { ...head.headers, ...encoding });
  if (effect.endless === 'drip') {
    drip(response, effect.dripMs ?? 1000);
    return;
  }
  if (isBomb) response.write(GZIP_HEADER);
  pump(response, isBomb ? bombBlock() : ENDLESS_CHUNK);
}

function drip(response: ServerResponse, intervalMs: number): void {
  response.write(' ');
  const timer = setInterval(() => response.write(' '), intervalMs);
  response.on('close', () => {
    clearInterval(timer);
  });
}

function pump(response: ServerResponse, chunk: Buffer): void {
  const next = (): void => {
    if (response.destroyed) return;
    // One chunk a turn, or a fast reader would keep the loop from ever serving anybody else.
    if (response.write(chunk)) setImmediate(next);
    else response.once('drain', next);
  };
  next();
}

let cachedBlock: Buffer | undefined;

/** A few kilobytes of deflate that inflate to megabytes, and can be repeated within one gzip member. */
function bombBlock(): Buffer {
  cachedBlock ??= deflateRawSync(Buffer.alloc(BOMB_BLOCK_BYTES, ' '), {
    finishFlush: constants.Z_FULL_FLUSH,
  });
  return cachedBlock;
}

/** Promises all of the body, sends half, and hangs up. */
export function sendHalf(response: ServerResponse, answer: Answer): void {
  response.writeHead(answer.status, { ...answer.headers, 'content-length': String(answer.body.length) });
  response.write(answer.body.slice(0, answer.body.length / 2), 'latin1', () => response.socket?.destroy());
}
