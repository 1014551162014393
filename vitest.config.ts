import { BaseSequencer, type TestSpecification } from 'vitest/node';
import { defineConfig } from 'vitest/config';

/** Half a minute each, or more. Started last, as their few lines would have it, one of them would run alone at the end. */
const LONG = [
  'test/simulate/simulate.test.ts',
  'test/e2e/stopping.test.ts',
  'test/e2e/server.test.ts',
  'test/faults/disk.test.ts',
];

class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isLong = ({ moduleId }: TestSpecification): boolean => LONG.some((file) => moduleId.endsWith(file));
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))];
  }
}

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    // Scenes with a stand-in of the API that shares nothing with ours take real time: npm run outside.
    // Pages are looked at in a real browser, which not everybody has: npm run browser.
    exclude: [
      '**/node_modules/**',
      ...(process.env['OUTSIDE'] === undefined ? ['test/outside/**'] : []),
      ...(process.env['BROWSER'] === undefined ? ['test/browser/**'] : []),
    ],
    maxWorkers: 3,
    // What test files import is read once for each worker, not once for each file.
    isolate: false,
    sequence: { sequencer: LongFirst },
    testTimeout: 120_000,
    hookTimeout: 120_000,
    coverage: {
      reporter: ['text-summary'],
      provider: 'v8',
      include: ['src/**/*.ts'],
      exclude: ['src/**/*.test.ts'],
      thresholds: { 'src/core/**': { lines: 100, functions: 100, branches: 100, statements: 100 } },
    },
  },
});
