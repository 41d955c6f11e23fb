import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DO, type RestWorld, startRestWorld } from './support/rest-world.ts';

let world: RestWorld;
beforeAll(async () => {
  world = await startRestWorld();
});
afterAll(() => world.close());

const trigger = (job: { readonly id: string }, body: object = {}, headers: Record<string, string> = {}) =>
  world.rest('POST', `/v1/jobs/${job.id}/trigger`, { body, headers });

const TRIGGER =
  'mutation ($job: ID!) { triggerRun(input: { job: $job }) { id status debounced fireAt buffered batch deduplicated } }';
const viaGraphQL = async (job: { readonly id: string }) =>
  (await world.rest('POST', '/graphql', { body: { query: TRIGGER, variables: { job: job.id } } })).body;

describe('a trigger over REST', () => {
  it('beyond the rate limit is a 429 in words, with the seconds to wait', async () => {
    const job = await world.createJob({ rate_limit_max: 1, rate_limit_window_secs: 60 });
    expect((await trigger(job)).status).toBe(201);

    const refused = await trigger(job);

    expect([refused.status, refused.body.error]).toEqual([429, 'job rate limit exceeded']);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(Number(refused.headers.get('retry-after'))).toBeLessThanOrEqual(60);
    expect(refused.headers.get('x-ratelimit-limit')).toBe('1');
    expect(refused.headers.get('x-ratelimit-remaining')).toBe('0');
    expect((await viaGraphQL(job)).errors[0]).toMatchObject({
      message: 'job rate limit exceeded',
      extensions: { code: 'RATE_LIMITED', retryAfterSecs: expect.any(Number) },
    });
  });

  it('of a debounced job is a 202 that says when it fires', async () => {
    const job = await world.createJob({ debounce_window_secs: 600 });

    const answer = await trigger(job, { payload: DO.complete, debounce_key: 'k' });

    expect([answer.status, answer.body]).toEqual([202, { debounced: true, fire_at: expect.stringMatching(/^\d{4}-/) }]);
    expect((await viaGraphQL(job)).data.triggerRun).toEqual({
      id: null,
      status: null,
      debounced: true,
      fireAt: expect.any(String),
      buffered: false,
      batch: null,
      deduplicated: null,
    });
    const bulk = await world.done('POST', `/v1/jobs/${job.id}/trigger/bulk`, { body: { items: [{ debounce_key: 'b' }] } });
    expect(bulk).toMatchObject({
      created: 0,
      results: [{ id: null, debounced: true, fire_at: expect.any(String), error: null }],
    });
  });

  it('of a batching job is a 202 until the batch is full, then a 201', async () => {
    const job = await world.createJob({ batch_window_secs: 600, batch_max_size: 2 });

    const first = await trigger(job, { payload: 1, batch_key: 'k' });
    const second = await trigger(job, { payload: DO.complete, batch_key: 'k' });

    expect([first.status, first.body]).toEqual([202, { buffered: true }]);
    expect([second.status, second.body]).toMatchObject([201, { batch: true, status: 'queued', id: expect.any(String) }]);
    expect(await world.done('GET', `/v1/runs/${second.body.id}`)).toMatchObject({
      payload: { items: [1, DO.complete] },
      triggered_by: 'batch',
    });
  });

  it('with an equal payload is answered with the run there is', async () => {
    const job = await world.createJob({ dedup_window_secs: 600 });
    const first = await trigger(job, { payload: DO.complete });

    const again = await trigger(job, { payload: DO.complete });

    expect([again.status, again.body]).toMatchObject([
      201,
      { id: first.body.id, payload_hash: first.body.payload_hash, idempotency_hit: false, run_token: null },
    ]);
  });

  it('may bring its own retries, which a run shows and a replay keeps', async () => {
    const job = await world.createJob();
    const own = { retry_backoff: 'linear', retry_initial_delay_secs: 7, retry_max_delay_secs: 70 };

    const { body } = await trigger(job, { payload: DO.accept, ...own });
    const custom = await trigger(job, { retry_backoff: 'custom' });

    expect(await world.done('GET', `/v1/runs/${body.id}`)).toMatchObject(own);
    expect([custom.status, custom.body.error]).toEqual([400, expect.stringContaining('retry_backoff')]);
  });

  it('may bring them in a list, too, by the words of either face', async () => {
    const job = await world.createJob();
    const items = [{ payload: DO.accept, retry_backoff: 'linear' }, { retry_backoff: 'LINEAR' }];
    const query = `mutation ($items: TriggerItemStream!) { triggerBatch(input: { job: "${job.id}", items: $items }) {
      items { error run { retryBackoff } } } }`;

    const { results } = await world.done('POST', `/v1/jobs/${job.id}/trigger/bulk`, { body: { items } });
    const variables = { items: [{ payload: DO.accept, retryBackoff: 'LINEAR' }, { retryBackoff: 'linear' }] };
    const overGraphQL = await world.rest('POST', '/graphql', { body: { query, variables } });

    expect(await world.done('GET', `/v1/runs/${results[0].id}`)).toMatchObject({ retry_backoff: 'linear' });
    expect(results[1]).toMatchObject({ id: null, error: expect.stringContaining('retry_backoff') });
    expect(overGraphQL.body.data.triggerBatch.items).toEqual([
      { error: null, run: { retryBackoff: 'LINEAR' } },
      { error: expect.stringContaining('retryBackoff'), run: null },
    ]);
  });

  it('beyond the queue of its project is a 429 in the documented words', async () => {
    const job = await world.createJob({ enabled: true, max_concurrency: 1 });
    const limit = (max: number | null) => world.done('PATCH', '/v1/projects/default', { body: { max_queued_runs: max } });
    await trigger(job, { payload: DO.accept });
    await trigger(job, { payload: DO.accept });
    await limit(1);

    const refused = await trigger(job);
    const overGraphQL = await viaGraphQL(job);
    await limit(null);

    expect([refused.status, refused.body.error]).toEqual([429, 'project queued quota exceeded']);
    expect(overGraphQL.errors[0]).toMatchObject({
      message: 'project queued quota exceeded',
      extensions: { code: 'RATE_LIMITED' },
    });
  });
});

describe('the quotas of a project', () => {
  it('are set and lifted over REST, and seen in GraphQL', async () => {
    const quotas = {
      max_jobs: 500,
      max_active_event_triggers: 5,
      max_daily_cost_microusd: 5_000_000_000,
      max_cost_per_run_microusd: 7,
    };

    const set = await world.done('PATCH', '/v1/projects/default', { body: quotas });
    const seen = await world.rest('POST', '/graphql', {
      body: { query: '{ project(id: "default") { maxJobs maxActiveEventTriggers maxDailyCostMicrousd maxCostPerRunMicrousd } }' },
    });
    const lifted = Object.fromEntries(Object.keys(quotas).map((name) => [name, null]));
    const cleared = await world.done('PATCH', '/v1/projects/default', { body: lifted });

    expect(set).toMatchObject(quotas);
    expect(seen.body.data.project).toEqual({
      maxJobs: 500,
      maxActiveEventTriggers: 5,
      maxDailyCostMicrousd: 5_000_000_000,
      maxCostPerRunMicrousd: 7,
    });
    expect(cleared).toMatchObject(lifted);
  });

  it('refuse usage beyond what a run may cost with a 429', async () => {
    const run = await world.accepted();
    await world.done('PATCH', '/v1/projects/default', { body: { max_cost_per_run_microusd: 10 } });
    const usage = (cost_microusd: number) =>
      world.rest('POST', `/sdk/v1/runs/${run.id}/usage`, { key: run.token, body: { provider: 'p', model: 'm', cost_microusd } });

    const answers = [await usage(10), await usage(1)];
    await world.done('PATCH', '/v1/projects/default', { body: { max_cost_per_run_microusd: null } });

    expect(answers.map(({ status, body }) => [status, body.error])).toEqual([
      [200, undefined],
      [429, 'per-run cost budget exceeded'],
    ]);
  });
});
