import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Actor, KeyActor, RunActor } from '../src/auth/actor.ts';
import { mintApiKey } from '../src/auth/api-key.ts';
import { makeAuthenticator } from '../src/auth/authenticate.ts';
import type { Scope } from '../src/auth/scopes.ts';
import { newId } from '../src/core/ids.ts';
import { bootstrap } from '../src/domain/projects/bootstrap.ts';
import { CreateApiKeyInput, createApiKey } from '../src/domain/projects/create-api-key.ts';
import { CreateProjectInput, createProject } from '../src/domain/projects/create-project.ts';
import { getProject, visibleProjects } from '../src/domain/projects/get-project.ts';
import { revokeApiKey } from '../src/domain/projects/revoke-api-key.ts';
import { UpdateProjectInput, updateProject } from '../src/domain/projects/update-project.ts';
import { visibleApiKeys } from '../src/domain/projects/visible-api-keys.ts';
import { createTestDatabase } from './support/database.ts';

let database: Awaited<ReturnType<typeof createTestDatabase>>;
let pool: pg.Pool;
let deps: { pool: pg.Pool };

beforeAll(async () => {
  database = await createTestDatabase();
  pool = new pg.Pool({ connectionString: database.url, max: 10 });
  deps = { pool };
});

beforeEach(async () => {
  await pool.query('delete from api_keys');
  await pool.query('delete from projects');
  await pool.query(`insert into projects (id, name) values ('acme', 'Acme'), ('other', 'Other')`);
});

afterAll(async () => {
  await pool.end();
  await database.drop();
});

function keyActor(projectId: string, ...scopes: Scope[]): KeyActor {
  return { kind: 'key', projectId, keyId: newId(), scopes: new Set(scopes) };
}

const operator = keyActor('acme', '*', 'instance:admin');
const owner = keyActor('acme', '*');
const stranger = keyActor('other', '*');
const run: RunActor = { kind: 'run', projectId: 'acme', runId: newId(), epoch: 1 };

async function countKeys(): Promise<number> {
  const { rows } = await pool.query<{ count: number }>('select count(*)::integer as count from api_keys');
  return rows[0]?.count ?? -1;
}

describe('createProject', () => {
  it('creates a project with its limits', async () => {
    const project = await createProject(operator, { id: 'new', name: 'New', maxExecutingRuns: 5 }, deps);

    expect(project).toMatchObject({ id: 'new', name: 'New', maxExecutingRuns: 5, maxQueuedRuns: null, maxJobs: null });
    expect(await getProject(operator, 'new', deps)).toEqual(project);
  });

  it('refuses an id that is taken and leaves that project alone', async () => {
    const message = 'project "other" already exists';

    await expect(createProject(operator, { id: 'other', name: 'Mine' }, deps)).rejects.toMatchObject({
      code: 'CONFLICT',
      message,
    });
    expect(await getProject(operator, 'other', deps)).toMatchObject({ name: 'Other' });
  });

  it('creates one project when many ask for the same id at once', async () => {
    const results = await Promise.allSettled(
      Array.from({ length: 8 }, (_, at) => createProject(operator, { id: 'new', name: `New ${at}` }, deps)),
    );

    expect(results.filter((result) => result.status === 'fulfilled')).toHaveLength(1);
  });

  it.each([
    ['the owner of a project', owner],
    ['a run', run],
  ])('is forbidden to %s', async (_who, actor: Actor) => {
    const refusal = { code: 'FORBIDDEN', message: 'insufficient permissions: requires instance:admin' };

    await expect(createProject(actor, { id: 'new', name: 'New' }, deps)).rejects.toMatchObject(refusal);
    await expect(getProject(operator, 'new', deps)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});

describe('updateProject', () => {
  const changing = () => ({ ...deps, jobCache: { invalidate: () => {} } });

  it('changes what is named, lifts a limit by null and leaves the rest', async () => {
    await createProject(operator, { id: 'new', name: 'New', maxExecutingRuns: 5, maxQueuedRuns: 50 }, deps);

    const project = await updateProject(operator, { id: 'new', maxExecutingRuns: null }, changing());

    expect(project).toMatchObject({ name: 'New', maxExecutingRuns: null, maxQueuedRuns: 50 });
    expect(await updateProject(operator, { id: 'new', name: 'Newer', maxQueuedRuns: 7 }, changing())).toMatchObject({
      name: 'Newer',
      maxExecutingRuns: null,
      maxQueuedRuns: 7,
    });
    expect(await getProject(operator, 'acme', deps)).toMatchObject({ name: 'Acme', maxQueuedRuns: null });
  });

  it('lets nobody but the operator lift limits, and hides projects of others', async () => {
    await expect(updateProject(owner, { id: 'acme', maxQueuedRuns: null }, changing())).rejects.toMatchObject({
      code: 'FORBIDDEN',
    });
    await expect(updateProject(owner, { id: 'other', name: 'Mine' }, changing())).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(updateProject(operator, { id: 'nope', name: 'X' }, changing())).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});

describe('getProject', () => {
  it('shows a key its own project and answers alike for foreign and unknown ones', async () => {
    const refusal = { code: 'NOT_FOUND', message: 'project not found' };

    expect(await getProject(keyActor('acme', 'runs:read'), 'acme', deps)).toMatchObject({ id: 'acme', name: 'Acme' });
    for (const id of ['other', 'nope', '', '\0', "' or true --"]) {
      await expect(getProject(owner, id, deps)).rejects.toMatchObject(refusal);
    }
  });

  it('answers an operator with not found for what cannot be an id', async () => {
    for (const id of ['nope', '', '\0', '\ud800', 'A', 'x'.repeat(64)]) {
      await expect(getProject(operator, id, deps)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    }
  });

  it('filters lists the same way', () => {
    expect(visibleProjects(owner)).toEqual({ id: 'acme' });
    expect(visibleProjects(operator)).toEqual({});
    expect(() => visibleProjects(run)).toThrow(expect.objectContaining({ code: 'FORBIDDEN' }));
  });
});

describe('createApiKey', () => {
  it('returns a key that works, once, and stores its hash alone', async () => {
    const { row, key } = await createApiKey(owner, { name: 'ci', scopes: ['jobs:trigger', 'jobs:trigger'] }, deps);

    expect(row).toEqual({
      id: row.id,
      projectId: 'acme',
      name: 'ci',
      prefix: key.slice(0, 12),
      scopes: ['jobs:trigger'],
      createdBy: `key:${owner.keyId}`,
      createdAt: expect.any(Date),
      expiresAt: null,
      revokedAt: null,
      role: null,
      rotatedToId: null,
      graceEndsAt: null,
    });
    expect(await makeAuthenticator({ pool }).byKey(key)).toMatchObject({ keyId: row.id, projectId: 'acme' });
    const { rows } = await pool.query<{ stored: string }>('select to_jsonb(api_keys)::text as stored from api_keys');
    expect(rows[0]?.stored).not.toContain(key.slice(13));
  });

  it('expires after days of 24 hours by the clock of the database', async () => {
    const { row } = await createApiKey(owner, { name: 'ci', expiresInDays: 30 }, deps);

    expect(row.expiresAt?.getTime()).toBe(row.createdAt.getTime() + 30 * 86_400_000);
  });

  it("has the creator's own scopes when none are named", async () => {
    const creator = keyActor('acme', 'api-keys:manage', 'runs:read');

    const { row } = await createApiKey(creator, { name: 'ci' }, deps);

    expect(row.scopes.toSorted()).toEqual(['api-keys:manage', 'runs:read']);
  });

  it('crosses projects only when that was asked for by name', async () => {
    expect((await createApiKey(operator, { name: 'ci' }, deps)).row.scopes).toEqual(['*']);
    expect((await createApiKey(operator, { name: 'ops', scopes: ['instance:admin'] }, deps)).row.scopes).toEqual([
      'instance:admin',
    ]);
  });

  it.each<[string, KeyActor, Scope]>([
    ['instance:admin by an owner', owner, 'instance:admin'],
    ['* by a key manager', keyActor('acme', 'api-keys:manage'), '*'],
    ['* by an operator without it', keyActor('acme', 'api-keys:manage', 'instance:admin'), '*'],
    ['a scope its creator lacks', keyActor('acme', 'api-keys:manage', 'runs:read'), 'runs:write'],
  ])('refuses to grant %s', async (_what, actor, scope) => {
    const message = `insufficient permissions: requires ${scope}`;

    await expect(createApiKey(actor, { name: 'x', scopes: ['api-keys:manage', scope] }, deps)).rejects.toMatchObject({
      code: 'FORBIDDEN',
      message,
    });
    expect(await countKeys()).toBe(0);
  });

  it.each<[string, Actor]>([
    ['a key without api-keys:manage', keyActor('acme', 'runs:write', 'jobs:write')],
    ['a key with instance:admin alone', keyActor('acme', 'instance:admin')],
    ['a run', run],
  ])('is forbidden to %s', async (_who, actor) => {
    await expect(createApiKey(actor, { name: 'x', scopes: ['runs:read'] }, deps)).rejects.toMatchObject({
      code: 'FORBIDDEN',
      message: 'insufficient permissions: requires api-keys:manage',
    });
    expect(await countKeys()).toBe(0);
  });

  it('makes a key for another project for the operator alone; to others that project does not exist', async () => {
    const refusal = { code: 'NOT_FOUND', message: 'project not found' };

    await expect(createApiKey(owner, { projectId: 'other', name: 'x' }, deps)).rejects.toMatchObject(refusal);
    await expect(createApiKey(owner, { projectId: 'nope', name: 'x' }, deps)).rejects.toMatchObject(refusal);
    await expect(createApiKey(operator, { projectId: 'nope', name: 'x' }, deps)).rejects.toMatchObject(refusal);
    expect(await countKeys()).toBe(0);
    expect((await createApiKey(operator, { projectId: 'other', name: 'x' }, deps)).row.projectId).toBe('other');
  });
});

describe('revokeApiKey', () => {
  it('revokes for good, and again without changing anything', async () => {
    const { row, key } = await createApiKey(owner, { name: 'ci' }, deps);

    const revoked = await revokeApiKey(owner, row.id, deps);

    expect(revoked).toEqual({ ...row, revokedAt: expect.any(Date) });
    expect(await revokeApiKey(owner, row.id, deps)).toEqual(revoked);
    await expect(makeAuthenticator({ pool }).byKey(key)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  it('does not find keys of another project, nor what is no key', async () => {
    const { row, key } = await createApiKey(owner, { name: 'ci' }, deps);

    for (const id of [row.id, newId(), 'nope', '']) {
      await expect(revokeApiKey(stranger, id, deps)).rejects.toMatchObject({ code: 'NOT_FOUND', message: 'api key not found' });
    }
    await expect(makeAuthenticator({ pool }).byKey(key)).resolves.toMatchObject({ keyId: row.id });
  });

  it('needs api-keys:manage', async () => {
    const { row } = await createApiKey(owner, { name: 'ci' }, deps);

    await expect(revokeApiKey(keyActor('acme', 'runs:write'), row.id, deps)).rejects.toMatchObject({ code: 'FORBIDDEN' });
    await expect(revokeApiKey(run, row.id, deps)).rejects.toMatchObject({ code: 'FORBIDDEN' });
  });

  it("leaves the operator's key to operators, who reach every project", async () => {
    const operators = await createApiKey(operator, { name: 'ops', scopes: ['*', 'instance:admin'] }, deps);
    const foreign = await createApiKey(stranger, { name: 'theirs' }, deps);

    await expect(revokeApiKey(owner, operators.row.id, deps)).rejects.toMatchObject({ code: 'FORBIDDEN' });
    expect((await revokeApiKey(operator, foreign.row.id, deps)).revokedAt).not.toBeNull();
    expect((await revokeApiKey(operator, operators.row.id, deps)).revokedAt).not.toBeNull();
  });

  it('filters lists the same way', () => {
    expect(visibleApiKeys(owner)).toEqual({ projectId: 'acme' });
    expect(visibleApiKeys(operator)).toEqual({});
    expect(() => visibleApiKeys(keyActor('acme', 'runs:read'))).toThrow(expect.objectContaining({ code: 'FORBIDDEN' }));
  });
});

describe('bootstrap', () => {
  const inParallel = (input: Parameters<typeof bootstrap>[1]) =>
    Promise.all(Array.from({ length: 8 }, () => bootstrap(pool, input)));

  it('mints one admin key when eight processes start at once on an empty database', async () => {
    const results = await inParallel({ projectId: 'first' });

    const minted = results.flatMap((result) => (result.kind === 'minted' ? [result.key] : []));
    expect(minted).toHaveLength(1);
    expect(results.filter((result) => result.kind === 'existing')).toHaveLength(7);
    expect(await countKeys()).toBe(1);
    expect(await makeAuthenticator({ pool }).byKey(minted[0] ?? '')).toMatchObject({
      projectId: 'first',
      scopes: new Set(['*', 'instance:admin']),
    });
  });

  it('mints one admin key when eight processes start at once on a project that has none', async () => {
    const results = await inParallel({ projectId: 'acme' });

    expect(results.map((result) => result.kind).toSorted()).toEqual([...Array.from({ length: 7 }, () => 'existing'), 'minted']);
    expect(await countKeys()).toBe(1);
  });

  it('stores the chosen key once when eight processes start at once', async () => {
    const apiKey = 'the-operators-own-key';

    const results = await inParallel({ projectId: 'first', apiKey });

    expect(results).toEqual(Array.from({ length: 8 }, () => ({ kind: 'configured', keyId: expect.any(String) })));
    expect(await countKeys()).toBe(1);
    expect(await makeAuthenticator({ pool }).byKey(apiKey)).toMatchObject({ scopes: new Set(['*', 'instance:admin']) });
    expect(await bootstrap(pool, { projectId: 'first' })).toEqual({ kind: 'existing', keyId: expect.any(String) });
  });

  it('leaves an existing project as it is', async () => {
    await bootstrap(pool, { projectId: 'acme', apiKey: null });

    expect(await getProject(operator, 'acme', deps)).toMatchObject({ name: 'Acme' });
  });

  it.each([
    ['revoked', 'revoked_at = now()'],
    ['expired', `expires_at = now() - interval '1 second'`],
    ['no admin', `scopes = '{*}'`],
    ["another project's", `project_id = 'other'`],
  ])('mints another key when the only one is %s', async (_what, change) => {
    await bootstrap(pool, { projectId: 'acme' });
    await pool.query(`update api_keys set ${change}`);

    expect(await bootstrap(pool, { projectId: 'acme' })).toMatchObject({ kind: 'minted' });
  });

  it('adds a chosen key beside the one it minted before', async () => {
    const { key } = mintApiKey();
    await bootstrap(pool, { projectId: 'acme' });

    expect(await bootstrap(pool, { projectId: 'acme', apiKey: key })).toEqual({ kind: 'configured', keyId: expect.any(String) });
    expect(await countKeys()).toBe(2);
  });

  it('does not bring a revoked key back to life', async () => {
    const apiKey = 'the-operators-own-key';
    await bootstrap(pool, { projectId: 'acme', apiKey });
    await pool.query('update api_keys set revoked_at = now()');

    expect(await bootstrap(pool, { projectId: 'acme', apiKey })).toEqual({ kind: 'dead' });
    await expect(makeAuthenticator({ pool }).byKey(apiKey)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  it('refuses, in words, a key that is in use elsewhere or with fewer scopes', async () => {
    const apiKey = 'the-operators-own-key';
    await bootstrap(pool, { projectId: 'acme', apiKey });
    const { key } = await createApiKey(owner, { name: 'ci', scopes: ['runs:read'] }, deps);

    await expect(bootstrap(pool, { projectId: 'first', apiKey })).rejects.toThrow(
      'the configured API key already belongs to project "acme"; choose another one for "first"',
    );
    await expect(bootstrap(pool, { projectId: 'acme', apiKey: key })).rejects.toThrow('is not an admin key');
    await expect(getProject(operator, 'first', deps)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it.each([
    ['short', 'must have 16 to 256 characters, this one has 5'],
    ['x'.repeat(257), 'must have 16 to 256 characters'],
    ['has spaces and is long', 'must be printable ASCII'],
    ['baton_chosen-by-somebody', 'its checksum is wrong'],
  ])('refuses, in words, the key %j', async (apiKey, words) => {
    await expect(bootstrap(pool, { projectId: 'acme', apiKey })).rejects.toThrow(words);
    expect(await countKeys()).toBe(0);
  });

  it('refuses a project id that is no slug', async () => {
    await expect(bootstrap(pool, { projectId: 'Not a slug' })).rejects.toThrow('"Not a slug" cannot be a project id');
  });
});

describe('inputs', () => {
  it.each<[string, { safeParse(value: unknown): { success: boolean } }, unknown]>([
    ['an unknown field', CreateProjectInput, { id: 'a', name: 'A', color: 'red' }],
    ['an id in capitals', CreateProjectInput, { id: 'Acme', name: 'A' }],
    ['an id with a line break', CreateProjectInput, { id: 'acme\n', name: 'A' }],
    ['a blank name', CreateProjectInput, { id: 'a', name: '  ' }],
    ['a name with NUL', CreateProjectInput, { id: 'a', name: 'A\0' }],
    ['a name with half a character', CreateProjectInput, { id: 'a', name: 'A\ud800' }],
    ['a name that is too long', CreateProjectInput, { id: 'a', name: 'A'.repeat(256) }],
    ['a limit of none', CreateProjectInput, { id: 'a', name: 'A', maxQueuedRuns: 0 }],
    ['a limit with a fraction', UpdateProjectInput, { id: 'a', maxQueuedRuns: 1.5 }],
    ['a name set to null', UpdateProjectInput, { id: 'a', name: null }],
    ['an unknown scope', CreateApiKeyInput, { name: 'a', scopes: ['runs:fly'] }],
    ['an empty list of scopes', CreateApiKeyInput, { name: 'a', scopes: [] }],
    ['an expiry in the past', CreateApiKeyInput, { name: 'a', expiresInDays: -1 }],
  ])('are refused with %s', (_what, schema, value) => {
    expect(schema.safeParse(value).success).toBe(false);
  });

  it('may say null for what is left out', () => {
    const input = { projectId: null, name: 'a', scopes: null, expiresInDays: null };

    expect(CreateApiKeyInput.parse(input)).toEqual(input);
    expect(CreateProjectInput.parse({ id: 'a', name: 'A', maxExecutingRuns: null, maxQueuedRuns: null })).toBeDefined();
  });

  it.each([
    ['CreateProjectInput', CreateProjectInput],
    ['UpdateProjectInput', UpdateProjectInput],
    ['CreateApiKeyInput', CreateApiKeyInput],
  ])('describe every field of %s', (_name, schema) => {
    for (const [field, type] of Object.entries(schema.shape)) expect(type.description, field).toMatch(/\.$/);
  });
});
