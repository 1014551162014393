/** The command that a hint names, as the reader may type it: `words` are the verb and what is its own. */
export type CommandLine = (words: string) => string;

/** For whoever gave no flags, or of whom none are known. */
export const plainCommandLine: CommandLine = (words) => `customgpt-retention ${words}`;
