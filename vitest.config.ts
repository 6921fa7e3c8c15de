import { defineConfig } from 'vitest/config';

// forks: each test file in a process of its own, as users run the library.
export default defineConfig({
  test: { include: ['test/**/*.test.ts'], pool: 'forks', testTimeout: 60_000 },
});
