import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { startTestApp } from './support/app.ts';
import { DO, type RestWorld, startRestWorld } from './support/rest-world.ts';

let world: RestWorld;
beforeAll(async () => {
  world = await startRestWorld();
});
afterAll(() => world.close());

const MEGABYTE = 1024 * 1024;

describe('a trigger over REST', () => {
  const trigger = (body: unknown, headers: Record<string, string> = {}) =>
    world.rest('POST', `/v1/jobs/${world.job.slug}/trigger`, { body, headers });

  it('takes no body at all', async () => {
    const { status, body } = await world.rest('POST', `/v1/jobs/${world.job.id}/trigger`);

    expect(status).toBe(201);
    expect((await world.end(body.id)).payload).toBeNull();
  });

  it.each([
    ['Idempotency-Key', 'plain-1', 'plain-1'],
    ['X-Idempotency-Key', 'plain-2', 'plain-2'],
    ['Idempotency-Key', '"quoted 3"', 'quoted 3'],
    ['X-Idempotency-Key', '"with \\" and \\\\"', 'with " and \\'],
    ['Idempotency-Key', '"', '"'],
  ])('answers the live run again under %s: %s', async (header, sent, kept) => {
    const first = await trigger({ payload: DO.accept }, { [header]: sent });
    const again = await trigger({ payload: DO.accept }, { [header]: sent });
    const run = await world.done('GET', `/v1/runs/${first.body.id}`);

    expect([first.status, again.status]).toEqual([201, 201]);
    expect(first.body).toMatchObject({ idempotency_hit: false, run_token: expect.any(String) });
    expect(again.body).toMatchObject({
      id: first.body.id,
      idempotency_hit: true,
      run_token: null,
      payload_hash: first.body.payload_hash,
    });
    expect(run.idempotency_key).toBe(kept);
  });

  it('treats both spellings of the header as one key', async () => {
    const first = await trigger({ payload: DO.accept }, { 'idempotency-key': 'both' });
    const again = await trigger({ payload: DO.accept }, { 'x-idempotency-key': '"both"', 'idempotency-key': 'both' });
    const torn = await trigger({ payload: DO.accept }, { 'x-idempotency-key': 'a', 'idempotency-key': 'b' });
    const other = await trigger({ payload: { do: 'accept', n: 1 } }, { 'x-idempotency-key': 'both' });

    expect(again.body.id).toBe(first.body.id);
    expect([torn.status, torn.body.error]).toEqual([400, 'Idempotency-Key and X-Idempotency-Key say different things']);
    expect(other.status).toBe(409);
  });

  it.each(['', '""', 'x'.repeat(257)])('refuses the key %.5s…', async (key) => {
    expect((await trigger({}, { 'idempotency-key': key })).status).toBe(400);
  });

  it('run dry checks everything and stores nothing', async () => {
    const job = await world.createJob({ payload_schema: { type: 'object', required: ['page'] }, run_ttl_secs: 60 });
    const path = `/v1/jobs/${job.slug}/trigger`;
    const before = await world.stored();

    const good = await world.rest('POST', path, {
      body: { dry_run: true, payload: { page: 3 }, scheduled_at: '2020-01-01T00:00:00Z' },
    });
    const bad = await world.rest('POST', path, { body: { dry_run: true, payload: {} } });

    expect(good.status).toBe(200);
    expect(good.body).toEqual({
      job: await world.done('GET', `/v1/jobs/${job.slug}`),
      payload: { page: 3 },
      payload_hash: expect.stringMatching(/^[0-9a-f]{64}$/),
      scheduled_at: '2020-01-01T00:00:00.000Z',
      expires_at: expect.any(String),
      validation_warnings: [],
    });
    expect([bad.status, bad.body.error]).toEqual([400, expect.stringContaining('payload validation failed')]);
    expect(await world.stored()).toEqual(before);
  });

  it('keeps what it was told', async () => {
    const { body } = await trigger({
      payload: DO.accept,
      tags: { team: 'core' },
      metadata: { region: 'eu' },
      priority: 7,
      ttl_secs: 60,
      concurrency_key: 'tenant',
      timeout_secs_override: 33,
      max_attempts_override: 9,
      scheduled_at: '2020-01-01T01:00:00+01:00',
    });

    expect(await world.done('GET', `/v1/runs/${body.id}`)).toMatchObject({
      tags: { team: 'core' },
      metadata: { region: 'eu' },
      priority: 7,
      concurrency_key: 'tenant',
      timeout_secs_override: 33,
      max_attempts_override: 9,
      scheduled_at: '2020-01-01T00:00:00.000Z',
    });
  });

  it('takes a payload of 5 MB and refuses more', async () => {
    const payload = (bytes: number) => ({ payload: { do: 'complete', text: 'x'.repeat(bytes - 34) } });
    const before = await world.stored();

    const over = await trigger(payload(5 * MEGABYTE + 100));
    const stored = await world.stored();
    const under = await trigger(payload(5 * MEGABYTE - 100));

    expect([over.status, over.body.error]).toEqual([413, expect.stringContaining('5242880 bytes')]);
    expect(stored).toEqual(before);
    expect(under.status).toBe(201);
  });

  it('of a disabled job is refused', async () => {
    const job = await world.createJob({ enabled: false });

    const { status, body } = await world.rest('POST', `/v1/jobs/${job.id}/trigger`);

    expect([status, body.error]).toEqual([400, expect.stringContaining('job is disabled')]);
  });

  it.each(['2026-01-01', '2026-01-01T00:00:00', 'tomorrow', '1969-12-31T23:59:59Z', '2026-02-30T00:00:00Z', 1_700_000_000])(
    'at %s is refused, naming the field',
    async (scheduled_at) => {
      const { status, body } = await trigger({ scheduled_at });

      expect([status, body.details[0].path]).toEqual([400, 'scheduled_at']);
    },
  );

  it('in bulk stores what is sound and says what is not, item by item', async () => {
    const job = await world.createJob({ payload_schema: { type: 'object', required: ['do'] } });
    const items = [{ payload: DO.accept, idempotency_key: 'a' }, { payload: {} }, { payload: DO.accept, idempotency_key: 'a' }];

    const body = await world.done('POST', `/v1/jobs/${job.slug}/trigger/bulk`, { body: { items } });
    const [first, second, third] = body.results;

    expect(body).toMatchObject({ total: 3, created: 1 });
    expect(first).toMatchObject({ idempotency_hit: false, error: null, run_token: expect.any(String) });
    expect(second).toEqual({
      id: null,
      status: null,
      run_token: null,
      idempotency_hit: false,
      debounced: false,
      fire_at: null,
      buffered: false,
      error: expect.stringContaining('payload'),
    });
    expect(third).toMatchObject({ id: first.id, idempotency_hit: true, run_token: null, error: null });
    expect((await world.done('GET', `/v1/runs/${first.id}`)).batch_id).toBe(body.batch_id);
  });

  it('in bulk says of an item that breaks a rule which one, and stores the others', async () => {
    const items = [{ priority: 11 }, { dry_run: true }, 7, { payload: DO.complete }, { idempotency_key: 'a\0b' }];

    const body = await world.done('POST', `/v1/jobs/${world.job.slug}/trigger/bulk`, { body: { items } });

    expect(body).toMatchObject({ total: 5, created: 1 });
    expect(body.results.map(({ error }: { error: string | null }) => error)).toEqual([
      expect.stringMatching(/^priority: /),
      'dry_run: unknown field',
      expect.stringContaining('object'),
      null,
      expect.stringMatching(/^idempotency_key: /),
    ]);
  });
});

describe('an endpoint that may not be called', () => {
  it('is refused when a job is created or changed, and nothing is stored', async () => {
    const app = await startTestApp({ allowPrivateEndpoints: false });
    onTestFinished(() => app.close());
    const job = { name: 'A job', slug: 'public', endpoint_url: 'https://example.com/run' };
    await app.rest('POST', '/v1/jobs', { body: job });
    const jobs = async () => [(await app.rest('GET', '/v1/jobs')).body, (await app.rest('GET', '/v1/jobs/public/versions')).body];
    const before = await jobs();

    for (const endpoint_url of [
      'http://127.0.0.1:8080/',
      'http://localhost/',
      'http://10.0.0.1/',
      'http://[::1]/',
      'http://2130706433/',
    ]) {
      const created = await app.rest('POST', '/v1/jobs', { body: { ...job, slug: 'private', endpoint_url } });
      const changed = await app.rest('PATCH', '/v1/jobs/public', { body: { endpoint_url } });

      expect([created.status, created.body.details[0].path]).toEqual([400, 'endpoint_url']);
      expect([changed.status, changed.body.details[0].path]).toEqual([400, 'endpoint_url']);
    }
    expect(await jobs()).toEqual(before);
  });
});
