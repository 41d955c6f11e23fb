import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

/**
 * Writes generated/: the Prisma client and the types Pothos builds on. Works offline: the CLI would download its schema engine before
 * it looks whether it needs it, and takes any existing executable for one; `generate` never runs it.
 */
const cli = createRequire(import.meta.url).resolve('prisma/build/index.js');
const { status, stdout, stderr, error } = spawnSync(
  process.execPath,
  [cli, 'generate', '--config', join(ROOT, 'prisma.config.ts'), '--no-hints'],
  {
    cwd: ROOT,
    encoding: 'utf8',
    env: {
      ...process.env,
      // Generators are started by name through the shell: ours are in node_modules/.bin, whoever runs this file.
      PATH: [join(ROOT, 'node_modules', '.bin'), dirname(process.execPath), process.env['PATH'] ?? ''].join(delimiter),
      PRISMA_SCHEMA_ENGINE_BINARY: process.execPath,
      PRISMA_HIDE_UPDATE_MESSAGE: '1',
      CHECKPOINT_DISABLE: '1',
      NO_COLOR: '1',
    },
  },
);

if (status !== 0) {
  console.error(`prisma generate failed (${error?.message ?? `exit code ${status}`}):\n${stdout}${stderr}`);
  process.exitCode = 1;
}
