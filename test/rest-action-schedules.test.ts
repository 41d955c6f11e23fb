import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { DO, type RestWorld, startRestWorld } from './support/rest-world.ts';

let world: RestWorld;
beforeAll(async () => {
  world = await startRestWorld();
});
afterAll(() => world.close());

const action = () => `/v1/actions/${world.job.slug}`;
const soon = () => new Date(Date.now() + 1_000).toISOString();

describe('a scheduled run', () => {
  it('runs all of its inputs at its moment, as a run of its schedule', async () => {
    const inputs = Array.from({ length: 1_201 }, (_, n) => ({ ...DO.complete, n }));
    const { uid } = await world.done('POST', `${action()}/schedule`, {
      body: { inputs: [{ ...DO.fail, custom_data: 'bad' }, ...inputs], schedule_at: soon(), parameters: { max_results: 1 } },
    });
    const run = await vi.waitFor(
      async () => {
        const [found] = await world.done('GET', `/v1/runs?scheduled_run_uid=${uid}&status=PARTIAL_SUCCEEDED`);
        expect(found).toBeDefined();
        return found;
      },
      { timeout: 15_000, interval: 200 },
    );
    const [first] = await world.done('GET', `/v1/runs/${run.uid}/inputs?limit=1`);

    expect(run).toMatchObject({ scheduled_run_uid: uid, output_count: 1_201, user_uid: 'system:cron', execution_mode: 'ASYNC' });
    expect(first).toMatchObject({
      status: 'FAILED',
      custom_data: 'bad',
      input_data: { do: 'fail', parameters: { max_results: 1 } },
    });
    expect(await world.done('GET', `/v1/schedules/${uid}`)).toMatchObject({ uid, status: 'COMPLETED', fire_count: 1 });
    expect(await world.done('GET', `/v1/runs?scheduled_run_uid=${uid}`)).toHaveLength(1);
  });

  it('is paused, resumed and canceled as any schedule', async () => {
    const { uid } = await world.done('POST', `${action()}/run/schedule`, {
      body: { cron: '0 9 * * 1', timezone: 'Europe/Berlin', inputs: [DO.complete], name: 'Mondays' },
    });
    const to = async (verb: string) => (await world.done('POST', `/v1/schedules/${uid}/${verb}`)).status;

    expect(await world.done('GET', `/v1/schedules/${uid}`)).toMatchObject({
      name: 'Mondays',
      action_name: world.job.slug,
      status: 'ACTIVE',
      next_execution_at: expect.any(String),
    });
    expect([await to('pause'), await to('resume'), await to('cancel')]).toEqual(['PAUSED', 'ACTIVE', 'CANCELLED']);
    expect((await world.rest('POST', `/v1/schedules/${uid}/pause`)).status).toBe(409);
    expect((await world.rest('GET', `/v1/schedules/${uid}`, { key: world.other.key })).status).toBe(404);
  });

  it.each([
    ['nothing to fire by', { inputs: [{}] }],
    ['two things to fire by', { inputs: [{}], cron: '0 9 * * *', schedule_at: soon() }],
    ['a cron expression that is none', { inputs: [{}], cron: 'soon' }],
    ['a moment that is past', { inputs: [{}], schedule_at: '2020-01-01T00:00:00Z' }],
    ['no inputs', { inputs: [], cron: '0 9 * * *' }],
    ['an input that breaks a rule', { inputs: [{}, { custom_data: 'x'.repeat(2_000) }], cron: '0 9 * * *' }],
  ])('is refused with %s, and nothing is stored', async (_, body) => {
    const before = await world.stored();
    const { status, body: answer } = await world.rest('POST', `${action()}/schedule`, { body });

    expect([status, answer.error_label]).toEqual([400, 'BAD_INPUT']);
    expect(await world.stored()).toEqual(before);
  });
});
