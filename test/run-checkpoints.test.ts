import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { RunActor } from '../src/auth/actor.ts';
import type { Attempt } from '../src/core/outcome.ts';
import { saveCheckpoint } from '../src/domain/runs/checkpoint.ts';
import { failRun } from '../src/domain/runs/complete.ts';
import { replayDeadLetter } from '../src/domain/runs/dlq-replay.ts';
import { deleteExpiredRuns } from '../src/domain/runs/retention.ts';
import { spawnRun } from '../src/domain/runs/spawn.ts';
import { setState } from '../src/domain/runs/state.ts';
import { reportToolCall } from '../src/domain/runs/tool-call.ts';
import { triggerRun } from '../src/domain/runs/trigger.ts';
import { reportUsage } from '../src/domain/runs/usage.ts';
import { NO_TRACE, startTestEngine, type TestEngine } from './support/engine.ts';

let t: TestEngine;
beforeAll(async () => {
  t = await startTestEngine();
});
afterAll(() => t.close());
beforeEach(() => t.answer(() => ({ kind: 'completed', result: 1, trace: NO_TRACE })));

const actorOf = ({ runId, projectId, epoch }: Attempt): RunActor => ({ kind: 'run', runId, projectId, epoch });
const failed = { kind: 'failed', errorClass: 'server', message: 'no', trace: NO_TRACE } as const;
const checkpointOf = ({ lastCheckpoint, checkpointSequence }: Attempt) => [
  lastCheckpoint === null ? null : JSON.parse(lastCheckpoint),
  checkpointSequence,
];
const attemptsOf = (runId: string) => t.attempts.filter((attempt) => attempt.runId === runId);

async function run(input: object = {}, item: object = {}): Promise<string> {
  const job = await t.createJob({ retryInitialDelaySecs: 0, ...input });
  return (await triggerRun(t.actor, { job: job.id, ...item }, t.engine.runs)).id;
}

describe('the newest checkpoint', () => {
  it('is handed to the attempt that follows a failure, and to the one after that', async () => {
    t.answer(async (attempt) => {
      if (attempt.attempt === 1) {
        await saveCheckpoint(actorOf(attempt), { state: { page: 1 } }, t.engine.runs);
        await saveCheckpoint(actorOf(attempt), { state: { page: 2, name: 'Zoë' } }, t.engine.runs);
      }
      return attempt.attempt < 3 ? failed : { kind: 'completed', result: null, trace: NO_TRACE };
    });

    const id = await run({ maxAttempts: 3 });
    await t.until(id, ({ status }) => status === 'completed');

    expect(attemptsOf(id).map(checkpointOf)).toEqual([
      [null, null],
      [{ page: 2, name: 'Zoë' }, 2],
      [{ page: 2, name: 'Zoë' }, 2],
    ]);
  });

  it('is handed to a run that comes back from waiting, and to one replayed from the dead letters', async () => {
    const child = await t.createJob();
    // A child that ends before its parent sleeps leaves nothing to wait for.
    const asleep = Promise.withResolvers<void>();
    t.answer(async (attempt) => {
      if (attempt.jobSlug === child.slug) {
        await asleep.promise;
        return { kind: 'completed', result: null, trace: NO_TRACE };
      }
      if (attempt.epoch > 1) return failed;
      await saveCheckpoint(actorOf(attempt), { state: { spawned: true } }, t.engine.runs);
      await spawnRun(actorOf(attempt), { job: child.slug, awaitCompletion: true }, t.engine.runs);
      asleep.resolve();
      return { kind: 'accepted', trace: NO_TRACE };
    });
    const id = await run({ maxAttempts: 1 });
    await t.until(id, ({ status }) => status === 'dead_letter');
    t.answer(() => ({ kind: 'completed', result: null, trace: NO_TRACE }));
    await replayDeadLetter(t.actor, id, t.engine.runs);
    await t.until(id, ({ status }) => status === 'completed');

    expect(attemptsOf(id).map((attempt) => [attempt.attempt, ...checkpointOf(attempt)])).toEqual([
      [1, null, null],
      [1, { spawned: true }, 1],
      [1, { spawned: true }, 1],
    ]);
  });

  it('stays behind when it is too large to be handed over, and its number is told', async () => {
    // Text that does not compress.
    const large = Array.from({ length: 20_000 }, () => Math.random().toString(36).slice(2, 10)).join('');
    t.answer(async (attempt) => {
      if (attempt.epoch > 1) return { kind: 'completed', result: null, trace: NO_TRACE };
      await saveCheckpoint(actorOf(attempt), { state: { large } }, t.engine.runs);
      await failRun(actorOf(attempt), { error: 'once more', retry: true }, t.engine.runs);
      return { kind: 'accepted', trace: NO_TRACE };
    });

    const id = await run({ maxAttempts: 2 });
    await t.until(id, ({ status }) => status === 'completed');

    expect(attemptsOf(id).map(checkpointOf)).toEqual([
      [null, null],
      [null, 1],
    ]);
  });

  it('cannot be saved by an attempt that has been replaced', async () => {
    const stale = Promise.withResolvers<RunActor>();
    t.answer(async (attempt) => {
      if (attempt.attempt === 1) {
        stale.resolve(actorOf(attempt));
        return failed;
      }
      await expect(saveCheckpoint(await stale.promise, { state: { from: 'the past' } }, t.engine.runs)).rejects.toMatchObject({
        code: 'CONFLICT',
        message: expect.stringMatching(/^stale run token/),
      });
      return { kind: 'completed', result: null, trace: NO_TRACE };
    });

    const id = await run({ maxAttempts: 2 });
    await t.until(id, ({ status }) => status === 'completed');

    const { rows } = await t.pools.reads.query('select count(*)::int as n from run_checkpoints where run_id = $1', [id]);
    expect(rows).toEqual([{ n: 0 }]);
  });
});

describe('retention', () => {
  it('deletes what a run has reported with the run, and nothing of others', async () => {
    t.answer(async (attempt) => {
      const actor = actorOf(attempt);
      await saveCheckpoint(actor, { state: {} }, t.engine.runs);
      await reportUsage(actor, { provider: 'acme', model: 'large-1' }, t.engine.runs);
      await reportToolCall(actor, { toolName: 'search' }, t.engine.runs);
      await setState(actor, { key: 'k', value: 1 }, t.engine.runs);
      return { kind: 'completed', result: null, trace: NO_TRACE, compute: { preset: 'micro', milliseconds: 5 } };
    });
    const [old, young] = [await run(), await run()];
    await Promise.all([old, young].map((id) => t.until(id, ({ status }) => status === 'completed')));
    await t.pools.reads.query(
      `update runs set created_at = created_at - interval '31 days', finished_at = finished_at - interval '31 days' where id = $1`,
      [old],
    );
    const rowsOf = async (id: string) => {
      const tables = ['run_checkpoints', 'run_usage', 'run_tool_calls', 'run_state', 'run_compute'];
      const counts = tables.map((table) => `(select count(*)::int from ${table} where run_id = $1) as ${table}`);
      return (await t.pools.reads.query(`select ${counts.join(', ')}`, [id])).rows[0];
    };
    const one = { run_checkpoints: 1, run_usage: 1, run_tool_calls: 1, run_state: 1, run_compute: 1 };
    expect(await rowsOf(young)).toEqual(one);

    // The reaper may have been quicker.
    await deleteExpiredRuns(100, { engine: t.pools.engine });

    expect(await rowsOf(old)).toEqual({ run_checkpoints: 0, run_usage: 0, run_tool_calls: 0, run_state: 0, run_compute: 0 });
    expect(await rowsOf(young)).toEqual(one);
  });
});

describe('reports of many runs at once', () => {
  it('share statements, and a bad one among them fails alone', async () => {
    const actors: RunActor[] = [];
    t.answer((attempt) => {
      actors.push(actorOf(attempt));
      return { kind: 'accepted', trace: NO_TRACE };
    });
    const ids = await Promise.all(Array.from({ length: 8 }, () => run()));
    await Promise.all(ids.map((id) => t.until(id, ({ status }) => status === 'executing')));
    while (actors.length < ids.length) await new Promise<void>((resolve) => setImmediate(resolve));
    const reports = actors.flatMap((actor, index) =>
      Array.from({ length: 25 }, (_, n) => {
        const stale = index === 3 && n === 7 ? { ...actor, epoch: 99 } : actor;
        return reportUsage(stale, { provider: 'acme', model: String(n), promptTokens: n }, t.engine.runs);
      }),
    );

    const outcomes = await Promise.allSettled(reports);

    expect(outcomes.filter(({ status }) => status === 'rejected')).toHaveLength(1);
    const { rows } = await t.pools.reads.query(
      `select count(*)::int as reports, array_agg(u.model order by u.seq) as models, max(r.event_seq) as last,
              (select count(*)::int from run_events e where e.run_id = r.id) as events
         from run_usage u join runs r on r.id = u.run_id where r.id = any ($1) group by r.id order by count(*)`,
      [ids],
    );
    const models = Array.from({ length: 25 }, (_, n) => String(n));
    expect(rows.map(({ reports }) => reports)).toEqual([24, 25, 25, 25, 25, 25, 25, 25]);
    expect(rows[1].models).toEqual(models);
    expect(rows[0].models).toEqual(models.filter((model) => model !== '7'));
    for (const { last, events } of rows) expect(events).toBe(last);
  });
});
