import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { newId } from '../src/core/ids.ts';
import { type GraphQLWorld, keyOf, makeGraphQLWorld } from './support/graphql.ts';

let t: GraphQLWorld;
beforeAll(async () => {
  t = await makeGraphQLWorld();
});
afterAll(() => t.close());
// Due runs of one test would stand in the queue before those of the next.
beforeEach(() =>
  t.get('mutation { cancelRuns(input: { filter: { status: [QUEUED, EXECUTING, DELAYED, WAITING] } }) { total } }'),
);

const REASON = 'kind text since until position runId jobId eventKey circuitId action';

async function explain(id: string) {
  const { run } = await t.get(`{ run(id: "${id}") { explanation { summary reasons { ${REASON} } } } }`);
  return run.explanation;
}

async function alive(role: string): Promise<void> {
  await t.pools.reads.query('delete from instances');
  await t.pools.reads.query('insert into instances (id, role) values ($1, $2)', [newId(), role]);
}

describe('why a run is not running', () => {
  it('is that nobody claims, and what place it has', async () => {
    const job = await t.createJob();
    await t.trigger({ job: job.id, priority: 5 });
    await t.trigger({ job: job.id });
    const id = await t.trigger({ job: job.id });
    await t.trigger({ job: job.id });
    await alive('api');

    const explanation = await explain(id);
    await alive('worker');
    const { reasons } = await explain(id);

    expect(explanation.reasons.map(({ kind }: { kind: string }) => kind)).toEqual(['NO_WORKER', 'QUEUE']);
    expect(explanation.summary).toMatch(
      /^In the queue: no server process that claims runs .*; it waits for its turn: 2 runs go before it/,
    );
    expect(reasons).toMatchObject([{ kind: 'QUEUE', position: 3, action: null, since: expect.any(String) }]);
  });

  it('is a limit of its job, and who has the slot', async () => {
    const job = await t.createJob({ maxConcurrency: 1 });
    const holder = (await t.start({ job: job.id })).runId;
    await t.claim();
    await t.trigger({ job: job.id });
    const id = await t.trigger({ job: job.id });
    await t.claim();
    await t.claim();

    const { summary, reasons } = await explain(id);

    expect(summary).toBe(
      `In the queue: the limit of the job ${job.slug} is full: 1 of 1 slot in use, and it is number 2 of those that wait for one.`,
    );
    expect(reasons).toMatchObject([{ kind: 'LIMIT', position: 2, runId: holder, jobId: job.id, action: 'RAISE_LIMIT' }]);
  });

  it('is a limit of its concurrency key, which canceling the holder frees', async () => {
    const job = await t.createJob({ maxConcurrencyPerKey: 1 });
    const item = { job: job.id, concurrencyKey: 'a key' };
    const holder = (await t.start(item)).runId;
    const id = await t.trigger(item);
    await t.claim();
    await t.claim();

    expect((await explain(id)).reasons).toMatchObject([
      {
        kind: 'LIMIT',
        text: 'the limit of the concurrency key "a key" is full: 1 of 1 slot in use, and it is number 1 of those that wait for one',
        runId: holder,
        action: 'CANCEL_HOLDER',
      },
    ]);
  });

  it('is that its job is disabled', async () => {
    const job = await t.createJob();
    const id = await t.trigger({ job: job.id });
    await t.get(`mutation { setJobsEnabled(input: { ids: ["${job.id}"], enabled: false }) { id } }`);
    const due = await explain(id);
    await t.claim();
    await t.claim();
    const held = await explain(id);

    for (const { reasons } of [due, held])
      expect(reasons[0]).toMatchObject({ kind: 'JOB_DISABLED', jobId: job.id, action: 'ENABLE_JOB' });
  });

  it.each([
    [{}, 'RETRY', 'attempt 2 of 3 is due later after “no luck”'],
    [
      { errorClass: 'rate_limited' as const },
      'RATE_LIMIT',
      'its executor asked for less: attempt 2 of 3 is due later after “no luck”',
    ],
  ])('is a retry %j', async (more, kind, text) => {
    const job = await t.createJob();
    const { runId } = await t.start({ job: job.id });
    await t.runs.transitions.one({ runId, event: 'retry', message: 'x', error: 'no luck', delayMs: 60_000, ...more });

    expect((await explain(runId)).reasons).toMatchObject([{ kind, text, until: expect.any(String), action: null }]);
  });

  it('is an open circuit', async () => {
    const job = await t.createJob();
    const { runId } = await t.start({ job: job.id });
    const circuitId = newId();
    const retryAt = new Date(Date.now() + 60_000);
    await t.pools.reads.query(
      `insert into circuits (id, project_id, endpoint, state, failures, opened_at, retry_at) values ($1, 'default', 'http://x/', 'open', 5, now(), $2)`,
      [circuitId, retryAt],
    );
    await t.runs.transitions.one({ runId, event: 'snooze', message: 'x', delayMs: 60_000, hold: `circuit:${circuitId}` });

    expect((await explain(runId)).reasons).toMatchObject([
      {
        kind: 'CIRCUIT_OPEN',
        text: 'the circuit of http://x/ is open: it could not be reached 5 times in a row, and is tried again when the time has come',
        until: retryAt.toISOString(),
        circuitId,
        action: 'RESET_CIRCUIT',
      },
    ]);
  });

  it('is its start', async () => {
    const [plain, bound] = [await t.createJob(), await t.createJob({ executionWindowCron: '0 0 1 1 *' })];
    const scheduledAt = new Date(Date.now() + 3_600_000);
    const later = await t.trigger({ job: plain.id, scheduledAt });
    const newYear = await t.trigger({ job: bound.id });

    expect(await explain(later)).toMatchObject({
      summary: 'Not due yet: it is to start later.',
      reasons: [{ kind: 'DELAY', until: scheduledAt.toISOString(), action: 'RESCHEDULE' }],
    });
    expect((await explain(newYear)).reasons).toMatchObject([
      { kind: 'EXECUTION_WINDOW', until: expect.stringMatching(/-01-01T00:00:00/), action: 'RESCHEDULE' },
    ]);
  });

  it('is an event, children, or what its job depends on', async () => {
    const job = await t.createJob();
    const dependent = await t.createJob();
    await t.get(`mutation { addJobDependency(job: "${dependent.id}", input: { dependsOnJobId: "${job.id}" }) { id } }`);
    const waiting = await t.trigger({ job: dependent.id });
    const forEvent = await t.start({ job: job.id });
    await t.get('mutation { waitForEvent(input: { eventKey: "paid" }) { triggerId } }', { as: forEvent });
    const parent = await t.start({ job: job.id });
    const { spawnRun } = await t.get(`mutation { spawnRun(input: { job: "${job.id}" }) { id } }`, { as: parent });
    await t.get('mutation { waitForChildren(input: {}) { status } }', { as: parent });

    expect((await explain(waiting)).reasons).toMatchObject([
      {
        kind: 'DEPENDENCY',
        text: `it waits until a run of the job ${job.slug} completes; none has ended yet`,
        jobId: job.id,
        action: 'TRIGGER_JOB',
      },
    ]);
    expect((await explain(forEvent.runId)).reasons).toMatchObject([
      { kind: 'WAIT_EVENT', eventKey: 'paid', action: 'SEND_EVENT' },
    ]);
    expect(await explain(parent.runId)).toMatchObject({
      summary: 'Asleep: it waits for 1 child run, which is queued.',
      reasons: [{ kind: 'WAIT_CHILDREN', runId: spawnRun.id, action: 'CANCEL_HOLDER' }],
    });
  });

  it('is nothing while it is executed, a person who paused it, or its end', async () => {
    const job = await t.createJob({ executionMode: 'managed', imageUri: 'exec:true', endpointUrl: null });
    const { runId } = await t.start({ job: job.id });
    const running = await explain(runId);
    await t.get(`mutation { pauseRun(id: "${runId}") { id } }`);
    const paused = await explain(runId);
    await t.get(`mutation { cancelRun(id: "${runId}") { id } }`);
    const canceled = await explain(runId);
    const lost = (await t.start({ job: job.id })).runId;
    await t.runs.transitions.one({ runId: lost, event: 'bury', message: 'x', error: 'HTTP 500' });

    expect(running).toMatchObject({
      summary: 'Running: attempt 1 of 3 is with its executor.',
      reasons: [{ kind: 'RUNNING', action: null }],
    });
    expect(paused.reasons).toMatchObject([{ kind: 'PAUSE', since: expect.any(String), action: 'RESUME' }]);
    expect(canceled).toMatchObject({ summary: 'It was canceled: canceled by user.', reasons: [{ kind: 'FINAL', action: null }] });
    expect(await explain(lost)).toMatchObject({
      summary: 'Its attempts are spent, and it is kept until somebody replays it (1 of 3): HTTP 500.',
      reasons: [{ action: 'REPLAY_DEAD_LETTER' }],
    });
  });
});

describe('what can be done to a run', () => {
  it('is nothing to whoever may only read', async () => {
    const job = await t.createJob();
    const id = await t.trigger({ job: job.id });
    const { run } = await t.get(`{ run(id: "${id}") { allowedActions } }`, { as: keyOf('default', 'runs:read') });

    expect(run.allowedActions).toEqual([]);
  });

  it('is no replay when its job takes no run, and no change of its start once it was started', async () => {
    const job = await t.createJob();
    const { runId } = await t.start({ job: job.id });
    await t.runs.transitions.one({ runId, event: 'retry', message: 'x', delayMs: 60_000 });
    const offered = async () => (await t.get(`{ run(id: "${runId}") { allowedActions } }`)).run.allowedActions;
    expect(await offered()).toEqual(['CANCEL', 'SET_DEBUG']);
    await t.claim();
    await t.runs.transitions.one({ runId, event: 'system_fail', message: 'x' });
    expect(await offered()).toEqual(['REPLAY', 'SET_DEBUG']);
    await t.get(`mutation { setJobsEnabled(input: { ids: ["${job.id}"], enabled: false }) { id } }`);

    expect(await offered()).toEqual(['SET_DEBUG']);
    expect((await t.ask(`mutation { replayRun(id: "${runId}") { id } }`)).errors).toHaveLength(1);
  });
});
