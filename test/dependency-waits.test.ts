import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunActor } from '../src/auth/actor.ts';
import type { RunStatus } from '../src/core/run-state.ts';
import { triggerRuns } from '../src/domain/batches/trigger-batch.ts';
import { addDependency } from '../src/domain/dependencies/add-dependency.ts';
import type { DependencyCondition } from '../src/domain/dependencies/met-statement.ts';
import { removeDependency } from '../src/domain/dependencies/remove-dependency.ts';
import { runDependencies } from '../src/domain/dependencies/run-dependencies.ts';
import type { Job } from '../src/domain/jobs/job.ts';
import { cancelRun } from '../src/domain/runs/cancel.ts';
import { completeRun, failRun } from '../src/domain/runs/complete.ts';
import { replayRun } from '../src/domain/runs/replay.ts';
import { rescheduleRun } from '../src/domain/runs/reschedule.ts';
import { spawnRun } from '../src/domain/runs/spawn.ts';
import { type TriggerItem, triggerRun } from '../src/domain/runs/trigger.ts';
import { NO_TRACE, startTestEngine, type TestEngine } from './support/engine.ts';
import { findViolations } from './support/invariants.ts';

let t: TestEngine;
/** A second process on the same database. */
let other: TestEngine;
beforeAll(async () => {
  // No reaper to help.
  t = await startTestEngine({ concurrency: 100, reaperMs: 600_000, leaseMs: 600_000 });
  other = await startTestEngine({ concurrency: 100, reaperMs: 600_000, leaseMs: 600_000, url: t.url });
  for (const engine of [t, other]) {
    engine.answer(({ payload }) => {
      const told: unknown = JSON.parse(payload);
      const keeps = typeof told === 'object' && told !== null && 'accept' in told;
      return keeps ? { kind: 'accepted', trace: NO_TRACE } : { kind: 'completed', result: null, trace: NO_TRACE };
    });
  }
});
afterAll(async () => {
  await other.close();
  await t.close();
});

const depsOf = (engine: TestEngine) => ({
  pool: engine.pools.reads,
  jobCache: engine.engine.runs.jobs,
  dependencies: engine.engine.runs.dependencies,
});

async function dependOn(job: Job, target: Job, condition?: DependencyCondition): Promise<string> {
  const input = { job: job.id, dependsOnJobId: target.id, ...(condition && { condition }) };
  return (await addDependency(t.actor, input, depsOf(t))).id;
}

/** A job that depends on another one. */
async function pair(condition?: DependencyCondition): Promise<{ job: Job; target: Job; dependency: string }> {
  const [job, target] = [await t.createJob(), await t.createJob({ maxAttempts: 1 })];
  return { job, target, dependency: await dependOn(job, target, condition) };
}

async function trigger(job: Job, item: TriggerItem = {}, engine = t): Promise<{ id: string; status: RunStatus }> {
  return triggerRun(engine.actor, { job: job.id, ...item }, engine.engine.runs);
}

/** A run in the hands of an executor. */
async function executing(job: Job, item: TriggerItem = {}, engine = t): Promise<RunActor> {
  const { id } = await trigger(job, { payload: { accept: true }, ...item }, engine);
  const { epoch } = await t.until(id, (row) => row.status === 'executing');
  return { kind: 'run', projectId: 'default', runId: id, epoch };
}

const completed = async (job: Job, item: TriggerItem = {}) =>
  t.until((await trigger(job, item)).id, (row) => row.status === 'completed');
const stands = async (id: string) => (await t.until(id, () => true)).status;
const isCompleted = (id: string) => t.until(id, (row) => row.status === 'completed');

describe('a run whose job depends on another', () => {
  it('waits until a run of that job has completed, and starts at once when one has', async () => {
    const { job, target } = await pair();
    const run = await trigger(job);
    expect(run.status).toBe('waiting');
    expect(await runDependencies(t.actor, run.id, t.engine.runs)).toMatchObject({
      satisfied: false,
      all: [{ runId: null, satisfied: false, dependency: { jobId: job.id, dependsOnJobId: target.id, condition: 'completed' } }],
    });

    const ended = await completed(target);

    await isCompleted(run.id);
    expect(await runDependencies(t.actor, run.id, t.engine.runs)).toMatchObject({
      satisfied: true,
      all: [{ runId: ended.id, satisfied: true }],
    });
    expect((await trigger(job)).status).not.toBe('waiting');
  });

  it.each([
    ['completed', 'completed', true],
    ['completed', 'failed', false],
    ['completed', 'canceled', false],
    ['failed', 'failed', true],
    ['failed', 'dead_letter', true],
    ['failed', 'expired', true],
    ['failed', 'completed', false],
    ['failed', 'canceled', false],
    ['any', 'completed', true],
    ['any', 'failed', true],
    ['any', 'canceled', true],
  ] as const)('asks for %s: %s is enough: %s', async (condition, ending, isEnough) => {
    const { job, target } = await pair(condition);
    const waiting = await trigger(job);

    await end(target, ending);
    await t.engine.runs.dependencies.changed(job.id);

    if (isEnough) await isCompleted(waiting.id);
    else expect(await stands(waiting.id)).toBe('waiting');
    expect((await trigger(job)).status !== 'waiting').toBe(isEnough);
  });

  /** Ends a run of a job in this way. */
  async function end(target: Job, ending: 'completed' | 'failed' | 'canceled' | 'dead_letter' | 'expired'): Promise<void> {
    if (ending === 'completed') await completed(target);
    else if (ending === 'failed') await failRun(await executing(target), { error: 'no', retry: false }, t.engine.runs);
    else if (ending === 'canceled') await cancelRun(t.actor, (await executing(target)).runId, t.engine.runs);
    else {
      const { runId } = await executing(target);
      const event = ending === 'expired' ? 'crash' : 'bury';
      if (ending === 'dead_letter') await t.engine.runs.transitions.one({ runId, event, message: ending });
      else {
        const { id } = await trigger(target, { scheduledAt: new Date(Date.now() + 3_600_000) });
        await t.engine.runs.transitions.one({ runId: id, event: 'expire', message: ending });
      }
    }
  }

  it('goes on waiting when the latest run is not as it should be, whatever the one before was', async () => {
    const { job, target } = await pair();
    await completed(target);
    await failRun(await executing(target), { error: 'no', retry: false }, t.engine.runs);

    const run = await trigger(job);
    expect(run.status).toBe('waiting');
    await completed(target);

    await isCompleted(run.id);
  });

  it('waits for all of them', async () => {
    const { job, target } = await pair();
    const second = await t.createJob();
    await dependOn(job, second);
    const run = await trigger(job);

    await completed(target);
    expect(await stands(run.id)).toBe('waiting');
    await completed(second);

    await isCompleted(run.id);
  });

  it.each<[string, TriggerItem, TriggerItem, TriggerItem]>([
    ['idempotency key', { idempotencyKey: 'a' }, { idempotencyKey: 'b' }, { idempotencyKey: 'a' }],
    ['dependency key of the payload', key('a'), key('b'), { metadata: { dependency_key: 'a' } }],
    ['dependency key of the metadata', { metadata: { dependency_key: 'a' } }, key('b'), key('a')],
    ['payload before the metadata', { ...key('a'), metadata: { dependency_key: 'b' } }, key('b'), key('a')],
    ['idempotency key before the dependency key', { ...key('b'), idempotencyKey: 'a' }, key('b'), { idempotencyKey: 'a' }],
  ])('counts runs by its %s', async (_what, item, wrong, right) => {
    const { job, target } = await pair();
    const run = await trigger(job, item);

    await completed(target, wrong);
    await completed(target);
    expect(await stands(run.id)).toBe('waiting');
    await completed(target, right);

    await isCompleted(run.id);
  });

  it('takes a key that is no text, or too long, for none', async () => {
    const { job, target } = await pair();
    await completed(target);

    for (const dependency_key of [7, null, '', 'x'.repeat(257), { a: 1 }]) {
      expect((await trigger(job, { payload: { dependency_key } })).status).not.toBe('waiting');
    }
  });

  function key(name: string): TriggerItem {
    return { payload: { dependency_key: name } };
  }
});

describe('however a run is made', () => {
  it('it waits: in bulk, by a parent, as a replay', async () => {
    const { job, target } = await pair();
    const failing = await t.createJob();
    const failed = await executing(failing);
    await failRun(failed, { error: 'no', retry: false }, t.engine.runs);
    await dependOn(failing, target);
    const parent = await executing(await t.createJob());

    const { items } = await triggerRuns(
      t.actor,
      { job: job.id, items: [{}, { payload: 1 }, { idempotencyKey: 'own' }] },
      t.engine.runs,
    );
    const child = await spawnRun(parent, { job: job.id }, t.engine.runs);
    const replay = await replayRun(t.actor, { runId: failed.runId }, t.engine.runs);
    const ids = [...items.map(({ run }) => run?.id ?? ''), child, replay];
    for (const id of ids) expect(await stands(id)).toBe('waiting');

    await completed(target);
    await completed(target, { idempotencyKey: 'own' });

    for (const id of ids.slice(0, -1)) await isCompleted(id);
    // It accepts and keeps, as its original did.
    await t.until(replay, (row) => row.status === 'executing');
  });

  it('a retried attempt does not wait again, nor does a dead letter that is replayed', async () => {
    const { job, target } = await pair();
    await completed(target);
    const run = await executing(job);
    await failRun(await executing(target), { error: 'no', retry: false }, t.engine.runs);

    await failRun(run, { error: 'again', retry: true }, t.engine.runs);

    expect(await t.until(run.runId, (row) => row.attempt === 2)).toMatchObject({ status: 'queued' });
    expect((await runDependencies(t.actor, run.runId, t.engine.runs)).satisfied).toBe(true);
  });

  it('a delayed one looks when its time has come', async () => {
    const { job, target } = await pair();
    const soon = await trigger(job, { scheduledAt: new Date(Date.now() + 50) });
    const later = await trigger(job, { scheduledAt: new Date(Date.now() + 3_600_000), ttlSecs: 60 });
    expect([soon.status, later.status]).toEqual(['delayed', 'delayed']);

    await t.until(soon.id, (row) => row.status === 'waiting');
    await rescheduleRun(t.actor, { runId: later.id, change: { scheduledAt: new Date(0) } }, t.engine.runs);
    expect(await stands(later.id)).toBe('waiting');
    await completed(target);

    await isCompleted(soon.id);
    await isCompleted(later.id);
  });

  it('a new payload brings its own dependency key', async () => {
    const { job, target } = await pair();
    const run = await trigger(job, { payload: { dependency_key: 'a' }, scheduledAt: new Date(Date.now() + 3_600_000) });
    const change = { scheduledAt: new Date(0), payload: { dependency_key: 'b' } };
    await rescheduleRun(t.actor, { runId: run.id, change }, t.engine.runs);

    await completed(target, { payload: { dependency_key: 'a' } });
    expect(await stands(run.id)).toBe('waiting');
    await completed(target, { payload: { dependency_key: 'b' } });

    await isCompleted(run.id);
  });
});

describe('a run that waits', () => {
  it('is let go when the dependency is removed', async () => {
    const { job, dependency } = await pair();
    const ids = await Promise.all(
      Array.from({ length: 20 }, async (_, n) => (await trigger(job, { idempotencyKey: `k${n}` })).id),
    );

    await removeDependency(t.actor, { id: dependency }, depsOf(t));

    for (const id of ids) await isCompleted(id);
  });

  it('can be canceled, and is then let go no more', async () => {
    const { job, target } = await pair();
    const run = await trigger(job);

    await cancelRun(t.actor, run.id, t.engine.runs);
    await completed(target);

    expect(await t.until(run.id, () => true)).toMatchObject({ status: 'canceled', epoch: 0 });
    expect((await runDependencies(t.actor, run.id, t.engine.runs)).all).toHaveLength(1);
    const { rows } = await t.pools.reads.query('select kind, status from waits where run_id = $1', [run.id]);
    expect(rows).toEqual([{ kind: 'dependency', status: 'canceled' }]);
  });

  it('gives its executor no power before it has started', async () => {
    const { job } = await pair();
    const { id } = await trigger(job);

    await expect(
      completeRun({ kind: 'run', projectId: 'default', runId: id, epoch: 1 }, null, t.engine.runs),
    ).rejects.toMatchObject({ code: 'CONFLICT' });
  });
});

describe('over two processes', () => {
  it('no wake-up is lost when triggering and ending race (1,000 pairs, no reaper)', async () => {
    const { job, target } = await pair();
    const keys = Array.from({ length: 1_000 }, (_, n) => `pair-${n}`);
    const actors = await Promise.all(
      keys.map((name, n) => executing(target, { payload: { accept: true, dependency_key: name } }, n % 2 ? t : other)),
    );
    await othersKnow();

    const runs = await Promise.all(
      keys.map(async (name, n) => {
        const [ending, triggering] = n % 2 ? [t, other] : [other, t];
        const acts = [
          async () => void (await completeRun(actors[n] as RunActor, null, ending.engine.runs)),
          async () => trigger(job, { payload: { dependency_key: name } }, triggering),
        ];
        const made = await Promise.all((n % 3 ? acts : acts.reverse()).map((act) => act()));
        return made.flatMap((run) => (run ? [run] : []));
      }),
    );

    await Promise.all(runs.flat().map(({ id }) => isCompleted(id)));
    expect(runs.flat()).toHaveLength(1_000);
    expect(runs.flat().some(({ status }) => status === 'waiting')).toBe(true);
  }, 60_000);

  it('one that does not know of the dependency yet ends the run that is waited for', async () => {
    const [job, target] = [await t.createJob(), await t.createJob()];
    const [first, second] = [await executing(target, {}, other), await executing(target, {}, other)];
    // The other process has just learnt that nobody depends on the job.
    await completeRun(first, null, other.engine.runs);
    await failRun(second, { error: 'so that the latest is no success', retry: false }, other.engine.runs);
    const third = await executing(target, {}, other);
    await other.engine.runs.jobs.ofRun('default', target.id);
    await dependOn(job, target);
    const run = await trigger(job);
    expect(run.status).toBe('waiting');
    // Until the look that follows the trigger is over.
    await t.engine.runs.dependencies.changed(job.id);

    await completeRun(third, null, other.engine.runs);

    await isCompleted(run.id);
  });

  /** Lets the second process forget what it has remembered of jobs. */
  async function othersKnow(): Promise<void> {
    other.engine.runs.jobs.invalidate('default');
  }
});

describe('afterwards', () => {
  it('every story is whole', async () => {
    expect(await findViolations(t.pools.reads)).toEqual([]);
  });
});
