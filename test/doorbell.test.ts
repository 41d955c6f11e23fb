import type { Pool } from 'pg';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openPools, type Pools } from '../src/db/pool.ts';
import { dropRings, pendingRings, ring } from '../src/db/queue.ts';
import { makeDoorbell } from '../src/worker/doorbell.ts';
import { createTestDatabase, type TestDatabase } from './support/database.ts';

let database: TestDatabase;
let pools: Pools;
beforeAll(async () => {
  database = await createTestDatabase();
  pools = openPools(database.url, { engineSize: 4, readSize: 1, applicationName: 'doorbell-test' });
});
afterAll(async () => {
  await pools.close();
  await database.drop();
});

/** The pool, but the connection is lost under the first statement that takes a ring off the list. */
function losingOnce(pool: Pool): { readonly pool: Pool; readonly lost: () => boolean } {
  let lost = false;
  const losing = new Proxy(pool, {
    get(target, name) {
      if (name !== 'connect') {
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === 'function' ? value.bind(target) : value;
      }
      return async (callback?: Parameters<Pool['connect']>[0]) => {
        // The listening connection is asked for with a callback, and is left alone.
        if (callback) return target.connect(callback);
        const client = await target.connect();
        const query = client.query.bind(client) as (...args: unknown[]) => unknown;
        client.query = ((...args: unknown[]) => {
          const [statement] = args as [string | { readonly text?: string }];
          const text = typeof statement === 'string' ? statement : (statement.text ?? '');
          if (lost || !/delete from .*_private_jobs/.test(text)) return query(...args);
          lost = true;
          return Promise.reject(Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }));
        }) as typeof client.query;
        return client;
      };
    },
  });
  return { pool: losing, lost: () => lost };
}

it('goes on answering after the connection was lost under the end of a ring', async () => {
  const { pool, lost } = losingOnce(pools.engine);
  let answered = Promise.withResolvers<void>();
  const doorbell = makeDoorbell({
    pool,
    pollMs: 100,
    log: pino({ level: 'silent' }),
    answer: async () => answered.resolve(),
  });
  await doorbell.start();
  const firstPool = doorbell.poolId();

  await ring(pools.engine);
  await answered.promise;
  answered = Promise.withResolvers();
  while (doorbell.poolId() === firstPool) await new Promise((resolve) => setTimeout(resolve, 20));
  await ring(pools.engine);
  await answered.promise;
  await doorbell.stop();

  expect(lost()).toBe(true);
  expect(doorbell.answered()).toBeGreaterThanOrEqual(2);
});

it('answers for the rings that came before a claim found nothing due, and for no later ones', async () => {
  await ring(pools.engine);
  await ring(pools.engine);
  const seen = await pendingRings(pools.engine);
  await ring(pools.engine);

  await dropRings(pools.engine, seen);

  expect(seen.length).toBe(2);
  expect((await pendingRings(pools.engine)).length).toBe(1);
});
