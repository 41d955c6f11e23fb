import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Pool } from 'pg';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { RunActor } from '../src/auth/actor.ts';
import { newId } from '../src/core/ids.ts';
import { makeWakeHub, type WakeHub } from '../src/db/wake-hub.ts';
import { makeEventReader } from '../src/domain/runs/event-reader.ts';
import { logRun } from '../src/domain/runs/log.ts';
import { makeReports } from '../src/domain/runs/report.ts';
import { tailRun } from '../src/domain/runs/tail.ts';
import { makeTails, type Tails } from '../src/domain/runs/tails.ts';
import { type GraphQLWorld, makeGraphQLWorld } from './support/graphql.ts';

let t: GraphQLWorld;
beforeAll(async () => {
  t = await makeGraphQLWorld();
});
afterAll(() => t.close());

async function start(): Promise<RunActor> {
  const job = await t.createJob();
  return t.start({ job: job.id });
}

/** Tails of their own over the database of the test, with a count of the statements they send. */
function tailsOver({ hub = t.runs.hub, checkMs = 60_000 }: { hub?: WakeHub; checkMs?: number }) {
  const sent: string[] = [];
  const pool = {
    query(statement: { readonly name: string }) {
      sent.push(statement.name);
      return t.pools.engine.query(statement as never);
    },
  } as unknown as Pool;
  const tails = makeTails({ reader: makeEventReader({ pool }), hub, pool, onError: () => {}, checkMs });
  return { tails, sent };
}

async function follow(tails: Tails, runId: string, after = 0) {
  const events = (await tailRun(t.admin, { runId, after }, { tails }))[Symbol.asyncIterator]();
  return { next: async () => (await events.next()).value?.seq as number | undefined, leave: async () => events.return?.() };
}

/** A hub that never hears anything. */
const deaf = (): WakeHub => ({ ...t.runs.hub, onWake: () => () => {} });

describe('those who follow runs', () => {
  it('find what they were not told of, all with one statement', async () => {
    const { tails, sent } = tailsOver({ hub: deaf(), checkMs: 100 });
    const actors: RunActor[] = [];
    while (actors.length < 20) actors.push(await start());
    const followers = await Promise.all(actors.map(({ runId }) => follow(tails, runId, 3)));
    const waiting = followers.map(({ next }) => next());
    await vi.waitFor(() => expect(sent).toContain('check-tails'));
    const before = sent.length;

    await Promise.all(actors.map((actor) => logRun(actor, { message: 'unheard' }, t.runs)));

    expect(await Promise.all(waiting)).toEqual(actors.map(() => 4));
    const checks = sent.slice(before).filter((name) => name === 'check-tails');
    expect(checks.length).toBeLessThan(10);
    await Promise.all(followers.map(({ leave }) => leave()));
    expect(tails.size()).toBe(0);
  });

  it('ask for nothing while nothing happens', async () => {
    const { tails, sent } = tailsOver({});
    const { runId } = await start();
    const followers = await Promise.all(Array.from({ length: 100 }, () => follow(tails, runId, 3)));
    const waiting = followers.map(({ next }) => next());
    await vi.waitFor(() => expect(tails.lagSecs()).toBe(0));
    const before = sent.length;

    for (let turn = 0; turn < 50; turn += 1) await nextTurn();

    expect(sent.length).toBe(before);
    await Promise.all(followers.map(({ leave }) => leave()));
    await Promise.all(waiting);
  });

  it('share one read of what they are all told of', async () => {
    const { tails, sent } = tailsOver({});
    const actor = await start();
    const followers = await Promise.all(Array.from({ length: 50 }, () => follow(tails, actor.runId, 3)));
    const waiting = followers.map(({ next }) => next());
    await vi.waitFor(() => expect(tails.lagSecs()).toBe(0));
    const before = sent.length;

    await logRun(actor, { message: 'for all' }, t.runs);

    expect(await Promise.all(waiting)).toEqual(followers.map(() => 4));
    expect(sent.length - before).toBeLessThanOrEqual(2);
    await Promise.all(followers.map(({ leave }) => leave()));
  });

  it('cost one page while they do not read, in events and in bytes, and are then told all the same', async () => {
    const reads: number[] = [];
    const { tails } = tailsOver({});
    const reading: Tails = makeTails({
      reader: {
        async read(selection, after) {
          const page = await tails.reader.read(selection, after);
          reads.push(page?.events.length ?? 0);
          return page;
        },
      },
      hub: t.runs.hub,
      pool: t.pools.engine,
      onError: () => {},
    });
    const actor = await start();
    const heavy = { text: 'x'.repeat(60_000) };
    await Promise.all(Array.from({ length: 10 }, () => logRun(actor, { message: 'heavy', data: heavy }, t.runs)));
    await Promise.all(Array.from({ length: 400 }, () => logRun(actor, { message: 'light' }, t.runs)));
    const follower = await follow(reading, actor.runId);
    reads.length = 0;

    const seqs = [await follower.next()];
    await Promise.all(Array.from({ length: 50 }, () => logRun(actor, { message: 'later' }, t.runs)));
    // 3 changes of status and five lines of 60 KB are a page: what goes beyond 256 KB is its last event.
    expect(reads).toEqual([8]);
    expect(reading.lagSecs()).toBeGreaterThan(0);

    while (seqs.length < 463) seqs.push(await follower.next());
    expect(seqs).toEqual(Array.from({ length: 463 }, (_, index) => index + 1));
    expect(Math.max(...reads)).toBe(200);
    await follower.leave();
  });

  it('of some types and levels are told of those alone, however many others come', async () => {
    const actor = await start();
    for (let line = 0; line < 450; line += 1)
      void logRun(actor, { message: `${line}`, level: line % 100 === 0 ? 'warn' : 'info' }, t.runs);
    await logRun(actor, { message: 'last', level: 'error' }, t.runs);
    await t.get('mutation { completeRun { id } }', { as: actor });
    const told = async (input: object) => {
      const messages: string[] = [];
      for await (const { message } of await tailRun(t.admin, { runId: actor.runId, after: null, ...input }, t.runs))
        messages.push(message);
      return messages;
    };

    expect(await told({ levels: ['warn', 'error'] })).toEqual(['0', '100', '200', '300', '400', 'last']);
    expect(await told({ types: ['state_change'] })).toEqual([
      'triggered',
      'claimed by a dispatcher',
      'dispatched to the executor',
      'completed',
    ]);
    expect(await told({ except: ['log'] })).toHaveLength(4);
  });

  it('are told although nobody can be notified, and nothing that is stored fails for it', async () => {
    const failures: unknown[] = [];
    const broken = { query: async () => Promise.reject(new Error('too many notifications in the NOTIFY queue')) };
    const hub = makeWakeHub({
      pool: broken as unknown as Pool,
      sender: newId(),
      onError: (error) => void failures.push(error),
    });
    const reports = makeReports({ pool: t.pools.engine, onReported: (runIds) => hub.wake(runIds) });
    const { tails } = tailsOver({ hub });
    const elsewhere = tailsOver({ hub: deaf(), checkMs: 50 });
    const actor = await start();
    const followers = [await follow(tails, actor.runId, 3), await follow(elsewhere.tails, actor.runId, 3)];
    const waiting = followers.map(({ next }) => next());

    expect(await logRun(actor, { message: 'stored' }, { reports })).toBe(4);

    expect(await Promise.all(waiting)).toEqual([4, 4]);
    await vi.waitFor(() => expect(failures).toHaveLength(1));
    await Promise.all(followers.map(({ leave }) => leave()));
    await hub.close();
  });
});
