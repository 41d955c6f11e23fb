import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { DO, type RestWorld, startRestWorld } from './support/rest-world.ts';

let world: RestWorld;
beforeAll(async () => {
  world = await startRestWorld();
});
afterAll(() => world.close());

const action = () => `/v1/actions/${world.job.slug}`;

async function launch(inputs: readonly object[], more: object = {}): Promise<string> {
  return (await world.done('POST', `${action()}/run/async`, { body: { inputs, ...more } })).run_uid;
}

/** Launches a run and waits until all of it has come to rest. */
async function ended(inputs: readonly object[], more: object = {}): Promise<string> {
  const uid = await launch(inputs, more);
  await world.settled();
  return uid;
}

const get = (uid: string, more = '') => world.done('GET', `/v1/runs/${uid}${more}`);
const statusOf = async (uid: string): Promise<string> => (await get(uid, '/status')).status;

describe('a live run', () => {
  it('answers the result, and is listed as a run of its mode', async () => {
    const { status, body } = await world.rest('POST', `${action()}/live`, {
      body: { input: { ...DO.complete, n: 1 }, custom_data: { row: 7 }, parameters: { max_results: 5 } },
    });

    expect([status, body]).toEqual([
      200,
      expect.objectContaining({
        status: 'SUCCEEDED',
        results: [{ ok: true }],
        custom_data: { row: 7 },
        input: { ...DO.complete, n: 1, parameters: { max_results: 5 } },
        action_name: world.job.slug,
        workspace_uid: 'default',
      }),
    ]);
    expect(await world.done('GET', `/v1/runs?uid=${body.run_uid}&execution_mode=LIVE`)).toMatchObject([
      { uid: body.run_uid, id: body.run_id, execution_mode: 'LIVE', output_count: 1 },
    ]);
  });

  it('that takes too long is answered without results, and goes on', async () => {
    const { status, body } = await world.rest('POST', `${action()}/run/live`, {
      body: { input: DO.accept },
      headers: { prefer: 'wait=1' },
    });
    const [input] = await get(body.run_uid, '/inputs');
    const token = await world.dispatched(input.uid);
    await world.done('POST', `/sdk/v1/runs/${input.uid}/complete`, { key: token, body: { result: { late: true } } });

    expect([status, body.status, body.results]).toEqual([202, 'RUNNING', []]);
    expect(await get(body.run_uid)).toMatchObject({ status: 'SUCCEEDED', execution_mode: 'LIVE' });
    expect(await get(body.run_uid, '/outputs')).toEqual([{ late: true }]);
    expect((await world.rest('POST', `/v1/runs/${body.run_uid}/cancel`)).status).toBe(409);
  });

  it('that fails is told with its uid', async () => {
    const { status, body } = await world.rest('POST', `${action()}/live`, { body: { input: DO.fail } });

    expect([status, body]).toEqual([
      424,
      {
        error_label: 'GENERIC_ERROR',
        message: expect.stringContaining('500'),
        error_ref: expect.any(String),
        status_code: 424,
        params: { run_uid: expect.any(String) },
      },
    ]);
    expect(await get(body.params.run_uid)).toMatchObject({ status: 'FAILED', last_error: { message: body.message } });
  });
});

describe('an async run', () => {
  it('of three inputs of which one fails has partly succeeded', async () => {
    const uid = await ended([{ ...DO.complete, custom_data: 'a' }, DO.fail, DO.complete], { parameters: { max_results: 1 } });

    expect(await get(uid)).toMatchObject({
      status: 'PARTIAL_SUCCEEDED',
      execution_mode: 'ASYNC',
      output_count: 2,
      parameters: { parameters: { max_results: 1 } },
      last_error: { label: 'GENERIC_ERROR', message: expect.stringContaining('500') },
      finished_at: expect.any(String),
    });
    expect(await get(uid, '/inputs')).toMatchObject([
      {
        index: 0,
        status: 'SUCCEEDED',
        custom_data: 'a',
        output_count: 1,
        input_data: { do: 'complete', parameters: { max_results: 1 } },
      },
      { index: 1, status: 'FAILED', custom_data: null, last_error: { message: expect.any(String) } },
      { index: 2, status: 'SUCCEEDED' },
    ]);
  });

  it.each([
    ['SUCCEEDED', [DO.complete]],
    ['FAILED', [DO.fail]],
    ['INVALID', [{ ...DO.complete, custom_data: 'x'.repeat(2_000) }]],
    ['RUNNING', [DO.accept, DO.complete]],
  ])('is %s by what its inputs do', async (status, inputs) => {
    expect(await statusOf(await ended(inputs))).toBe(status);
  });

  it('is SCHEDULED while all of it is for later, and BLOCKED while others have all slots', async () => {
    const later = await world.createJob({ execution_window_cron: '0 0 29 2 *' });
    const narrow = await world.createJob({ max_concurrency: 1 });
    await world.accepted({}, narrow.slug);
    const scheduled = await world.done('POST', `/v1/actions/${later.slug}/async`, { body: { inputs: [DO.complete] } });
    const blocked = await world.done('POST', `/v1/actions/${narrow.slug}/async`, { body: { inputs: [DO.complete] } });

    expect(await get(scheduled.run_uid)).toMatchObject({ status: 'SCHEDULED', postponed_until: expect.any(String) });
    await vi.waitFor(async () => expect(await statusOf(blocked.run_uid)).toBe('BLOCKED'));
    expect((await world.rest('POST', `/v1/runs/${blocked.run_uid}/resume`)).status).toBe(409);
  });

  it('takes what stands behind its inputs, and refuses what does not belong there', async () => {
    const refused = async (body: string) => {
      const before = await world.stored();
      const { status, body: answer } = await world.rest('POST', `${action()}/async`, { body });
      expect(await world.stored()).toEqual(before);
      return [status, answer.error_label, answer.params];
    };
    const uid = await ended([DO.complete], { identity_mode: 'auto' });

    expect((await get(uid, '/inputs'))[0].input_data).toEqual({ ...DO.complete, identity_mode: 'auto' });
    expect(await refused('{"inputs":[{}],"surprise":1}')).toEqual([400, 'BAD_INPUT', { surprise: 'unknown field' }]);
    expect(await refused('{"inputs":[{}],"identity_mode":"magic"}')).toMatchObject([
      400,
      'BAD_INPUT',
      { identity_mode: expect.any(String) },
    ]);
    expect(await refused('{"inputs":[{}],"parameters":{"a":1},"parameters":{}}')).toMatchObject([400, 'BAD_PARAMETERS', {}]);
    expect(await refused('{"parameters":{}}')).toEqual([400, 'BAD_INPUT', { inputs: 'is required' }]);
    expect(await refused('{"inputs":[]}')).toMatchObject([400, 'BAD_INPUT', {}]);
    expect(await refused('{"inputs":[{}],"callback":{"url":"ftp://x"}}')).toMatchObject([400, 'BAD_INPUT', {}]);
    expect(await refused('{"inputs":[{}],"callback":{"url":"http://x/","headers":{"Host":"y"}}}')).toMatchObject([
      400,
      'BAD_INPUT',
      {},
    ]);
    expect(await refused(`{"inputs":[{}],"parameters":{"a":"${'x'.repeat(20_000)}"}}`)).toMatchObject([
      400,
      'BAD_PARAMETERS',
      {},
    ]);
  });

  it('of 100,001 inputs is refused, and nothing is stored', async () => {
    const before = await world.stored();
    const { status, body } = await world.rest('POST', `${action()}/async`, {
      body: `{"inputs":[${Array(100_001).fill('{}').join(',')}]}`,
    });

    expect([status, body]).toMatchObject([
      413,
      { error_label: 'BAD_INPUT', status_code: 413, message: expect.stringContaining('100000') },
    ]);
    expect(await world.stored()).toEqual(before);
  });
});

describe('the outputs of a run', () => {
  it('are paged by X-Pagination-Next to the end', async () => {
    const uid = await ended(Array(7).fill(DO.complete));
    const outputs: unknown[] = [];
    const pages: number[] = [];
    for (let next: string | null = `/v1/runs/${uid}/outputs?limit=3`; next !== null; ) {
      const answer = await world.rest('GET', next);
      outputs.push(...answer.body);
      pages.push(answer.body.length);
      next = answer.headers.get('x-pagination-next');
    }

    expect([pages, outputs]).toEqual([[3, 3, 1], Array(7).fill({ ok: true })]);
  });

  it('can be 500 on one page', async () => {
    const uid = await ended(Array(120).fill(DO.complete));

    expect((await get(uid, '/outputs?limit=500')).length).toBe(120);
    expect((await get(uid, '/outputs')).length).toBe(100);
  });
});

describe('canceling and resuming', () => {
  it('stops what has not ended, keeps results, and goes on where it left off', async () => {
    const uid = await ended([DO.complete, DO.accept]);
    const [done, kept] = await get(uid, '/inputs');

    const canceled = await world.done('POST', `/v1/runs/${uid}/cancel`);
    const inputs = await get(uid, '/inputs');
    const resumed = await world.done('POST', `/v1/runs/${uid}/resume`, { body: { action: 'resume' } });
    const token = await world.dispatched(kept.uid, 2);
    await world.done('POST', `/sdk/v1/runs/${kept.uid}/complete`, { key: token, body: { result: 2 } });

    expect(canceled).toMatchObject({ uid, status: 'STOPPED', output_count: 1 });
    expect(inputs).toMatchObject([
      { uid: done.uid, status: 'SUCCEEDED' },
      { uid: kept.uid, status: 'STOPPED' },
    ]);
    expect(resumed).toMatchObject({ uid, retry_count: 1 });
    expect(await get(uid)).toMatchObject({ status: 'SUCCEEDED', output_count: 2 });
    expect(await get(uid, '/outputs')).toEqual([{ ok: true }, 2]);
  });

  it('are refused for what has ended', async () => {
    const uid = await ended([DO.complete]);
    const cancel = await world.rest('POST', `/v1/runs/${uid}/cancel`);
    const resume = await world.rest('POST', `/v1/runs/${uid}/resume`, { body: {} });

    expect([cancel.status, cancel.body.error_label]).toEqual([409, 'GENERIC_ERROR']);
    expect([resume.status, resume.body.error]).toEqual([409, expect.stringContaining('succeeded')]);
  });
});

describe('the list of runs', () => {
  it('is filtered, sorted and paged', async () => {
    const job = await world.createJob();
    const made = async (inputs: object[]) =>
      (await world.done('POST', `/v1/actions/${job.slug}/async`, { body: { inputs } })).run_uid as string;
    const first = await made([DO.complete]);
    const second = await made([DO.fail]);
    const third = await made([DO.accept]);
    await world.settled();
    const list = async (query: string): Promise<string[]> =>
      (await world.done('GET', `/v1/runs?action_name=${job.slug}&${query}`)).map(({ uid }: { uid: string }) => uid);

    expect(await list('')).toEqual([third, second, first]);
    expect(await list('sort=created_at')).toEqual([first, second, third]);
    expect(await list('sort=-created_at&limit=1&offset=1')).toEqual([second]);
    expect(await list('sort=status')).toEqual([second, third, first]);
    expect(await list('sort=-status&sort=created_at')).toEqual([first, third, second]);
    expect(await list('status=SUCCEEDED')).toEqual([first]);
    expect(await list('status=RUNNING')).toEqual([third]);
    expect(await list('status=FAILED&status=RUNNING')).toEqual([third, second]);
    expect(await list(`uid=${first}&uid=${second}`)).toEqual([second, first]);
    expect(await list('execution_mode=LIVE')).toEqual([]);
    expect(await list('workspace_uid=default')).toHaveLength(3);
    expect(await list('workspace_uid=other')).toEqual([]);
    const [{ user_uid: user }] = await world.done('GET', `/v1/runs?uid=${first}`);
    expect(await list(`user_uid=${user}`)).toHaveLength(3);
    expect(await list('user_uid=nobody')).toEqual([]);
  });

  it.each([
    ['limit=0', 'limit must be a positive integer'],
    ['offset=-1', 'offset must be a number from 0'],
    ['status=completed', 'status is invalid, without project_id'],
    ['status=DONE', 'status is invalid'],
    ['cursor=2026-01-01T00:00:00Z', 'cursor needs project_id'],
    ['project_id=default&offset=1', 'offset goes without project_id, in a list of actions'],
    ['project_id=default&status=SUCCEEDED', 'status is invalid'],
  ])('refuses %s', async (query, error) => {
    const { status, body } = await world.rest('GET', `/v1/runs?${query}`);

    expect([status, body.error]).toEqual([400, error]);
  });

  it('is of actions without a project, and of jobs with one', async () => {
    const uid = await ended([DO.complete]);
    const [input] = await get(uid, '/inputs');

    expect((await world.done('GET', '/v1/runs'))[0]).toHaveProperty('uid');
    expect((await world.done('GET', '/v1/runs?project_id=default'))[0]).toMatchObject({ id: input.uid, batch_id: uid });
    expect(await get(input.uid)).toMatchObject({ id: input.uid, job_id: world.job.id });
  });
});

describe('another tenant', () => {
  it('finds no run', async () => {
    const uid = await ended([DO.complete]);
    const key = world.other.key;
    const statuses = await Promise.all(
      [
        ['GET', ''],
        ['GET', '/status'],
        ['GET', '/inputs'],
        ['GET', '/outputs'],
        ['POST', '/cancel'],
        ['POST', '/resume'],
      ].map(async ([method = '', path]) => (await world.rest(method, `/v1/runs/${uid}${path}`, { key })).status),
    );

    expect(statuses).toEqual(Array(6).fill(404));
    expect(await world.done('GET', `/v1/runs?uid=${uid}`, { key })).toEqual([]);
    expect((await world.rest('POST', `/v1/actions/${world.job.id}/live`, { key, body: { input: {} } })).status).toBe(404);
  });
});
