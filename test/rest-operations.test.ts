import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newId } from '../src/core/ids.ts';
import { DO, type RestWorld, startRestWorld } from './support/rest-world.ts';

let world: RestWorld;
beforeAll(async () => {
  world = await startRestWorld();
});
afterAll(() => world.close());

const ids = (count: number): string[] => Array.from({ length: count }, () => newId());

async function failedRun(job?: string): Promise<string> {
  const { id, token } = await world.accepted({}, job);
  await world.done('POST', `/sdk/v1/runs/${id}/fail`, { key: token, body: { error: 'given up' } });
  return id;
}

describe('a bulk operation refuses, in the documented words,', () => {
  it.each([
    ['bulk-cancel', { run_ids: ids(101) }, 400, 'maximum 100 run IDs per bulk cancel request'],
    ['bulk-cancel-all', { status: 'queued' }, 400, 'project_id query parameter is required'],
    ['bulk-cancel-all?project_id=default', {}, 400, 'at least one filter is required'],
    ['bulk-cancel-all?project_id=other', { status: 'queued' }, 404, 'project not found'],
    ['bulk-replay', { run_ids: ids(101) }, 400, 'maximum 100 run IDs per bulk replay request'],
    ['bulk-dlq-replay', {}, 400, 'provide either run_ids or project_id'],
    ['bulk-dlq-replay', { run_ids: ids(1), project_id: 'default' }, 400, 'provide either run_ids or project_id'],
    ['bulk-dlq-replay', { run_ids: ids(501) }, 400, 'too many run_ids (max 500)'],
    ['bulk-dlq-replay', { project_id: 'default', limit: 501 }, 400, 'limit must be <= 500'],
    ['bulk-dlq-replay', { run_ids: ids(1), limit: 1 }, 400, 'limit goes with project_id, not with run_ids'],
    ['bulk-dlq-replay', { project_id: 'other' }, 404, 'project not found'],
    ['bulk-dlq-replay', { run_ids: ids(1) }, 409, 'no dead_letter runs available for replay'],
    ['bulk-dlq-replay', { project_id: 'default' }, 409, 'no dead_letter runs available for replay'],
  ])('%s %#', async (route, body, status, error) => {
    const before = await world.stored();

    const answer = await world.rest('POST', `/v1/runs/${route}`, { body });

    expect([answer.status, answer.body.error]).toEqual([status, error]);
    expect(await world.stored()).toEqual(before);
  });
});

describe('bulk-cancel', () => {
  it('tells of each run what became of it', async () => {
    const { id: active } = await world.accepted();
    const { id: ended } = await world.ended({ payload: DO.complete });
    const unknown = newId();

    const { body } = await world.rest('POST', '/v1/runs/bulk-cancel', {
      body: { run_ids: [ended, unknown, active, world.other.runId] },
    });

    expect(body).toEqual({
      results: [
        { id: ended, status: 'completed', error: 'run already in terminal state' },
        { id: unknown, status: 'failed', error: 'run not found' },
        { id: active, status: 'canceled', error: null },
        { id: world.other.runId, status: 'failed', error: 'run not found' },
      ],
      total: 4,
      canceled: 1,
      failed: 3,
    });
    expect((await world.done('GET', `/v1/runs/${active}`)).error).toBe('canceled by user (bulk)');
  });
});

describe('bulk-cancel-all', () => {
  it('cancels what is executing too, and what meets all filters alone', async () => {
    const job = await world.createJob();
    const { id: theirs } = await world.accepted();
    const { id: executing } = await world.accepted({}, job.slug);
    const cancelAll = (body: object) => world.done('POST', '/v1/runs/bulk-cancel-all?project_id=default', { body });

    expect(await cancelAll({ job_id: job.id, status: 'queued' })).toMatchObject({ total: 0, results: [] });
    expect(await cancelAll({ job_id: job.id, status: 'executing', triggered_by: 'manual' })).toEqual({
      results: [{ id: executing, status: 'canceled', error: null }],
      total: 1,
      canceled: 1,
      failed: 0,
    });

    expect((await world.done('GET', `/v1/runs/${executing}`)).error).toBe('canceled by user (bulk filter)');
    expect((await world.done('GET', `/v1/runs/${theirs}`)).status).toBe('executing');
  });
});

describe('a replay', () => {
  it('needs its job, enabled', async () => {
    const job = await world.createJob();
    const id = await failedRun(job.slug);
    const replay = async () => {
      const { status, body } = await world.rest('POST', `/v1/runs/${id}/replay`);
      return [status, body.error];
    };

    await world.done('PATCH', `/v1/jobs/${job.id}`, { body: { enabled: false } });
    expect(await replay()).toEqual([400, 'job is disabled']);
    await world.done('DELETE', `/v1/jobs/${job.id}`);
    expect(await replay()).toEqual([400, 'job not found for run']);
  });

  it('runs under the job as it is now', async () => {
    const job = await world.createJob();
    const id = await failedRun(job.slug);
    const { version } = await world.done('PATCH', `/v1/jobs/${job.id}`, { body: { timeout_secs: 77 } });

    const replayed = await world.done('POST', `/v1/runs/${id}/replay`);

    expect(replayed).toMatchObject({ job_version: version, attempt: 1, triggered_by: 'manual', parent_run_id: null });
    expect(replayed.id).not.toBe(id);
    await world.dispatched(replayed.id);
  });

  it('of many answers the new runs in the order of the old ones', async () => {
    const failed = [await failedRun(), await failedRun()];
    const { id: completed } = await world.ended({ payload: DO.complete });

    const { status, body } = await world.rest('POST', '/v1/runs/bulk-replay', { body: { run_ids: [completed, ...failed] } });

    expect([status, body.length]).toEqual([200, 2]);
    expect(body[0].created_at < body[1].created_at).toBe(true);
  });
});
