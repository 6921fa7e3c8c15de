import { defineConfig } from 'vitest/config';

// One file after the other: installs are timed.
export default defineConfig({
  test: { include: ['test/package/*.test.ts'], pool: 'forks', fileParallelism: false, testTimeout: 300_000, hookTimeout: 300_000 },
});
