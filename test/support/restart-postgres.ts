import { join } from 'node:path';
import { clusterUser } from '../../src/db/embedded/os-user.ts';
import { findPrograms, runProgram } from '../../src/db/embedded/programs.ts';

/** Crashes the embedded Postgres of a data directory and starts it again, on the same port: what a power cut does, but for the disk. */
export function restartPostgres(dataDir: string): Promise<void> {
  return control(dataDir, ['restart', '-m', 'immediate', '-l', logOf(dataDir)]);
}

/** Crashes it and leaves it down. */
export function crashPostgres(dataDir: string): Promise<void> {
  return control(dataDir, ['stop', '-m', 'immediate']);
}

/** Starts it again on the port it had. */
export function startPostgres(dataDir: string): Promise<void> {
  return control(dataDir, ['start', '-l', logOf(dataDir)]);
}

const logOf = (dataDir: string): string => join(dataDir, 'pg', 'server.log');

async function control(dataDir: string, args: readonly string[]): Promise<void> {
  const pgdata = join(dataDir, 'pg');
  const { pgCtl } = await findPrograms();
  const { ok, output } = await runProgram(pgCtl, [...args, '-s', '-w', '-D', pgdata], await clusterUser(pgdata));
  if (!ok) throw new Error(`pg_ctl ${args[0]} failed:\n${output}`);
}
