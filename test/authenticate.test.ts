import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { KeyActor } from '../src/auth/actor.ts';
import { mintApiKey } from '../src/auth/api-key.ts';
import { makeAuthenticator } from '../src/auth/authenticate.ts';
import type { Scope } from '../src/auth/scopes.ts';
import { newId } from '../src/core/ids.ts';
import { bootstrap } from '../src/domain/projects/bootstrap.ts';
import { createApiKey } from '../src/domain/projects/create-api-key.ts';
import { revokeApiKey } from '../src/domain/projects/revoke-api-key.ts';
import { rotateApiKey } from '../src/domain/projects/rotate-api-key.ts';
import { createTestDatabase } from './support/database.ts';

const REFUSED = { code: 'UNAUTHENTICATED', message: 'invalid api key' };
const REVOKED = { code: 'UNAUTHENTICATED', message: 'api key has been revoked' };
const ADMIN_KEY = 'operators-own-admin-key';

let database: Awaited<ReturnType<typeof createTestDatabase>>;
let pool: pg.Pool;
let admin: KeyActor;

beforeAll(async () => {
  database = await createTestDatabase();
  pool = new pg.Pool({ connectionString: database.url, max: 4 });
  await bootstrap(pool, { projectId: 'acme', apiKey: ADMIN_KEY });
  admin = await makeAuthenticator({ pool }).byKey(ADMIN_KEY);
});

afterEach(() => {
  vi.useRealTimers();
});

afterAll(async () => {
  await pool.end();
  await database.drop();
});

type Answer = (text: string, values: readonly [Buffer]) => Promise<{ rows: readonly object[] }>;

const askPostgres: Answer = (text, values) => pool.query(text, [...values]);

/** An authenticator on a clock that stands still until it is told, and the queries it has asked of Postgres or of the test. */
function setup(answer: Answer = askPostgres) {
  const clock = { ms: 5_000_000 };
  const query = vi.fn(answer);
  const counted = { query } as unknown as pg.Pool; // Nothing else of a pool is used.
  return { authenticate: makeAuthenticator({ pool: counted, now: () => clock.ms }).byKey, clock, query };
}

function newKey(scopes: Scope[] = ['runs:read']) {
  return createApiKey(admin, { name: 'test', scopes }, { pool });
}

describe('authenticate', () => {
  it('returns the actor of a key: its project, id and scopes', async () => {
    const { authenticate } = setup();
    const { row, key } = await newKey(['runs:read', 'jobs:trigger']);

    const actor = await authenticate(key);

    expect(actor).toEqual({ kind: 'key', projectId: 'acme', keyId: row.id, scopes: new Set(['runs:read', 'jobs:trigger']) });
  });

  it('accepts a key that an operator made up', async () => {
    await expect(setup().authenticate(ADMIN_KEY)).resolves.toMatchObject({ scopes: new Set(['*', 'instance:admin']) });
  });

  it('ignores scopes that this version does not know', async () => {
    const { row, key } = await newKey(['runs:read']);
    await pool.query(`update api_keys set scopes = '{runs:read,moon:walk}' where id = $1`, [row.id]);

    expect((await setup().authenticate(key)).scopes).toEqual(new Set(['runs:read']));
  });

  it('says why a key works no more', async () => {
    const { authenticate } = setup();
    const revoked = await newKey();
    await revokeApiKey(admin, revoked.row.id, { pool });
    const expired = await newKey();
    await pool.query(`update api_keys set expires_at = now() - interval '1 millisecond' where id = $1`, [expired.row.id]);
    const rotated = await newKey();
    const { key: successor } = await rotateApiKey(admin, { id: rotated.row.id, gracePeriodMinutes: 0 }, { pool });

    for (const key of [mintApiKey().key, 'never-heard-of-this-key'])
      await expect(authenticate(key)).rejects.toMatchObject(REFUSED);
    await expect(authenticate(revoked.key)).rejects.toMatchObject(REVOKED);
    await expect(authenticate(expired.key)).rejects.toMatchObject({ message: 'api key has expired' });
    await expect(authenticate(rotated.key)).rejects.toMatchObject({ message: 'api key rotation grace period has ended' });
    await expect(authenticate(successor)).resolves.toMatchObject({ scopes: new Set(['runs:read']) });
  });

  it('lets a rotated key through until its grace period ends, also when it is remembered', async () => {
    const { authenticate, clock, query } = setup();
    const { row, key } = await newKey();
    await rotateApiKey(admin, { id: row.id, gracePeriodMinutes: 1 }, { pool });
    await pool.query(`update api_keys set grace_ends_at = now() + interval '500 milliseconds' where id = $1`, [row.id]);

    await expect(authenticate(key)).resolves.toMatchObject({ keyId: row.id });
    clock.ms += 500;
    await expect(authenticate(key)).rejects.toMatchObject({ message: 'api key rotation grace period has ended' });
    expect(query).toHaveBeenCalledTimes(1);
  });

  it('asks no database about what cannot be a key', async () => {
    const { authenticate, query } = setup();
    const { key } = await newKey();

    for (const typo of ['', 'short', `${key}x`, key.slice(0, -1), `baton_${'0'.repeat(36)}`, 'x'.repeat(257), key.slice(0, 12)]) {
      await expect(authenticate(typo)).rejects.toMatchObject(REFUSED);
    }
    expect(query).toHaveBeenCalledTimes(0);
  });
});

describe('the cache', () => {
  it('answers 2,000 concurrent calls with one query', async () => {
    const { authenticate, query } = setup();
    const { row, key } = await newKey();

    const actors = await Promise.all(Array.from({ length: 2_000 }, () => authenticate(key)));

    expect(new Set(actors.map((actor) => actor.keyId))).toEqual(new Set([row.id]));
    expect(query).toHaveBeenCalledTimes(1);
  });

  it('asks once a second for a key in use', async () => {
    const { authenticate, clock, query } = setup();
    const { key } = await newKey();

    for (let ms = 0; ms < 3_000; ms += 50) {
      await authenticate(key);
      clock.ms += 50;
    }

    expect(query).toHaveBeenCalledTimes(3);
  });

  it('keeps a refusal for a second too', async () => {
    const { authenticate, clock, query } = setup();
    const { key } = mintApiKey();

    await expect(Promise.all(Array.from({ length: 100 }, () => authenticate(key)))).rejects.toMatchObject(REFUSED);
    clock.ms += 999;
    await expect(authenticate(key)).rejects.toMatchObject(REFUSED);
    expect(query).toHaveBeenCalledTimes(1);
    clock.ms += 1;
    await expect(authenticate(key)).rejects.toMatchObject(REFUSED);
    expect(query).toHaveBeenCalledTimes(2);
  });

  it('never lets a revoked key through a second later, in whichever process', async () => {
    const [first, second] = [setup(), setup()];
    const { row, key } = await newKey();
    await Promise.all([first.authenticate(key), second.authenticate(key)]);

    await revokeApiKey(admin, row.id, { pool });

    for (const { authenticate, clock, query } of [first, second]) {
      clock.ms += 999;
      await expect(authenticate(key)).resolves.toMatchObject({ keyId: row.id });
      expect(query).toHaveBeenCalledTimes(1);
      clock.ms += 1;
      await expect(authenticate(key)).rejects.toMatchObject(REVOKED);
    }
  });

  it('counts the second from before the query, so that a slow answer is not kept for longer', async () => {
    const answers: ((answer: { rows: readonly object[] }) => void)[] = [];
    const { authenticate, clock, query } = setup(() => new Promise((resolve) => answers.push(resolve)));
    const { key } = mintApiKey();

    const early = authenticate(key);
    clock.ms += 1_000;
    const late = authenticate(key);

    expect(query).toHaveBeenCalledTimes(2);
    answers[0]?.({ rows: [sqlRow(query.mock.calls[0]?.[1][0])] });
    answers[1]?.({ rows: [] });
    await expect(early).resolves.toMatchObject({ projectId: 'acme' });
    await expect(late).rejects.toMatchObject(REFUSED);
  });

  it('does not remember a failed query', async () => {
    const lost = new Error('connection lost');
    let isDown = true;
    const { authenticate, query } = setup(() => (isDown ? Promise.reject(lost) : Promise.resolve({ rows: [] })));
    const { key } = mintApiKey();

    const results = await Promise.allSettled([authenticate(key), authenticate(key)]);
    isDown = false;

    expect(results).toEqual([
      { status: 'rejected', reason: lost },
      { status: 'rejected', reason: lost },
    ]);
    await expect(authenticate(key)).rejects.toMatchObject(REFUSED);
    expect(query).toHaveBeenCalledTimes(2);
  });

  it('holds 10,000 keys at most, those in use longest', async () => {
    const { authenticate, query } = setup(() => Promise.resolve({ rows: [] }));
    const ask = (key: string) => expect(authenticate(key)).rejects.toMatchObject(REFUSED);
    const others = (from: number, to: number) =>
      Promise.allSettled(Array.from({ length: to - from }, (_, at) => authenticate(`another-unknown-key-${from + at}`)));

    await ask('a-key-asked-about-twice');
    await ask('a-key-asked-about-once');
    await others(0, 5_000);
    await ask('a-key-asked-about-twice');
    await others(5_000, 9_999);

    query.mockClear();
    await ask('a-key-asked-about-twice');
    expect(query).toHaveBeenCalledTimes(0);
    await ask('a-key-asked-about-once');
    expect(query).toHaveBeenCalledTimes(1);
  });
});

describe('expiry', () => {
  it('is checked on every call, also while the answer is kept', async () => {
    const { authenticate, clock, query } = setup(() => {
      return Promise.resolve({ rows: [{ ...sqlRow(query.mock.lastCall?.[1][0]), expires_in_ms: 400 }] });
    });
    const { key } = mintApiKey();

    await expect(authenticate(key)).resolves.toBeDefined();
    clock.ms += 399;
    await expect(authenticate(key)).resolves.toBeDefined();
    clock.ms += 1;
    await expect(authenticate(key)).rejects.toMatchObject({ message: 'api key has expired' });
    expect(query).toHaveBeenCalledTimes(1);
  });

  it("goes by the database's clock, however wrong ours is", async () => {
    const { row, key } = await newKey();
    await pool.query(`update api_keys set expires_at = now() + interval '1 hour' where id = $1`, [row.id]);

    for (const now of ['1990-01-01', '2190-01-01']) {
      vi.useFakeTimers({ toFake: ['Date'], now: new Date(now) });
      await expect(makeAuthenticator({ pool }).byKey(key)).resolves.toMatchObject({ keyId: row.id });
    }
  });
});

function sqlRow(hash: Buffer | undefined): object {
  return { id: newId(), project_id: 'acme', hash, scopes: ['*'], expires_in_ms: null };
}
