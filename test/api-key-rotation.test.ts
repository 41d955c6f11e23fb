import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeAuthenticator } from '../src/auth/authenticate.ts';
import { createApiKey } from '../src/domain/projects/create-api-key.ts';
import { revokeApiKey } from '../src/domain/projects/revoke-api-key.ts';
import { rotateApiKey } from '../src/domain/projects/rotate-api-key.ts';
import { createTestDatabase, type TestDatabase } from './support/database.ts';
import { actorOf, newProject } from './support/jobs.ts';

let database: TestDatabase;
let pool: pg.Pool;
beforeAll(async () => {
  database = await createTestDatabase();
  pool = new pg.Pool({ connectionString: database.url, max: 4 });
});
afterAll(async () => {
  await pool.end();
  await database.drop();
});

const create = async (input: object = {}) => {
  const owner = await newProject(pool);
  return { owner, ...(await createApiKey(owner, { name: 'CI', ...input }, { pool })) };
};

describe('a role', () => {
  it('is kept with the scopes it stood for', async () => {
    const { row, key } = await create({ role: 'triggerer' });

    expect(row).toMatchObject({ role: 'triggerer', scopes: ['jobs:trigger', 'workflows:trigger'] });
    expect((await makeAuthenticator({ pool }).byKey(key)).scopes).toEqual(new Set(row.scopes));
  });

  it('is not given together with scopes, nor by somebody who may do less', async () => {
    const owner = await newProject(pool);
    const manager = actorOf(owner.projectId, 'api-keys:manage', 'jobs:read');

    await expect(createApiKey(owner, { name: 'x', role: 'viewer', scopes: ['jobs:read'] }, { pool })).rejects.toMatchObject({
      code: 'BAD_REQUEST',
      message: 'give a role or scopes, not both',
    });
    for (const [role, missing] of [
      ['admin', '*'],
      ['viewer', 'runs:read'],
      ['triggerer', 'jobs:trigger'],
    ] as const) {
      await expect(createApiKey(manager, { name: 'x', role }, { pool })).rejects.toMatchObject({
        code: 'FORBIDDEN',
        message: `insufficient permissions: requires ${missing}`,
      });
    }
  });
});

describe('rotation', () => {
  it('makes a key like the old one, with as long to live, and both work until the grace period ends', async () => {
    const old = await create({ role: 'viewer', expiresInDays: 10 });

    const made = await rotateApiKey(old.owner, { id: old.row.id, gracePeriodMinutes: 5 }, { pool });

    const { id, prefix, createdAt, expiresAt, ...same } = made.row;
    expect(old.row).toMatchObject(same);
    expect(made.key).not.toBe(old.key);
    expect((expiresAt?.getTime() ?? 0) - createdAt.getTime()).toBe(10 * 86_400_000);
    const { byKey: authenticate } = makeAuthenticator({ pool });
    expect((await authenticate(old.key)).keyId).toBe(old.row.id);
    expect((await authenticate(made.key)).keyId).toBe(id);
    const { rows } = await pool.query('select rotated_to, grace_ends_at - now() as grace from api_keys where id = $1', [
      old.row.id,
    ]);
    expect(rows[0]).toMatchObject({ rotated_to: id, grace: { minutes: 4 } });
    expect(prefix).toBe(made.key.slice(0, 12));
  });

  it('happens once, whoever else rotates the key at that moment', async () => {
    const { owner, row } = await create();

    const results = await Promise.allSettled(Array.from({ length: 5 }, () => rotateApiKey(owner, { id: row.id }, { pool })));

    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const result of results.filter(({ status }) => status === 'rejected')) {
      expect(result).toMatchObject({
        reason: { code: 'CONFLICT', message: 'api key was rotated before: rotate the one that took its place' },
      });
    }
    const { rows } = await pool.query('select count(*)::int as keys from api_keys where project_id = $1', [owner.projectId]);
    expect(rows).toEqual([{ keys: 2 }]);
  });

  it('is refused for a key that works no more', async () => {
    const { owner, row } = await create();
    await revokeApiKey(owner, row.id, { pool });
    const expired = await create();
    await pool.query(`update api_keys set expires_at = now() - interval '1 second' where id = $1`, [expired.row.id]);

    await expect(rotateApiKey(owner, { id: row.id }, { pool })).rejects.toMatchObject({
      code: 'CONFLICT',
      message: 'api key has been revoked: create a new one',
    });
    await expect(rotateApiKey(expired.owner, { id: expired.row.id }, { pool })).rejects.toMatchObject({
      code: 'CONFLICT',
      message: 'api key has expired: create a new one',
    });
  });

  it('gives nobody what he does not have', async () => {
    const { owner, row } = await create({ scopes: ['runs:read', 'runs:write'] });
    const rotateAs = (actor: typeof owner, id = row.id) => rotateApiKey(actor, { id }, { pool });

    await expect(rotateAs(actorOf(owner.projectId, 'runs:read', 'runs:write'))).rejects.toMatchObject({ code: 'FORBIDDEN' });
    await expect(rotateAs(actorOf(owner.projectId, 'api-keys:manage', 'runs:read'))).rejects.toMatchObject({
      message: 'insufficient permissions: requires runs:write',
    });
    await expect(rotateAs(await newProject(pool))).rejects.toMatchObject({ code: 'NOT_FOUND', message: 'api key not found' });
    await expect(rotateAs(owner, 'nonsense')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});
