import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { type Answer, type GraphQLWorld, keyOf, makeGraphQLWorld } from './support/graphql.ts';

let t: GraphQLWorld;
beforeAll(async () => {
  t = await makeGraphQLWorld();
});
afterAll(() => t.close());

const FOLLOW =
  'subscription ($projectId: ID) { queueStats(projectId: $projectId) { projectId at depth executing oldestDueAt endedLastMinute counts { status count } } }';

async function follow(as = keyOf('default', 'stats:read')): Promise<AsyncIterableIterator<Answer>> {
  const stream = await t.follow(FOLLOW, { as });
  if (!(Symbol.asyncIterator in stream)) throw new Error(`refused: ${JSON.stringify(stream)}`);
  onTestFinished(async () => void (await stream.return?.()));
  return stream;
}

async function next(stream: AsyncIterator<Answer>) {
  return (await stream.next()).value.data.queueStats;
}

describe('queueStats', () => {
  it('says at once how the queue stands, and again when it changes', async () => {
    const job = await t.createJob();
    const stream = await follow();
    const empty = await next(stream);
    await t.trigger({ job: job.id });
    await t.trigger({ job: job.id });
    await t.trigger({ job: job.id, scheduledAt: new Date(Date.now() + 3_600_000) });
    const filled = await next(stream);
    const [actor] = await t.claim();
    t.runs.hub.stir();
    const claimed = await next(stream);
    if (actor) await t.get('mutation { completeRun(result: 1) { id } }', { as: actor });
    const ended = await next(stream);

    expect(empty).toMatchObject({ projectId: 'default', depth: 0, executing: 0, oldestDueAt: null, endedLastMinute: 0 });
    expect(empty.counts.map(({ status }: { status: string }) => status)).toEqual([
      'DELAYED',
      'QUEUED',
      'DEQUEUED',
      'EXECUTING',
      'WAITING',
      'PAUSED',
    ]);
    expect(filled).toMatchObject({ depth: 2, executing: 0, oldestDueAt: expect.any(String) });
    expect(filled.counts).toContainEqual({ status: 'DELAYED', count: 1 });
    expect(claimed).toMatchObject({ depth: 0, executing: 2, oldestDueAt: null, endedLastMinute: 0 });
    expect(ended).toMatchObject({ executing: 1, endedLastMinute: 1 });
    expect(Date.parse(ended.at) - Date.parse(claimed.at)).toBeGreaterThan(900);
  });

  it('knows what ended before anybody asked', async () => {
    const theirs = keyOf('other', '*');
    const job = await t.createJob({}, theirs);
    await t.trigger({ job: job.id }, theirs);
    const [actor] = (await t.claim()).filter(({ projectId }) => projectId === 'other');
    if (actor) await t.get('mutation { completeRun(result: 1) { id } }', { as: actor });

    expect(await next(await follow(theirs))).toMatchObject({ endedLastMinute: 1 });
  });

  it('is counted once for all who watch, and not at all when nobody does', async () => {
    const streams = await Promise.all(Array.from({ length: 20 }, () => follow(keyOf('other', 'stats:read'))));
    const counts = () => t.statements().filter((text) => text.includes('as oldest_due_at')).length;
    const before = counts();

    await Promise.all(streams.map(next));

    expect(counts() - before).toBe(1);
    expect(t.runs.queueStats.watchers()).toBe(20);
    await Promise.all(streams.map((stream) => stream.return?.()));
    await expect.poll(() => [t.runs.queueStats.watchers(), t.runs.changes.followers()]).toEqual([0, 0]);
  });

  it.each([
    ['a project of somebody else', keyOf('other', '*'), { projectId: 'default' }, 'NOT_FOUND'],
    ['a caller without the scope', keyOf('default', 'runs:read'), {}, 'FORBIDDEN'],
  ])('refuses %s', async (_what, as, variables, code) => {
    const refused = (await t.follow(FOLLOW, { variables, as })) as Answer;

    expect(refused.errors).toMatchObject([{ extensions: { code } }]);
  });
});
