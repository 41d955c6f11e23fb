import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { failedWorkflowRun, waitingWorkflowRun } from './support/contract-cases-workflow-runs.ts';
import { savedWorkflow } from './support/contract-cases-workflows.ts';
import { type RestWorld, startRestWorld } from './support/rest-world.ts';

let world: RestWorld;
beforeAll(async () => {
  world = await startRestWorld();
});
afterAll(() => world.close());

const runs = '/api/v1/automation-runs';

describe('a retry', () => {
  it('needs a step for from_step, and takes one for nothing else', async () => {
    const id = await failedWorkflowRun(world);
    const refusal = async (body: object) => {
      const answer = await world.rest('POST', `${runs}/${id}/retry`, { body });
      return [answer.status, answer.body.detail];
    };

    expect(await refusal({ mode: 'from_step' })).toEqual([
      422,
      [{ loc: ['body', 'stepKey'], msg: 'is required for from_step', type: 'missing' }],
    ]);
    expect(await refusal({ stepKey: 'work' })).toEqual([
      422,
      [{ loc: ['body', 'stepKey'], msg: 'goes with from_step alone', type: 'value_error' }],
    ]);
    expect((await refusal({ mode: 'from_nowhere' }))[0]).toBe(422);
  });

  it('answers a new run, and is refused while the run goes on', async () => {
    const failed = await failedWorkflowRun(world);
    const again = await world.done('POST', `${runs}/${failed}/retry`, { body: {} });
    const going = await world.rest('POST', `${runs}/${await waitingWorkflowRun(world)}/retry`, { body: { mode: 'full' } });

    expect(again.id).not.toBe(failed);
    expect(await world.done('GET', `/v1/workflow-runs/${again.id}`)).toMatchObject({
      retry_of_run_id: failed,
      retry_mode: 'from_failed',
    });
    expect([going.status, going.body]).toEqual([409, { detail: expect.stringContaining('goes on') }]);
  });
});

describe('a run', () => {
  it('tells its states in the documented words', async () => {
    const failed = await failedWorkflowRun(world);
    const waiting = await waitingWorkflowRun(world);

    expect(await world.done('GET', `${runs}/${failed}`)).toMatchObject({
      status: 'failed',
      error: { type: 'failed', stepKey: 'work' },
      triggerType: 'manual',
      triggerSourceType: 'user',
      durationSeconds: expect.any(Number),
    });
    expect(await world.done('POST', `${runs}/${waiting}/cancel`)).toMatchObject({ status: 'cancelled' });
    expect((await world.rest('POST', `${runs}/${waiting}/cancel`)).status).toBe(409);
  });

  it('counts its steps, and names what each waits for', async () => {
    const { steps, ...counts } = await world.done('GET', `${runs}/${await waitingWorkflowRun(world)}/steps`);

    expect(counts).toMatchObject({ completedCount: 0, failedCount: 0, pendingCount: 4, runningCount: 1 });
    expect(steps[0]).toMatchObject({ key: 'review', status: 'awaiting_approval', decisionId: expect.any(String), dependsOn: [] });
    expect(steps[3]).toMatchObject({ key: 'choose', status: 'pending', actionRunId: null, dependsOn: ['work', 'many'] });
  });

  it('leaves out a result of more than 16 kB, and says so', async () => {
    const id = await waitingWorkflowRun(world);
    const complete = (output: unknown) =>
      world.done('POST', `/v1/workflow-runs/${id}/steps/review/force-complete`, { body: { output } });
    await complete('x'.repeat(16_384));

    const { steps } = await world.done('GET', `${runs}/${id}/steps`);

    expect(steps[0]).toMatchObject({ result: null, resultTruncated: true, status: 'completed' });
  });

  it('gives a result that is no object as the field of one', async () => {
    const id = await waitingWorkflowRun(world);
    await world.done('POST', `/v1/workflow-runs/${id}/steps/review/force-complete`, { body: { output: [1] } });

    expect((await world.done('GET', `${runs}/${id}/steps`)).steps[0]).toMatchObject({
      result: { value: [1] },
      resultTruncated: false,
    });
  });
});

describe('a list', () => {
  it('has a part of the runs, newest first, and the number of all', async () => {
    const { id: workflow } = await savedWorkflow(world, { steps: [{ step_ref: 'ask', type: 'approval' }] });
    const ids: string[] = [];
    for (let n = 0; n < 3; n++) ids.unshift((await world.done('POST', `/api/v1/automations/${workflow}/run`, { body: {} })).id);
    const { total } = await world.done('GET', runs);
    const page = await world.done('GET', `${runs}?limit=2&offset=1`);

    expect(page).toMatchObject({ items: [{ id: ids[1] }, { id: ids[2] }], total });
    expect(total).toBeGreaterThanOrEqual(3);
    expect((await world.done('GET', `${runs}?offset=100000`)).items).toEqual([]);
  });

  it.each(['limit=1001', 'limit=0', 'limit=x', 'offset=-1', 'status=unheard-of'])('refuses %s', async (query) => {
    const { status, body } = await world.rest('GET', `${runs}?${query}`);

    expect([status, body.detail[0].loc]).toEqual([422, ['query', query.split('=')[0]]]);
  });
});

describe('the events of a run', () => {
  it('go on where a client was cut off, and end with 204', async () => {
    const id = await failedWorkflowRun(world);
    const read = (lastEventId?: number) =>
      world.rest('GET', `${runs}/${id}/events`, {
        ...(lastEventId !== undefined && { headers: { 'last-event-id': String(lastEventId) } }),
      });
    const sequences = (text: string) => Array.from(text.matchAll(/^id: (\d+)$/gm), ([, seq]) => Number(seq));
    const all = sequences((await read()).body);
    const last = all.length;

    expect(all).toEqual(Array.from({ length: last }, (_, index) => index + 1));
    expect(sequences((await read(2)).body)).toEqual(all.slice(2));
    expect((await read(last)).status).toBe(204);
  });
});

describe('an automation', () => {
  const step = (fields: object) => ({ name: 'Bad', config: { steps: [{ key: 'a', ...fields }] } });

  it.each([
    ['a cycle', { type: 'sleep', sleepSecs: 0, dependsOn: ['a'] }],
    ['a job that is not there', { jobSlug: 'nobodys' }],
    ['two names of its job', { jobId: 'a', jobSlug: 'a' }],
    ['an unknown field', { surprise: 1 }],
    ['an unknown type', { type: 'teleport' }],
  ])('is refused with %s', async (_what, fields) => {
    const before = await world.stored();
    const { status, body } = await world.rest('POST', '/api/v1/automations', { body: step(fields) });

    expect([status, body.detail[0].loc[0]]).toEqual([422, 'body']);
    expect(await world.stored()).toEqual(before);
  });

  it('says how it is meant to be started, and its runs what has started them', async () => {
    const made = async (triggerType?: string) => {
      const config = { steps: [{ key: 'ask', type: 'approval' }] };
      return world.done('POST', '/api/v1/automations', { body: { name: 'Started', triggerType, config } });
    };
    const [byHand, hook, timed] = [await made(), await made('webhook'), await made('schedule')];
    const { id: schedule } = await world.done('POST', '/v1/schedules', {
      body: { name: 'Soon', workflow_id: timed.id, run_at: new Date(Date.now() + 300).toISOString() },
    });
    const start = async ({ id }: { id: string }) => world.done('POST', `/api/v1/automations/${id}/run`, { body: {} });
    const started = [await start(byHand), await start(hook), await start(timed)];
    const clocked = await vi.waitFor(async () => {
      const { items } = await world.done('GET', runs);
      const found = items.find((run: Record<string, unknown>) => run['triggerSourceType'] === 'schedule');
      if (!found) throw new Error('the schedule has not fired');
      return found;
    }, 10_000);

    expect([byHand, hook, timed].map(({ triggerType }) => triggerType)).toEqual(['manual', 'webhook', 'schedule']);
    expect(started.map(({ triggerType, triggerSourceType }) => [triggerType, triggerSourceType])).toEqual([
      ['manual', 'user'],
      ['webhook', 'user'],
      ['manual', 'user'],
    ]);
    expect(clocked).toMatchObject({ automationId: timed.id, triggerType: 'schedule', triggerSourceId: schedule });
  });

  it('comes back as it was made', async () => {
    const steps = [{ key: 'ask', type: 'approval', message: 'Go on?' }];
    const made = await world.done('POST', '/api/v1/automations', {
      body: { name: 'Über-Report!', orchestratorType: 'local', config: { steps, timeoutSecs: 60 } },
    });
    const run = await world.done('POST', `/api/v1/automations/${made.id}/run`, { body: { input: { n: 1 } } });

    expect(await world.done('GET', `/api/v1/automations/${made.id}`)).toEqual(made);
    expect(made).toMatchObject({ orchestratorType: 'local', status: 'active', config: { timeoutSecs: 60, steps } });
    expect(run).toMatchObject({
      automationId: made.id,
      automationVersionId: made.automationVersionId,
      orchestratorType: 'local',
    });
  });
});
