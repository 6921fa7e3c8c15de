import { defineConfig } from 'vitest/config';

// After `npm run docs`: `npm run test:docs` does both.
export default defineConfig({ test: { include: ['test/site/*.test.ts'], pool: 'forks', testTimeout: 120_000, hookTimeout: 120_000 } });
