import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    // Scenes with a stand-in of the API that shares nothing with ours take real time: npm run outside.
    exclude: ['**/node_modules/**', ...(process.env['OUTSIDE'] === undefined ? ['test/outside/**'] : [])],
    maxWorkers: 2,
    // What test files import is read once for each worker, not once for each file.
    isolate: false,
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
