import { readdir } from 'node:fs/promises';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MIGRATIONS_TABLE, migrate } from '../src/db/migrate.ts';
import { createEmptyDatabase, type TestDatabase } from './support/database.ts';

let database: TestDatabase;
let client: pg.Client;

beforeEach(async () => {
  database = await createEmptyDatabase();
  client = new pg.Client({ connectionString: database.url });
  await client.connect();
});

afterEach(async () => {
  await client.end();
  await database.drop();
});

describe('migrate', () => {
  it('runs every file once when eight processes start at once on an empty database', async () => {
    const results = await Promise.allSettled(Array.from({ length: 8 }, () => migrate(database.url)));

    expect(results.map(({ status }) => status)).toEqual(Array(8).fill('fulfilled'));
    const files = (await readdir(new URL('../src/db/migrations', import.meta.url)))
      .map((file) => file.replace(/\.sql$/, ''))
      .sort();
    const { rows } = await client.query<{ name: string }>(`select name from ${MIGRATIONS_TABLE} order by id`);
    expect(rows.map(({ name }) => name)).toEqual(files);
  });

  it('leaves a schema that both our statements and graphile-worker work with', async () => {
    await migrate(database.url);

    const { rows } = await client.query(
      "select (select count(*) from runs) as runs, (graphile_worker.add_job('doorbell')).id is not null as rung",
    );
    expect(rows).toEqual([{ runs: '0', rung: true }]);
  });

  it('changes nothing in a database that is up to date, and leaves no lock behind', async () => {
    await migrate(database.url);
    const before = await catalog();

    await migrate(database.url);

    expect(await catalog()).toEqual(before);
    const { rows } = await client.query(
      "select 1 from pg_locks where locktype = 'advisory' and database = (select oid from pg_database where datname = current_database())",
    );
    expect(rows).toEqual([]);
  });

  it('leaves nothing of a file that fails', async () => {
    await client.query('create table waits (in_the_way integer)');

    await expect(migrate(database.url)).rejects.toMatchObject({ code: '42P07' });

    const { rows } = await client.query(
      "select table_name from information_schema.tables where table_schema = 'public' order by 1",
    );
    expect(rows.map((row: { table_name: string }) => row.table_name)).toEqual([MIGRATIONS_TABLE, 'waits']);
  });
});

async function catalog(): Promise<unknown> {
  const { rows } = await client.query(
    "select oid, relname from pg_class where relnamespace::regnamespace::text in ('public', 'graphile_worker') order by 1",
  );
  return rows;
}
