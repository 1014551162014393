import { createHash } from 'node:crypto';

/** What somebody may do on the status page. `approver`: also stop a run. */
export type Role = 'viewer' | 'approver';

/** A token that opens the page; the token itself is not kept. */
export interface AccessToken {
  readonly role: Role;
  /** Whose it is, for the audit log; undefined: nobody said. */
  readonly holder: string | undefined;
  /** SHA-256 of the token. */
  readonly digest: Buffer;
}

/** Tokens are compared by their digests: equal lengths, and nothing of them to leak. */
export function digestOf(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
