import { defineConfig } from 'vitest/config';

// One file after the other: builds from source have the processors to themselves.
export default defineConfig({
  test: {
    include: ['test/package/*.test.ts'],
    globalSetup: 'test/temporary-setup.ts',
    pool: 'forks',
    fileParallelism: false,
    testTimeout: 900_000,
    hookTimeout: 900_000,
  },
});
