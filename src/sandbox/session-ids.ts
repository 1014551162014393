import { mix32, unmix32 } from './random.ts';

const UUID = /^([0-9a-f]{8})-[0-9a-f]{4}-4[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/;

/**
 * The session id of a conversation, a version 4 uuid to the eye. It is computed from the numeric id instead of being
 * stored, so that a million conversations need no table of strings; `idOfSession` is the way back.
 */
export function sessionIdOf(id: number, seed: number): string {
  const first = mix32(id ^ seed);
  const second = mix32(first + 1);
  const third = hex8(mix32(first + 2));
  const head = hex8(second);
  return `${hex8(first)}-${head.slice(0, 4)}-4${head.slice(4, 7)}-8${third.slice(0, 3)}-${third.slice(3)}${hex8(mix32(first + 3)).slice(1)}`;
}

/** The numeric id a computed session id stands for, or undefined when it was not made by `sessionIdOf`. */
export function idOfSession(sessionId: string, seed: number): number | undefined {
  const first = UUID.exec(sessionId)?.[1];
  if (first === undefined) return undefined;
  const id = (unmix32(Number.parseInt(first, 16)) ^ seed) >>> 0;
  return sessionIdOf(id, seed) === sessionId ? id : undefined;
}

function hex8(value: number): string {
  return (value >>> 0).toString(16).padStart(8, '0');
}
