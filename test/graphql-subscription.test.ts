import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { logRun } from '../src/domain/runs/log.ts';
import { type Answer, type GraphQLWorld, keyOf, makeGraphQLWorld } from './support/graphql.ts';

let t: GraphQLWorld;
beforeAll(async () => {
  t = await makeGraphQLWorld();
});
afterAll(() => t.close());

const FOLLOW =
  'subscription ($id: ID!, $after: Int) { runEvents(runId: $id, after: $after) { id seq type level message data fromStatus toStatus attempt createdAt } }';

async function follow(id: string, after?: number | null): Promise<AsyncIterableIterator<Answer>> {
  const stream = await t.follow(FOLLOW, { variables: { id, ...(after !== undefined && { after }) } });
  if (!(Symbol.asyncIterator in stream)) throw new Error(`refused: ${JSON.stringify(stream)}`);
  return stream;
}

async function seqs(stream: AsyncIterable<Answer>): Promise<number[]> {
  const seen: number[] = [];
  for await (const { data } of stream) seen.push(data.runEvents.seq);
  return seen;
}

describe('runEvents', () => {
  it('tells what was, then what comes, and ends with the run', async () => {
    const job = await t.createJob();
    const actor = await t.start({ job: job.id });
    const stream = await follow(actor.runId);
    const next = async () => (await stream.next()).value?.data.runEvents;

    expect(await next()).toEqual({
      id: `${actor.runId}:1`,
      seq: 1,
      type: 'STATE_CHANGE',
      level: 'INFO',
      message: 'triggered',
      data: null,
      fromStatus: null,
      toStatus: 'QUEUED',
      attempt: 1,
      createdAt: expect.any(String),
    });
    expect(await next()).toMatchObject({ seq: 2, fromStatus: 'QUEUED', toStatus: 'DEQUEUED' });
    expect(await next()).toMatchObject({ seq: 3, toStatus: 'EXECUTING' });
    const live = next();
    await logRun(actor, { message: 'half', data: { done: 50 } }, t.runs);
    expect(await live).toMatchObject({ seq: 4, type: 'LOG', message: 'half', data: { done: 50 }, fromStatus: null });
    await t.get('mutation { completeRun(result: 1) { id } }', { as: actor });
    expect(await next()).toMatchObject({ seq: 5, toStatus: 'COMPLETED' });
    expect(await stream.next()).toEqual({ done: true, value: undefined });
    expect(t.runs.hub.subscriptions()).toBe(0);
  });

  it('goes on after a seq', async () => {
    const job = await t.createJob();
    const actor = await t.start({ job: job.id });
    await t.get('mutation { completeRun { id } }', { as: actor });

    expect(await seqs(await follow(actor.runId))).toEqual([1, 2, 3, 4]);
    expect(await seqs(await follow(actor.runId, null))).toEqual([1, 2, 3, 4]);
    expect(await seqs(await follow(actor.runId, 2))).toEqual([3, 4]);
  });

  it('lets go of a subscriber that leaves while nothing happens', async () => {
    const job = await t.createJob();
    const id = await t.trigger({ job: job.id });
    const streams = await Promise.all(Array.from({ length: 20 }, () => follow(id, 1)));
    const waiting = streams.map((stream) => stream.next());

    await Promise.all(streams.map((stream) => stream.return?.()));

    expect(await Promise.all(waiting)).toEqual(streams.map(() => ({ done: true, value: undefined })));
    expect(t.runs.hub.subscriptions()).toBe(0);
  });

  it.each([
    ['a run that is none', { id: 'none' }, 'NOT_FOUND'],
    ['a cursor before the beginning', { after: -1 }, 'BAD_REQUEST'],
  ])('refuses %s before the first event', async (_what, variables, code) => {
    const job = await t.createJob();
    const id = await t.trigger({ job: job.id });

    const refused = (await t.follow(FOLLOW, { variables: { id, ...variables } })) as Answer;

    expect(refused.errors).toMatchObject([{ extensions: { code, requestId: 'req-1' } }]);
  });

  it('refuses a caller without the scope before the first event', async () => {
    const refused = (await t.follow(FOLLOW, { variables: { id: 'none' }, as: keyOf('default', 'jobs:read') })) as Answer;

    expect(refused.errors).toMatchObject([{ message: 'insufficient permissions: requires runs:read' }]);
  });
});
