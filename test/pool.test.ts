import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { isConnectionError } from '../src/db/errors.ts';
import { openPools, type Pools } from '../src/db/pool.ts';
import { createTestDatabase, type TestDatabase } from './support/database.ts';

let database: TestDatabase;
let pools: Pools;

beforeAll(async () => {
  database = await createTestDatabase();
});

beforeEach(() => {
  pools = openPools(database.url, { engineSize: 2, readSize: 2, applicationName: 'pool-test' });
});

afterEach(() => pools.close());

afterAll(() => database.drop());

describe('openPools', () => {
  it('pins the plans of the engine and leaves the planner of the reads alone', async () => {
    const settings = `select name, setting from pg_settings where name in
      ('plan_cache_mode', 'enable_seqscan', 'enable_hashjoin', 'enable_mergejoin', 'jit', 'statement_timeout', 'lock_timeout',
       'idle_in_transaction_session_timeout', 'application_name') order by name`;
    const read = async (pool: 'engine' | 'reads') =>
      Object.fromEntries((await pools[pool].query({ text: settings, rowMode: 'array' })).rows);

    expect(await read('engine')).toEqual({
      application_name: 'pool-test-engine',
      enable_hashjoin: 'off',
      enable_mergejoin: 'off',
      enable_seqscan: 'off',
      idle_in_transaction_session_timeout: '30000',
      jit: 'off',
      lock_timeout: '10000',
      plan_cache_mode: 'force_generic_plan',
      statement_timeout: '30000',
    });
    expect(await read('reads')).toEqual({
      application_name: 'pool-test-reads',
      enable_hashjoin: 'on',
      enable_mergejoin: 'on',
      enable_seqscan: 'on',
      idle_in_transaction_session_timeout: '30000',
      jit: 'off',
      lock_timeout: '10000',
      plan_cache_mode: 'auto',
      statement_timeout: '15000',
    });
  });

  it('lets the options of the URL win', async () => {
    const url = new URL(database.url);
    url.searchParams.set('options', '-c statement_timeout=7s -c search_path=graphile_worker');
    const theirs = openPools(url.toString(), { engineSize: 1, readSize: 1, applicationName: 'pool-test' });

    const { rows } = await theirs.engine.query(
      "select current_setting('statement_timeout') as timeout, current_setting('search_path') as path, current_setting('enable_seqscan') as scan",
    );

    expect(rows).toEqual([{ timeout: '7s', path: 'graphile_worker', scan: 'off' }]);
    await theirs.close();
  });

  it('outlives connections lost while idle, and counts them', async () => {
    await pools.engine.query('select 1');
    const removed = new Promise((resolve) => pools.engine.once('remove', resolve));

    await terminate('pool-test-engine');
    await removed;

    expect(pools.lostConnections()).toBe(1);
    expect((await pools.engine.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
  });

  it('outlives a connection lost between the statements of a transaction', async () => {
    const client = await pools.engine.connect();
    await client.query('begin');
    const ended = new Promise<void>((resolve) => client.once('end', resolve));

    await terminate('pool-test-engine');
    await ended;

    const error = await client.query('select 1').then(
      () => null,
      (reason: unknown) => reason,
    );
    expect(isConnectionError(error)).toBe(true);
    client.release(true);
    expect((await pools.engine.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
  });

  it('closes twice without complaint, and refuses queries afterwards in a way that reads as unavailable', async () => {
    await Promise.all([pools.close(), pools.close()]);

    const error = await pools.reads.query('select 1').catch((reason: unknown) => reason);
    expect(isConnectionError(error)).toBe(true);
  });
});

async function terminate(applicationName: string): Promise<void> {
  await pools.reads.query('select pg_terminate_backend(pid) from pg_stat_activity where application_name = $1', [
    applicationName,
  ]);
}
