import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeSecretBox } from '../src/auth/secret-box.ts';
import { createClient } from '../src/sdk/entry.ts';
import { ADMIN_KEY, startTestApp, startTestExecutor, type TestApp, type TestExecutor } from './support/app.ts';

let app: TestApp;
let executor: TestExecutor;
let database: pg.Pool;
const logged: string[] = [];
beforeAll(async () => {
  executor = await startTestExecutor();
  app = await startTestApp(
    { managedExec: true },
    undefined,
    pino({ level: 'trace' }, { write: (line: string) => logged.push(line) }),
  );
  database = new pg.Pool({ connectionString: app.databaseUrl, max: 1 });
});
afterAll(async () => {
  await database.end();
  await app.close();
  await executor.close();
});

let count = 0;
const fresh = () => `n${++count}`;
const secretValue = () => `s3cret-${randomBytes(24).toString('hex')}`;

async function done(method: string, path: string, body?: object, key?: string) {
  const answer = await app.rest(method, path, { ...(body && { body }), ...(key && { key }) });
  if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
  return answer.body;
}

const createJob = (fields: object = {}, key?: string) =>
  done('POST', '/v1/jobs', { name: 'A job', slug: fresh(), endpoint_url: executor.url, max_attempts: 1, ...fields }, key);

/** Runs a job to its end; answers the run, and the headers that its executor got. */
async function run(job: { slug: string }, apiKey = ADMIN_KEY) {
  const seen = executor.dispatches.length;
  const { id } = await done('POST', `/v1/jobs/${job.slug}/trigger`, { payload: {} }, apiKey);
  const ended = await createClient({ url: app.url, apiKey }).runs.wait(id);
  const headers = executor.dispatches.slice(seen).find(({ headers }) => headers['x-run-id'] === id)?.headers ?? {};
  return { run: ended, headers };
}

function carried(headers: Readonly<Record<string, unknown>>): object {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => /^x-(environment|variable-|secret-)/.test(name)));
}

describe('an environment', () => {
  it('hands its variables and secrets to executors, with those it takes from its parents', async () => {
    const base = fresh();
    const production = fresh();
    await done('POST', '/v1/environments', { slug: base, variables: { REGION: 'eu', LEVEL: 'low' } });
    const { id } = await done('POST', '/v1/environments', { slug: production, parent_id: base, variables: { LEVEL: 'high' } });
    const job = await createJob({ environment_id: production });
    expect(job.environment_id).toBe(id);
    const values = Object.fromEntries(['project', 'base', 'production', 'job'].map((where) => [where, secretValue()]));
    await done('POST', '/v1/secrets', { key: 'A', value: values['project'] });
    await done('POST', '/v1/secrets', { key: 'B', value: values['project'] });
    await done('POST', '/v1/secrets', { key: 'B', value: values['base'], environment_id: base });
    await done('POST', '/v1/secrets', { key: 'C', value: values['base'], environment_id: base });
    await done('POST', '/v1/secrets', { key: 'C', value: values['production'], environment_id: id });
    await done('POST', '/v1/secrets', { key: 'D', value: values['production'], environment_id: id });
    await done('POST', '/v1/secrets', { key: 'D', value: values['job'], job_id: job.slug });

    expect(carried((await run(job)).headers)).toEqual({
      'x-environment': production,
      'x-variable-region': 'eu',
      'x-variable-level': 'high',
      'x-secret-a': values['project'],
      'x-secret-b': values['base'],
      'x-secret-c': values['production'],
      'x-secret-d': values['job'],
    });
    expect((await done('GET', `/v1/environments/${production}`)).resolved_variables).toEqual({ REGION: 'eu', LEVEL: 'high' });
    const outside = await run(await createJob());
    expect(carried(outside.headers)).toEqual({ 'x-secret-a': values['project'], 'x-secret-b': values['project'] });
    for (const { id: secret } of await done('GET', '/v1/secrets')) await done('DELETE', `/v1/secrets/${secret}`);
  });

  it('sends the runs of its jobs to its own endpoint', async () => {
    const staging = await startTestExecutor();
    const slug = fresh();
    await done('POST', '/v1/environments', { slug, variables: { ENDPOINT_URL: `${staging.url}here` } });
    const job = await createJob({ environment_id: slug });

    const { run: ended, headers } = await run(job);

    expect(ended.status).toBe('completed');
    expect(headers).toEqual({});
    expect(staging.dispatches).toHaveLength(1);
    expect(carried(staging.dispatches[0]?.headers ?? {})).toEqual({ 'x-environment': slug });
    await staging.close();
  });

  it('is refused when it would take from itself, from too many, or send runs somewhere impossible', async () => {
    const [first, second] = [fresh(), fresh()];
    await done('POST', '/v1/environments', { slug: first });
    await done('POST', '/v1/environments', { slug: second, parent_id: first });
    const error = async (method: string, path: string, body: object) => {
      const answer = await app.rest(method, path, { body });
      return `${answer.status} ${answer.body.error} ${JSON.stringify(answer.body.details ?? '')}`;
    };

    expect(await error('PATCH', `/v1/environments/${first}`, { parent_id: second })).toMatch(/^400 parent_id: takes from this/);
    expect(await error('PATCH', `/v1/environments/${first}`, { parent_id: first })).toMatch(/^400 parent_id: takes from this/);
    let parent = second;
    for (let depth = 3; depth <= 5; depth++) {
      const slug = fresh();
      await done('POST', '/v1/environments', { slug, parent_id: parent });
      parent = slug;
    }
    expect(await error('POST', '/v1/environments', { slug: fresh(), parent_id: parent })).toMatch(/^400 parent_id: must not/);
    expect(await error('POST', '/v1/environments', { slug: first })).toMatch(/^409 an environment with slug/);
    expect(await error('POST', '/v1/environments', { slug: fresh(), parent_id: 'nowhere' })).toMatch(/^400 parent_id: is not/);
    expect(await error('POST', '/v1/environments', { slug: fresh(), variables: { ENDPOINT_URL: 'ftp://x' } })).toMatch(
      /^400 variables.ENDPOINT_URL: The endpoint URL must use http/,
    );
    expect(await error('POST', '/v1/environments', { slug: fresh(), variables: { A: 'two\nlines' } })).toMatch(
      /^400 .*printable/,
    );
    expect(await error('POST', '/v1/environments', { slug: fresh(), variables: { lower: 'x' } })).toMatch(/^400 .*A-Z/);
    const job = { name: 'A job', slug: fresh(), endpoint_url: executor.url };
    expect(await error('POST', '/v1/jobs', { ...job, environment_id: 'nowhere' })).toMatch(/^400 environment_id: is not/);
    expect(await error('POST', '/v1/jobs', { ...job, fallback_endpoint_url: 'nonsense' })).toMatch(
      /^400 fallback_endpoint_url: /,
    );
  });

  it('stays while something uses it, and goes with its secrets', async () => {
    const slug = fresh();
    const { id } = await done('POST', '/v1/environments', { slug });
    await done('POST', '/v1/secrets', { key: 'GONE', value: 'x', environment_id: slug });
    const job = await createJob({ environment_id: slug });
    const answer = await app.rest('DELETE', `/v1/environments/${slug}`);
    expect([answer.status, answer.body.error]).toEqual([
      409,
      `the environment is in use (job ${job.slug}): take these out of it first`,
    ]);

    await done('DELETE', `/v1/jobs/${job.slug}`);
    await done('DELETE', `/v1/environments/${slug}`);

    const { rows } = await database.query('select from secrets where environment_id = $1', [id]);
    expect(rows).toEqual([]);
  });
});

describe('a secret', () => {
  it('is nowhere to be read again, whatever the executor does with it', async () => {
    const value = secretValue();
    const spoken = `say "${value}" \\o/`;
    const { id, ...shown } = await done('POST', '/v1/secrets', { key: 'TOKEN', value });
    await done('POST', '/v1/secrets', { key: 'QUOTED', value: spoken });
    expect(shown).toMatchObject({ key: 'TOKEN', prefix: 's3cr' });
    expect(JSON.stringify(shown)).not.toContain(value);
    executor.answer(({ headers }, res) => {
      const told = [headers['x-secret-token'], headers['x-secret-quoted']];
      res.writeHead(500, { 'x-echo': told[0], 'content-type': 'application/json' }).end(JSON.stringify({ told }));
    });
    const job = await createJob();
    const scheduled_at = new Date(Date.now() + 3_600_000).toISOString();
    const triggered = await done('POST', `/v1/jobs/${job.slug}/trigger`, { payload: {}, scheduled_at });
    await done('POST', `/v1/runs/${triggered.id}/debug`, { debug_mode: true });
    await done('POST', `/v1/runs/${triggered.id}/reschedule`, { scheduled_at: '2020-01-01T00:00:00Z' });
    await createClient({ url: app.url, apiKey: ADMIN_KEY }).runs.wait(triggered.id);
    executor.answer((_dispatch, res) => res.writeHead(200).end('{}'));

    const bundle = await done('GET', `/v1/runs/${triggered.id}/debug-bundle`);
    const listed = await done('GET', '/v1/secrets');
    const graph = await app.graphql('{ secrets { edges { node { id key prefix environmentId jobId createdBy updatedAt } } } }');
    const rotated = await done('POST', `/v1/secrets/${id}/rotate`, { value });

    expect(bundle.run.error).toContain('[redacted]');
    expect(JSON.stringify(bundle.events)).toContain('[redacted]');
    for (const text of [bundle, listed, graph, rotated, logged]) expect(JSON.stringify(text)).not.toContain(value);
    for (const text of await everythingStored()) expect(text).not.toMatch(spellings(value));
    await Promise.all((await done('GET', '/v1/secrets')).map((one: { id: string }) => done('DELETE', `/v1/secrets/${one.id}`)));
  });

  it('reaches a process as a variable of its environment, and is taken out of what that writes', async () => {
    const [slug, value] = [fresh(), secretValue()];
    await done('POST', '/v1/environments', { slug, variables: { REGION: 'eu', ENDPOINT_URL: 'http://127.0.0.1:9/' } });
    await done('POST', '/v1/secrets', { key: 'HIDDEN', value, environment_id: slug });
    const script = 'test "$SECRET_HIDDEN" && echo "$SECRET_HIDDEN $VARIABLE_REGION $BATON_ENVIRONMENT" >&2; exit 3';
    const managed = { execution_mode: 'managed', image_uri: `exec:sh -c '${script}'`, endpoint_url: null, environment_id: slug };

    const { run: ended } = await run(await createJob(managed));

    const said = `[redacted] eu ${slug}`;
    expect(ended).toMatchObject({ status: 'dead_letter', error: expect.stringContaining(said) });
    const events = await done('GET', `/v1/runs/${ended.id}/events`);
    expect(events.map(({ message }: { message: string }) => message)).toContain(said);
    expect(JSON.stringify([ended, events])).not.toContain(value);
  });

  it('is replaced by rotating it, and no longer sent once it is deleted', async () => {
    const [first, second] = [secretValue(), secretValue()];
    const job = await createJob();
    const { id } = await done('POST', '/v1/secrets', { key: 'TURNING', value: first, job_id: job.id });
    const sent = async () => (await run(job)).headers['x-secret-turning'];

    expect(await sent()).toBe(first);
    await done('POST', `/v1/secrets/${id}/rotate`, { value: second });
    expect(await sent()).toBe(second);
    await done('DELETE', `/v1/secrets/${id}`);
    expect(await sent()).toBeUndefined();
    expect((await app.rest('GET', `/v1/secrets/${id}`)).status).toBe(404);
  });

  it('goes with its job', async () => {
    const job = await createJob();
    await done('POST', '/v1/secrets', { key: 'OWNED', value: 'x', job_id: job.slug });

    await done('DELETE', `/v1/jobs/${job.slug}`);

    const { rows } = await database.query('select from secrets where job_id = $1', [job.id]);
    expect(rows).toEqual([]);
  });

  it('is refused when it is no header, or there already', async () => {
    const error = async (body: object) => {
      const answer = await app.rest('POST', '/v1/secrets', { body });
      return `${answer.status} ${answer.body.error} ${JSON.stringify(answer.body.details ?? '')}`;
    };
    const job = await createJob();
    await done('POST', '/v1/secrets', { key: 'ONCE', value: 'x', job_id: job.id });

    expect(await error({ key: 'ONCE', value: 'y', job_id: job.slug })).toMatch(/^409 there is a secret ONCE for this already/);
    expect(await error({ key: 'A', value: 'x', job_id: 'nothing' })).toMatch(/^400 job_id: is not/);
    expect(await error({ key: 'A', value: 'x', environment_id: 'nothing' })).toMatch(/^400 environment_id: is not/);
    for (const value of ['', ' x', 'x ', 'x\r\nx-run-token: y', 'é', 'x\0', 'x'.repeat(4_097)]) {
      expect(await error({ key: 'A', value })).toMatch(/^400 /);
    }
    for (const key of ['', 'lower', 'A-B', '1A', 'A'.repeat(65), 'A\nB'])
      expect(await error({ key, value: 'x' })).toMatch(/^400 /);
  });

  it('of another project is not sent, and cannot be given to its jobs', async () => {
    await done('POST', '/v1/projects', { id: 'other', name: 'Other' });
    const { key } = await done('POST', '/v1/api-keys', { name: 'theirs', project_id: 'other', scopes: ['*'] });
    const environment = await done('POST', '/v1/environments', { slug: fresh(), variables: { OURS: 'x' } });
    const ours = await createJob();
    const { id } = await done('POST', '/v1/secrets', { key: 'OURS', value: secretValue() });
    const theirs = await createJob({}, key);
    const status = async (method: string, path: string, body: object) => (await app.rest(method, path, { body, key })).status;

    expect(carried((await run(theirs, key)).headers)).toEqual({});
    expect(await status('PATCH', `/v1/jobs/${theirs.slug}`, { environment_id: environment.id })).toBe(400);
    expect(await status('POST', '/v1/secrets', { key: 'A', value: 'x', job_id: ours.id })).toBe(400);
    expect(await status('POST', '/v1/secrets', { key: 'A', value: 'x', environment_id: environment.id })).toBe(400);
    expect(await status('POST', `/v1/secrets/${id}/rotate`, { value: 'x' })).toBe(404);
    expect(await status('PATCH', `/v1/environments/${environment.slug}`, { name: 'Mine' })).toBe(404);
    await done('DELETE', `/v1/secrets/${id}`);
  });

  it('that cannot be opened, or with others is too long, ends the run in words', async () => {
    const job = await createJob();
    const keys = ['LONG_A', 'LONG_B', 'LONG_C'];
    const ids = await Promise.all(
      keys.map(async (key) => (await done('POST', '/v1/secrets', { key, value: 'x'.repeat(4_000), job_id: job.id })).id),
    );
    expect((await run(job)).run).toMatchObject({
      status: 'system_failed',
      error: expect.stringMatching(/have 12018 characters/),
    });

    await done('DELETE', `/v1/secrets/${ids[2]}`);
    await database.query('update secrets set sealed = (select sealed from secrets where id = $2) where id = $1', ids.slice(0, 2));
    await done('POST', `/v1/secrets/${ids[1]}/rotate`, { value: 'short' });
    expect((await run(job)).run).toMatchObject({
      status: 'system_failed',
      error: expect.stringMatching(/^the secret LONG_A cannot be read: BATON_SECRET has changed .*; rotate the secret$/),
    });
  });

  it('opens with the same key and for the same thing alone', () => {
    const box = makeSecretBox('a secret of the server, long enough to be one');
    const sealed = box.seal('value', 'project/1');
    const changed = Buffer.from(sealed);
    changed[20] = (changed[20] ?? 0) ^ 1;

    expect(box.open(sealed, 'project/1')).toBe('value');
    expect(box.seal('value', 'project/1')).not.toEqual(sealed);
    expect(box.open(sealed, 'project/2')).toBeNull();
    expect(box.open(changed, 'project/1')).toBeNull();
    expect(box.open(sealed.subarray(0, 12), 'project/1')).toBeNull();
    expect(makeSecretBox('another secret of the server, just as long').open(sealed, 'project/1')).toBeNull();
  });
});

/** Every row of every table, as text. */
async function everythingStored(): Promise<string[]> {
  const { rows: tables } = await database.query<{ name: string }>(
    `select format('%I.%I', schemaname, tablename) as name from pg_tables where schemaname not in ('pg_catalog', 'information_schema')`,
  );
  const texts = await Promise.all(
    tables.map(async ({ name }) => {
      const { rows } = await database.query<{ text: string | null }>(`select string_agg(t::text, ' ') as text from ${name} t`);
      return rows[0]?.text ?? '';
    }),
  );
  expect(texts.join('')).toContain('TOKEN');
  return texts;
}

/** A value as it is, in hex as bytes are shown, and in base64 at any offset. */
function spellings(value: string): RegExp {
  const base64 = [0, 1, 2].map((offset) => Buffer.from(value).subarray(offset).toString('base64').slice(4, -4));
  const escaped = [value, Buffer.from(value).toString('hex'), ...base64].map((text) => text.replace(/[+/]/g, '\\$&'));
  return new RegExp(escaped.join('|'));
}
