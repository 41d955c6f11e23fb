import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunActor } from '../src/auth/actor.ts';
import { AppError } from '../src/core/errors.ts';
import { newId } from '../src/core/ids.ts';
import { cancelRun } from '../src/domain/runs/cancel.ts';
import { cancelRuns } from '../src/domain/runs/cancel-many.ts';
import { claimRuns } from '../src/domain/runs/claim.ts';
import { completeRun } from '../src/domain/runs/complete.ts';
import type { RunDeps } from '../src/domain/runs/deps.ts';
import { replayDeadLetter } from '../src/domain/runs/dlq-replay.ts';
import { replayDeadLetters } from '../src/domain/runs/dlq-replay-many.ts';
import { rescheduleRun } from '../src/domain/runs/reschedule.ts';
import { makeTransitions } from '../src/domain/runs/transition.ts';
import { type GraphQLWorld, makeGraphQLWorld } from './support/graphql.ts';
import { findViolations } from './support/invariants.ts';

const PAIRS = 300;

let t: GraphQLWorld;
/** As a second process on the database would have it: its statements meet the first one's in Postgres alone. */
let other: RunDeps;
let job: string;
beforeAll(async () => {
  t = await makeGraphQLWorld();
  other = { ...t.runs, transitions: makeTransitions({ pool: t.pools.engine, shouldRing: () => false, onMoved: () => {} }) };
  job = (await t.createJob()).id;
});
afterAll(() => t.close());

async function triggerMany(count: number): Promise<string[]> {
  return Promise.all(Array.from({ length: count }, () => t.trigger({ job, payload: { version: 'old' } })));
}

/** Claimed runs and the actors of their executors. */
async function startMany(count: number): Promise<RunActor[]> {
  const ids = new Set(await triggerMany(count));
  return (await t.claim()).filter(({ runId }) => ids.has(runId));
}

/** How a promise ended: 'done', or the code and message of its refusal. */
async function endingOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return 'done';
  } catch (error) {
    if (error instanceof AppError) return `${error.code} ${error.message}`;
    throw error;
  }
}

async function statusesOf(ids: readonly string[]): Promise<Map<string, string>> {
  const { rows } = await t.pools.reads.query<{ id: string; status: string }>('select id, status from runs where id = any ($1)', [
    ids,
  ]);
  return new Map(rows.map(({ id, status }) => [id, status]));
}

describe('of two operations on one run', () => {
  it('cancel and complete: one ends it, and the other is told', async () => {
    const actors = await startMany(PAIRS);
    const pairs = await Promise.all(
      actors.map(async (actor) => ({
        id: actor.runId,
        endings: await Promise.all([
          endingOf(cancelRun(t.admin, actor.runId, t.runs)),
          endingOf(completeRun(actor, { ok: true }, other)),
        ]),
      })),
    );

    const statuses = await statusesOf(pairs.map(({ id }) => id));
    const told = {
      canceled: 'done / CONFLICT run status conflict: the run is canceled',
      completed: 'BAD_REQUEST run already in terminal state / done',
    } as Record<string, string>;
    expect(pairs.length).toBe(PAIRS);
    expect(pairs.map(({ endings }) => endings.join(' / '))).toEqual(pairs.map(({ id }) => told[statuses.get(id) ?? '']));
    expect(await findViolations(t.pools.reads)).toEqual([]);
  });

  it('bulk cancel and complete: every item tells what its own run met', async () => {
    const actors = await startMany(PAIRS);
    const ids = actors.map(({ runId }) => runId);
    const [bulk, completions] = await Promise.all([
      cancelRuns(t.admin, { ids }, t.runs),
      Promise.all(actors.map((actor) => endingOf(completeRun(actor, { ok: true }, other)))),
    ]);

    const statuses = await statusesOf(ids);
    expect(bulk.results.map(({ id, status }) => [id, status])).toEqual(ids.map((id) => [id, statuses.get(id)]));
    bulk.results.forEach(({ status, error }, index) => {
      expect(error).toBe(status === 'canceled' ? null : 'run already in terminal state');
      expect(completions[index]).toBe(status === 'canceled' ? 'CONFLICT run status conflict: the run is canceled' : 'done');
    });
    expect([bulk.total, bulk.canceled + bulk.failed]).toEqual([PAIRS, PAIRS]);
    expect(bulk.canceled).toBe([...statuses.values()].filter((status) => status === 'canceled').length);
    expect(await findViolations(t.pools.reads)).toEqual([]);
  });

  it('two replays of one dead letter: it is queued once', async () => {
    const actors = await startMany(50);
    for (const { runId, epoch } of actors) await t.runs.transitions.one({ runId, epoch, event: 'bury', message: 'spent' });
    const ids = actors.map(({ runId }) => runId);
    const [bulk, single] = await Promise.all([
      replayDeadLetters(t.admin, { ids }, t.runs).catch((error: unknown) => {
        // All of them may have been replayed before the first statement of this one.
        if (error instanceof AppError && error.code === 'CONFLICT') return null;
        throw error;
      }),
      Promise.all(ids.map((id) => endingOf(replayDeadLetter(t.admin, id, other)))),
    ]);

    ids.forEach((id, index) => {
      const byBulk = bulk?.results.find((item) => item.id === id)?.error === null;
      expect([byBulk, single[index]]).toEqual([byBulk, byBulk ? 'CONFLICT run is not dead_letter: it is queued' : 'done']);
    });
    expect(await findViolations(t.pools.reads)).toEqual([]);
  });

  it('reschedule and claim: what is answered is what is dispatched', async () => {
    await t.claim();
    const ids = await triggerMany(PAIRS);
    const payloads = new Map<string, string>();
    let rescheduling = true;
    const claiming = (async () => {
      for (let claimed = 1; rescheduling || claimed > 0; ) {
        const { runs } = await claimRuns(t.pools.engine, { holder: newId(), limit: 3, leaseMs: 60_000 });
        claimed = runs.length;
        for (const run of runs) payloads.set(run.id, run.payload);
      }
    })();
    const change = { scheduledAt: new Date(0), payload: { version: 'new' } };
    const endings = await Promise.all(ids.map((runId) => endingOf(rescheduleRun(t.admin, { runId, change }, other))));
    rescheduling = false;
    await claiming;

    const refused = 'NOT_FOUND run not found or not eligible for rescheduling';
    const expected = ids.map((id) => (JSON.parse(payloads.get(id) ?? 'null').version === 'new' ? 'done' : refused));
    expect(endings).toEqual(expected);
    expect(await findViolations(t.pools.reads)).toEqual([]);
  });
});
