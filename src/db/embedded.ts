import { access, chmod, constants, mkdir, realpath, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { type Cluster, connect, ensureRunning, initCluster, NAME, stopCluster } from './embedded/cluster.ts';
import { assertReachable, clusterUser } from './embedded/os-user.ts';
import { attach } from './embedded/processes.ts';
import { findPrograms } from './embedded/programs.ts';
import { isCode, loadOrCreateSecret } from './secret-file.ts';

/** The Postgres that Baton brings with it, running. */
export interface EmbeddedPostgres {
  /** Connection URL of the database, password included. */
  readonly url: string;
  /** Absolute path of the directory that holds everything worth keeping. */
  readonly dataDir: string;
  /** Stops Postgres, unless another living process uses the same data directory: the last one stops it. Safe to call twice. */
  stop(): Promise<void>;
}

/**
 * Runs the embedded Postgres in `dataDir`, made on first use, on a free port of 127.0.0.1. It lives in a session of its own: signals
 * from the terminal reach us alone, and it goes on when this process dies; the next start takes it over. `flags` are Postgres settings
 * over our own and count when Postgres is not running yet. Throws an Error in words when the machine does not allow it.
 */
export async function startEmbedded(options: {
  readonly dataDir: string;
  readonly flags?: Readonly<Record<string, string>>;
}): Promise<EmbeddedPostgres> {
  const dataDir = await makeDataDir(resolve(options.dataDir));
  // Noted before looking at Postgres, so that a process about to stop it sees us and leaves it.
  const attachment = await attach(join(dataDir, 'attached'));
  let cluster: Cluster | undefined;
  const stop = async () => {
    if ((await attachment.release()) && cluster) await stopCluster(cluster);
  };
  try {
    cluster = await openCluster(dataDir, options.flags ?? {});
    await initCluster(cluster);
    const port = await ensureRunning(cluster);
    await ensureDatabase(cluster, port);
    let stopping: Promise<void> | undefined;
    return {
      url: `postgres://${NAME}:${cluster.password}@127.0.0.1:${port}/${NAME}`,
      dataDir,
      stop: () => (stopping ??= stop()),
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function makeDataDir(path: string): Promise<string> {
  await mkdir(dirname(path), { recursive: true });
  const made = await mkdir(path, { recursive: true, mode: 0o700 });
  if (made !== undefined) {
    // As root, Postgres passes through as another user; every secret in here has a mode of its own.
    if (process.getuid?.() === 0) await chmod(path, 0o711);
    await writeFile(join(path, '.gitignore'), '*\n');
  }
  try {
    await access(path, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    throw new Error(
      `The data directory ${path} is closed to this user. Run Baton as the user it belongs to, or choose another DATA_DIR.`,
      {
        cause: error,
      },
    );
  }
  return realpath(path);
}

async function openCluster(dataDir: string, flags: Readonly<Record<string, string>>): Promise<Cluster> {
  const pgdata = join(dataDir, 'pg');
  const programs = await findPrograms();
  const user = await clusterUser(pgdata);
  await assertReachable([dataDir, await realpath(dirname(programs.initdb))], user);
  const password = await loadOrCreateSecret(dataDir, 'postgres-password');
  return { pgdata, passwordFile: join(dataDir, 'postgres-password'), password, programs, user, flags };
}

async function ensureDatabase(cluster: Cluster, port: number): Promise<void> {
  const client = await connect(cluster, port, 'postgres');
  try {
    const { rowCount } = await client.query('select from pg_database where datname = $1', [NAME]);
    if (rowCount === 0) await client.query(`create database ${NAME}`);
  } catch (error) {
    // Another process that started with us made it between the two statements.
    if (!isCode(error, '42P04') && !isCode(error, '23505')) throw error;
  } finally {
    await client.end();
  }
}
