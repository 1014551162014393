import { defineConfig } from 'vitest/config';
import { GROUPS } from './test/mutation/groups.ts';

/** The tests that are asked whether they notice a mutant. `scripts/mutation.ts` says of which group. */
export default defineConfig({
  test: {
    include: [...(GROUPS[process.env['MUTATION_GROUP'] ?? '']?.tests ?? [])],
    setupFiles: ['test/mutation/same-chance.ts'],
    testTimeout: 20_000,
  },
});
