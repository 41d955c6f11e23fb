import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { AppError } from '../src/core/errors.ts';
import { newId } from '../src/core/ids.ts';
import { dropSpentCounters } from '../src/domain/admission/drop-counters.ts';
import { triggerRuns } from '../src/domain/batches/trigger-batch.ts';
import { waitForEvent } from '../src/domain/events/wait-for-event.ts';
import { updateProject } from '../src/domain/projects/update-project.ts';
import { spawnRun } from '../src/domain/runs/spawn.ts';
import { triggerJob, triggerRun } from '../src/domain/runs/trigger.ts';
import { reportUsage } from '../src/domain/runs/usage.ts';
import { NO_TRACE } from './support/engine.ts';
import { startTwoEngines, type TwoEngines } from './support/two-engines.ts';

let w: TwoEngines;
beforeAll(async () => {
  w = await startTwoEngines({ concurrency: 500 });
});
afterAll(() => w.close());
beforeEach(() => {
  for (const t of [w.a, w.b]) t.answer(() => ({ kind: 'accepted', trace: NO_TRACE }));
});

const times = <T>(count: number, make: (index: number) => T): T[] => Array.from({ length: count }, (_, index) => make(index));
const runsIn = (answers: readonly unknown[]) => answers.filter((answer) => !(answer instanceof Error));
const refusals = (answers: readonly unknown[]) => answers.filter((answer): answer is AppError => answer instanceof AppError);

const admin = () => ({ ...w.a.actor, scopes: new Set(['*', 'instance:admin'] as const) });
async function limitProject(quotas: object): Promise<void> {
  await updateProject(admin(), { id: 'default', ...quotas }, { pool: w.a.pools.reads, jobCache: w.a.engine.runs.jobs });
  w.b.engine.runs.jobs.invalidate('default');
}

async function executing(t: TwoEngines['a'], runId: string) {
  const { epoch } = await t.until(runId, (row) => row.status === 'executing');
  return { kind: 'run', projectId: 'default', runId, epoch } as const;
}

describe('a rate limit', () => {
  it('takes on exactly as many triggers as it says, whichever process they come to', async () => {
    const job = await w.a.createJob({ rateLimitMax: 50, rateLimitWindowSecs: 3_600 });

    const answers = await w.triggerAll(times(400, (n) => ({ job: job.id, payload: n })));

    expect(runsIn(answers)).toHaveLength(50);
    expect(await w.runsOf(job.id)).toHaveLength(50);
    const refused = refusals(answers);
    expect(new Set(refused.map(({ code, message, limit }) => `${code} ${message} ${limit}`))).toEqual(
      new Set(['RATE_LIMITED job rate limit exceeded 50']),
    );
    for (const { retryAfterSecs = 0 } of refused) expect(Math.abs(retryAfterSecs - 3_600)).toBeLessThanOrEqual(60);
  });

  it('is not used up by what another run answers', async () => {
    const job = await w.a.createJob({ rateLimitMax: 10, rateLimitWindowSecs: 3_600 });

    const answers = await w.triggerAll(times(2_000, (n) => ({ job: job.id, payload: 1, idempotencyKey: `key-${n % 10}` })));

    expect(refusals(answers)).toEqual([]);
    expect(await w.runsOf(job.id)).toHaveLength(10);
    await expect(triggerJob(w.a.actor, { job: job.id }, w.a.engine.runs)).rejects.toMatchObject({ code: 'RATE_LIMITED' });
  });

  it('begins anew when its window has ended, and leaves no row behind', async () => {
    const job = await w.a.createJob({ rateLimitMax: 1, rateLimitWindowSecs: 3_600 });
    const trigger = () => triggerRun(w.a.actor, { job: job.id }, w.a.engine.runs);
    await trigger();
    await expect(trigger()).rejects.toMatchObject({ code: 'RATE_LIMITED' });

    await w.a.pools.reads.query('update trigger_rates set ends_at = now() where job_id = $1', [job.id]);
    await trigger();
    await w.a.pools.reads.query('update trigger_rates set ends_at = now() where job_id = $1', [job.id]);
    await dropSpentCounters(100, w.a.engine.runs);

    const { rows } = await w.a.pools.reads.query('select 1 from trigger_rates where job_id = $1', [job.id]);
    expect(rows).toEqual([]);
  });

  it('refuses items of a bulk trigger alone, and children of executors', async () => {
    const job = await w.a.createJob({ rateLimitMax: 2, rateLimitWindowSecs: 3_600 });
    const parent = await triggerRun(w.a.actor, { job: (await w.a.createJob()).id }, w.a.engine.runs);
    const actor = await executing(w.a, parent.id);
    const spawn = (spawnKey: string) => spawnRun(actor, { job: job.slug, spawnKey }, w.a.engine.runs);
    const child = await spawn('first');

    const bulk = await triggerRuns(w.a.actor, { job: job.id, items: times(3, (payload) => ({ payload })) }, w.a.engine.runs);

    expect(bulk).toMatchObject({ total: 3, created: 1 });
    expect(bulk.items.map(({ error }) => error)).toEqual([null, 'job rate limit exceeded', 'job rate limit exceeded']);
    await expect(spawn('second')).rejects.toMatchObject({ code: 'RATE_LIMITED' });
    expect(await spawn('first')).toBe(child);
  });
});

describe('deduplication', () => {
  it('makes one run of equal triggers that race in two processes, whatever the order of their keys', async () => {
    const job = await w.a.createJob({ dedupWindowSecs: 60 });

    const answers = await w.triggerAll(times(200, (n) => ({ job: job.id, payload: n % 2 ? { a: 1, b: 2 } : { b: 2, a: 1 } })));

    const [only, ...others] = await w.runsOf(job.id);
    expect(others).toEqual([]);
    expect(answers.filter((answer) => !(answer instanceof Error) && answer.run?.deduplicated === false)).toHaveLength(1);
    for (const answer of answers) {
      expect(answer).toMatchObject({ run: { id: only?.id, idempotencyHit: false, payloadHash: only?.payload_hash } });
    }
  });

  it('ends with its window, looks at the payload alone, and does not stand between a caller and the run it needs', async () => {
    const job = await w.a.createJob({ dedupWindowSecs: 60 });
    const trigger = async (payload: number) => (await triggerJob(w.a.actor, { job: job.id, payload }, w.a.engine.runs)).run?.id;
    const first = await trigger(1);

    expect(await trigger(2)).not.toBe(first);
    expect(await trigger(1)).toBe(first);
    expect((await triggerRun(w.a.actor, { job: job.id, payload: 1 }, w.a.engine.runs)).id).not.toBe(first);
    await w.a.pools.reads.query('update trigger_payloads set expires_at = now() where job_id = $1', [job.id]);
    expect(await trigger(1)).not.toBe(first);
  });
});

describe('the quotas of a project', () => {
  it('refuse triggers beyond the queue, exactly, and take them again when there is room', async () => {
    const job = await w.a.createJob({ maxConcurrency: 1 });
    await limitProject({ maxQueuedRuns: 5 });
    try {
      const first = await triggerRun(w.a.actor, { job: job.id }, w.a.engine.runs);
      await executing(w.a, first.id);

      const answers = await w.triggerAll(times(40, (n) => ({ job: job.id, payload: n })));

      expect(runsIn(answers)).toHaveLength(5);
      expect(new Set(refusals(answers).map(({ message }) => message))).toEqual(new Set(['project queued quota exceeded']));
      const held = await triggerRun(
        w.a.actor,
        { job: job.id, scheduledAt: new Date(Date.now() + 60_000) },
        w.a.engine.runs,
      ).catch((error: unknown) => error);
      expect(held).toMatchObject({ code: 'RATE_LIMITED' });
    } finally {
      await limitProject({ maxQueuedRuns: null });
    }
    await triggerRun(w.a.actor, { job: job.id }, w.a.engine.runs);
  });

  it('answer an idempotency key before they are looked at', async () => {
    const job = await w.a.createJob({ maxConcurrency: 1 });
    const first = await triggerRun(w.a.actor, { job: job.id, idempotencyKey: 'k' }, w.a.engine.runs);
    await triggerRun(w.a.actor, { job: job.id }, w.a.engine.runs);
    await limitProject({ maxQueuedRuns: 1 });

    const [again] = await w.triggerAll([{ job: job.id, idempotencyKey: 'k' }]);
    await limitProject({ maxQueuedRuns: null });

    expect(again).toMatchObject({ run: { id: first.id, idempotencyHit: true } });
  });

  it('refuse triggers of a project that has spent its day, until midnight of UTC', async () => {
    const job = await w.a.createJob();
    const { id } = await triggerRun(w.a.actor, { job: job.id }, w.a.engine.runs);
    const actor = await executing(w.a, id);
    const usage = { provider: 'p', model: 'm', costMicrousd: 600 };
    await limitProject({ maxDailyCostMicrousd: 1_000 });
    try {
      await reportUsage(actor, usage, w.a.engine.runs);
      await triggerRun(w.a.actor, { job: job.id }, w.a.engine.runs);
      await reportUsage(actor, usage, w.b.engine.runs);

      const refused = await triggerRun(w.b.actor, { job: job.id }, w.b.engine.runs).catch((error: unknown) => error);

      expect(refused).toMatchObject({ code: 'RATE_LIMITED', message: 'project daily cost budget exceeded' });
      expect((refused as AppError).retryAfterSecs).toBeLessThanOrEqual(86_400);
    } finally {
      await limitProject({ maxDailyCostMicrousd: null });
      await w.a.pools.reads.query('delete from project_costs');
    }
  });

  it('refuse usage beyond what a run may cost, exactly, and store nothing of it', async () => {
    const job = await w.a.createJob();
    const { id } = await triggerRun(w.a.actor, { job: job.id }, w.a.engine.runs);
    const actor = await executing(w.a, id);
    await limitProject({ maxCostPerRunMicrousd: 1_000 });

    const reports = await Promise.allSettled(
      times(100, (n) => reportUsage(actor, { provider: 'p', model: 'm', costMicrousd: 30 }, (n % 2 ? w.a : w.b).engine.runs)),
    );
    const free = await reportUsage(actor, { provider: 'p', model: 'm', promptTokens: 5 }, w.a.engine.runs);
    await limitProject({ maxCostPerRunMicrousd: null });

    const refused = reports.flatMap((report) => (report.status === 'rejected' ? [report.reason as AppError] : []));
    expect(refused).toHaveLength(100 - 33);
    expect(refused[0]).toMatchObject({ code: 'RATE_LIMITED', message: 'per-run cost budget exceeded' });
    expect(free.costMicrousd).toBe(0n);
    const { rows } = await w.a.pools.reads.query(
      `select r.cost_microusd::int as total, (select sum(u.cost_microusd)::int from run_usage u where u.run_id = r.id) as noted,
              (select c.cost_microusd::int from project_costs c) as spent
         from runs r where r.id = $1`,
      [id],
    );
    expect(rows).toEqual([{ total: 990, noted: 990, spent: 990 }]);
  });

  it('bound how many jobs there are, however many are made at once', async () => {
    const { rows } = await w.a.pools.reads.query<{ n: number }>('select count(*)::int as n from jobs where deleted_at is null');
    await limitProject({ maxJobs: (rows[0]?.n ?? 0) + 3 });

    const made = await Promise.allSettled(times(10, (n) => (n % 2 ? w.a : w.b).createJob({ slug: `bounded-${n}` })));
    await limitProject({ maxJobs: null });

    expect(made.filter(({ status }) => status === 'fulfilled')).toHaveLength(3);
    expect(made.find(({ status }) => status === 'rejected')).toMatchObject({
      reason: { code: 'RATE_LIMITED', message: expect.stringContaining('project has reached maximum jobs') },
    });
  });

  it('bound how many runs wait for events', async () => {
    const job = await w.a.createJob();
    const ids = await Promise.all(times(3, async () => (await triggerRun(w.a.actor, { job: job.id }, w.a.engine.runs)).id));
    const [one, two, three] = await Promise.all(ids.map((id) => executing(w.a, id)));
    if (!one || !two || !three) throw new Error('three runs were triggered');
    await limitProject({ maxActiveEventTriggers: 2 });
    await waitForEvent(one, { eventKey: newId() }, w.a.engine.runs);
    await waitForEvent(two, { eventKey: newId() }, w.a.engine.runs);

    await expect(waitForEvent(three, { eventKey: newId() }, w.a.engine.runs)).rejects.toMatchObject({
      code: 'RATE_LIMITED',
      message: 'project has reached maximum active event triggers (2)',
    });
    await limitProject({ maxActiveEventTriggers: null });
    await waitForEvent(three, { eventKey: newId() }, w.a.engine.runs);
  });
});
