import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import type { Logger } from 'pino';
import { isConnectionError } from './errors.ts';

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2_000;
const CONNECT_TIMEOUT_MS = 5_000;

/**
 * Resolves once the database takes connections: a server is often started together with its database, and as often before it. Says in
 * the log that it waits, when the reason changes. Whatever will not pass by itself (a wrong password, no such database) is thrown.
 */
export async function awaitDatabase(url: string, log: Logger): Promise<void> {
  let reason: string | null = null;
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
    const error = await tryToConnect(url);
    if (error === null) break;
    if (!isConnectionError(error)) throw error;
    const message = error instanceof Error ? error.message || String(Reflect.get(error, 'code')) : String(error);
    if (message !== reason) log.warn({ reason: message }, 'the database in DATABASE_URL cannot be reached; waiting for it');
    reason = message;
    await delay(pauseMs);
  }
  if (reason !== null) log.info('the database can be reached');
}

async function tryToConnect(url: string): Promise<unknown> {
  const client = new pg.Client({
    connectionString: url,
    application_name: 'baton-start',
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
  });
  client.on('error', () => {});
  try {
    await client.connect();
    return null;
  } catch (error) {
    return error;
  } finally {
    await client.end().catch(() => {});
  }
}
