import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { triggerRuns } from '../src/domain/batches/trigger-batch.ts';
import { type GraphQLWorld, makeGraphQLWorld } from './support/graphql.ts';

let t: GraphQLWorld;
beforeAll(async () => {
  t = await makeGraphQLWorld();
});
afterAll(() => t.close());

async function many(count: number): Promise<{ readonly job: string; readonly ids: readonly string[] }> {
  const job = (await t.createJob()).id;
  const items = Array.from({ length: count }, (_, n) => ({ payload: { n } }));
  const { items: made } = await triggerRuns(t.admin, { job, items }, t.runs);
  return { job, ids: made.flatMap(({ run }) => run?.id ?? []) };
}

async function statuses(job: string): Promise<Record<string, number>> {
  const { runCounts } = await t.get('query ($job: ID) { runCounts(filter: { job: $job }) { counts { status count } } }', {
    variables: { job },
  });
  const some = runCounts.counts.filter(({ count }: { count: number }) => count > 0);
  return Object.fromEntries(some.map(({ status, count }: { status: string; count: number }) => [status, count]));
}

type Part = { readonly total: number; readonly endCursor: string | null; readonly results: { readonly id: string }[] };

/** Works off a filter in parts of four, as a client does that shows how far it has come. */
async function inParts(field: string, input: object, selection = 'id'): Promise<Part[]> {
  const inputType =
    field === 'rescheduleRuns'
      ? 'RescheduleRunsInput'
      : field === 'replayDeadLetters'
        ? 'ReplayDeadLettersInput'
        : 'RunTargetInput';
  const parts: Part[] = [];
  let after: string | null = null;
  do {
    const { done }: { done: Part } = await t.get(
      `mutation ($input: ${inputType}!) { done: ${field}(input: $input) { total endCursor results { ${selection} } } }`,
      { variables: { input: { ...input, limit: 4, after } } },
    );
    parts.push(done);
    after = done.endCursor;
  } while (after !== null);
  return parts;
}

async function failAll(): Promise<void> {
  const claims = await t.claim();
  await t.runs.transitions.many(claims.map(({ runId }) => ({ runId, event: 'fail', message: 'x', error: 'x' })));
}

describe('an operation over many runs, a part at a time', () => {
  it('cancels each once, the oldest first', async () => {
    const { job, ids } = await many(10);

    const parts = await inParts('cancelRuns', { filter: { job } });

    expect(parts.map(({ total }) => total)).toEqual([4, 4, 2]);
    expect(parts.flatMap(({ results }) => results.map(({ id }) => id))).toEqual(ids);
    expect(await statuses(job)).toEqual({ CANCELED: 10 });
  });

  it('replays each once, and never what it has made itself', async () => {
    const { job } = await many(8);
    await failAll();
    const first = (await t.get(`mutation { replayRuns(input: { filter: { job: "${job}" }, limit: 4 }) { total endCursor } }`))
      .replayRuns;
    // The replays fail as well, before the next part is asked for.
    await failAll();
    const next = await t.get(
      `mutation { replayRuns(input: { filter: { job: "${job}" }, limit: 8, after: "${first.endCursor}" }) { total endCursor } }`,
    );

    expect(first).toMatchObject({ total: 4, endCursor: expect.any(String) });
    expect(next.replayRuns).toEqual({ total: 4, endCursor: null });
    expect(await statuses(job)).toEqual({ FAILED: 12, QUEUED: 4 });
  });

  it.each([
    ['nonsense', 'after must be an endCursor that an operation over many runs has answered'],
    [Buffer.from('{"startedUs":"now","us":"1","id":"x"}').toString('base64url'), 'after must be an endCursor'],
  ])('refuses the cursor %s', async (after, message) => {
    const { errors } = await t.ask(`mutation { cancelRuns(input: { filter: { job: "x" }, after: "${after}" }) { total } }`);

    expect(errors?.[0]).toMatchObject({ message: expect.stringContaining(message), extensions: { code: 'BAD_REQUEST' } });
  });

  it.each(['limit: 1', 'after: "x"'])('refuses %s beside ids', async (more) => {
    const { errors } = await t.ask(`mutation { cancelRuns(input: { ids: ["x"], ${more} }) { total } }`);

    expect(errors?.[0]?.message).toBe(`${more.split(':')[0]} goes with a filter, not with ids`);
  });
});

describe('rescheduleRuns', () => {
  const LATER = new Date(Date.now() + 3_600_000).toISOString();

  it('moves what nobody has started, by filter and in parts, as its preview says', async () => {
    const { job, ids } = await many(9);
    await t.claim();
    await t.runs.transitions.one({ runId: ids[0] ?? '', event: 'retry', message: 'x' });
    const more = await t.get(`mutation { triggerRuns(input: { job: "${job}", items: [{}, {}, {}, {}, {}] }) { total } }`);
    expect(more.triggerRuns.total).toBe(5);

    const { previewRuns } = await t.get(
      `{ previewRuns(filter: { job: "${job}" }, operation: RESCHEDULE) { count sample { status } } }`,
    );
    const parts = await inParts('rescheduleRuns', { filter: { job }, scheduledAt: LATER }, 'id status error');

    expect(previewRuns).toMatchObject({ count: 5 });
    expect(parts.map(({ total }) => total)).toEqual([4, 1]);
    expect(parts[0]?.results[0]).toMatchObject({ status: 'DELAYED', error: null });
    expect(await statuses(job)).toEqual({ DELAYED: 5, EXECUTING: 8, QUEUED: 1 });
  });

  it('starts at once what was delayed, when the moment is past', async () => {
    const { job } = await many(3);
    await t.get(`mutation { rescheduleRuns(input: { filter: { job: "${job}" }, scheduledAt: "${LATER}" }) { rescheduled } }`);
    const { rescheduleRuns } = await t.get(
      `mutation { rescheduleRuns(input: { filter: { job: "${job}" }, scheduledAt: "2020-01-01T00:00:00Z" }) { rescheduled failed results { status } } }`,
    );

    expect(rescheduleRuns).toEqual({ rescheduled: 3, failed: 0, results: Array(3).fill({ status: 'QUEUED' }) });
  });

  it('says of each run why not', async () => {
    const { ids } = await many(1);
    await t.claim();
    const { rescheduleRuns } = await t.get(
      `mutation { rescheduleRuns(input: { ids: ["${ids[0]}", "none"], scheduledAt: "${LATER}" }) { rescheduled failed results { status error } } }`,
    );

    expect(rescheduleRuns).toEqual({
      rescheduled: 0,
      failed: 2,
      results: [
        { status: 'EXECUTING', error: 'run was started before, or has ended, and cannot be rescheduled' },
        { status: null, error: 'run not found' },
      ],
    });
  });
});
