import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { inject } from 'vitest';

/** A migrated database of one test file's own. */
export interface TestDatabase {
  readonly url: string;
  /** Ends every session on it and removes it. */
  drop(): Promise<void>;
}

/** Clones the migrated template: call it in `beforeAll`, `drop` it in `afterAll`. */
export function createTestDatabase(): Promise<TestDatabase> {
  return create(`template ${inject('templateName')}`);
}

/** Makes a database with nothing in it, for tests of the migrations themselves. */
export function createEmptyDatabase(): Promise<TestDatabase> {
  return create('');
}

async function create(clause: string): Promise<TestDatabase> {
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  await asAdmin((admin) => admin.query(`create database ${name} ${clause}`));
  const url = new URL(inject('adminUrl'));
  url.pathname = `/${name}`;
  return { url: url.toString(), drop: () => asAdmin((admin) => drop(admin, name)) };
}

/** How long sessions that are being closed may take to be gone. */
const GOODBYE_MS = 1_000;

/** A session that is ended by force while it says goodbye reports that to nobody's listener, so those are waited for first. */
async function drop(admin: pg.Client, name: string): Promise<void> {
  for (const giveUpAt = performance.now() + GOODBYE_MS; performance.now() < giveUpAt; await delay(10)) {
    const { rowCount } = await admin.query('select from pg_stat_activity where datname = $1', [name]);
    if (rowCount === 0) break;
  }
  await admin.query(`drop database ${name} with (force)`);
}

async function asAdmin(work: (admin: pg.Client) => Promise<unknown>): Promise<void> {
  const admin = new pg.Client({ connectionString: inject('adminUrl') });
  await admin.connect();
  try {
    await work(admin);
  } finally {
    await admin.end();
  }
}
