import { fileURLToPath } from 'node:url';
import { Logger, runMigrations } from 'graphile-worker';
import { runner } from 'node-pg-migrate';
import pg from 'pg';

const MIGRATIONS_DIR = fileURLToPath(new URL('./migrations', import.meta.url));

/** Names the session lock under which one process at a time migrates; any number that nothing else on the database uses. */
const MIGRATION_LOCK = '7022019501';

/** The table that remembers which files of src/db/migrations have run. */
export const MIGRATIONS_TABLE = 'baton_migrations';

/**
 * Brings a database to the schema of this code: our files in order, each in its own transaction, then graphile-worker's. Safe in
 * any number of processes at once: one works, the others wait and find nothing left to do. A database that is ahead of this code
 * (a newer process has migrated it) is left alone. Throws what Postgres throws; what ran before the failing file stays.
 */
export async function migrate(url: string): Promise<void> {
  const client = new pg.Client({
    connectionString: url,
    application_name: 'baton-migrate',
    connectionTimeoutMillis: 5_000,
    keepAlive: true,
  });
  // Without a listener a connection that dies between two statements ends the process; the next statement reports it.
  client.on('error', () => {});
  await client.connect();
  try {
    // A session lock: it goes with the connection, so a migrator that dies leaves nothing to clean up.
    await client.query('select pg_advisory_lock($1)', [MIGRATION_LOCK]);
    await runner({
      dbClient: client,
      dir: MIGRATIONS_DIR,
      direction: 'up',
      migrationsTable: MIGRATIONS_TABLE,
      singleTransaction: false,
      noLock: true,
      logger: { info: silent, warn: silent, error: silent, debug: silent },
    });
    await runMigrations({ connectionString: url, logger: QUIET });
  } finally {
    await client.end();
  }
}

/** The runners throw what goes wrong; what they print besides is the whole migration file. */
function silent(): void {}

const QUIET = new Logger(() => silent);
