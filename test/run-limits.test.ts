import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Attempt } from '../src/core/outcome.ts';
import { updateJob } from '../src/domain/jobs/update-job.ts';
import { triggerRun } from '../src/domain/runs/trigger.ts';
import { NO_TRACE, startTestEngine, type TestEngine } from './support/engine.ts';

let t: TestEngine;
beforeAll(async () => {
  t = await startTestEngine({ concurrency: 50 });
});
afterAll(() => t.close());

const jobDeps = () => ({
  pool: t.pools.reads,
  endpointPolicy: { allowPrivate: true },
  managedExec: true,
  jobCache: t.engine.runs.jobs,
});

/** Answers every attempt after a turn of the event loop, and remembers how many of a kind were under way at once. */
function countConcurrency(kindOf: (attempt: Attempt) => string) {
  const now = new Map<string, number>();
  const most = new Map<string, number>();
  t.answer(async (attempt) => {
    const kind = kindOf(attempt);
    now.set(kind, (now.get(kind) ?? 0) + 1);
    most.set(kind, Math.max(most.get(kind) ?? 0, now.get(kind) ?? 0));
    await new Promise((resolve) => setTimeout(resolve, 5));
    now.set(kind, (now.get(kind) ?? 0) - 1);
    return { kind: 'completed', result: null, trace: NO_TRACE };
  });
  return most;
}

async function triggerMany(count: number, input: (index: number) => Parameters<typeof triggerRun>[1]): Promise<string[]> {
  const runs = await Promise.all(Array.from({ length: count }, (_, index) => triggerRun(t.actor, input(index), t.engine.runs)));
  return runs.map((run) => run.id);
}

const allCompleted = (ids: string[]) => Promise.all(ids.map((id) => t.until(id, (row) => row.status === 'completed')));

async function counters(): Promise<{ used: number }[]> {
  const { rows } = await t.pools.reads.query<{ used: number }>('select key, used from limits where used <> 0');
  return rows;
}

describe('limits', () => {
  afterEach(async () => {
    expect(await counters()).toEqual([]);
  });

  it('keep a job within its concurrency while other jobs go on, and give every slot back', async () => {
    const most = countConcurrency((attempt) => attempt.jobSlug);
    const narrow = await t.createJob({ maxConcurrency: 3 });
    const wide = await t.createJob();

    const ids = await triggerMany(60, (index) => ({ job: index % 2 ? narrow.slug : wide.slug, payload: index }));
    await allCompleted(ids);

    expect(most.get(narrow.slug)).toBe(3);
    expect(most.get(wide.slug)).toBeGreaterThan(3);
  });

  it('keep each concurrency key within its own', async () => {
    const most = countConcurrency((attempt) => String(JSON.parse(attempt.payload)));
    const job = await t.createJob({ maxConcurrencyPerKey: 2 });

    const ids = await triggerMany(60, (index) => ({
      job: job.id,
      payload: `key-${index % 5}`,
      concurrencyKey: `key-${index % 5}`,
    }));
    await allCompleted(ids);

    expect([...most.values()]).toEqual([2, 2, 2, 2, 2]);
  });

  it('hold a project within its own', async () => {
    await t.pools.reads.query(`update projects set max_executing_runs = 4 where id = 'default'`);
    const most = countConcurrency(() => 'project');
    const job = await t.createJob();

    await allCompleted(await triggerMany(30, (index) => ({ job: job.id, payload: index })));
    await t.pools.reads.query(`update projects set max_executing_runs = null where id = 'default'`);

    expect(most.get('project')).toBe(4);
  });

  it('let the held run with the highest priority go first, then the oldest', async () => {
    const order: number[] = [];
    const gate = Promise.withResolvers<void>();
    t.answer(async (attempt) => {
      order.push(JSON.parse(attempt.payload) as number);
      await gate.promise;
      return { kind: 'completed', result: null, trace: NO_TRACE };
    });
    const job = await t.createJob({ maxConcurrency: 1 });

    const ids: string[] = [];
    for (const [index, priority] of [0, 0, 5, 0, 9].entries()) {
      const { id } = await triggerRun(t.actor, { job: job.id, payload: index, priority }, t.engine.runs);
      ids.push(id);
      if (index === 0) await t.until(id, (row) => row.status === 'executing');
    }
    await Promise.all(ids.slice(1).map((id) => t.until(id, (row) => row.hold === `limit:job:${job.id}`)));
    gate.resolve();
    await allCompleted(ids);

    expect(order).toEqual([0, 4, 2, 1, 3]);
  });

  it('hold the runs of a disabled job and let them go when it is enabled', async () => {
    countConcurrency(() => 'any');
    const gate = Promise.withResolvers<void>();
    const job = await t.createJob({ maxConcurrency: 1 });
    t.answer(async () => {
      await gate.promise;
      return { kind: 'completed', result: null, trace: NO_TRACE };
    });
    const [first, second] = (await triggerMany(2, (index) => ({ job: job.id, payload: index }))) as [string, string];
    await t.until(first, (row) => row.status === 'executing');
    await t.until(second, (row) => row.hold !== null);

    await updateJob(t.actor, { job: job.id, changes: { enabled: false, maxConcurrency: null } }, jobDeps());
    gate.resolve();
    await t.until(first, (row) => row.status === 'completed');
    expect(await t.until(second, (row) => row.status === 'queued')).toMatchObject({ epoch: 0 });
    await updateJob(t.actor, { job: job.id, changes: { enabled: true } }, jobDeps());

    await t.until(second, (row) => row.status === 'completed');
  });
});
