/** The file with our settings, inside the cluster's directory; postgresql.conf includes it, so a bare `pg_ctl restart` keeps them. */
export const SETTINGS_FILE = 'baton.conf';

/** Settings for a machine that Postgres shares with the server, its executors and a desktop: 2 cores, a few GB. */
const DEFAULTS: Readonly<Record<string, string>> = {
  listen_addresses: '127.0.0.1',
  // Sockets would need a directory of a short enough path; one way in is enough.
  unix_socket_directories: '',
  max_connections: '200',
  shared_buffers: '256MB',
  effective_cache_size: '1GB',
  work_mem: '8MB',
  maintenance_work_mem: '128MB',
  wal_buffers: '16MB',
  min_wal_size: '256MB',
  max_wal_size: '2GB',
  checkpoint_timeout: '15min',
  log_checkpoints: 'off',
  // A trigger that was answered must survive a power cut.
  fsync: 'on',
  synchronous_commit: 'on',
  random_page_cost: '1.1',
  jit: 'off',
  // Parallel plans need /dev/shm, of which a container has 64 MB, and cores that are busy here.
  max_parallel_workers_per_gather: '0',
  // Hot tables turn over in seconds; at the default of a minute dead rows pile up between two looks.
  autovacuum_naptime: '10s',
  // Nobody subscribes to an embedded database; the launcher would be one more idle process.
  max_logical_replication_workers: '0',
  timezone: 'UTC',
  log_timezone: 'UTC',
  lc_messages: 'C',
};

/** The text of {@link SETTINGS_FILE}: the defaults under `flags`, which win, and the port. */
export function settingsText(port: number, flags: Readonly<Record<string, string>>): string {
  const lines = Object.entries({ ...DEFAULTS, ...flags, port: String(port) }).map(([name, value]) => {
    if (!/^[a-z_]+(\.[a-z_]+)?$/.test(name)) throw new Error(`"${name}" is not the name of a Postgres setting.`);
    return `${name} = '${value.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
  });
  return `# Written by Baton at every start; your own settings belong in postgresql.conf, below the include.\n${lines.join('\n')}\n`;
}
