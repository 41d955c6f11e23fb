import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { waitingWorkflowRun } from './support/contract-cases-workflow-runs.ts';
import { savedWorkflow } from './support/contract-cases-workflows.ts';
import { DO, type RestWorld, startRestWorld } from './support/rest-world.ts';

let world: RestWorld;
beforeAll(async () => {
  world = await startRestWorld();
});
afterAll(() => world.close());

const work = (step_ref: string, fields: object = {}) => ({
  step_ref,
  job_id: world.job.id,
  payload: DO.complete,
  max_attempts: 1,
  ...fields,
});
const saved = async (...steps: object[]) => (await savedWorkflow(world, { steps })).id;
const post = (path: string, body?: object) => world.rest('POST', path, { ...(body && { body }) });
const get = (path: string) => world.done('GET', path);
const statuses = (run: { tasks: { node_id: string; status: string }[] }) =>
  Object.fromEntries(run.tasks.map(({ node_id, status }) => [node_id, status]));

describe('a blocking run', () => {
  it('answers the outputs of a run that completes', async () => {
    const id = await saved(work('first'), work('second', { depends_on: ['first'] }));

    const answer = await post(`/wf/${id}/run/`, { initial_inputs: { node: { n: 1 } } });

    expect([answer.status, answer.body]).toEqual([200, { second: { ok: true } }]);
    const [run] = await get(`/wf/${id}/runs/`);
    expect(run).toMatchObject({
      status: 'COMPLETED',
      initial_inputs: { node: { n: 1 } },
      outputs: { second: { ok: true } },
      percentage_complete: 100,
      run_type: 'interactive',
      end_time: expect.any(String),
      duration: expect.any(Number),
    });
  });

  it('answers 202 and the run while it waits for a person, and when the time is over', async () => {
    const asking = await saved({ step_ref: 'ask', type: 'approval', message: 'Go on?' }, work('work', { depends_on: ['ask'] }));
    const lasting = await saved(work('work', { payload: DO.accept }));
    const paused = await post(`/wf/${asking}/run/`);
    const late = await post(`/wf/${lasting}/run/?wait_secs=0`);

    expect([paused.status, late.status]).toEqual([202, 202]);
    expect(paused.body).toMatchObject({ status: 'PAUSED', message: 'Workflow execution paused for human intervention.' });
    expect(statuses(paused.body)).toEqual({ ask: 'PAUSED', work: 'PENDING' });
    expect(paused.body.tasks[1].is_downstream_of_pause).toBe(true);
    expect(['PENDING', 'RUNNING']).toContain(late.body.status);
  });

  it('says why a run failed, and what came of its tasks', async () => {
    const id = await saved(work('bad', { payload: DO.fail }), work('after', { depends_on: ['bad'] }));
    const { status, body } = await post(`/wf/${id}/run/`);
    const [{ id: run }] = await get(`/wf/${id}/runs/?status=FAILED`);
    const found = await get(`/run/${run}/`);

    expect([status, body]).toEqual([400, { detail: expect.stringContaining(`run ${run} has not completed: step bad failed`) }]);
    expect(found).toMatchObject({
      status: 'FAILED',
      message: expect.stringContaining('step bad failed'),
      percentage_complete: 0,
    });
    expect(found.tasks.map(({ status, error }: { status: string; error: string }) => [status, error])).toEqual([
      ['FAILED', expect.any(String)],
      ['CANCELED', 'Upstream failure'],
    ]);
  });
});

describe('a started run', () => {
  it('is followed to its end, with and without the slash', async () => {
    const id = await saved(work('work'));
    const started = await world.done('POST', `/wf/${id}/start_run`, { body: {} });
    await world.settled();

    expect(started).toMatchObject({
      workflow_id: id,
      end_time: null,
      tasks: [{ node_id: 'work', node_type: 'job', run_id: started.id }],
    });
    for (const slash of ['', '/']) {
      expect(await get(`/run/${started.id}/status${slash}`)).toMatchObject({ status: 'COMPLETED', percentage_complete: 100 });
      expect(await get(`/run/${started.id}${slash}`)).toMatchObject({ workflow_version: { version: 1, name: 'A workflow' } });
      expect(await get(`/run/${started.id}/tasks${slash}`)).toMatchObject([
        { node_id: 'work', status: 'COMPLETED', outputs: { ok: true }, inputs: DO.complete, is_downstream_of_pause: false },
      ]);
    }
  });

  it('can be listed below another one, of its own project alone', async () => {
    const id = await saved(work('work'));
    const parent = await world.done('POST', `/wf/${id}/start_run/`);
    const child = await world.done('POST', `/wf/${id}/start_run/`, { body: { parent_run_id: parent.id } });

    expect(child.parent_run_id).toBe(parent.id);
    expect((await get(`/run/${parent.id}/children/`)).map((run: { id: string }) => run.id)).toEqual([child.id]);
    expect((await post(`/wf/${id}/start_run/`, { parent_run_id: world.other.workflowRunId })).status).toBe(404);
  });
});

describe('a partial run', () => {
  it('runs the step and what it depends on, and nothing else', async () => {
    const id = await saved(
      work('a'),
      work('b', { depends_on: ['a'] }),
      work('aside', { depends_on: ['a'] }),
      work('after', { depends_on: ['b'] }),
    );
    const run = async (body: object) => {
      const answer = await post(`/wf/${id}/run_partial/`, { node_id: 'b', ...body });
      const [newest] = await get(`/wf/${id}/runs/?page_size=1`);
      expect([answer.status, answer.body]).toEqual([200, { b: { ok: true } }]);
      return get(`/run/${newest.id}/`);
    };
    const whole = await run({});
    const given = await run({ partial_outputs: { a: { known: 7 } } });
    const again = await run({ partial_outputs: { a: { known: 7 } }, rerun_predecessors: true });

    expect([whole.run_type, statuses(whole)]).toEqual([
      'partial',
      { a: 'COMPLETED', b: 'COMPLETED', aside: 'CANCELED', after: 'CANCELED' },
    ]);
    expect(given.tasks[0]).toMatchObject({ status: 'COMPLETED', start_time: null, outputs: { known: 7 } });
    expect(given.tasks[1].inputs.parent_outputs).toEqual({ a: { known: 7 } });
    expect(again.tasks[0].outputs).toEqual({ ok: true });
  });

  it('needs a step, and outputs of what that depends on', async () => {
    const id = await saved(work('a'), work('b', { depends_on: ['a'] }));
    const refused = async (body: object) => (await post(`/wf/${id}/run_partial/`, body)).body.detail[0].msg;

    expect(await refused({ node_id: 'c' })).toBe('the workflow has no step "c"');
    expect(await refused({ node_id: 'a', partial_outputs: { b: {} } })).toBe('results: the step does not depend on "b"');
    expect(await refused({ node_id: 'a', partial_outputs: { x: {} } })).toBe('results: the workflow has no step "x"');
  });
});

describe('a batch', () => {
  const children = async (id: string) =>
    (await get(`/run/${id}/children/`)) as { id: string; status: string; initial_inputs: object }[];

  it('runs every row, so many at once, and counts them', async () => {
    const id = await saved({ step_ref: 'work', job_id: world.job.id, max_attempts: 1 });
    const rows = [DO.complete, DO.complete, DO.fail, DO.complete];
    const batch = await world.done('POST', `/wf/${id}/start_batch_run/`, { body: { items: rows, mini_batch_size: 2 } });
    await world.settled();

    expect(batch).toMatchObject({ run_type: 'batch', tasks: [] });
    expect(await get(`/run/${batch.id}/`)).toMatchObject({
      status: 'FAILED',
      message: '1 of 4 items failed',
      outputs: { total: { value: 4 }, completed: { value: 3 }, failed: { value: 1 } },
      percentage_complete: 75,
    });
    const found = await children(batch.id);
    expect(found.map(({ status }) => status).sort()).toEqual(['COMPLETED', 'COMPLETED', 'COMPLETED', 'FAILED']);
    expect(found.map(({ initial_inputs }) => initial_inputs)).toContainEqual({ do: { value: 'fail' } });
  });

  it('has no more under way than asked for, and stops them when it is canceled', async () => {
    const id = await saved({ step_ref: 'work', job_id: world.job.id, max_attempts: 1 });
    const rows = [DO.accept, DO.accept, DO.accept];
    const batch = await world.done('POST', `/wf/${id}/start_batch_run/`, { body: { items: rows, mini_batch_size: 2 } });
    await expect.poll(() => children(batch.id)).toHaveLength(2);

    expect(await world.done('POST', `/wf/cancel_workflow/${batch.id}/`)).toMatchObject({ status: 'CANCELED' });
    await expect.poll(async () => (await children(batch.id)).map(({ status }) => status)).toEqual(['CANCELED', 'CANCELED']);
  });

  it('is refused as a whole when a row does not match the schema', async () => {
    const { id } = await savedWorkflow(world, {
      steps: [work('work')],
      input_schema: { type: 'object', required: ['n'] },
    });
    const before = await world.stored();
    const { status, body } = await post(`/wf/${id}/start_batch_run/`, { items: [{ n: 1 }, {}] });

    expect([status, body.detail[0].loc.slice(0, 3)]).toEqual([422, ['body', 'items', '1']]);
    expect(await world.stored()).toEqual(before);
  });
});

describe('a paused run', () => {
  const decide = (id: string, body: object) => post(`/wf/process_pause_action/${id}/`, body);
  const paused = async (fields: object = {}) => {
    const id = await saved(
      { step_ref: 'ask', type: 'approval', message: 'Go on?', ...fields },
      work('work', { depends_on: ['ask'] }),
    );
    return (await post(`/wf/${id}/run/`)).body.id as string;
  };
  const history = (id: string) => get(`/wf/pause_history/${id}/`);

  it('is among the paused ones, and goes on when it is approved', async () => {
    const id = await paused();
    const [listed] = await get('/wf/paused_workflows/?page_size=1');
    const approved = await decide(id, { action: 'APPROVE', inputs: { sum: 3 }, user_id: 'ada', comments: 'fine' });
    await world.settled();
    const run = await get(`/run/${id}/`);

    expect(listed).toMatchObject({
      run: { id, status: 'PAUSED' },
      current_pause: { node_id: 'ask', pause_message: 'Go on?', resume_time: null },
    });
    expect([approved.status, approved.body.tasks[0].status]).toEqual([200, 'COMPLETED']);
    expect(run).toMatchObject({ status: 'COMPLETED', message: null, tasks: [{ outputs: { sum: 3 } }, { status: 'COMPLETED' }] });
    expect(await history(id)).toMatchObject([
      {
        run_id: id,
        resume_action: 'APPROVE',
        resume_user_id: expect.stringMatching(/^ada \(key:/),
        comments: 'fine',
        input_data: { sum: 3 },
        resume_time: expect.any(String),
      },
    ]);
    expect(await decide(id, { action: 'APPROVE' })).toMatchObject({
      status: 400,
      body: { detail: 'Run is not in a paused state' },
    });
  });

  it('fails when it is declined', async () => {
    const id = await paused();
    await decide(id, { action: 'DECLINE', comments: 'no' });

    expect(await get(`/run/${id}/`)).toMatchObject({
      status: 'FAILED',
      tasks: [{ status: 'FAILED', error: 'declined: no' }, {}],
    });
    expect(await history(id)).toMatchObject([{ resume_action: 'DECLINE', comments: 'no', input_data: null }]);
  });

  it('takes what overrides an approval, whoever should decide it', async () => {
    const id = await paused({ approvers: ['ada'] });

    expect((await decide(id, { action: 'APPROVE', user_id: 'bob' })).status).toBe(403);
    expect((await decide(id, { action: 'OVERRIDE', inputs: { forced: true } })).status).toBe(200);
    await world.settled();
    expect(await get(`/run/${id}/`)).toMatchObject({ status: 'COMPLETED', tasks: [{ outputs: { forced: true } }, {}] });
    expect(await history(id)).toMatchObject([{ resume_action: 'OVERRIDE' }]);
  });

  it('may be one that somebody has paused as a whole', async () => {
    const resumed = await waitingWorkflowRun(world);
    await world.done('POST', `/v1/workflow-runs/${resumed}/pause`, { body: { reason: 'a moment' } });
    expect((await decide(resumed, { action: 'APPROVE' })).body.status).toBe('RUNNING');
    expect(
      (await history(resumed)).map((pause: { node_id: string; resume_action: string }) => [pause.node_id, pause.resume_action]),
    ).toEqual([
      ['review', 'APPROVE'],
      [null, 'APPROVE'],
    ]);

    const lasting = (await post(`/wf/${await saved(work('work', { payload: DO.accept }))}/run/?wait_secs=0`)).body.id;
    await world.settled();
    await world.done('POST', `/v1/workflow-runs/${lasting}/pause`);
    expect((await decide(lasting, { action: 'OVERRIDE' })).status).toBe(400);
    expect((await decide(lasting, { action: 'DECLINE' })).body.status).toBe('CANCELED');
  });
});

describe('children, cancel and delete', () => {
  it('shows the runs of workflows inside of it, and deletes them with it', async () => {
    const inner = await saved(work('work'));
    const outer = await saved({ step_ref: 'inside', type: 'sub_workflow', workflow_id: inner });
    await post(`/wf/${outer}/run/`);
    const [parent] = await get(`/wf/${outer}/runs/`);
    const [child] = await get(`/run/${parent.id}/children/`);

    expect(child).toMatchObject({ parent_run_id: parent.id, workflow_id: inner, status: 'COMPLETED', run_type: 'workflow' });
    expect((await get('/run/?parent_only=true&page_size=100')).some((run: { id: string }) => run.id === child.id)).toBe(false);
    expect((await world.rest('DELETE', `/run/${parent.id}`)).status).toBe(204);
    for (const id of [parent.id, child.id]) {
      expect(await world.rest('GET', `/run/${id}/`)).toMatchObject({ status: 404, body: { detail: 'Run not found' } });
    }
  });

  it('deletes nothing that goes on, and cancels nothing that has ended', async () => {
    const inner = await saved({ step_ref: 'ask', type: 'approval' });
    const outer = await saved({ step_ref: 'inside', type: 'sub_workflow', workflow_id: inner });
    const { id } = await world.done('POST', `/wf/${outer}/start_run/`);
    await expect.poll(() => get(`/run/${id}/children/`)).toHaveLength(1);
    const [child] = await get(`/run/${id}/children/`);
    const refusal = async (run: string) => (await world.rest('DELETE', `/run/${run}/`)).body.detail;

    expect(await refusal(id)).toContain('it goes on; cancel it first');
    expect(await refusal(child.id)).toContain(`it is the work of workflow run ${id}`);
    expect(await world.done('POST', `/wf/cancel_workflow/${id}/`)).toMatchObject({ status: 'CANCELED' });
    expect((await post(`/wf/cancel_workflow/${id}/`)).status).toBe(400);
    await expect.poll(async () => (await get(`/run/${child.id}/`)).status).toBe('CANCELED');
    expect((await world.rest('DELETE', `/run/${id}/`)).status).toBe(204);
  });
});

describe('a list', () => {
  it('has pages, newest first', async () => {
    const id = await saved(work('work'));
    const ids: string[] = [];
    for (let n = 0; n < 3; n++) ids.unshift((await world.done('POST', `/wf/${id}/start_run/`)).id);
    const page = async (query: string) => (await get(`/wf/${id}/runs/?${query}`)).map((run: { id: string }) => run.id);

    expect([await page('page=1&page_size=2'), await page('page=2&page_size=2'), await page('page=3&page_size=2')]).toEqual([
      ids.slice(0, 2),
      ids.slice(2),
      [],
    ]);
    expect((await get('/run?page_size=3')).map((run: { id: string }) => run.id)).toEqual(ids);
    expect((await get('/run/'))[0]).toMatchObject({ workflow_version: null, tasks: [{ inputs: null, outputs: null }] });
  });

  it.each(['page=0', 'page_size=0', 'page_size=101', 'page_size=x', 'page=1.5', 'parent_only=perhaps'])(
    'refuses %s',
    async (query) => {
      const { status, body } = await world.rest('GET', `/run/?${query}`);

      expect([status, body.detail[0].loc]).toEqual([422, ['query', query.split('=')[0]]]);
    },
  );

  it('has nothing of another project', async () => {
    const ids = (await get('/run/?page_size=100')).map((run: { id: string }) => run.id);

    expect(ids).not.toContain(world.other.workflowRunId);
    expect((await get('/wf/paused_workflows/?page_size=100')).map(({ run }: { run: { id: string } }) => run.id)).not.toContain(
      world.other.workflowRunId,
    );
    expect(await world.rest('GET', `/run/${world.other.workflowRunId}/children/`)).toMatchObject({ status: 404 });
    expect(await world.rest('GET', `/wf/${world.other.workflowId}/runs/`)).toMatchObject({
      status: 404,
      body: { detail: 'Workflow not found' },
    });
  });
});
