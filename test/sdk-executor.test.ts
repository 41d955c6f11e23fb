import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, expectTypeOf, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import {
  type ChildHandle,
  type ChildResult,
  createExecutor,
  type Executor,
  type ExecutorOptions,
  type JobContext,
  type Jobs,
  job,
  PermanentError,
  RunAbortedError,
} from '../src/sdk/entry.ts';
import {
  type FakeAnswer,
  type FakeBaton,
  latch,
  makeDispatch,
  makeToken,
  type SeenRequest,
  startFakeBaton,
  TEST_SECRET,
} from './support/fake-baton.ts';

interface Setup {
  readonly baton: FakeBaton;
  readonly executor: Executor;
  /** What the executor told `onError`. */
  readonly errors: unknown[];
}

type Script = (request: SeenRequest) => FakeAnswer | undefined | Promise<FakeAnswer | undefined>;

async function setup(jobs: Jobs, script?: Script, options: Partial<ExecutorOptions> = {}): Promise<Setup> {
  const baton = await startFakeBaton(script);
  const errors: unknown[] = [];
  const onError = (error: unknown) => void errors.push(error);
  const executor = createExecutor(jobs, { secrets: TEST_SECRET, batonUrl: baton.url, onError, ...options });
  onTestFinished(async () => {
    await executor.close({ graceMs: 0 });
    await baton.close();
  });
  return { baton, executor, errors };
}

function without(header: string): Request {
  const request = makeDispatch();
  request.headers.delete(header);
  return request;
}

const to = (route: string) => (request: SeenRequest) => request.path.endsWith(`/${route}`);

describe('taking a run', () => {
  it('answers 202 before the handler has ended, then completes the run with its result', async () => {
    const gate = latch();
    const { baton, executor } = await setup({
      greet: async (ctx) => {
        await gate.promise;
        return { hello: ctx.payload };
      },
    });

    const response = await executor.fetch(makeDispatch({ payload: 'Ada', token: 'token-7' }));
    gate.open();
    const complete = await baton.reached('complete');

    expect(response.status).toBe(202);
    expect(complete).toMatchObject({
      method: 'POST',
      path: '/sdk/v1/runs/run-1/complete',
      headers: { authorization: 'Bearer token-7' },
      body: { result: { hello: 'Ada' } },
    });
  });

  it('tells the handler about the run and the failure before it', async () => {
    const { baton, executor } = await setup({
      greet: ({ runId, jobSlug, attempt, previousError }) => ({ runId, jobSlug, attempt, previousError }),
    });

    await executor.fetch(makeDispatch({ headers: { 'x-attempt': '2', 'x-previous-error': '50%25 done%0A\u2026'.replace('\u2026', '%E2%80%A6') } }));

    expect((await baton.reached('complete')).body).toEqual({
      result: { runId: 'run-1', jobSlug: 'greet', attempt: 2, previousError: '50% done\n…' },
    });
  });

  const refusals: [string, () => Request, number, RegExp][] = [
    ['an unsigned request', () => without('webhook-signature'), 401, /not signed/],
    ['a request signed with another secret', () => makeDispatch({ secret: `whsec_${btoa('somebody else entirely, 32 bytes')}` }), 401, /does not match/],
    ['a changed body', () => new Request(makeDispatch({ payload: 1 }), { body: '2', method: 'POST' }), 401, /does not match/],
    ['a signature in no known version', () => makeDispatch({ headers: { 'webhook-signature': 'v9,AAAA' } }), 401, /does not match/],
    ['a signature that is no base64', () => makeDispatch({ headers: { 'webhook-signature': 'v1,*' } }), 401, /does not match/],
    ['an old request', () => makeDispatch({ signedAt: new Date(Date.now() - 301_000) }), 401, /more than 300 seconds/],
    ['a request from the future', () => makeDispatch({ signedAt: new Date(Date.now() + 305_000) }), 401, /more than 300 seconds/],
    ['a timestamp that is no number', () => makeDispatch({ headers: { 'webhook-timestamp': 'soon' } }), 401, /not a number/],
    ['a job it does not have', () => makeDispatch({ slug: 'nope' }), 404, /no job "nope"/],
    ['a job named like a property of every object', () => makeDispatch({ slug: 'constructor' }), 404, /no job "constructor"/],
    ['a request without a run', () => without('x-run-id'), 400, /X-Run-ID/],
    ['an attempt that is no number', () => makeDispatch({ headers: { 'x-attempt': 'two' } }), 400, /X-Attempt/],
    ['a GET', () => new Request('http://executor.test/'), 405, /POST/],
    ['a payload beyond what Baton takes', () => makeDispatch({ payload: 'x'.repeat(7_000_000) }), 413, /bytes/],
  ];
  it.each(refusals)('refuses %s and does not run the handler', async (_what, request, status, words) => {
    let ran = false;
    const { executor } = await setup({ greet: () => void (ran = true) });

    const response = await executor.fetch(request());

    expect(response.status).toBe(status);
    expect(await response.json()).toEqual({ error: expect.stringMatching(words) });
    expect(ran).toBe(false);
  });

  it('refuses a signed body that is not JSON', async () => {
    const { executor } = await setup({ greet: () => null });
    const { Webhook } = await import('standardwebhooks');
    const signature = new Webhook(TEST_SECRET).sign('run-1_1', new Date(), '{');
    const template = makeDispatch({ headers: { 'webhook-signature': signature } });

    const response = await executor.fetch(new Request(template, { body: '{', method: 'POST' }));

    expect(response.status).toBe(400);
  });

  it('takes any of several secrets, by slug or from a function, and any of several signatures', async () => {
    const old = `whsec_${btoa('the secret before the rotation!!')}`;
    const bySlug = await setup({ greet: () => null }, undefined, { secrets: { greet: [old, TEST_SECRET] } });
    const byFunction = await setup({ greet: () => null }, undefined, { secrets: async (slug) => (slug === 'greet' ? old : []) });
    const rotated = makeDispatch({ secret: old });
    rotated.headers.set('webhook-signature', `v1,AAAA ${rotated.headers.get('webhook-signature')}`);

    expect((await bySlug.executor.fetch(makeDispatch())).status).toBe(202);
    expect((await byFunction.executor.fetch(rotated)).status).toBe(202);
    expect((await byFunction.executor.fetch(makeDispatch({ epoch: 2 }))).status).toBe(401);
  });

  it('refuses at once to be set up with something that is not a secret, or a job under another slug', () => {
    const batonUrl = 'http://127.0.0.1:1';

    expect(() => createExecutor({}, { secrets: 'whsec_', batonUrl })).toThrow(/signing secret/);
    expect(() => createExecutor({}, { secrets: { greet: 'whsec_*' }, batonUrl })).toThrow(/signing secret/);
    expect(() => createExecutor({ a: job({ slug: 'b', handler: () => null }) }, { secrets: TEST_SECRET, batonUrl })).toThrow(/"a".*"b"/);
  });

  it('runs a dispatch that is repeated under the same id once, the next claim of the run again', async () => {
    const { baton, executor } = await setup({ greet: () => null });

    const statuses = [
      (await executor.fetch(makeDispatch({ epoch: 1 }))).status,
      (await executor.fetch(makeDispatch({ epoch: 1 }))).status,
      (await executor.fetch(makeDispatch({ epoch: 2 }))).status,
    ];
    await executor.close();

    expect(statuses).toEqual([202, 202, 202]);
    expect(baton.bodies('complete')).toHaveLength(2);
  });

  it('serves node:http, answering refusals to bodies it does not read', async () => {
    const { baton, executor } = await setup({ greet: (ctx) => ctx.payload });
    const server = createServer(executor.node);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close().closeAllConnections());
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/some/path`;
    const send = (request: Request) => request.text().then((body) => fetch(url, { method: 'POST', headers: request.headers, body }));

    const accepted = await send(makeDispatch({ payload: { greeting: 'grüß dich' } }));
    const tooLarge = await send(makeDispatch({ payload: 'x'.repeat(7_000_000) }));

    expect(accepted.status).toBe(202);
    expect(tooLarge.status).toBe(413);
    expect((await baton.reached('complete')).body).toEqual({ result: { greeting: 'grüß dich' } });
  });
});

describe('how a run ends', () => {
  it('fails for good, naming the field, when the payload does not pass its schema', async () => {
    const payload = z.object({ user: z.object({ age: z.number() }) });
    const { baton, executor } = await setup({ greet: job({ payload, handler: () => null }) });

    await executor.fetch(makeDispatch({ payload: { user: { age: 'old' } } }));

    expect((await baton.reached('fail')).body).toEqual({ error: expect.stringMatching(/^the payload is not valid: user\.age: .*number/) });
  });

  it('hands the handler what the schema makes of the payload', async () => {
    const payload = z.object({ name: z.string().default('you'), at: z.string().transform((text) => text.length) });
    const { baton, executor } = await setup({ greet: job({ payload, handler: (ctx) => ctx.payload }) });

    await executor.fetch(makeDispatch({ payload: { at: 'noon' } }));

    expect((await baton.reached('complete')).body).toEqual({ result: { name: 'you', at: 4 } });
  });

  it('fails for good when the result does not pass its schema', async () => {
    const result = z.object({ count: z.number().max(3) });
    const { baton, executor } = await setup({ greet: job({ result, handler: () => ({ count: 4 }) }) });

    await executor.fetch(makeDispatch());

    expect((await baton.reached('fail')).body).toEqual({ error: expect.stringMatching(/^the result is not valid: count: /) });
  });

  it.each([
    ['a BigInt', () => ({ n: 1n }), /the result is not JSON/],
    ['a cycle', () => { const a: Record<string, unknown> = {}; a['a'] = a; return a; }, /the result is not JSON/],
  ])('fails for good when the result is %s', async (_what, handler, words) => {
    const { baton, executor } = await setup({ greet: handler });

    await executor.fetch(makeDispatch());

    expect((await baton.reached('fail')).body).toEqual({ error: expect.stringMatching(words) });
  });

  it.each([['nothing', undefined], ['a function', () => 1]])('completes with null when the handler returns %s', async (_what, value) => {
    const { baton, executor } = await setup({ greet: () => value });

    await executor.fetch(makeDispatch());

    expect((await baton.reached('complete')).body).toEqual({ result: null });
  });

  it('asks for another try when the handler throws, and logs the stack first', async () => {
    const { baton, executor } = await setup({
      greet: () => {
        throw new Error('the printer is on fire');
      },
    });

    await executor.fetch(makeDispatch());
    await baton.reached('fail');

    expect(baton.requests.map(({ path, body }) => [path.split('/').at(-1), body])).toEqual([
      ['log', { level: 'error', message: 'the printer is on fire', data: { stack: expect.stringContaining('sdk-executor.test.ts') } }],
      ['fail', { error: 'the printer is on fire', retry: true }],
    ]);
  });

  it('asks for no other try when the handler throws a PermanentError', async () => {
    const { baton, executor } = await setup({
      greet: () => {
        throw new PermanentError('no such user');
      },
    });

    await executor.fetch(makeDispatch());

    expect((await baton.reached('fail')).body).toEqual({ error: 'no such user' });
  });

  it.each([
    ['a string', 'plain text', 'plain text'],
    ['an error without words', new TypeError(''), 'TypeError'],
    ['an object', { code: 7 }, 'a value that is not an Error was thrown: {"code":7}'],
    ['text that Postgres cannot keep', new Error('nul \0 and \ud800.'), 'nul \ufffd and \ufffd.'],
  ])('words a failure when the handler throws %s', async (_what, thrown, words) => {
    const { baton, executor } = await setup({
      greet: () => {
        throw thrown;
      },
    });

    await executor.fetch(makeDispatch());

    expect((await baton.reached('fail')).body).toMatchObject({ error: words });
  });

  it('repeats the report while Baton is away', async () => {
    const answers: FakeAnswer[] = [{ status: 503, headers: { 'retry-after': '0' } }, 'drop', { status: 429, headers: { 'retry-after': '0' } }];
    const { baton, executor, errors } = await setup({ greet: () => 'done' }, (request) => (to('complete')(request) ? answers.shift() : undefined));

    await executor.fetch(makeDispatch());
    await executor.close();

    expect(baton.bodies('complete')).toEqual(Array(4).fill({ result: 'done' }));
    expect(errors).toEqual([]);
  });

  it.each([409, 410, 401, 403])('stops quietly when the report is answered %i', async (status) => {
    const { baton, executor, errors } = await setup({ greet: () => 'done' }, () => ({ status, body: { error: 'too late' } }));

    await executor.fetch(makeDispatch());
    await executor.close();

    expect(baton.requests).toHaveLength(1);
    expect(errors).toEqual([]);
  });

  it('fails the run when Baton refuses its result', async () => {
    const refusal = { status: 413, body: { error: 'the result has more than 1 MB' } };
    const { baton, executor } = await setup({ greet: () => 'done' }, (request) => (to('complete')(request) ? refusal : undefined));

    await executor.fetch(makeDispatch());

    expect((await baton.reached('fail')).body).toEqual({ error: 'the result was refused: the result has more than 1 MB' });
  });

  it('lets nothing that a handler left running report on the run that has ended', async () => {
    const context = latch<JobContext>();
    const { baton, executor } = await setup({ greet: (ctx) => context.open(ctx) });

    await executor.fetch(makeDispatch());
    await executor.close();
    const ctx = await context.promise;
    ctx.log.info('stray');

    await expect(ctx.output('stray', 1)).rejects.toMatchObject({ name: 'RunAbortedError', reason: 'ended' });
    expect(baton.requests.map(({ path }) => path)).toEqual(['/sdk/v1/runs/run-1/complete']);
  });

  it('tells onError when even the failure cannot be reported', async () => {
    const refusal = { status: 422, body: { error: 'no' } };
    const { executor, errors } = await setup({ greet: () => 'done' }, () => refusal);

    await executor.fetch(makeDispatch());
    await executor.close();

    expect(errors).toMatchObject([{ name: 'BatonError', status: 422, message: 'no' }]);
  });
});

describe('what a handler reports', () => {
  it('sends log lines one at a time, in order, as they were when written, all before the run completes', async () => {
    const data = { n: 1 };
    const { baton, executor } = await setup({
      greet: ({ log }) => {
        log.debug('one', data);
        data.n = 2;
        log.info('two');
        log.warn('three', { big: 1n });
        log.error('four \0');
      },
    });

    await executor.fetch(makeDispatch());
    await baton.reached('complete');

    expect(baton.requests.map(({ path, body }) => [path.split('/').at(-1), body])).toEqual([
      ['log', { level: 'debug', message: 'one', data: { n: 1 } }],
      ['log', { level: 'info', message: 'two' }],
      ['log', { level: 'warn', message: 'three', data: { not_json: expect.stringContaining('BigInt') } }],
      ['log', { level: 'error', message: 'four \ufffd' }],
      ['complete', { result: null }],
    ]);
  });

  it('sends only the newest of the progress reports made while another was on its way', async () => {
    const gate = latch();
    const first = latch();
    const { baton, executor } = await setup(
      {
        greet: async ({ progress }) => {
          progress(0, 'start');
          await first.promise;
          for (let percent = 1; percent <= 120; percent += 1) progress(percent, 'on the way', { step: 'walk', etaSecs: 3 });
          gate.open();
        },
      },
      async (request) => {
        if (!to('progress')(request) || (request.body as { percent: number }).percent > 0) return undefined;
        first.open();
        await gate.promise;
        return undefined;
      },
    );

    await executor.fetch(makeDispatch());
    await baton.reached('complete');

    expect(baton.bodies('progress')).toEqual([
      { percent: 0, message: 'start' },
      { percent: 100, message: 'on the way', step: 'walk', eta_secs: 3 },
    ]);
  });

  it('drops log lines beyond a thousand unsent ones and says how many', async () => {
    const { baton, executor } = await setup({
      greet: ({ log }) => {
        for (let line = 0; line < 1_100; line += 1) log.info(String(line));
      },
    });

    await executor.fetch(makeDispatch());
    await baton.reached('complete');

    const messages = baton.bodies('log').map((body) => (body as { message: string }).message);
    // The first is on its way when the queue begins to fill.
    expect(messages).toHaveLength(1_002);
    expect(messages[1_000]).toBe('1000');
    expect(messages[1_001]).toMatch(/^99 log lines were dropped/);
  });

  it('goes on without a log line that Baton refuses, and tells onError', async () => {
    const refusal = { status: 400, body: { error: 'message: too long' } };
    const { baton, executor, errors } = await setup({ greet: ({ log }) => log.info('x') }, (request) => (to('log')(request) ? refusal : undefined));

    await executor.fetch(makeDispatch());
    await baton.reached('complete');

    expect(errors).toMatchObject([{ status: 400, message: 'message: too long' }]);
  });

  it('stores outputs and reports their refusal to the handler', async () => {
    const { baton, executor } = await setup(
      {
        greet: async (ctx) => {
          await ctx.output('good', { a: 1 }, { type: 'object' });
          return ctx.output('bad', undefined).catch((error: Error) => error.message);
        },
      },
      (request) =>
        to('output')(request) && (request.body as { output_key: string }).output_key === 'bad'
          ? { status: 400, body: { error: 'output schema validation failed' } }
          : undefined,
    );

    await executor.fetch(makeDispatch());

    expect((await baton.reached('complete')).body).toEqual({ result: 'output schema validation failed' });
    expect(baton.bodies('output')).toEqual([
      { output_key: 'good', value: { a: 1 }, schema: { type: 'object' } },
      { output_key: 'bad', value: null },
    ]);
  });
});

describe('being stopped', () => {
  /** A handler that ends when its signal aborts, with the reason's name. */
  const untilAborted = async ({ signal }: JobContext): Promise<never> => {
    await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
    throw signal.reason;
  };

  it('sends heartbeats while the handler runs, and none after', async () => {
    const gates = { 'run-1': latch(), 'run-2': latch() };
    const beatsOf = (runId: string) => (request: SeenRequest) => request.path === `/sdk/v1/runs/${runId}/heartbeat`;
    const { baton, executor } = await setup(
      { greet: ({ runId }) => gates[runId === 'run-1' ? 'run-1' : 'run-2'].promise },
      undefined,
      { heartbeatIntervalMs: 2 },
    );

    await executor.fetch(makeDispatch({ runId: 'run-1' }));
    await baton.reached('heartbeat', 3);
    gates['run-1'].open();
    await baton.reached('complete');
    const beats = baton.requests.filter(beatsOf('run-1')).length;
    await executor.fetch(makeDispatch({ runId: 'run-2' }));
    await baton.reached('heartbeat', beats + 3);
    gates['run-2'].open();
    await executor.close();

    // One may have been on its way when the run completed.
    expect(baton.requests.filter(beatsOf('run-1')).length - beats).toBeLessThanOrEqual(1);
    expect(baton.bodies('complete')).toHaveLength(2);
  });

  it('keeps the handler running over heartbeats that fail', async () => {
    const gate = latch();
    const answers: FakeAnswer[] = [{ status: 503 }, 'drop', { status: 500 }];
    const { baton, executor, errors } = await setup(
      { greet: () => gate.promise },
      (request) => (to('heartbeat')(request) ? answers.shift() : undefined),
      { heartbeatIntervalMs: 2 },
    );

    await executor.fetch(makeDispatch());
    await baton.reached('heartbeat', 4);
    gate.open();
    await baton.reached('complete');

    expect(errors).toEqual([]);
  });

  it.each([
    [410, 'ended'],
    [409, 'taken_over'],
    [401, 'refused'],
  ])('aborts the handler and reports nothing when a heartbeat is answered %i', async (status, reason) => {
    const aborted = latch<unknown>();
    const late = latch<unknown>();
    const { baton, executor, errors } = await setup(
      {
        greet: async (ctx) => {
          await untilAborted(ctx).catch(aborted.open);
          ctx.log.info('too late');
          await ctx.output('late', 1).catch(late.open);
          throw new Error('too late');
        },
      },
      (request) => (to('heartbeat')(request) ? { status } : undefined),
      { heartbeatIntervalMs: 2 },
    );

    await executor.fetch(makeDispatch());

    expect(await aborted.promise).toMatchObject({ name: 'RunAbortedError', reason });
    expect(await late.promise).toMatchObject({ name: 'RunAbortedError', reason });
    await executor.close();
    expect(baton.requests.filter((request) => !to('heartbeat')(request))).toEqual([]);
    expect(errors).toEqual([]);
  });

  it('aborts when a heartbeat says that cancellation was asked for, and fails without another try', async () => {
    const { baton, executor } = await setup(
      { greet: untilAborted },
      (request) => (to('heartbeat')(request) ? { status: 200, body: { status: 'ok', cancel_requested: true } } : undefined),
      { heartbeatIntervalMs: 2 },
    );

    await executor.fetch(makeDispatch());

    expect((await baton.reached('fail')).body).toEqual({ error: 'the run is being canceled' });
  });

  it('aborts when the time that the run token grants is up', async () => {
    const { baton, executor } = await setup({ greet: untilAborted });

    await executor.fetch(makeDispatch({ token: makeToken(0.05) }));

    expect((await baton.reached('fail')).body).toEqual({ error: 'the time of this attempt is up', retry: true });
  });

  it('waits for what runs when it is closed, and takes nothing more', async () => {
    const gate = latch();
    const { baton, executor } = await setup({ greet: () => gate.promise });
    await executor.fetch(makeDispatch());

    const closing = executor.close({ graceMs: 60_000 });
    const refused = await executor.fetch(without('webhook-id'));
    gate.open();
    await closing;

    expect(refused.status).toBe(503);
    expect(refused.headers.get('retry-after')).toBe('1');
    expect(baton.bodies('complete')).toHaveLength(1);
  });

  it('aborts what has not ended in the grace period, to be tried again', async () => {
    const { baton, executor } = await setup({ greet: untilAborted });
    await executor.fetch(makeDispatch());

    await executor.close({ graceMs: 20 });

    expect(baton.bodies('fail')).toEqual([{ error: 'the executor is shutting down', retry: true }]);
  });

  it('hands back what does not even stop then', async () => {
    const { baton, executor } = await setup({ greet: () => new Promise(() => {}) });
    await executor.fetch(makeDispatch());

    await executor.close({ graceMs: 1 });

    expect(baton.bodies('fail')).toEqual([{ error: 'the executor shut down before the handler ended', retry: true }]);
  });
});

describe('children', () => {
  const child = job({
    slug: 'child',
    payload: z.object({ file: z.string(), depth: z.number().default(1) }),
    result: z.object({ lines: z.number() }),
    handler: () => ({ lines: 1 }),
  });

  /** Answers spawns with ids made of their keys; `states` decides what waiting is answered, in turn. */
  function family(states: ('waiting' | 'ready')[]): Script {
    return (request) => {
      const body = request.body as { spawn_key: string; run_ids?: string[] };
      if (to('spawn')(request)) return { status: 202, body: { id: `id-${body.spawn_key}`, status: 'queued' } };
      if (!to('wait-for-children')(request)) return undefined;
      const status = states.shift() ?? 'ready';
      const ids = [...(body.run_ids ?? ['id-a', 'id-b'])].reverse();
      const children = ids.map((id, at) =>
        at === 0 ? { id, status: 'completed', result: { lines: at }, error: null } : { id, status: 'failed', result: null, error: 'no' },
      );
      return { status: 200, body: { status, children: status === 'ready' ? children : [] } };
    };
  }

  it('spawns under keys that count the spawns of each job, or under a given key', async () => {
    const { baton, executor } = await setup(
      {
        parent: async (ctx) => {
          await Promise.all([ctx.spawn(child, { file: 'a' }), ctx.spawn('other', null), ctx.spawn(child, { file: 'b' }, { priority: 3 })]);
          const handle = await ctx.spawn(child, { file: 'c' }, { key: 'mine' });
          return handle.id;
        },
      },
      family([]),
    );

    await executor.fetch(makeDispatch({ slug: 'parent' }));

    expect((await baton.reached('complete')).body).toEqual({ result: 'id-mine' });
    expect(new Set(baton.bodies('spawn'))).toEqual(
      new Set([
        { job_slug: 'child', payload: { file: 'a' }, spawn_key: 'child:1' },
        { job_slug: 'other', payload: null, spawn_key: 'other:1' },
        { job_slug: 'child', payload: { file: 'b' }, spawn_key: 'child:2', priority: 3 },
        { job_slug: 'child', payload: { file: 'c' }, spawn_key: 'mine' },
      ]),
    );
  });

  it('leaves the handler when its children have not ended, and answers their results in order when it runs again', async () => {
    const runs: string[] = [];
    const { baton, executor, errors } = await setup(
      {
        parent: async (ctx) => {
          runs.push('start');
          const handles = [await ctx.spawn(child, { file: 'a' }), await ctx.spawn(child, { file: 'b' })];
          for (let line = 0; line < 20; line += 1) ctx.log.info('spawned');
          const results = await ctx.waitForChildren(handles, { timeoutSecs: 60 });
          runs.push('end');
          return results;
        },
      },
      family(['waiting', 'ready']),
      { heartbeatIntervalMs: 2 },
    );

    await executor.fetch(makeDispatch({ slug: 'parent', epoch: 1 }));
    await baton.reached('wait-for-children');
    await executor.fetch(makeDispatch({ slug: 'parent', epoch: 2, token: 'token-2' }));
    await executor.close();

    expect(runs).toEqual(['start', 'start', 'end']);
    expect(baton.bodies('spawn').map((body) => (body as { spawn_key: string }).spawn_key)).toEqual(['child:1', 'child:2', 'child:1', 'child:2']);
    expect(baton.bodies('wait-for-children')).toEqual(Array(2).fill({ run_ids: ['id-child:1', 'id-child:2'], timeout_secs: 60 }));
    // Nothing is told about a run that waits: the log lines went out before, and nothing was completed or failed the first time.
    expect(baton.requests.slice(0, baton.requests.findIndex(to('wait-for-children'))).filter(to('log'))).toHaveLength(20);
    expect(baton.bodies('complete')).toEqual([
      {
        result: [
          { id: 'id-child:1', status: 'failed', result: null, error: 'no' },
          { id: 'id-child:2', status: 'completed', result: { lines: 0 }, error: null },
        ],
      },
    ]);
    expect(baton.bodies('fail')).toEqual([]);
    expect(errors).toEqual([]);
  });

  it('lets a handler that swallows the suspension do nothing more', async () => {
    const again = latch<unknown>();
    const { baton, executor } = await setup(
      {
        parent: async (ctx) => {
          await ctx.waitForChildren().catch(() => {});
          await ctx.spawn('child', null).catch(again.open);
          return 'as if nothing had happened';
        },
      },
      family(['waiting']),
    );

    await executor.fetch(makeDispatch({ slug: 'parent' }));
    await executor.close();
    const error = await again.promise;

    expect(error).toBeInstanceOf(RunAbortedError);
    expect(error).toMatchObject({ reason: 'suspended' });

    expect(baton.requests.map(({ path }) => path)).toEqual(['/sdk/v1/runs/run-1/wait-for-children']);
  });

  it('waits for every child without handles, for none with an empty list, and for one with await', async () => {
    const { baton, executor } = await setup(
      {
        parent: async (ctx) => [
          await ctx.waitForChildren(),
          await ctx.waitForChildren([]),
          await ctx.spawn(child, { file: 'a' }, { await: true, timeoutSecs: 5 }),
        ],
      },
      family([]),
    );

    await executor.fetch(makeDispatch({ slug: 'parent' }));

    expect((await baton.reached('complete')).body).toEqual({
      result: [
        [{ id: 'id-b', status: 'completed', result: { lines: 0 }, error: null }, { id: 'id-a', status: 'failed', result: null, error: 'no' }],
        [],
        { id: 'id-child:1', status: 'completed', result: { lines: 0 }, error: null },
      ],
    });
    expect(baton.bodies('wait-for-children')).toEqual([{}, { run_ids: ['id-child:1'], timeout_secs: 5 }]);
  });
});

describe('types', () => {
  it('flow from the schemas to the handler, its children and their results', () => {
    const payload = z.object({ name: z.string(), times: z.string().transform(Number) });
    const result = z.object({ greeting: z.string().default('hello') });
    const greet = job({
      slug: 'greet',
      payload,
      result,
      handler: async (ctx) => {
        expectTypeOf(ctx.payload).toEqualTypeOf<{ name: string; times: number }>();
        return {};
      },
    });
    const count = job({ slug: 'count', handler: async () => 3 });

    job({
      handler: async (ctx) => {
        expectTypeOf(ctx.payload).toEqualTypeOf<unknown>();
        const handle = await ctx.spawn(greet, { name: 'Ada', times: '2' });
        expectTypeOf(handle).toEqualTypeOf<ChildHandle<{ greeting: string }>>();
        const pair = await ctx.waitForChildren([handle, await ctx.spawn(count, null)]);
        expectTypeOf(pair).toEqualTypeOf<[ChildResult<{ greeting: string }>, ChildResult<number>]>();
        const [first] = pair;
        if (first.status === 'completed') expectTypeOf(first.result.greeting).toEqualTypeOf<string>();
        else expectTypeOf(first.result).toEqualTypeOf<null>();
        expectTypeOf(await ctx.spawn(count, null, { await: true })).toEqualTypeOf<ChildResult<number>>();
        expectTypeOf(await ctx.spawn('anything', { at: 'all' })).toEqualTypeOf<ChildHandle<unknown>>();
        // @ts-expect-error times is a string before the schema has seen it
        await ctx.spawn(greet, { name: 'Ada', times: 2 });
      },
    });
    // @ts-expect-error the handler does not return what the result schema takes
    job({ result, handler: () => ({ greeting: 4 }) });
    // @ts-expect-error a job without a slug cannot be spawned
    job({ handler: (ctx) => ctx.spawn(job({ handler: () => 1 }), null) });
  });
});

