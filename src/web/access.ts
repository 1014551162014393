import { timingSafeEqual } from 'node:crypto';
import { digestOf, type AccessToken, type Role } from '../core/access-token.ts';
import type { Chance, Clock } from '../core/ports/surroundings.ts';

/** Somebody who may look. */
export interface Visitor {
  readonly role: Role;
  readonly holder: string | undefined;
  /** To be sent back with whatever changes something; undefined: by a header that no browser adds by itself. */
  readonly csrf: string | undefined;
}

const SESSION_MS = 12 * 60 * 60_000;
/** Of one token, at once: more than people have browsers. Its oldest gives way. */
const MOST_SESSIONS = 100;
const TOKEN_LENGTH = 32;

interface Session extends Visitor {
  readonly csrf: string;
  readonly token: AccessToken;
  readonly endsAt: number;
}

/** Who is who: by a token with each request, or by a session that a token opened. Sessions end with the process. */
export class Access {
  readonly #tokens: readonly AccessToken[];
  readonly #clock: Pick<Clock, 'now'>;
  readonly #chance: Pick<Chance, 'token'>;
  readonly #sessions = new Map<string, Session>();

  constructor(
    tokens: readonly AccessToken[],
    parts: { readonly clock: Pick<Clock, 'now'>; readonly chance: Pick<Chance, 'token'> },
  ) {
    this.#tokens = tokens;
    this.#clock = parts.clock;
    this.#chance = parts.chance;
  }

  /** Without tokens it listens on loopback only: who is there may look. */
  get isOpen(): boolean {
    return this.#tokens.length === 0;
  }

  /** By an `Authorization` header, or a session's id. Undefined: nobody we know. */
  visitor(authorization: string | undefined, sessionId: string | undefined): Visitor | undefined {
    if (this.isOpen) return { role: 'viewer', holder: undefined, csrf: undefined };
    // Other schemes are between the browser and something in front of us.
    if (authorization !== undefined && /^Bearer\b/i.test(authorization)) {
      const token = this.#tokenFor(/^Bearer +(\S+)$/i.exec(authorization)?.[1]);
      return token === undefined ? undefined : { role: token.role, holder: token.holder, csrf: undefined };
    }
    const session = sessionId === undefined ? undefined : this.#sessions.get(sessionId);
    if (session === undefined || session.endsAt <= this.#clock.now()) return undefined;
    return session;
  }

  /** Opens a session; undefined where it is no token of ours. */
  open(given: string): string | undefined {
    const token = this.#tokenFor(given);
    if (token === undefined) return undefined;
    const sessionId = this.#chance.token(TOKEN_LENGTH);
    this.#makeRoom(token);
    this.#sessions.set(sessionId, {
      token,
      role: token.role,
      holder: token.holder,
      csrf: this.#chance.token(TOKEN_LENGTH),
      endsAt: this.#clock.now() + SESSION_MS,
    });
    return sessionId;
  }

  close(sessionId: string): void {
    this.#sessions.delete(sessionId);
  }

  #tokenFor(given: string | undefined): AccessToken | undefined {
    if (given === undefined) return undefined;
    const digest = digestOf(given);
    return this.#tokens.find((token) => timingSafeEqual(token.digest, digest));
  }

  #makeRoom(token: AccessToken): void {
    const now = this.#clock.now();
    for (const [id, { endsAt }] of this.#sessions) if (endsAt <= now) this.#sessions.delete(id);
    const own = [...this.#sessions].filter(([, session]) => session.token === token);
    for (const [id] of own.slice(0, Math.max(0, own.length - MOST_SESSIONS + 1))) this.#sessions.delete(id);
  }
}

/** Whether what was sent back is what the page was given. */
export function isSame(one: string, other: string): boolean {
  return timingSafeEqual(digestOf(one), digestOf(other));
}
