import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type GraphQLWorld, keyOf, makeGraphQLWorld } from './support/graphql.ts';

let t: GraphQLWorld;
beforeAll(async () => {
  t = await makeGraphQLWorld();
});
afterAll(() => t.close());

const create = 'mutation ($input: CreateScheduleInput!) { createSchedule(input: $input) { id status nextFireTimes(count: 2) } }';
const stored = async () => (await t.pools.reads.query('select count(*)::int as n from schedules')).rows[0].n;

describe('a schedule', () => {
  it('is made, looked at, fired and ended', async () => {
    const job = await t.createJob();
    const input = {
      name: 'Nightly',
      slug: 'nightly',
      job: job.id,
      cron: '30 2 * * *',
      timezone: 'Europe/Berlin',
      tags: { team: 'a' },
    };
    const { createSchedule } = await t.get(create, { variables: { input } });
    expect(createSchedule).toMatchObject({ status: 'ACTIVE', nextFireTimes: [expect.any(String), expect.any(String)] });

    const { runScheduleNow } = await t.get(
      'mutation { runScheduleNow(id: "nightly") { outcome requestedBy run { triggeredBy } } }',
    );
    expect(runScheduleNow).toEqual({
      outcome: 'STARTED',
      requestedBy: expect.stringMatching(/^key:/),
      run: { triggeredBy: 'manual' },
    });
    const { schedule, schedules } = await t.get(`{
      schedule(id: "nightly") { targetSlug job { id } fires { edges { node { outcome } } } runs { edges { node { job { id } } } } workflowRuns { edges { cursor } } }
      schedules(filter: { job: "${job.id}", status: [ACTIVE], tags: { team: "a" } }) { edges { node { id } } }
    }`);
    expect(schedule).toEqual({
      targetSlug: job.slug,
      job: { id: job.id },
      fires: { edges: [{ node: { outcome: 'STARTED' } }] },
      runs: { edges: [{ node: { job: { id: job.id } } }] },
      workflowRuns: { edges: [] },
    });
    expect(schedules.edges).toEqual([{ node: { id: createSchedule.id } }]);
    expect(await t.get('mutation { cancelSchedule(id: "nightly") { status nextFireTimes } }')).toEqual({
      cancelSchedule: { status: 'CANCELED', nextFireTimes: [] },
    });
    await t.get('mutation { deleteSchedule(id: "nightly") { id } }');
    expect((await t.ask('{ schedule(id: "nightly") { id } }')).errors).toMatchObject([{ extensions: { code: 'NOT_FOUND' } }]);
  });

  it.each([
    [{ cron: '0 0 30 2 *' }, /cron never fires/],
    [{ cron: '61 * * * *' }, /cron is no cron expression.*minute/],
    [{ cron: '0 0 * * *', timezone: 'Mars/Base' }, /timezone must be a time zone/],
    [{ runAt: '2020-01-01T00:00:00Z' }, /run_at must lie in the future/],
    [{ cron: '0 0 * * *', payload: { n: 'text' } }, /payload validation failed/],
    [{ cron: '0 0 * * *', payload: 'x'.repeat(300_000) }, /payload has more than/],
  ])('is refused in words, and nothing is stored: %j', async (fields, words) => {
    const job = await t.createJob({
      payloadSchema: { type: ['object', 'string', 'null'], properties: { n: { type: 'integer' } } },
    });
    const before = await stored();

    const { errors } = await t.ask(create, { variables: { input: { name: 'x', job: job.id, ...fields } } });

    expect(errors).toMatchObject([{ message: expect.stringMatching(words) }]);
    expect(await stored()).toBe(before);
  });

  it.each([{ cron: '* * * * *', runAt: '2099-01-01T00:00:00Z' }, {}])('needs one of two times: %j', async (fields) => {
    const { errors } = await t.ask(create, { variables: { input: { name: 'x', job: 'none', ...fields } } });

    expect(JSON.stringify(errors)).toContain('must have either a cron expression or a moment');
  });

  it('shows when it would fire before it exists', async () => {
    const { previewSchedule } = await t.get('{ previewSchedule(input: { cron: "0 12 * * *", timezone: "UTC", count: 3 }) }');

    expect(previewSchedule).toHaveLength(3);
    expect(previewSchedule.every((time: string) => /T12:00:00/.test(time))).toBe(true);
  });

  it('is of those who may see and change what it triggers', async () => {
    const job = await t.createJob();
    const { createSchedule } = await t.get(create, { variables: { input: { name: 'x', job: job.id, cron: '0 0 * * *' } } });
    const ask = async (document: string, ...scopes: Parameters<typeof keyOf>[1][]) =>
      (await t.ask(document, { as: keyOf('default', ...scopes) })).errors?.map(({ message }) => message);
    const id = createSchedule.id;

    expect(await ask(`{ schedule(id: "${id}") { id } }`, 'workflows:read')).toEqual([
      'insufficient permissions: requires jobs:read',
    ]);
    expect(await ask(`mutation { pauseSchedule(id: "${id}") { id } }`, 'jobs:read', 'workflows:write')).toEqual([
      'insufficient permissions: requires jobs:write',
    ]);
    expect(await ask(`mutation { runScheduleNow(id: "${id}") { id } }`, 'jobs:write')).toEqual([
      'insufficient permissions: requires jobs:trigger',
    ]);
    const { schedules } = await t.get('{ schedules { edges { cursor } } }', { as: keyOf('default', 'workflows:read') });
    expect(schedules.edges).toEqual([]);
    const other = await t.get('{ schedules { edges { cursor } } }', { as: keyOf('other', '*') });
    expect(other.schedules.edges).toEqual([]);
  });
});
