import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/** Random sequences that test/run-model.test.ts plays; the variable asks for more. */
const sequences = (usual: number) => ({ MODEL_SEQUENCES: process.env['MODEL_SEQUENCES'] ?? String(usual) });

export default defineConfig({
  resolve: {
    // Node resolves `graphql` to its CommonJS build for everybody; Vite would give our files the other one, and two copies know nothing of
    // each other's types and errors.
    alias: [{ find: /^graphql$/, replacement: fileURLToPath(import.meta.resolve('graphql')) }],
  },
  test: {
    globalSetup: ['test/support/global-setup.ts'],
    pool: 'forks',
    // One more than the two cores that tests are made for: much of a test is waiting for Postgres.
    maxWorkers: 3,
    testTimeout: 20_000,
    hookTimeout: 30_000,
    // A test that leaves something rejecting behind it has failed, whatever it asserted.
    dangerouslyIgnoreUnhandledErrors: false,
    projects: [
      // What `npm test` runs.
      { extends: true, test: { name: 'main', include: ['test/*.test.ts'], env: sequences(250) } },
      // Whole processes, started, packed and killed, and proofs whose short form is enough for every day.
      {
        extends: true,
        test: {
          name: 'processes',
          include: ['test/processes/**/*.test.ts', 'test/run-model.test.ts'],
          env: sequences(1_000),
        },
      },
      // A real browser; skipped by name where there is none.
      {
        extends: true,
        test: {
          name: 'browser',
          include: ['test/browser/**/*.test.ts'],
          maxWorkers: 2,
          testTimeout: 60_000,
          hookTimeout: 60_000,
          // What a page shows comes when it comes, on a machine that does other things, too.
          expect: { poll: { timeout: 10_000 } },
        },
      },
    ],
  },
});
