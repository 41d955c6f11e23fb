import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunActor } from '../src/auth/actor.ts';
import { newId } from '../src/core/ids.ts';
import { type GraphQLWorld, makeGraphQLWorld } from './support/graphql.ts';
import { makeReporter, type Reporter, type ReportName, SAY } from './support/reporter.ts';

let t: GraphQLWorld;
let r: Reporter;
beforeAll(async () => {
  t = await makeGraphQLWorld();
  r = makeReporter(t);
});
afterAll(() => t.close());

describe('an executor', () => {
  it('keeps what it reports, each with its event, in one story', async () => {
    const as = await r.start();

    const checkpoint = await r.say(as, 'checkpoint', { input: { state: { page: 3 } } });
    expect(checkpoint).toEqual({
      id: expect.any(String),
      runId: as.runId,
      sequence: 1,
      source: 'sdk',
      state: { page: 3 },
      createdAt: expect.any(String),
    });
    const usage = await r.say(as, 'usage', {
      input: { provider: 'acme', model: 'large-1', promptTokens: 12, completionTokens: 30 },
    });
    expect(usage).toMatchObject({ promptTokens: 12, completionTokens: 30, totalTokens: 42, costMicrousd: 0 });
    const dear = { provider: 'acme', model: 'large-2', totalTokens: 7, costMicrousd: 5_000_000_000 };
    expect(await r.say(as, 'usage', { input: dear })).toMatchObject({ ...dear, promptTokens: 0, completionTokens: 0 });
    const call = await r.say(as, 'toolCall', {
      input: { toolName: 'search', input: { q: 'x' }, output: null, durationMs: 12, status: 'ok' },
    });
    expect(call).toMatchObject({ toolName: 'search', input: { q: 'x' }, output: null, durationMs: 12, status: 'ok' });
    expect(await r.say(as, 'setState', { input: { key: 'k', value: [1] } })).toEqual({
      runId: as.runId,
      key: 'k',
      value: [1],
      updatedAt: expect.any(String),
    });
    expect(await r.say(as, 'annotate')).toEqual({ run: { metadata: { phase: 'two' } } });
    expect(await r.say(as, 'deleteState', { key: 'k' })).toEqual({ id: as.runId });
    expect(await r.say(as, 'resources', { input: { memoryMb: 512, memoryPercent: 20 } })).toEqual({ seq: 11 });

    const counts = { prompt_tokens: 12, completion_tokens: 30, total_tokens: 42, cost_microusd: 0 };
    expect(await r.events(as.runId)).toEqual([
      {
        seq: 4,
        type: 'CHECKPOINT',
        level: 'INFO',
        message: 'checkpoint 1',
        data: { checkpoint_id: checkpoint.id, source: 'sdk', sequence: 1 },
      },
      {
        seq: 5,
        type: 'USAGE',
        level: 'INFO',
        message: 'acme large-1: 42 tokens',
        data: { usage_id: usage.id, provider: 'acme', model: 'large-1', ...counts },
      },
      expect.objectContaining({ seq: 6, type: 'USAGE' }),
      {
        seq: 7,
        type: 'TOOL_CALL',
        level: 'INFO',
        message: 'tool "search": ok',
        data: { tool_call_id: call.id, tool_name: 'search', status: 'ok', duration_ms: 12 },
      },
      { seq: 8, type: 'STATE', level: 'INFO', message: 'state "k" set', data: { state_key: 'k', change: 'set' } },
      { seq: 9, type: 'ANNOTATION', level: 'INFO', message: 'annotated with phase', data: { phase: 'two' } },
      { seq: 10, type: 'STATE', level: 'INFO', message: 'state "k" deleted', data: { state_key: 'k', change: 'deleted' } },
      {
        seq: 11,
        type: 'RESOURCE_SAMPLE',
        level: 'INFO',
        message: 'resources: memory 512 MB, memory 20 %',
        data: { memory_mb: 512, memory_percent: 20 },
      },
    ]);
    expect(
      await r.read(
        as.runId,
        'checkpoints { edges { node { id } } } usage { edges { node { id } } } toolCalls { edges { node { id input output } } } state { edges { node { key } } }',
      ),
    ).toEqual({
      checkpoints: { edges: [{ node: { id: checkpoint.id } }] },
      usage: { edges: [{ node: { id: usage.id } }, { node: { id: expect.any(String) } }] },
      toolCalls: { edges: [{ node: { id: call.id, input: { q: 'x' }, output: null } }] },
      state: { edges: [] },
    });
  });

  it.each([
    [{ memoryPercent: 79.9, cpuPercent: 79.9 }, 'INFO'],
    [{ memoryPercent: 80 }, 'WARN'],
    [{ memoryPercent: 3, cpuPercent: 89.9 }, 'WARN'],
    [{ cpuPercent: 90 }, 'ERROR'],
    [{ memoryMb: 9_000 }, 'INFO'],
    [{}, 'INFO'],
  ])('that uses %o makes an event of level %s', async (input, level) => {
    const as = await r.start();

    await r.say(as, 'resources', { input });

    expect((await r.events(as.runId)).map((event) => event.level)).toEqual([level]);
  });

  it('numbers the checkpoints of a race without gaps, in one gapless story with everything else', async () => {
    const as = await r.start();
    await Promise.all(
      Array.from({ length: 60 }, (_, n) => {
        const kinds = ['checkpoint', 'usage', 'toolCall', 'setState', 'annotate', 'resources'] as const;
        return r.say(as, kinds[n % kinds.length] ?? 'usage');
      }),
    );

    expect((await r.events(as.runId)).map(({ seq }) => seq)).toEqual(Array.from({ length: 60 }, (_, n) => n + 4));
    const { checkpoints } = (await r.read(as.runId, 'checkpoints { edges { node { sequence } } }')) as {
      checkpoints: { edges: { node: { sequence: number } }[] };
    };
    expect(checkpoints.edges.map(({ node }) => node.sequence)).toEqual([10, 9, 8, 7, 6, 5, 4, 3, 2, 1]);
  });

  it('reads back its newest checkpoint and its state, and nobody else’s', async () => {
    const as = await r.start();
    const nothing = async (options: { readonly as: RunActor }) => {
      expect(await t.get('{ ownStates { edges { node { key } } } }', options)).toEqual({ ownStates: { edges: [] } });
      expect((await t.ask('{ ownCheckpoint { id } }', options)).errors).toMatchObject([
        { message: 'checkpoint not found', extensions: { code: 'NOT_FOUND' } },
      ]);
    };
    await nothing({ as });
    await r.say(as, 'checkpoint', { input: { state: { page: 1 } } });
    await r.say(as, 'checkpoint', { input: { state: { page: 2 } } });
    for (const key of ['b', 'a/ü', 'c']) await r.say(as, 'setState', { input: { key, value: { of: key } } });
    await r.say(as, 'setState', { input: { key: 'c' } });

    const own =
      '{ ownCheckpoint { sequence state } ownState(key: "a/ü") { value } ownStates(first: 2) { edges { node { key } } pageInfo { hasNextPage endCursor } } }';
    const data = await t.get(own, { as });
    expect(data).toEqual({
      ownCheckpoint: { sequence: 2, state: { page: 2 } },
      ownState: { value: { of: 'a/ü' } },
      ownStates: {
        edges: [{ node: { key: 'a/ü' } }, { node: { key: 'b' } }],
        pageInfo: { hasNextPage: true, endCursor: expect.any(String) },
      },
    });
    const after = data.ownStates.pageInfo.endCursor;
    expect(
      await t.get('query ($after: String) { ownStates(after: $after) { edges { node { key value } } } }', {
        as,
        variables: { after },
      }),
    ).toEqual({ ownStates: { edges: [{ node: { key: 'c', value: null } }] } });
    const foreign = { as: { ...as, projectId: 'other' } };
    await nothing(foreign);
    expect((await t.ask('{ ownState(key: "b") { value } }', foreign)).errors).toMatchObject([{ message: 'state key not found' }]);
    for (const key of ['', 'none', 'x'.repeat(257), 'a\\u0000b']) {
      expect((await t.ask(`{ ownState(key: "${key}") { value } }`, { as })).errors).toMatchObject([
        { message: 'state key not found', extensions: { code: 'NOT_FOUND' } },
      ]);
    }
  });

  it('is told when there is nothing to delete, and only one of two deletions deletes', async () => {
    const as = await r.start();
    await r.say(as, 'setState', { input: { key: 'once', value: 1 } });

    const both = await Promise.all([
      r.refused(as, 'deleteState', { key: 'once' }),
      r.refused(as, 'deleteState', { key: 'once' }),
    ]);

    expect(both.flat()).toEqual([['NOT_FOUND', 'state key not found']]);
    expect(await r.refused(as, 'deleteState', { key: 'a\0b' })).toEqual([['NOT_FOUND', 'state key not found']]);
    expect((await r.events(as.runId)).map(({ message }) => message)).toEqual(['state "once" set', 'state "once" deleted']);
  });

  it('is refused what is too large or not allowed, and nothing of it is kept', async () => {
    const as = await r.start();
    const before = await r.everything(as.runId);
    const tooLarge = async (report: ReportName, input: object) =>
      expect((await r.refused(as, report, { input })).map(([code]) => code)).toEqual(['PAYLOAD_TOO_LARGE']);
    const bad = async (report: ReportName, input: object) =>
      expect((await r.refused(as, report, { input })).map(([code]) => code)).toEqual(['BAD_REQUEST']);

    await tooLarge('checkpoint', { state: { x: 'x'.repeat(1_048_576) } });
    await tooLarge('toolCall', { toolName: 'x', input: 'x'.repeat(262_144) });
    await tooLarge('toolCall', { toolName: 'x', output: 'x'.repeat(262_144) });
    await tooLarge('setState', { key: 'x', value: 'ü'.repeat(32_768) });
    await bad('setState', { key: '' });
    await bad('setState', { key: 'x'.repeat(257) });
    await bad('setState', { key: 'a\0b' });
    await bad('usage', { provider: '', model: 'x' });
    await bad('usage', { provider: 'x', model: 'x', promptTokens: -1 });
    await bad('usage', { provider: 'x', model: 'x', costMicrousd: 0.5 });
    await bad('usage', { provider: 'x', model: 'x', costMicrousd: 1e13 });
    await bad('toolCall', { toolName: 'x', durationMs: -1 });
    await bad('annotate', { annotations: {} });
    await bad('annotate', { annotations: Object.fromEntries(Array.from({ length: 51 }, (_, n) => [`k${n}`, 'v'])) });
    await bad('annotate', { annotations: { ['k'.repeat(129)]: 'v' } });
    await bad('annotate', { annotations: { k: 'v'.repeat(1_025) } });
    await bad('resources', { cpuPercent: 100.1 });

    expect(await r.everything(as.runId)).toEqual(before);
    // The largest that fit.
    await r.say(as, 'setState', { input: { key: 'k'.repeat(256), value: 'x'.repeat(65_534) } });
    await r.say(as, 'toolCall', { input: { toolName: 'x', input: 'x'.repeat(262_142) } });
    await r.say(as, 'checkpoint', { input: { state: { x: 'x'.repeat(1_048_568) } } });
  });

  it('adds to the metadata, replaces what is there, and cannot add without end', async () => {
    const as = await r.start({ defaultRunMetadata: { region: 'eu' } }, { metadata: { owner: 'a' } });
    const pairs = (from: number) => Object.fromEntries(Array.from({ length: 49 }, (_, n) => [`k${from + n}`, 'v']));

    expect(await r.say(as, 'annotate', { input: { annotations: { owner: 'b', phase: '2' } } })).toEqual({
      run: { metadata: { region: 'eu', owner: 'b', phase: '2' } },
    });
    await r.say(as, 'annotate', { input: { annotations: pairs(0) } });
    expect(await r.refused(as, 'annotate', { input: { annotations: pairs(49) } })).toEqual([
      ['BAD_REQUEST', 'a run has at most 100 entries of metadata'],
    ]);
    await r.say(as, 'annotate', { input: { annotations: { k0: 'w' } } });
    expect(await r.events(as.runId)).toHaveLength(3);
    const found = await t.get('query ($m: StringMap) { runs(filter: { metadata: $m }) { edges { node { id } } } }', {
      variables: { m: { k0: 'w', owner: 'b' } },
    });
    expect(found.runs.edges).toEqual([{ node: { id: as.runId } }]);
  });
});

describe.each(Object.keys(SAY) as ReportName[])('%s', (report) => {
  const prepared = async (): Promise<RunActor> => {
    const as = await r.start();
    await r.say(as, 'setState', { input: { key: 'kept', value: 1 } });
    return as;
  };

  it('changes nothing with a stale or a foreign token', async () => {
    const as = await prepared();
    const before = await r.everything(as.runId);

    expect(await r.refused({ ...as, epoch: as.epoch - 1 }, report)).toEqual([
      ['CONFLICT', 'stale run token: the run was claimed again since this token was issued'],
    ]);
    expect(await r.refused({ ...as, epoch: as.epoch + 1 }, report)).toMatchObject([['CONFLICT', expect.any(String)]]);
    if (report !== 'resources')
      expect(await r.refused({ ...as, projectId: 'other' }, report)).toEqual([['NOT_FOUND', 'run not found']]);
    expect(await r.refused({ ...as, runId: newId() }, report)).toEqual([['NOT_FOUND', 'run not found']]);
    expect(await r.everything(as.runId)).toEqual(before);
  });

  it('works while the run waits', async () => {
    const as = await prepared();
    await t.pools.reads.query(`update runs set status = 'waiting' where id = $1`, [as.runId]);

    expect(await r.refused(as, report)).toEqual([]);
  });

  it.each(['queued', 'completed', 'failed', 'canceled', 'dead_letter', 'paused'])(
    'changes nothing of a run that is %s',
    async (status) => {
      const as = await prepared();
      await t.pools.reads.query(`update runs set status = $2 where id = $1`, [as.runId, status]);
      const before = await r.everything(as.runId);

      const message =
        report === 'checkpoint' ? 'run must be executing or waiting to checkpoint' : `run status conflict: the run is ${status}`;
      expect(await r.refused(as, report)).toEqual([['CONFLICT', message]]);
      expect(await r.everything(as.runId)).toEqual(before);
      // A run that nobody may claim must not stay in the queue of the tests after this one.
      await t.pools.reads.query(`update runs set status = 'canceled' where id = $1`, [as.runId]);
    },
  );
});
