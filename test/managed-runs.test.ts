import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createClient, type Run, type RunEvent } from '../src/sdk/entry.ts';
import { ADMIN_KEY, startTestApp, type TestApp } from './support/app.ts';
import { isAlive, node } from './support/managed.ts';

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.close());

const COUNT = 'exec:node examples/managed/count.ts';
/** Says its id once it has a checkpoint, and waits; started again, it completes with that. */
const CHECKPOINTING = 'exec:node test/support/checkpointing-process.ts';
let names = 0;

const clientOf = ({ url }: TestApp) => createClient({ url, apiKey: ADMIN_KEY });

/** Creates a managed job and triggers a run of it. */
async function start(imageUri: string, payload: unknown = null, fields: object = {}, at = app): Promise<string> {
  const client = clientOf(at);
  const slug = `managed-${++names}`;
  await client.jobs.upsert({ slug, executionMode: 'managed', imageUri, maxAttempts: 1, ...fields });
  return (await client.runs.trigger(slug, payload)).id;
}

/** The first event of a run that fits. */
async function eventOf(id: string, fits: (event: RunEvent) => boolean, at = app): Promise<RunEvent> {
  for await (const event of clientOf(at).runs.watch(id)) if (fits(event)) return event;
  throw new Error(`run ${id} ended without such an event`);
}

/** The id of the process that a command has printed as `pid <id>` for the `count`-th time. */
async function pidOf(id: string, count = 1, at = app): Promise<number> {
  let seen = 0;
  const { message } = await eventOf(id, (event) => /^pid \d+$/.test(event.message) && ++seen === count, at);
  return Number(message.slice(4));
}

const dead = (pid: number) => expect.poll(() => isAlive(pid), { timeout: 5_000 }).toBe(false);
const PRINT_PID_AND_SLEEP = "exec:sh -c 'echo pid $$; sleep 60'";

async function ended(id: string): Promise<Run<Record<string, number>>> {
  return clientOf(app).runs.wait<Record<string, number>>(id);
}

/** The machines that the run has cost something on. */
async function machinesOf(id: string): Promise<string[]> {
  const { cost } = (await rowOf(id)) as { cost: { compute: { preset: string }[] } };
  return cost.compute.map(({ preset }) => preset).sort();
}

async function rowOf(id: string): Promise<Record<string, unknown>> {
  const { run } = await app.graphql<{ run: Record<string, unknown> }>(
    'query ($id: ID!) { run(id: $id) { status attempt errorClass executionMode machinePreset metadata cost { microusd compute { preset attempts seconds microusd } } } }',
    { id },
  );
  return run;
}

describe('a process that Baton starts', () => {
  it('reports over the API as any executor, and its lines are the log of the run', async () => {
    const id = await start(COUNT, { to: 3 });

    expect(await ended(id)).toMatchObject({ status: 'completed', result: { from: 0, to: 3 } });
    const { body } = await app.rest('GET', `/v1/runs/${id}/events?type=log`);
    expect(body.map(({ message, level, data }: Record<string, unknown>) => [message, level, data])).toEqual(
      [1, 2, 3].map((at) => [`counted to ${at}`, 'info', { stream: 'stdout' }]),
    );
  });

  it('fetches a payload that is too large to be handed over', async () => {
    const id = await start(COUNT, { to: 1, filler: 'x'.repeat(70_000) });

    expect(await ended(id)).toMatchObject({ status: 'completed', result: { from: 0, to: 1 } });
  });

  it('costs what its machine costs', async () => {
    const id = await start('exec:sleep 0.5', null, { machinePreset: 'large-2x' });
    await ended(id);

    const { cost } = (await rowOf(id)) as { cost: { microusd: number; compute: { seconds: number; microusd: number }[] } };
    expect(cost.compute).toEqual([{ preset: 'LARGE_2X', attempts: 1, seconds: expect.any(Number), microusd: cost.microusd }]);
    const seconds = cost.compute[0]?.seconds ?? 0;
    expect(seconds).toBeGreaterThanOrEqual(0.5);
    // In whole milliseconds, as it is counted: 0.55 * 680 is a little more than 374 in floating point.
    expect(cost.microusd).toBe(Math.ceil((Math.round(seconds * 1_000) * 680) / 1_000));
  });

  it('decides nothing by its exit that it has reported before', async () => {
    const report = (route: string, body: string) =>
      `exec:${node(`fetch(process.env.BATON_API_URL + "/sdk/v1/runs/" + process.env.BATON_RUN_ID + "/${route}", {
        method: "POST", headers: { authorization: "Bearer " + process.env.BATON_RUN_TOKEN, "content-type": "application/json" },
        body: JSON.stringify(${body}) }).then((r) => { if (!r.ok) process.exit(9) })`)}`;
    const failed = await start(report('fail', '{ error: "given up" }'));
    const waiting = await start(report('wait-for-event', '{ event_key: "go" }'));

    expect(await ended(failed)).toMatchObject({ status: 'failed', error: 'given up' });
    await expect.poll(async () => (await rowOf(waiting))['cost']).toMatchObject({ compute: [{ attempts: 1 }] });
    expect(await rowOf(waiting)).toMatchObject({ status: 'WAITING' });
    await app.rest('DELETE', `/v1/runs/${waiting}`);
  });

  it('fails with what it said last', async () => {
    const id = await start("exec:sh -c 'echo no disk >&2; exit 3'", null, { maxAttempts: 2 });

    expect(await ended(id)).toMatchObject({
      status: 'dead_letter',
      attempt: 2,
      error: 'the process exited with code 3: no disk',
    });
  });

  it('must report a result that its job has a schema for', async () => {
    const id = await start('exec:true', null, { resultSchema: { type: 'object' } });

    expect(await ended(id)).toMatchObject({
      status: 'dead_letter',
      error: expect.stringMatching(/^result schema validation failed/),
    });
  });

  it('fails for good when there is no such program', async () => {
    expect(await ended(await start('exec:/no/such/program', null, { maxAttempts: 3 }))).toMatchObject({
      status: 'failed',
      attempt: 1,
      error: '"/no/such/program" cannot be started: there is no such program here',
    });
  });

  it('ends when its run is canceled', async () => {
    const id = await start(PRINT_PID_AND_SLEEP);
    const pid = await pidOf(id);

    await clientOf(app).runs.cancel(id);

    await dead(pid);
    expect(await rowOf(id)).toMatchObject({ status: 'CANCELED' });
  });
});

describe('pausing', () => {
  it('stops the process, and resuming goes on from its last checkpoint', async () => {
    const { runs } = clientOf(app);
    const id = await start(CHECKPOINTING);
    const pid = await pidOf(id);

    const paused = await runs.pause(id);

    // The documents have no word for it.
    expect(paused).toMatchObject({ status: 'waiting', finishedAt: null });
    expect(await rowOf(id)).toMatchObject({ status: 'PAUSED', executionMode: 'MANAGED', machinePreset: 'MICRO', attempt: 1 });
    expect(await runs.pause(id)).toMatchObject({ status: 'waiting' });
    await dead(pid);
    expect((await app.rest('GET', `/v1/runs/${id}`)).body.status).toBe('waiting');

    await runs.resume(id);

    expect(await ended(id)).toMatchObject({ status: 'completed', attempt: 1, result: { from: 2 } });
    await expect(runs.resume(id)).rejects.toMatchObject({ status: 400, message: 'run is not paused' });
  });

  it('frees the slot of the run', async () => {
    const client = clientOf(app);
    const first = await start(PRINT_PID_AND_SLEEP, null, { maxConcurrency: 1 });
    const pid = await pidOf(first);
    const second = await client.runs.trigger(`managed-${names}`, null);

    await client.runs.pause(first);

    await dead(pid);
    await pidOf(second.id);
    await client.runs.cancel(second);
    await client.runs.cancel(first);
    expect(await rowOf(first)).toMatchObject({ status: 'CANCELED' });
  });

  it('says what cannot be paused, resumed or restarted', async () => {
    const refusals = async (id: string, routes: readonly string[]) =>
      Promise.all(routes.map(async (route) => (await app.rest('POST', `/v1/runs/${id}/${route}`, { body: {} })).body.error));
    const over = await start('exec:true');
    await ended(over);

    expect(await refusals(over, ['pause', 'resume', 'restart'])).toEqual([
      'run must be in executing state to pause',
      'run is not paused',
      'run must be executing or paused to restart',
    ]);
  });
});

describe('restarting', () => {
  it('goes on from the last checkpoint on the machine asked for', async () => {
    const { runs } = clientOf(app);
    const id = await start(CHECKPOINTING);
    const pid = await pidOf(id);

    await runs.restart(id, { machinePreset: 'small-2x' });

    await dead(pid);
    expect(await ended(id)).toMatchObject({
      status: 'completed',
      attempt: 1,
      result: { from: 2 },
      metadata: { _preset_override: 'small-2x' },
    });
    expect(await rowOf(id)).toMatchObject({ machinePreset: 'SMALL_2X' });
    await expect.poll(() => machinesOf(id)).toEqual(['MICRO', 'SMALL_2X']);
  });

  it('brings a paused run back', async () => {
    const { runs } = clientOf(app);
    const id = await start(PRINT_PID_AND_SLEEP);
    await dead(await pidOf(id).finally(() => runs.pause(id)));

    await runs.restart(id);

    expect(await isAlive(await pidOf(id, 2))).toBe(true);
    await runs.cancel(id);
  });

  it('goes by the version of the run, whatever the job has become', async () => {
    const { runs, jobs } = clientOf(app);
    const id = await start(PRINT_PID_AND_SLEEP, null, { machinePreset: 'small-1x' });
    await pidOf(id);
    await jobs.upsert({
      slug: `managed-${names}`,
      executionMode: 'http',
      endpointUrl: 'http://127.0.0.1:9/',
      machinePreset: 'micro',
    });

    await runs.restart(id);

    expect(await isAlive(await pidOf(id, 2))).toBe(true);
    expect(await rowOf(id)).toMatchObject({ status: 'EXECUTING', executionMode: 'MANAGED', machinePreset: 'SMALL_1X' });
    await runs.cancel(id);
  });

  it('refuses a machine there is not', async () => {
    const id = await start(PRINT_PID_AND_SLEEP);

    const answer = await app.rest('POST', `/v1/runs/${id}/restart`, { body: { machine_preset: 'huge' } });

    expect(answer).toMatchObject({ status: 400, body: { details: [{ path: 'machine_preset', message: 'is invalid' }] } });
    await clientOf(app).runs.cancel(id);
  });
});

describe('several servers', () => {
  it('pause, resume and cancel what another one runs', async () => {
    const api = await startTestApp({ role: 'api' }, app.databaseUrl);
    try {
      const { runs } = clientOf(api);
      const id = await start(CHECKPOINTING, null, {}, api);
      const first = await pidOf(id, 1, api);
      const other = await start(PRINT_PID_AND_SLEEP, null, {}, api);
      const pid = await pidOf(other, 1, api);

      expect(await runs.pause(id)).toMatchObject({ status: 'waiting' });
      await runs.cancel(other);
      await Promise.all([dead(pid), dead(first)]);
      await runs.resume(id);

      expect(await runs.wait(id)).toMatchObject({ status: 'completed', attempt: 1, result: { from: 2 } });
    } finally {
      await api.close();
    }
  });

  it('go on with what a server that shuts down hands back', async () => {
    const first = await startTestApp({ drainMs: 100 });
    const id = await start(CHECKPOINTING, null, {}, first);
    const pid = await pidOf(id, 1, first);

    await first.app.stop();

    expect(await isAlive(pid)).toBe(false);
    const second = await startTestApp({}, first.databaseUrl);
    const { status, attempt } = await clientOf(second).runs.wait(id);
    const { body } = await second.rest('GET', `/v1/runs/${id}/events?type=state_change`);
    await second.close();
    expect([status, attempt]).toEqual(['completed', 1]);
    expect(body.map(({ message }: { message: string }) => message)).toContain('returned to the queue: its server shut down');
  });
});

describe('a server that starts no processes', () => {
  it('says so to whoever creates, triggers or replays', async () => {
    const off = await startTestApp({ managedExec: false }, app.databaseUrl);
    try {
      const id = await start('exec:true');
      const why = 'managed jobs are switched off here: the server needs MANAGED_EXEC=true';
      const job = { name: 'A job', slug: 'off', execution_mode: 'managed', image_uri: 'exec:true' };
      const failed = await start('exec:/no/such/program');
      await ended(failed);

      const answers = await Promise.all([
        off.rest('POST', '/v1/jobs', { body: job }),
        off.rest('POST', `/v1/jobs/managed-${names}/trigger`, { body: {} }),
        off.rest('POST', `/v1/runs/${failed}/replay`),
      ]);

      expect(answers.map(({ status, body }) => [status, body.error])).toEqual([
        [400, `execution_mode: ${why}`],
        [400, why],
        [400, why],
      ]);
      await ended(id);
    } finally {
      await off.close();
    }
  });

  it('refuses a command that none can be made of, in words', async () => {
    const body = { name: 'A job', slug: 'quoted', execution_mode: 'managed', image_uri: "exec:echo 'a" };

    const answer = await app.rest('POST', '/v1/jobs', { body });

    expect(answer).toMatchObject({
      status: 400,
      body: {
        error: 'image_uri: has a quote or a backslash that is not followed by its end',
        details: [{ path: 'image_uri' }],
      },
    });
  });
});
