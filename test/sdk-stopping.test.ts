import { describe, expect, it } from 'vitest';
import type { JobContext } from '../src/sdk/entry.ts';
import { type FakeAnswer, latch, makeDispatch, makeToken, type SeenRequest } from './support/fake-baton.ts';
import { setup, to, without } from './support/sdk-setup.ts';

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
      {
        heartbeatIntervalMs: 2,
      },
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
    [410, 'lost'],
    [409, 'lost'],
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
