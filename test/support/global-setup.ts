import { randomUUID } from 'node:crypto';
import { readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import type { TestProject } from 'vitest/node';
import { isUsed } from '../../src/db/embedded/processes.ts';
import { type EmbeddedPostgres, startEmbedded } from '../../src/db/embedded.ts';
import { migrate } from '../../src/db/migrate.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** URL of the throwaway cluster's own database; test databases are created and dropped from there. */
    adminUrl: string;
    /** The migrated database that every test database is cloned from. */
    templateName: string;
  }
}

const PREFIX = 'baton-test-';
const TEMPLATE = 'baton_template';
/** A younger directory may belong to a run that has not come as far as saying so. */
const LEFTOVER_AGE_MS = 60_000;

/** Starts the one Postgres of a test run, migrates the template once, and removes everything at the end. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  await removeLeftovers();
  const dataDir = join(tmpdir(), `${PREFIX}${randomUUID()}`);
  const postgres = await startEmbedded({ dataDir, flags: { fsync: 'off', full_page_writes: 'off' } });
  try {
    await makeTemplate(postgres.url);
  } catch (error) {
    await remove(postgres);
    throw error;
  }
  project.provide('adminUrl', postgres.url);
  project.provide('templateName', TEMPLATE);
  return () => remove(postgres);
}

async function makeTemplate(adminUrl: string): Promise<void> {
  const client = new pg.Client({ connectionString: adminUrl });
  await client.connect();
  try {
    await client.query(`create database ${TEMPLATE}`);
    const url = new URL(adminUrl);
    url.pathname = `/${TEMPLATE}`;
    await migrate(url.toString());
    // A clone needs its template free of sessions.
    await client.query(`alter database ${TEMPLATE} with allow_connections false is_template true`);
  } finally {
    await client.end();
  }
}

async function remove(postgres: EmbeddedPostgres): Promise<void> {
  try {
    await postgres.stop();
  } finally {
    await rm(postgres.dataDir, { recursive: true, force: true });
  }
}

/** Ends the clusters of runs that were killed before they could clean up. */
async function removeLeftovers(): Promise<void> {
  const names = (await readdir(tmpdir())).filter((name) => name.startsWith(PREFIX));
  for (const name of names) {
    const dataDir = join(tmpdir(), name);
    const { mtimeMs } = await stat(dataDir);
    if (Date.now() - mtimeMs < LEFTOVER_AGE_MS || (await isUsed(join(dataDir, 'attached')))) continue;
    // Taking it over and stopping it ends an orphan postmaster as well as a cluster that never got far.
    await startEmbedded({ dataDir, flags: { fsync: 'off' } }).then(remove, () => rm(dataDir, { recursive: true, force: true }));
  }
}
