import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { awaitTriggered } from '../src/domain/workflows/await-triggered.ts';
import { cancelWorkflowRun, pauseWorkflowRun, resumeWorkflowRun } from '../src/domain/workflows/operations.ts';
import { healWorkflows } from '../src/domain/workflows/reap.ts';
import { deleteExpiredWorkflowRuns } from '../src/domain/workflows/retention.ts';
import { triggerWorkflowBatch } from '../src/domain/workflows/trigger-batch.ts';
import { startWorkflowWorld, type WorkflowWorld } from './support/workflows.ts';

/** Two processes on one database. No reaper helps but the first looks, which come before there is anything. */
let one: WorkflowWorld;
let two: WorkflowWorld;
let workflow: string;
beforeAll(async () => {
  one = await startWorkflowWorld({ reaperMs: 600_000, leaseMs: 600_000 });
  two = await startWorkflowWorld({ reaperMs: 600_000, leaseMs: 600_000, url: one.url });
  workflow = (await one.save([{ ref: 'ask', kind: 'approval' }])).slug;
});
afterAll(async () => {
  await two.close();
  await one.close();
});

const numbers = (count: number) => Array.from({ length: count }, (_, n) => ({ n }));
const trigger = async (items: number, parallel: number) =>
  (await triggerWorkflowBatch(one.actor, { workflow, items: numbers(items), parallel }, one.engine.workflows)).id;

async function childrenOf(id: string): Promise<{ id: string; status: string; batch_index: number; payload: unknown }[]> {
  const { rows } = await one.pools.reads.query(
    `select w.id, w.status, w.batch_index, d.payload from workflow_runs w join workflow_run_data d on d.workflow_run_id = w.id
      where w.parent_run_id = $1 order by w.batch_index`,
    [id],
  );
  return rows;
}

/** As if a process had ended before it began the runs of the items, some time ago. */
async function forget(id: string): Promise<void> {
  await one.pools.reads.query(`delete from workflow_runs where parent_run_id = $1`, [id]);
  await one.pools.reads.query(`update workflow_runs set updated_at = now() - interval '1 minute' where id = $1`, [id]);
}

describe('a batch', () => {
  it('starts the next items as others end, in order and each once, from two processes', async () => {
    const { slug } = await one.save([{ ref: 'nap', kind: 'sleep', sleepSecs: 0 }]);
    const batches = await Promise.all(
      [one, two, one, two].map((world, n) =>
        triggerWorkflowBatch(world.actor, { workflow: slug, items: numbers(20), parallel: n + 1 }, world.engine.workflows),
      ),
    );

    for (const { id } of batches) {
      const looking = setInterval(() => [one, two].forEach((world) => void world.engine.workflows.advancer.touch([id])), 2);
      try {
        expect(await one.ended(id)).toMatchObject({ status: 'completed', output: { total: 20, completed: 20, failed: 0 } });
      } finally {
        clearInterval(looking);
      }
      expect((await childrenOf(id)).map(({ payload }) => payload)).toEqual(numbers(20));
    }
  });

  it('is taken up again when the process that began its items has ended', async () => {
    const id = await trigger(3, 2);
    await expect.poll(() => childrenOf(id)).toHaveLength(2);
    await forget(id);
    await healWorkflows(two.engine.workflows);

    expect((await childrenOf(id)).map(({ batch_index }) => batch_index)).toEqual([0, 1]);
    await healWorkflows(one.engine.workflows);
    expect(await childrenOf(id)).toHaveLength(2);
    await cancelWorkflowRun(one.actor, { id }, one.engine.workflows);
    await expect.poll(async () => (await childrenOf(id)).map(({ status }) => status)).toEqual(['canceled', 'canceled']);
  });

  it('has nothing go on that nobody stopped in time', async () => {
    const id = await trigger(1, 1);
    await expect.poll(() => childrenOf(id)).toHaveLength(1);
    await one.pools.reads.query(`update workflow_runs set status = 'canceled', finished_at = now() where id = $1`, [id]);
    await healWorkflows(two.engine.workflows);

    await expect.poll(async () => (await childrenOf(id)).map(({ status }) => status)).toEqual(['canceled']);
  });

  it('starts nothing new while it is paused', async () => {
    const id = await trigger(2, 1);
    await expect.poll(() => childrenOf(id)).toHaveLength(1);
    await pauseWorkflowRun(one.actor, { id }, one.engine.workflows);
    const [first] = await childrenOf(id);
    await cancelWorkflowRun(one.actor, { id: first?.id ?? '' }, one.engine.workflows);
    await one.engine.workflows.advancer.idle();

    expect(await childrenOf(id)).toHaveLength(1);
    await resumeWorkflowRun(one.actor, { id }, one.engine.workflows);
    await expect.poll(() => childrenOf(id)).toHaveLength(2);
  });

  it('keeps the runs of its items for as long as it goes on', async () => {
    const id = await trigger(2, 1);
    await expect.poll(() => childrenOf(id)).toHaveLength(1);
    const [first] = await childrenOf(id);
    await cancelWorkflowRun(one.actor, { id: first?.id ?? '' }, one.engine.workflows);
    await one.pools.reads.query(
      `update workflow_runs set created_at = now() - interval '40 days', finished_at = now() - interval '40 days' where id = $1`,
      [first?.id],
    );
    await deleteExpiredWorkflowRuns(1_000, { engine: one.pools.reads });

    expect((await childrenOf(id))[0]?.id).toBe(first?.id);
  });
});

describe('callers that wait', () => {
  const held = () => ({
    trigger: async () => ({ id: waiting, status: 'pending', idempotencyHit: false }) as const,
    waitSecs: 300,
  });
  let waiting: string;
  beforeAll(async () => {
    const { slug } = await one.save([{ ref: 'nap', kind: 'sleep', sleepSecs: 3_600 }]);
    waiting = await one.trigger(slug);
  });

  it('are no more than so many of a project, and are let go when the run ends, wherever that happens', async () => {
    const waits = Array.from({ length: 100 }, () => awaitTriggered(one.actor, held(), one.engine.workflows));
    await expect(awaitTriggered(one.actor, held(), one.engine.workflows)).rejects.toMatchObject({ code: 'RATE_LIMITED' });
    await expect(
      awaitTriggered({ ...one.actor, projectId: 'other' }, { ...held(), waitSecs: 0 }, one.engine.workflows),
    ).resolves.toMatchObject({ id: waiting });

    await cancelWorkflowRun(one.actor, { id: waiting }, one.engine.workflows);

    expect(await Promise.all(waits)).toHaveLength(100);
    await expect(awaitTriggered(one.actor, held(), one.engine.workflows)).resolves.toMatchObject({ id: waiting });
  });

  it('are let go when the process stops', async () => {
    const { slug } = await two.save([{ ref: 'nap', kind: 'sleep', sleepSecs: 3_600 }]);
    const id = await two.trigger(slug);
    const wait = awaitTriggered(
      two.actor,
      { ...held(), trigger: async () => ({ id, status: 'pending', idempotencyHit: false }) },
      two.engine.workflows,
    );

    two.engine.workflows.runWaits.close();

    expect(await wait).toMatchObject({ id });
  });

  it.each([-1, 301])('wait no %i seconds', async (waitSecs) => {
    await expect(awaitTriggered(one.actor, { ...held(), waitSecs }, one.engine.workflows)).rejects.toThrow(
      'waitSecs must be 0 to 300',
    );
  });
});
