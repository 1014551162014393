/** What is decided of one conversation. */
export type Verdict = 'delete' | 'keep' | 'held' | 'unknown';
