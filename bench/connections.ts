import pg from 'pg';

/**
 * Opens a pool. A connection that breaks fails the query on it, or is replaced at the next one, so its error event needs no answer;
 * unheard, it would end the process while Postgres is being shut down.
 */
export function openPool(connectionString: string, max: number, applicationName: string): pg.Pool {
  const pool = new pg.Pool({ connectionString, max, application_name: applicationName });
  pool.on('error', () => {});
  pool.on('connect', (client) => client.on('error', () => {}));
  return pool;
}
