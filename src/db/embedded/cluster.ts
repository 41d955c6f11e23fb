import { randomUUID } from 'node:crypto';
import { appendFile, chown, mkdir, open, readFile, readlink, rename, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { isCode } from '../secret-file.ts';
import { isAlive } from './processes.ts';
import { type OsUser, type Programs, runProgram } from './programs.ts';
import { SETTINGS_FILE, settingsText } from './settings.ts';

/** The superuser of every cluster of ours, and the name of the database in it. */
export const NAME = 'baton';

/** Crash recovery of a large cluster takes minutes, and it is better waited for than given up. */
const START_TIMEOUT_SECS = 300;
const STOP_TIMEOUT_SECS = 30;
const LOOK_AGAIN_MS = 100;
const MAX_LOG_BYTES = 8 * 1024 * 1024;
/** Below 32768, where outgoing connections take their ports from: one of those took a server's port once in some forty starts. */
const PORTS = { first: 20_000, last: 32_767 } as const;

/** A Postgres data directory and what it takes to run it. */
export interface Cluster {
  readonly pgdata: string;
  /** Holds the superuser's password; readable by the cluster's user. */
  readonly passwordFile: string;
  readonly password: string;
  readonly programs: Programs;
  readonly user: OsUser | null;
  /** Settings beside and over our own. */
  readonly flags: Readonly<Record<string, string>>;
}

/**
 * Makes the data directory unless it exists. It is made beside its place and renamed into it, so that a half-made one is never taken
 * for a cluster, and of two processes that start at once the later one drops its own.
 */
export async function initCluster(cluster: Cluster): Promise<void> {
  if (await exists(join(cluster.pgdata, 'PG_VERSION'))) return;
  const draft = `${cluster.pgdata}.${randomUUID()}`;
  try {
    await mkdir(draft, { mode: 0o700 });
    if (cluster.user) {
      await chown(draft, cluster.user.uid, cluster.user.gid);
      await chown(cluster.passwordFile, cluster.user.uid, cluster.user.gid);
    }
    const { ok, output } = await runProgram(
      cluster.programs.initdb,
      [
        `--pgdata=${draft}`,
        `--username=${NAME}`,
        `--pwfile=${cluster.passwordFile}`,
        '--auth=scram-sha-256',
        '--encoding=UTF8',
        '--locale=C',
        // Postgres's own C.UTF-8: the same order on every machine, with no locale of the system needed.
        '--locale-provider=builtin',
        '--builtin-locale=C.UTF-8',
        // Synced unless nothing is: the catalog must survive a power cut in the minute after the first start too (0.6 s, once).
        ...(cluster.flags['fsync'] === 'off' ? ['--no-sync'] : []),
        '--no-instructions',
      ],
      cluster.user,
    );
    if (!ok) throw new Error(`The Postgres cluster in ${cluster.pgdata} could not be made:\n${output}`);
    await appendFile(join(draft, 'postgresql.conf'), `\ninclude_if_exists = '${SETTINGS_FILE}'\n`);
    await rename(draft, cluster.pgdata);
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    if (!isCode(error, 'ENOTEMPTY') && !isCode(error, 'EEXIST')) throw error;
  }
}

/**
 * Sees that the cluster runs and returns its port: a postmaster that a crashed process left behind is used as it is, one that is just
 * starting or stopping is waited for, a stale `postmaster.pid` is no obstacle.
 */
export async function ensureRunning(cluster: Cluster): Promise<number> {
  const deadline = Date.now() + START_TIMEOUT_SECS * 1_000;
  let obstacle: unknown;
  while (Date.now() < deadline) {
    const postmaster = await readPostmaster(cluster);
    if (postmaster && (await answers(cluster, postmaster.port))) return postmaster.port;
    if (!postmaster) {
      try {
        await start(cluster);
        continue;
      } catch (error) {
        if (!(error instanceof StartRefused) || !error.passes) throw error;
        obstacle = error;
      }
    }
    await delay(LOOK_AGAIN_MS);
  }
  throw new Error(`Postgres in ${cluster.pgdata} did not answer within ${START_TIMEOUT_SECS} s.`, { cause: obstacle });
}

/** Stops the cluster's postmaster, if it runs, and waits for its end. Sessions are ended; what is committed stays. */
export async function stopCluster(cluster: Cluster): Promise<void> {
  const stop = (mode: string) =>
    runProgram(
      cluster.programs.pgCtl,
      ['stop', '-s', '-w', '-t', String(STOP_TIMEOUT_SECS), '-m', mode, '-D', cluster.pgdata],
      cluster.user,
    );
  const fast = await stop('fast');
  if (fast.ok || !(await readPostmaster(cluster))) return;
  const immediate = await stop('immediate');
  if (immediate.ok || !(await readPostmaster(cluster))) return;
  throw new Error(`Postgres in ${cluster.pgdata} did not stop:\n${immediate.output}`);
}

/** Opens a session as the superuser; the caller ends it. */
export async function connect(cluster: Cluster, port: number, database: string): Promise<pg.Client> {
  const client = new pg.Client({
    host: '127.0.0.1',
    port,
    user: NAME,
    password: cluster.password,
    database,
    connectionTimeoutMillis: 5_000,
  });
  client.on('error', () => {});
  await client.connect();
  return client;
}

interface Postmaster {
  readonly pid: number;
  readonly port: number;
}

/** What `postmaster.pid` says, or null when there is none or the process it names is not this cluster's postmaster. */
async function readPostmaster(cluster: Cluster): Promise<Postmaster | null> {
  const path = join(cluster.pgdata, 'postmaster.pid');
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if (isCode(error, 'ENOENT')) return null;
    throw error;
  });
  if (text === null) return null;
  // Line 1 is the pid, line 4 the port, which is written a moment later.
  const lines = text.split('\n');
  const pid = Number(lines[0]);
  if (!(await isAlive(pid))) return null;
  const home = process.platform === 'linux' ? await readlink(`/proc/${pid}/cwd`).catch(() => null) : null;
  if (home !== null && home !== cluster.pgdata) {
    // The pid was given out again after a crash. Postgres sees only that it is alive and would refuse to start.
    await rm(path, { force: true });
    return null;
  }
  return { pid, port: Number(lines[3] ?? 0) };
}

async function answers(cluster: Cluster, port: number): Promise<boolean> {
  if (!port) return false;
  try {
    const client = await connect(cluster, port, 'postgres');
    await client.end();
    return true;
  } catch (error) {
    if (isCode(error, '28P01')) {
      throw new Error(
        `The Postgres in ${cluster.pgdata} does not accept the password in ${cluster.passwordFile}. Restore that file.`,
        {
          cause: error,
        },
      );
    }
    // Starting, recovering or shutting down: looked at again.
    return false;
  }
}

/** A start that Postgres refused; `passes` when another port or another moment can cure it. */
class StartRefused extends Error {
  readonly passes: boolean;

  constructor(pgdata: string, log: string) {
    super(`Postgres in ${pgdata} could not be started:\n${log}`);
    this.passes = /lock file "postmaster\.pid"|pre-existing shared memory block|could not bind|Address already in use/.test(log);
  }
}

async function start(cluster: Cluster): Promise<void> {
  const settings = join(cluster.pgdata, SETTINGS_FILE);
  await writeFile(settings, settingsText(await freePort(), cluster.flags), { mode: 0o600 });
  if (cluster.user) await chown(settings, cluster.user.uid, cluster.user.gid);
  const log = join(cluster.pgdata, 'server.log');
  const before = await sizeOf(log);
  if (before > MAX_LOG_BYTES) await rename(log, `${log}.old`);
  const args = ['start', '-s', '-w', '-t', String(START_TIMEOUT_SECS), '-D', cluster.pgdata, '-l', log];
  const { ok, output } = await runProgram(cluster.programs.pgCtl, args, cluster.user);
  if (!ok) throw new StartRefused(cluster.pgdata, (await tail(log, before)) || output);
}

async function freePort(): Promise<number> {
  for (;;) {
    const port = PORTS.first + Math.floor(Math.random() * (PORTS.last - PORTS.first + 1));
    const free = await new Promise<boolean>((resolve) => {
      const server = createServer();
      server.once('error', () => resolve(false));
      server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
    });
    if (free) return port;
  }
}

async function exists(path: string): Promise<boolean> {
  return (await sizeOf(path)) > 0;
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (isCode(error, 'ENOENT')) return 0;
    throw error;
  }
}

/** What a log has gained since it was `from` bytes long, at most its last 2 KB. */
async function tail(path: string, from: number): Promise<string> {
  const size = await sizeOf(path);
  const start = Math.max(size < from ? 0 : from, size - 2_048);
  if (size === start) return '';
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(size - start), 0, size - start, start);
    return buffer.toString('utf8', 0, bytesRead).trim();
  } finally {
    await file.close();
  }
}
