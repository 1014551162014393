import type { Policy } from '../policy.ts';

/** Where a run learns what the other policies of the folder keep. */
export interface KeepSource {
  /** All of them but this one, as their files say now. Rejects with RetentionError `usage` while one is wrong: then nothing runs. */
  othersThan(policy: string): Promise<readonly Policy[]>;
}
