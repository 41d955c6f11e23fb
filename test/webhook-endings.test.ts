import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunActor } from '../src/auth/actor.ts';
import type { Outcome } from '../src/core/outcome.ts';
import { FINAL_STATUSES, type RunStatus } from '../src/core/run-state.ts';
import { cancelEvent } from '../src/domain/events/cancel-event.ts';
import { waitForEvent } from '../src/domain/events/wait-for-event.ts';
import { cancelRun } from '../src/domain/runs/cancel.ts';
import { cancelRuns } from '../src/domain/runs/cancel-many.ts';
import { completeRun, failRun } from '../src/domain/runs/complete.ts';
import { replayDeadLetter } from '../src/domain/runs/dlq-replay.ts';
import { spawnRun } from '../src/domain/runs/spawn.ts';
import { triggerRun } from '../src/domain/runs/trigger.ts';
import { WEBHOOK_EVENT_TYPES } from '../src/domain/webhooks/event-types.ts';
import { NO_TRACE, startTestEngine, type TestEngine } from './support/engine.ts';
import { newProject } from './support/jobs.ts';
import { type DeliveryRow, deliveriesOf, makeReceivers, subscribe } from './support/webhooks.ts';

let t: TestEngine;
const receivers = makeReceivers();
/** Subscribed to everything, and to what the case is about alone; the others must never hear anything. */
let everything: string;
const only = new Map<string, string>();
const silent: string[] = [];
beforeAll(async () => {
  t = await startTestEngine({ reaperMs: 100, leaseMs: 60_000, post: receivers.post });
  everything = await subscribe(t, 'https://everything.example.com/');
  for (const type of WEBHOOK_EVENT_TYPES) only.set(type, await subscribe(t, 'https://only.example.com/', { eventTypes: [type] }));
  silent.push(await subscribe(t, 'https://off.example.com/', { active: false }));
  silent.push(await subscribe(t, 'https://other.example.com/', { actor: await newProject(t.pools.reads) }));
});
afterAll(() => t.close());

const ACCEPTED: Outcome = { kind: 'accepted', trace: NO_TRACE };
const failing = (errorClass: 'client' | 'server'): Outcome => ({ kind: 'failed', errorClass, message: 'no', trace: NO_TRACE });

async function start(outcome: Outcome, job: object = {}): Promise<string> {
  t.answer(() => outcome);
  const { id } = await t.createJob({ maxAttempts: 1, webhookUrl: 'https://job.example.com/', ...job });
  return (await triggerRun(t.actor, { job: id, payload: 1 }, t.engine.runs)).id;
}

async function executing(job: object = {}): Promise<RunActor> {
  const runId = await start(ACCEPTED, job);
  const { epoch } = await t.until(runId, (row) => row.status === 'executing');
  return { kind: 'run', projectId: 'default', runId, epoch };
}

async function spawned(): Promise<{ parent: string; child: string }> {
  const parent = await executing();
  const { id: job } = await t.createJob({ webhookUrl: 'https://job.example.com/' });
  const child = await spawnRun(parent, { job, payload: null, spawnKey: 'child' }, t.engine.runs);
  await t.until(child, (row) => row.status === 'executing');
  return { parent: parent.runId, child };
}

/** Every way a run can end: what ends it, and the status it ends in. */
const PATHS: Readonly<Record<string, readonly [RunStatus, () => Promise<string>]>> = {
  'the executor answers a result': ['completed', () => start({ kind: 'completed', result: { ok: true }, trace: NO_TRACE })],
  'the executor completes it': [
    'completed',
    async () => {
      const actor = await executing();
      await completeRun(actor, { ok: true }, t.engine.runs);
      return actor.runId;
    },
  ],
  'the executor fails it': [
    'failed',
    async () => {
      const actor = await executing();
      await failRun(actor, { error: 'no', retry: false }, t.engine.runs);
      return actor.runId;
    },
  ],
  'the executor refuses it': ['failed', () => start(failing('client'))],
  'its attempts are spent': ['dead_letter', () => start(failing('server'))],
  'its attempts are spent after a retry': [
    'dead_letter',
    () => start(failing('server'), { maxAttempts: 2, retryStrategy: 'fixed', retryInitialDelaySecs: 0 }),
  ],
  'its attempt takes too long': ['timed_out', () => start({ kind: 'timed_out', trace: NO_TRACE })],
  'its wait takes too long': [
    'timed_out',
    async () => {
      const actor = await executing();
      const { triggerId } = await waitForEvent(actor, { eventKey: `late-${actor.runId}` }, t.engine.runs);
      await t.pools.reads.query('update waits set expires_at = now() where id = $1', [triggerId]);
      return actor.runId;
    },
  ],
  'its executor falls silent': [
    'crashed',
    async () => {
      const actor = await executing();
      // Its lease is the executor's own once that has accepted the run.
      const expire = 'update run_leases set lease_until = now() where run_id = $1 and holder is null';
      await expect.poll(async () => (await t.pools.reads.query(expire, [actor.runId])).rowCount).toBe(1);
      return actor.runId;
    },
  ],
  'it cannot be dispatched': [
    'system_failed',
    async () => {
      // Nobody starts processes here.
      const managed = { executionMode: 'managed', imageUri: 'exec:true', endpointUrl: null };
      const { id: job } = await t.createJob({ webhookUrl: 'https://job.example.com/', ...managed });
      return (await triggerRun(t.actor, { job }, t.engine.runs)).id;
    },
  ],
  'nobody starts it in time': [
    'expired',
    async () => {
      const { id: job } = await t.createJob({ webhookUrl: 'https://job.example.com/' });
      const scheduledAt = new Date(Date.now() + 3_600_000);
      const { id } = await triggerRun(t.actor, { job, scheduledAt, ttlSecs: 60 }, t.engine.runs);
      await t.pools.reads.query('update runs set expires_at = now() where id = $1', [id]);
      return id;
    },
  ],
  'a person cancels it': [
    'canceled',
    async () => {
      const { runId } = await executing();
      await cancelRun(t.actor, runId, t.engine.runs);
      return runId;
    },
  ],
  'its parent is canceled': [
    'canceled',
    async () => {
      const { parent, child } = await spawned();
      await cancelRun(t.actor, parent, t.engine.runs);
      return child;
    },
  ],
  'it is canceled with others': [
    'canceled',
    async () => {
      const { runId } = await executing();
      await cancelRuns(t.actor, { ids: [runId] }, t.engine.runs);
      return runId;
    },
  ],
  'its parent is canceled with others': [
    'canceled',
    async () => {
      const { parent, child } = await spawned();
      await cancelRuns(t.actor, { ids: [parent] }, t.engine.runs);
      return child;
    },
  ],
  'the event it waits for is canceled': [
    'canceled',
    async () => {
      const actor = await executing();
      await waitForEvent(actor, { eventKey: `gone-${actor.runId}` }, t.engine.runs);
      await cancelEvent(t.actor, `gone-${actor.runId}`, t.engine.runs);
      return actor.runId;
    },
  ],
};

const receiverOf = (row: DeliveryRow) => row.subscription_id ?? row.kind;

describe('every ending of a run', () => {
  it('is in the table of this test', () => {
    expect(new Set(Object.values(PATHS).map(([status]) => status))).toEqual(new Set(FINAL_STATUSES));
  });

  it.each(Object.entries(PATHS))('fires one delivery for each who wants to know: %s', async (_path, [status, end]) => {
    const runId = await end();
    const run = await t.until(runId, (row) => row.status === status);

    const deliveries = await deliveriesOf(t, { runId });

    expect(deliveries.map(receiverOf).sort()).toEqual([everything, only.get(`run.${status}`), 'job'].sort());
    const body = {
      run_id: runId,
      project_id: 'default',
      job_id: expect.any(String),
      status,
      attempt: run.attempt,
      result: status === 'completed' ? { ok: true } : null,
      error: run.error,
      timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
    };
    for (const { payload, kind, event_type } of deliveries) {
      expect(event_type).toBe(`run.${status}`);
      expect(payload).toEqual(kind === 'job' ? body : { ...body, type: `run.${status}` });
    }
    await expect
      .poll(async () => (await deliveriesOf(t, { runId })).map((row) => [row.status, row.attempts]))
      .toEqual([1, 2, 3].map(() => ['delivered', 1]));
  });

  it('was heard of by nobody else', async () => {
    for (const subscriptionId of silent) expect(await deliveriesOf(t, { subscriptionId })).toEqual([]);
  });

  it('is told again when a dead letter that was replayed ends', async () => {
    const runId = await start(failing('server'));
    await t.until(runId, (row) => row.status === 'dead_letter');
    t.answer(() => ({ kind: 'completed', result: null, trace: NO_TRACE }));
    await replayDeadLetter(t.actor, runId, t.engine.runs);
    await t.until(runId, (row) => row.status === 'completed');

    const jobs = (await deliveriesOf(t, { runId })).filter(({ kind }) => kind === 'job');

    expect(jobs.map(({ event_type, payload }) => [event_type, payload.status])).toEqual([
      ['run.dead_letter', 'dead_letter'],
      ['run.completed', 'completed'],
    ]);
  });

  it('is no ending when an attempt is to be repeated, or a run waits', async () => {
    const actor = await executing({ maxAttempts: 5 });
    await failRun(actor, { error: 'not yet', retry: true }, t.engine.runs);

    expect(await deliveriesOf(t, { runId: actor.runId })).toEqual([]);
  });
});

describe('the body', () => {
  it('stays below 20 kB: a larger result is left out, and a long error is cut', async () => {
    // One after the other: what an attempt is answered is what was said last.
    const ended = async (outcome: Outcome): Promise<string> => {
      const { id } = await t.until(await start(outcome), (row) => row.status === 'completed' || row.status === 'failed');
      return id;
    };
    const small = await ended({ kind: 'completed', result: 'x'.repeat(11_990), trace: NO_TRACE });
    const large = await ended({ kind: 'completed', result: 'x'.repeat(12_000), trace: NO_TRACE });
    const failed = await ended({ kind: 'failed', errorClass: 'client', message: 'ü'.repeat(5_000), trace: NO_TRACE });
    const bodyOf = async (runId: string) => (await deliveriesOf(t, { runId })).find(({ kind }) => kind === 'job')?.payload;

    expect(await bodyOf(small)).toMatchObject({ result: 'x'.repeat(11_990) });
    expect(await bodyOf(small)).not.toHaveProperty('result_truncated');
    expect(await bodyOf(large)).toMatchObject({ result: null, result_truncated: true, result_url: `/v1/runs/${large}` });
    expect((await bodyOf(failed)).error).toBe(`${'ü'.repeat(1_000)}…`);
  });
});
