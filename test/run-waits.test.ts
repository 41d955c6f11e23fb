import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunActor } from '../src/auth/actor.ts';
import { cancelRun } from '../src/domain/runs/cancel.ts';
import { completeRun } from '../src/domain/runs/complete.ts';
import { spawnRun } from '../src/domain/runs/spawn.ts';
import { triggerRun } from '../src/domain/runs/trigger.ts';
import { waitForChildren } from '../src/domain/runs/waits.ts';
import { NO_TRACE, startTestEngine, type TestEngine } from './support/engine.ts';

let t: TestEngine;
beforeAll(async () => {
  t = await startTestEngine({ concurrency: 100, reaperMs: 60_000, leaseMs: 60_000 });
});
afterAll(() => t.close());

/** Executors that answer 202, and tell the test when they have been called. */
function acceptAll() {
  t.answer(() => ({ kind: 'accepted', trace: NO_TRACE }));
}

async function executing(runId: string): Promise<RunActor> {
  const run = await t.until(runId, (row) => row.status === 'executing');
  return { kind: 'run', projectId: 'default', runId, epoch: run.epoch };
}

async function startParent(): Promise<RunActor> {
  const job = await t.createJob();
  const { id } = await triggerRun(t.actor, { job: job.id }, t.engine.runs);
  return executing(id);
}

describe('a parent', () => {
  it('sleeps until its last child has ended and then comes again as the same attempt', async () => {
    acceptAll();
    const parent = await startParent();
    const child = await t.createJob();
    const ids = await Promise.all(
      ['a', 'b', 'c'].map((spawnKey) => spawnRun(parent, { job: child.id, payload: spawnKey, spawnKey }, t.engine.runs)),
    );
    const children = await Promise.all(ids.map(executing));

    expect(await waitForChildren(parent, { runIds: null, timeoutSecs: 60 }, t.engine.runs)).toMatchObject({ status: 'waiting' });
    for (const actor of children.slice(1)) await completeRun(actor, { by: actor.runId }, t.engine.runs);
    expect(await t.until(parent.runId, () => true)).toMatchObject({ status: 'waiting', epoch: 1 });
    await completeRun(children[0] as RunActor, 'last', t.engine.runs);
    const again = await executing(parent.runId);

    expect(again.epoch).toBe(2);
    const settled = await waitForChildren(again, { runIds: null, timeoutSecs: 60 }, t.engine.runs);
    expect(settled.status).toBe('ready');
    expect(settled.children.map((row) => row.result)).toEqual(['last', { by: ids[1] }, { by: ids[2] }]);
    await expect(completeRun(parent, null, t.engine.runs)).rejects.toMatchObject({ code: 'CONFLICT' });
  });

  it('meets the child it has when it spawns the same key again', async () => {
    acceptAll();
    const parent = await startParent();
    const child = await t.createJob();

    const [first, second] = await Promise.all([
      spawnRun(parent, { job: child.id, spawnKey: 'one' }, t.engine.runs),
      spawnRun(parent, { job: child.id, spawnKey: 'one' }, t.engine.runs),
    ]);

    expect(second).toBe(first);
  });

  it('that is canceled takes its descendants with it', async () => {
    acceptAll();
    const parent = await startParent();
    const job = await t.createJob();
    const child = await executing(await spawnRun(parent, { job: job.id }, t.engine.runs));
    const grandchild = await spawnRun(child, { job: job.id }, t.engine.runs);

    await cancelRun(t.actor, parent.runId, t.engine.runs);

    for (const id of [child.runId, grandchild]) {
      expect(await t.until(id, (row) => row.status === 'canceled')).toMatchObject({ error: 'parent run canceled' });
    }
    await expect(spawnRun(parent, { job: job.id }, t.engine.runs)).rejects.toMatchObject({ code: 'CONFLICT' });
  });

  it('is never left asleep when waiting and ending race (200 pairs, no reaper to help)', async () => {
    acceptAll();
    const job = await t.createJob();
    const pairs = await Promise.all(
      Array.from({ length: 200 }, async () => {
        const { id } = await triggerRun(t.actor, { job: job.id }, t.engine.runs);
        const parent = await executing(id);
        return { parent, child: await executing(await spawnRun(parent, { job: job.id }, t.engine.runs)) };
      }),
    );

    await Promise.all(
      pairs.flatMap(({ parent, child }, index) => {
        const acts = [
          () => waitForChildren(parent, { runIds: null, timeoutSecs: 600 }, t.engine.runs),
          () => completeRun(child, index, t.engine.runs),
        ];
        return (index % 2 ? acts : acts.reverse()).map((act) => act());
      }),
    );

    await Promise.all(pairs.map(({ parent }) => t.until(parent.runId, (row) => row.status === 'executing')));
  });
});
