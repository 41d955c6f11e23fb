import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { startEmbedded } from '../src/db/embedded.ts';

/** Postgres as Baton brings it: fsync and synchronous_commit on, the same settings for every subject. */
export interface Cluster {
  /** The postmaster, parent of every other process of the cluster. */
  pid: number;
  url: string;
  /** Where it logs; each line starts with the client's application name and a bar. */
  logFile: string;
}

/** Only what idle.ts needs to count statements is set; the collector is what makes the log's place known. */
const FLAGS = { log_line_prefix: '%a|', logging_collector: 'on', log_rotation_age: '0', log_rotation_size: '0' };

/** Creates and starts a cluster in a directory of our own, to be removed by the caller; it is shut down with the stack. */
export async function startCluster(directory: string, cleanup: AsyncDisposableStack): Promise<Cluster> {
  // As root, Postgres runs as another user and must pass through.
  await chmod(directory, 0o711);
  const starting = startEmbedded({ dataDir: join(directory, 'postgres'), flags: FLAGS });
  // Registered before it has started: an interrupted start must be waited for, since nothing else knows of the cluster yet.
  cleanup.defer(() =>
    starting.then(
      (embedded) => embedded.stop(),
      () => undefined,
    ),
  );
  const embedded = await starting;
  const { pid, log_file: logFile } = await ask(embedded.url);
  quitWithUs(pid, cleanup);
  return { pid, url: embedded.url, logFile };
}

async function ask(url: string): Promise<{ pid: number; log_file: string }> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query<{ pid: number; log_file: string }>(
    `select split_part(pg_read_file('postmaster.pid'), E'\\n', 1)::int as pid,
       current_setting('data_directory') || '/' || pg_current_logfile() as log_file`,
  );
  await client.end();
  if (rows[0] === undefined) throw new Error('Postgres answered a select without a row.');
  return rows[0];
}

/** The cluster runs in a session of its own and would outlive a crash of this process; SIGQUIT ends it at once. */
function quitWithUs(pid: number, cleanup: AsyncDisposableStack): void {
  const quit = () => process.kill(pid, 'SIGQUIT');
  process.on('exit', quit);
  cleanup.defer(() => void process.off('exit', quit));
}
