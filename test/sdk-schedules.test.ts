import { afterAll, beforeAll, describe, expect, expectTypeOf, it } from 'vitest';
import { z } from 'zod';
import { BatonError, type Client, createClient, job, type NewSchedule } from '../src/sdk/entry.ts';
import { ADMIN_KEY } from './support/app.ts';
import { savedWorkflow } from './support/contract-cases-workflows.ts';
import { DO, type RestWorld, startRestWorld } from './support/rest-world.ts';

let world: RestWorld;
let client: Client;
beforeAll(async () => {
  world = await startRestWorld();
  client = createClient({ url: world.url, apiKey: ADMIN_KEY });
});
afterAll(() => world.close());

async function all(options?: Parameters<Client['schedules']['list']>[0]) {
  const found = [];
  for await (const schedule of client.schedules.list(options)) found.push(schedule);
  return found;
}

describe('a schedule', () => {
  it('of a job is made, fired at once, paused, resumed and canceled', async () => {
    const made = await client.schedules.create({
      slug: 'nightly',
      job: world.job.slug,
      payload: { ...DO.complete, someKey: { inner_key: 1 } },
      cron: '0 3 1 1 *',
      timezone: 'Europe/Berlin',
      overlapPolicy: 'skip',
      metadata: { whoAsked: 'me' },
    });
    const fire = await client.schedules.runNow('nightly');
    const run = await client.runs.wait(fire.runId ?? '', { timeoutMs: 10_000 });

    expect(made).toMatchObject({ slug: 'nightly', name: 'nightly', status: 'ACTIVE', timezone: 'Europe/Berlin', runAt: null });
    expect(made.nextExecutionAt).toMatch(/-01-01T02:00:00/);
    expect(fire).toMatchObject({ scheduleId: made.id, outcome: 'started', workflowRunId: null, error: null });
    expect(run).toMatchObject({ status: 'completed', payload: { someKey: { inner_key: 1 } }, metadata: { whoAsked: 'me' } });
    expect(await client.schedules.pause('nightly')).toMatchObject({ id: made.id, status: 'PAUSED', nextExecutionAt: null });
    expect(await client.schedules.resume(made.id)).toMatchObject({ status: 'ACTIVE' });
    expect(await client.schedules.cancel(made.id)).toMatchObject({ status: 'CANCELLED' });
    expect(await client.schedules.get(made.id)).toMatchObject({ status: 'CANCELLED', fireCount: made.fireCount });
    await expect(client.schedules.runNow(made.id)).rejects.toMatchObject({ status: 409 });
  });

  it('of a workflow fires at a moment', async () => {
    const { id } = await savedWorkflow(world, { steps: [{ step_ref: 'ask', type: 'approval' }] });
    const runAt = new Date(Date.now() + 3_600_000);
    const made = await client.schedules.create({ workflow: id, runAt, name: 'Once' });

    expect(made).toMatchObject({ workflowId: id, jobId: null, cron: null, runAt: runAt.toISOString() });
    expect((await client.schedules.runNow(made.id)).workflowRunId).toEqual(expect.any(String));
  });

  it('that cannot be is refused in words', async () => {
    const refused = client.schedules.create({ job: world.job.slug, payload: null, cron: '0 0 31 2 *' });

    await expect(refused).rejects.toThrow(BatonError);
    await expect(refused).rejects.toMatchObject({ status: 400, message: expect.stringContaining('never fires') });
  });
});

describe('schedules', () => {
  it('are listed page after page, newest first, by what they are asked for', async () => {
    const { slug } = await world.createJob();
    const names = Array.from({ length: 103 }, (_, index) => `s${index}`);
    for (const name of names) await client.schedules.create({ name, job: slug, payload: null, cron: '0 0 1 1 *' });
    await client.schedules.pause((await all({ job: slug }))[0]?.id ?? '');

    expect((await all({ job: slug })).map(({ name }) => name)).toEqual(names.toReversed());
    expect((await all({ job: slug, status: 'PAUSED' })).map(({ name }) => name)).toEqual(['s102']);
  });

  it('take the payload of their job', () => {
    const resize = job({ slug: 'resize', payload: z.object({ url: z.string() }), handler: () => 1 });
    type OfJob = Extract<NewSchedule<typeof resize>, { readonly job: unknown }>;

    expectTypeOf<OfJob['payload']>().toEqualTypeOf<{ url: string }>();
  });
});
