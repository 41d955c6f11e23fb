import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RestAnswer } from './support/app.ts';
import { type AcceptedRun, DO, type RestWorld, startRestWorld } from './support/rest-world.ts';

let world: RestWorld;
beforeAll(async () => {
  world = await startRestWorld();
});
afterAll(() => world.close());

const MEGABYTE = 1024 * 1024;

/** Reports on a run with its own token. */
function report({ id, token }: AcceptedRun, route: string, body?: unknown): Promise<RestAnswer> {
  return world.rest('POST', `/sdk/v1/runs/${id}/${route}`, { key: token, ...(body !== undefined && { body }) });
}

const statusOf = async (id: string): Promise<string> => (await world.done('GET', `/v1/runs/${id}`)).status;

describe('an executor over REST', () => {
  it.each([{ page: 3, tags: ['a'] }, null, 'text', 0, false, []])('reads the payload %j bare', async (extra) => {
    const job = await world.createJob();
    const { body } = await world.rest('POST', `/v1/jobs/${job.slug}/trigger`, { body: { payload: extra } });

    const answer = await world.rest('GET', `/sdk/v1/runs/${body.id}/payload`, { key: body.run_token });

    expect([answer.status, answer.body]).toEqual([200, extra]);
  });

  it('may use the token of the trigger answer as well as that of the dispatch', async () => {
    const { body } = await world.rest('POST', `/v1/jobs/${world.job.slug}/trigger`, { body: { payload: DO.accept } });
    await world.dispatched(body.id);

    expect((await report({ id: body.id, token: body.run_token }, 'heartbeat')).body).toEqual({ status: 'ok' });
  });

  it('completes with any JSON, with nothing, and without a body', async () => {
    for (const [sent, kept] of [
      [{ result: { pages: [1, 2] } }, { pages: [1, 2] }],
      [{ result: false }, false],
      [{}, null],
      [undefined, null],
    ]) {
      const run = await world.accepted();

      const { status, body } = await report(run, 'complete', sent);

      expect(status).toBe(200);
      expect(body).toMatchObject({ id: run.id, status: 'completed', result: kept, error: null, finished_at: expect.any(String) });
    }
  });

  it('may repeat a completion, and not change it', async () => {
    const run = await world.accepted();
    await report(run, 'complete', { result: { n: 1 } });

    const again = await report(run, 'complete', { result: { n: 1 } });
    const other = await report(run, 'complete', { result: { n: 2 } });

    expect([again.status, again.body.result]).toEqual([200, { n: 1 }]);
    expect([other.status, other.body.error]).toEqual([409, 'run status conflict: the run is completed']);
  });

  it('is told when a result is too large or breaks the schema of the job, and goes on', async () => {
    const job = await world.createJob({ result_schema: { type: 'object', properties: { pages: { type: 'integer' } } } });
    const run = await world.accepted({}, job.slug);

    const large = await report(run, 'complete', { result: { text: 'x'.repeat(MEGABYTE) } });
    const wrong = await report(run, 'complete', { result: { pages: 'many' } });

    expect([large.status, large.body.error]).toEqual([413, expect.stringContaining('1048576 bytes')]);
    expect([wrong.status, wrong.body.error]).toEqual([422, 'result schema validation failed']);
    expect(wrong.body.details[0].path).toContain('pages');
    expect(await statusOf(run.id)).toBe('executing');
  });

  it('fails for good, or hands the failure to the retry policy', async () => {
    const job = await world.createJob({ max_attempts: 3, retry_strategy: 'fixed', retry_initial_delay_secs: 3_600 });
    const [final, retried] = [await world.accepted({}, job.slug), await world.accepted({}, job.slug)];

    const failed = await report(final, 'fail', { error: 'no such page' });
    const retrying = await report(retried, 'fail', { error: 'try later', retry: true });

    expect([failed.status, failed.body.status, failed.body.error]).toEqual([200, 'failed', 'no such page']);
    expect(retrying.body).toMatchObject({ status: 'queued', attempt: 2, error: 'try later', next_retry_at: expect.any(String) });
    expect((await report(retried, 'heartbeat')).status).toBe(409);
  });

  it.each([
    ['log', { message: 'x' }],
    ['progress', { message: 'x' }],
    ['heartbeat', undefined],
    ['output', { output_key: 'k', value: 1 }],
    ['complete', { result: 2 }],
    ['fail', { error: 'x' }],
    ['spawn', { job_slug: 'job-1' }],
  ])('cannot %s once its run has ended', async (route, body) => {
    const run = await world.accepted();
    await world.done('DELETE', `/v1/runs/${run.id}`);
    const before = await world.stored();

    const answer = await report(run, route, body);

    expect([answer.status, typeof answer.body.error]).toEqual([409, 'string']);
    expect(await world.stored()).toEqual(before);
  });

  it('says how long it will take in either spelling, and not two things at once', async () => {
    const run = await world.accepted();

    const statuses = [
      (await report(run, 'progress', { message: 'a', eta_secs: 5 })).status,
      (await report(run, 'progress', { message: 'b', eta_seconds: 5 })).status,
      (await report(run, 'progress', { message: 'c', eta_secs: 5, eta_seconds: 6 })).status,
      (await report(run, 'progress', { message: 'd', percent: 101 })).status,
    ];
    const events: { data: unknown }[] = await world.done('GET', `/v1/runs/${run.id}/events?type=progress`);

    expect(statuses).toEqual([200, 200, 400, 400]);
    expect(events.map(({ data }) => data)).toEqual([{ eta_secs: 5 }, { eta_secs: 5 }]);
  });

  it('stores an output only when it matches its schema', async () => {
    const run = await world.accepted();

    const wrong = await report(run, 'output', { output_key: 'n', value: 'x', schema: { type: 'integer' } });
    const broken = await report(run, 'output', { output_key: 'n', value: 1, schema: { type: 'whole' } });
    const good = await report(run, 'output', { output_key: 'n', value: null });
    const none = await report(run, 'output', { output_key: 'n' });

    expect([wrong.status, wrong.body.error]).toEqual([400, expect.stringContaining('output schema validation failed')]);
    expect([broken.status, broken.body.details[0].path]).toEqual([400, 'schema']);
    expect(good.body).toMatchObject({ run_id: run.id, output_key: 'n', value: null, schema: null });
    expect([none.status, none.body.details[0].path]).toEqual([400, 'value']);
    expect(await world.done('GET', `/v1/runs/${run.id}/outputs`)).toHaveLength(1);
  });
});

describe('a spawn over REST', () => {
  it('names the job by job_id or by job_slug and project_id', async () => {
    const run = await world.accepted();
    const { id, slug } = world.job;

    for (const named of [{ job_id: id }, { job_id: slug }, { job_slug: slug }, { job_slug: slug, project_id: 'default' }]) {
      const { status, body } = await report(run, 'spawn', { ...named, payload: DO.complete });

      expect(status).toBe(202);
      expect(body).toMatchObject({
        job_id: id,
        project_id: 'default',
        parent_run_id: run.id,
        triggered_by: 'spawn',
        payload: DO.complete,
      });
    }
  });

  it('meets the child that its key has', async () => {
    const run = await world.accepted();

    const first = await report(run, 'spawn', { job_slug: world.job.slug, spawn_key: 'page-1', priority: 4 });
    const again = await report(run, 'spawn', { job_slug: world.job.slug, spawn_key: 'page-1', priority: 4 });

    expect([first.status, again.status]).toEqual([202, 202]);
    expect(again.body.id).toBe(first.body.id);
    expect(first.body.priority).toBe(4);
  });

  it.each([
    [
      'of another project',
      { job_slug: 'theirs', project_id: 'other' },
      400,
      'target_api_key is required for cross-project spawn',
    ],
    ['of a job of another project', { job_slug: 'theirs' }, 404, 'job not found'],
    ['of no job', { payload: {} }, 400, 'validation failed'],
    ['of two jobs', { job_id: 'job-1', job_slug: 'job-1' }, 400, 'validation failed'],
  ])('%s is refused', async (_, body, status, error) => {
    const run = await world.accepted();
    const before = await world.stored();

    const answer = await report(run, 'spawn', body);

    expect([answer.status, answer.body.error]).toEqual([status, error]);
    expect(await world.stored()).toEqual(before);
  });

  it('with await puts the parent to sleep, and to work again when the child has ended', async () => {
    const run = await world.accepted();

    const child = await report(run, 'spawn', {
      job_slug: world.job.slug,
      payload: DO.accept,
      await_completion: true,
      await_timeout_secs: 60,
    });
    const asleep = await statusOf(run.id);
    const childToken = await world.dispatched(child.body.id);
    await report({ id: child.body.id, token: childToken }, 'complete', { result: 'done' });
    const token = await world.dispatched(run.id, 2);
    const { body } = await report({ id: run.id, token }, 'wait-for-children');

    expect(asleep).toBe('waiting');
    expect(body).toEqual({
      status: 'ready',
      children: [{ id: child.body.id, status: 'completed', result: 'done', error: null }],
    });
    expect((await report(run, 'complete', {})).body.error).toMatch(/^stale run token/);
  });
});

describe('a run', () => {
  it('that is canceled takes its children with it, once', async () => {
    const run = await world.accepted();
    const child = await report(run, 'spawn', { job_slug: world.job.slug, payload: DO.accept });

    const first = await world.rest('DELETE', `/v1/runs/${run.id}`);
    const second = await world.rest('DELETE', `/v1/runs/${run.id}`);

    expect([first.status, first.body]).toEqual([204, '']);
    expect([second.status, second.body.error]).toEqual([400, 'run already in terminal state']);
    expect(await world.done('GET', `/v1/runs/${run.id}`)).toMatchObject({ status: 'canceled', error: 'canceled by user' });
    expect(await world.done('GET', `/v1/runs/${child.body.id}`)).toMatchObject({
      status: 'canceled',
      error: 'parent run canceled',
    });
  });

  it('that is dead-lettered can be replayed, and no other', async () => {
    const dead = await world.ended({ payload: DO.fail });
    const alive = await world.accepted();

    const replayed = await world.rest('POST', `/v1/runs/${dead.id}/dlq-replay`);
    const refused = await world.rest('POST', `/v1/runs/${alive.id}/dlq-replay`);

    expect([replayed.status, replayed.body.id, replayed.body.attempt]).toEqual([202, dead.id, 1]);
    expect(['queued', 'dequeued', 'executing', 'dead_letter']).toContain(replayed.body.status);
    expect([refused.status, refused.body.error]).toEqual([409, expect.stringContaining('run is not dead_letter')]);
  });

  it('that is paused is printed as waiting, and found so', async () => {
    const { id } = await world.accepted();
    await world.sql(`update runs set status = 'paused' where id = $1`, [id]);

    const found: { id: string }[] = await world.done('GET', '/v1/runs?project_id=default&status=waiting');

    expect(await statusOf(id)).toBe('waiting');
    expect(found.map((run) => run.id)).toEqual([id]);
  });
});
