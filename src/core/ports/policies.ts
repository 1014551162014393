import type { Policy } from '../policy.ts';

/** The policies that plans and runs went by, as their files were then. Nothing of it is ever removed. */
export interface PolicyStore {
  keepPolicy(policy: Pick<Policy, 'hash' | 'source'>): Promise<void>;
  /** The bytes of the file with this SHA-256 (hex); undefined where none is kept. Rejects where they are others by now. */
  policySource(hash: string): Promise<Uint8Array | undefined>;
}

/** Where a run learns what the other policies of the folder keep. */
export interface KeepSource {
  /** All of them but this one, as their files say now. Rejects with RetentionError `usage` while one is wrong: then nothing runs. */
  othersThan(policy: string): Promise<readonly Policy[]>;
}
