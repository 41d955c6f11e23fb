import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunActor } from '../src/auth/actor.ts';
import { newId } from '../src/core/ids.ts';
import { type GraphQLWorld, makeGraphQLWorld, settleChild } from './support/graphql.ts';

let t: GraphQLWorld;
beforeAll(async () => {
  t = await makeGraphQLWorld();
});
afterAll(() => t.close());

/** A mutation of executors with everything it takes as variables. */
const REPORTS = {
  complete: 'mutation ($result: JSON) { completeRun(result: $result) { id run { status result } } }',
  fail: 'mutation ($input: FailRunInput!) { failRun(input: $input) { id run { status error errorClass attempt } } }',
  heartbeat: 'mutation { heartbeat { id } }',
  log: 'mutation ($input: LogRunInput!) { logRun(input: $input) { seq } }',
  progress: 'mutation ($input: ReportProgressInput!) { reportProgress(input: $input) { seq } }',
  output: 'mutation ($input: SetOutputInput!) { setOutput(input: $input) { id runId key schema value createdAt updatedAt } }',
  spawn:
    'mutation ($input: SpawnRunInput!) { spawnRun(input: $input) { id status payload parentRunId triggeredBy spawnKey priority } }',
  wait: 'mutation ($input: WaitForChildrenInput!) { waitForChildren(input: $input) { status children { id status result error } } }',
} as const;

async function events(runId: string): Promise<{ seq: number; type: string; level: string; message: string; data: unknown }[]> {
  const { run } = await t.get(
    'query ($id: ID!) { run(id: $id) { events(first: 100, type: [LOG, PROGRESS, ERROR, OUTPUT]) { edges { node { seq type level message data } } } } }',
    {
      variables: { id: runId },
    },
  );
  return run.events.edges.map(({ node }: { node: never }) => node);
}

async function start(fields: object = {}, input: object = {}): Promise<RunActor> {
  const job = await t.createJob(fields);
  return t.start({ job: job.id, ...input });
}

function stale(actor: RunActor): RunActor {
  return { ...actor, epoch: actor.epoch - 1 };
}

describe('an executor', () => {
  it('reads its payload', async () => {
    const actor = await start({}, { payload: [1, { two: null }] });

    expect(await t.get('{ ownPayload }', { as: actor })).toEqual({ ownPayload: [1, { two: null }] });
    expect(await t.get('{ ownPayload }', { as: await start() })).toEqual({ ownPayload: null });
    const foreign = await t.ask('{ ownPayload }', { as: { ...actor, projectId: 'other' } });
    expect(foreign.errors).toMatchObject([{ message: 'run not found' }]);
  });

  it('logs, reports progress and stores outputs, each with its event', async () => {
    const as = await start();
    const said = async (document: string, input: object) => t.get(document, { as, variables: { input } });

    expect(await said(REPORTS.log, { message: 'one', level: null })).toEqual({ logRun: { seq: 4 } });
    expect(await said(REPORTS.log, { message: 'two', level: 'WARN', type: 'ERROR', data: { code: 7 } })).toEqual({
      logRun: { seq: 5 },
    });
    expect(await said(REPORTS.progress, { percent: 12.5, message: 'copying', step: 'copy', etaSecs: 30 })).toEqual({
      reportProgress: { seq: 6 },
    });
    const { setOutput } = await said(REPORTS.output, { key: 'report', value: { ok: true }, schema: { type: 'object' } });
    expect(setOutput).toEqual({
      id: expect.any(String),
      runId: as.runId,
      key: 'report',
      schema: { type: 'object' },
      value: { ok: true },
      createdAt: expect.any(String),
      updatedAt: setOutput.createdAt,
    });

    expect(await events(as.runId)).toEqual([
      { seq: 4, type: 'LOG', level: 'INFO', message: 'one', data: null },
      { seq: 5, type: 'ERROR', level: 'WARN', message: 'two', data: { code: 7 } },
      { seq: 6, type: 'PROGRESS', level: 'INFO', message: 'copying', data: { percent: 12.5, step: 'copy', eta_secs: 30 } },
      { seq: 7, type: 'OUTPUT', level: 'INFO', message: 'output "report"', data: { output_key: 'report' } },
    ]);
  });

  it('replaces an output, by any value, and keeps its identity', async () => {
    const as = await start();
    const set = async (input: object) => (await t.get(REPORTS.output, { as, variables: { input } })).setOutput;
    const first = await set({ key: 'k', value: 1, schema: { type: 'integer' } });

    expect(await set({ key: 'k', value: null })).toMatchObject({
      id: first.id,
      schema: null,
      value: null,
      createdAt: first.createdAt,
    });
    expect(await set({ key: 'k' })).toMatchObject({ id: first.id, value: null });
    const { run } = await t.get('query ($id: ID!) { run(id: $id) { outputs { edges { node { key value } } } } }', {
      variables: { id: as.runId },
    });
    expect(run.outputs.edges).toEqual([{ node: { key: 'k', value: null } }]);
  });

  it('is told what is wrong with an output, and nothing of it is kept', async () => {
    const as = await start();
    const refused = async (input: object) => (await t.ask(REPORTS.output, { as, variables: { input } })).errors;

    expect(await refused({ key: 'k', value: 'x', schema: { type: 'integer' } })).toMatchObject([
      {
        message: 'output schema validation failed: value must be integer',
        extensions: { code: 'BAD_REQUEST', details: [{ path: 'value', message: 'must be integer' }] },
      },
    ]);
    expect(await refused({ key: 'k', value: 1, schema: { type: 'no such' } })).toMatchObject([
      { message: expect.stringMatching(/^schema: /), extensions: { code: 'BAD_REQUEST' } },
    ]);
    expect(await refused({ key: '', value: 1 })).toMatchObject([
      { message: 'validation failed', extensions: { details: [{ path: 'key' }] } },
    ]);
    expect(await refused({ key: 'k', value: 'x'.repeat(1_048_576) })).toMatchObject([
      { extensions: { code: 'PAYLOAD_TOO_LARGE' } },
    ]);
    expect(await events(as.runId)).toEqual([]);
  });

  it('keeps outputs and lines in one gapless story when they race', async () => {
    const as = await start();
    const reports = Array.from({ length: 20 }, (_, n) =>
      n % 2
        ? t.get(REPORTS.output, { as, variables: { input: { key: `k${n}`, value: n } } })
        : t.get(REPORTS.log, { as, variables: { input: { message: `m${n}` } } }),
    );
    await Promise.all(reports);

    expect((await events(as.runId)).map(({ seq }) => seq)).toEqual(Array.from({ length: 20 }, (_, n) => n + 4));
  });

  it('completes its run, and again with the same result, but not with another', async () => {
    const as = await start();
    const complete = (result: unknown) => t.ask(REPORTS.complete, { as, variables: { result } });
    const answer = { data: { completeRun: { id: as.runId, run: { status: 'COMPLETED', result: { ok: [1] } } } } };

    expect(await complete({ ok: [1] })).toEqual(answer);
    expect(await complete({ ok: [1] })).toEqual(answer);
    expect(await t.ask('mutation { completeRun(result: { ok: [1] }) { id run { status result } } }', { as })).toEqual(answer);
    expect((await complete({ ok: [2] })).errors).toMatchObject([
      { message: 'run status conflict: the run is completed', extensions: { code: 'CONFLICT' } },
    ]);
  });

  it('completes with nothing', async () => {
    const as = await start();

    expect(await t.get('mutation { completeRun { run { status result } } }', { as })).toEqual({
      completeRun: { run: { status: 'COMPLETED', result: null } },
    });
  });

  it('is refused a result that breaks the schema of the job', async () => {
    const as = await start({ resultSchema: { type: 'object', required: ['ok'] } });

    const { errors } = await t.ask(REPORTS.complete, { as, variables: { result: {} } });

    expect(errors).toMatchObject([
      {
        message: 'result schema validation failed',
        extensions: { code: 'UNPROCESSABLE', details: [expect.objectContaining({ message: 'is required' })] },
      },
    ]);
  });

  it('fails its run, or asks for a retry', async () => {
    const ended = await start({ maxAttempts: 3 });
    expect(await t.get(REPORTS.fail, { as: ended, variables: { input: { error: 'no disk' } } })).toEqual({
      failRun: { id: ended.runId, run: { status: 'FAILED', error: 'no disk', errorClass: 'UNKNOWN', attempt: 1 } },
    });

    const retried = await start({ maxAttempts: 3 });
    const { failRun } = await t.get(REPORTS.fail, {
      as: retried,
      variables: { input: { error: `a\0b${'c'.repeat(20_000)}`, retry: true } },
    });
    expect(failRun.run).toMatchObject({ status: 'QUEUED', attempt: 2 });
    expect(failRun.run.error).toHaveLength(10_000);
    expect(failRun.run.error).toMatch(/^a\uFFFDbccc/);
  });

  it('sends heartbeats that show on the run', async () => {
    const as = await start();
    const shown = async () =>
      (
        await t.get('query ($id: ID!) { run(id: $id) { heartbeatAt lease { heartbeatAt leaseUntil } } }', {
          variables: { id: as.runId },
        })
      ).run;
    expect(await shown()).toMatchObject({ heartbeatAt: null });

    await t.get(REPORTS.heartbeat, { as });

    const { heartbeatAt, lease } = await shown();
    expect(heartbeatAt).toEqual(expect.any(String));
    expect(lease).toEqual({ heartbeatAt, leaseUntil: expect.any(String) });
  });

  it('spawns children, meets the ones it has, and waits for them', async () => {
    const job = await t.createJob();
    const as = await t.start({ job: job.id });
    const spawn = async (input: object) =>
      (await t.get(REPORTS.spawn, { as, variables: { input: { job: job.slug, ...input } } })).spawnRun;
    const wait = async (input: object) => (await t.get(REPORTS.wait, { as, variables: { input } })).waitForChildren;
    expect(await wait({})).toEqual({ status: 'READY', children: [] });

    const child = await spawn({ payload: 1, spawnKey: 'a', priority: 2 });
    expect(child).toEqual({
      id: expect.any(String),
      status: 'QUEUED',
      payload: 1,
      parentRunId: as.runId,
      triggeredBy: 'spawn',
      spawnKey: 'a',
      priority: 2,
    });
    expect(await spawn({ payload: 2, spawnKey: 'a' })).toEqual(child);
    expect(await wait({ runIds: [child.id], timeoutSecs: 60 })).toEqual({
      status: 'WAITING',
      children: [{ id: child.id, status: 'QUEUED', result: null, error: null }],
    });

    const [childActor] = (await t.claim()).filter(({ runId }) => runId === child.id);
    if (!childActor) throw new Error('the child was not claimed');
    await t.get(REPORTS.complete, { as: childActor, variables: { result: 'done' } });
    await settleChild(t, child.id);
    const { run } = await t.get(
      'query ($id: ID!) { run(id: $id) { status children { edges { node { id parent { id } } } } waits { edges { node { kind status childRunId endedAt } } } } }',
      {
        variables: { id: as.runId },
      },
    );
    expect(run).toEqual({
      status: 'QUEUED',
      children: { edges: [{ node: { id: child.id, parent: { id: as.runId } } }] },
      waits: { edges: [{ node: { kind: 'CHILD', status: 'RECEIVED', childRunId: child.id, endedAt: expect.any(String) } }] },
    });
    const [again] = (await t.claim()).filter(({ runId }) => runId === as.runId);
    expect(
      (await t.get(REPORTS.wait, { as: again as RunActor, variables: { input: { runIds: null } } })).waitForChildren,
    ).toEqual({
      status: 'READY',
      children: [{ id: child.id, status: 'COMPLETED', result: 'done', error: null }],
    });
  });
});

const INPUTS: { readonly [Report in keyof typeof REPORTS]: object } = {
  complete: { result: 1 },
  fail: { input: { error: 'x' } },
  heartbeat: {},
  log: { input: { message: 'x' } },
  progress: { input: { message: 'x' } },
  output: { input: { key: 'x', value: 1 } },
  spawn: { input: { job: 'fenced', payload: 1 } },
  wait: { input: {} },
};

describe.each(Object.keys(REPORTS) as (keyof typeof REPORTS)[])('%s', (report) => {
  const send = (as: RunActor) => t.ask(REPORTS[report], { as, variables: INPUTS[report] });

  it('changes nothing with the token of an attempt that was taken over', async () => {
    const job = await t.createJob({ slug: `fenced-${report}` });
    if (report === 'spawn') await t.createJob({ slug: 'fenced' });
    const as = await t.start({ job: job.id });
    await t.get('mutation ($job: ID!) { spawnRun(input: { job: $job }) { id } }', { as, variables: { job: job.id } });
    const before = await story(as.runId);

    const { data, errors } = await send(stale(as));

    expect(errors, JSON.stringify(data)).toMatchObject([
      { message: expect.stringMatching(/^stale run token/), extensions: { code: 'CONFLICT' } },
    ]);
    expect(await story(as.runId)).toEqual(before);
  });

  it('finds no run for a token of one that is gone', async () => {
    const job = await t.createJob({ slug: `gone-${report}` });
    if (report === 'spawn') await t.createJob({ slug: 'fenced-too' });
    const { errors } = await send({ kind: 'run', projectId: job.projectId, runId: newId(), epoch: 1 });

    if (report === 'wait') expect(errors).toBeUndefined();
    else expect(errors).toMatchObject([{ extensions: { code: report === 'spawn' ? 'CONFLICT' : 'NOT_FOUND' } }]);
  });
});

async function story(runId: string): Promise<unknown> {
  const { rows } = await t.pools.reads.query(
    `select r.status, r.event_seq, r.epoch, (select count(*) from run_events e where e.run_id = r.id) as events,
            (select count(*) from runs c where c.parent_run_id = r.id) as children, (select count(*) from run_outputs o where o.run_id = r.id) as outputs
       from runs r where r.id = $1`,
    [runId],
  );
  return rows;
}
