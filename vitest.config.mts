import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const source = (file: string): string => fileURLToPath(new URL(`src/${file}`, import.meta.url));

// The examples import the package by its name: here that is the source.
const alias = [
  { find: /^simdnn$/, replacement: source('index.ts') },
  { find: /^simdnn\/kernels$/, replacement: source('kernels.ts') },
  { find: /^simdnn\/tfjs$/, replacement: source('tfjs.ts') },
];

// Ranks that wait for one another keep their processors busy. Beside other tests they would wait a hundred times as long, so they run behind them, one file at a time.
// test/package installs the tarball and test/site looks at the built pages: each has a run of its own.
const library = ['test/*.test.ts', 'test/!(distributed|package|site)/**/*.test.ts'];
const ranks = ['test/distributed/**/*.test.ts'];

// forks: each test file in a process of its own, as users run the library; as many at a time as there are processors.
export default defineConfig({
  resolve: { alias },
  test: {
    // Without `exclude`, which would have vitest forget --exclude.
    projects: [
      { extends: true, test: { name: 'library', include: library, sequence: { groupOrder: 0 } } },
      { extends: true, test: { name: 'ranks', include: ranks, maxWorkers: 1, sequence: { groupOrder: 1 } } },
    ],
    globalSetup: 'test/temporary-setup.ts',
    pool: 'forks',
    maxWorkers: '100%',
    testTimeout: 600_000, // for what hangs: how long a test takes on a busy machine is no fault
    hookTimeout: 600_000,
    coverage: {
      provider: 'v8',
      include: ['src/**'],
      exclude: ['src/kernels.generated.ts'],
      reporter: ['text'],
      reportsDirectory: 'build/coverage/src',
    },
  },
});
