import { expect, test as plainTest } from 'vitest';
import { openTerminal, type Ended, type Terminal } from './command.ts';

/** A test with a terminal of its own, which ends with the assertions that hold for every run. */
export const terminalTest = plainTest.extend<{ terminal: Terminal }>({
  terminal: async ({}, use) => {
    const terminal = await openTerminal();
    try {
      await use(terminal);
      await terminal.assertSound();
    } finally {
      await terminal.close();
    }
  },
});

/** One line that says what is wrong, then what to do about it; never a stack. */
export function expectPlainWords({ stderr }: Ended, words: string | RegExp): void {
  const problem = stderr.slice(Math.max(0, stderr.indexOf('error: ')));
  expect(problem).toMatch(/^error: /);
  expect(problem).toMatch(words);
  expect(problem).not.toMatch(/^\s+at .*:\d+:\d+\)?$/m);
}
