import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

// The examples import the package by its name: here that is the source.
const alias = [
  { find: /^simdnn$/, replacement: join(__dirname, 'src/index.ts') },
  { find: /^simdnn\/kernels$/, replacement: join(__dirname, 'src/kernels.ts') },
];

// forks: each test file in a process of its own, as users run the library.
export default defineConfig({
  resolve: { alias },
  test: { include: ['test/**/*.test.ts'], pool: 'forks', testTimeout: 60_000 },
});
