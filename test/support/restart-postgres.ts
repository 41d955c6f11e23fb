import { join } from 'node:path';
import { clusterUser } from '../../src/db/embedded/os-user.ts';
import { findPrograms, runProgram } from '../../src/db/embedded/programs.ts';

/** Crashes the embedded Postgres of a data directory and starts it again, on the same port: what a power cut does, but for the disk. */
export async function restartPostgres(dataDir: string): Promise<void> {
  const pgdata = join(dataDir, 'pg');
  const { pgCtl } = await findPrograms();
  const log = join(pgdata, 'server.log');
  const { ok, output } = await runProgram(
    pgCtl,
    ['restart', '-s', '-w', '-m', 'immediate', '-D', pgdata, '-l', log],
    await clusterUser(pgdata),
  );
  if (!ok) throw new Error(`Postgres did not come back:\n${output}`);
}
