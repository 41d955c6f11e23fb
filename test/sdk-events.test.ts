import { describe, expect, expectTypeOf, it } from 'vitest';
import { type BatonError, RunAbortedError } from '../src/sdk/entry.ts';
import { latch, makeDispatch } from './support/fake-baton.ts';
import { type Script, setup, to } from './support/sdk-setup.ts';

/** Answers the state from `state`, by key, and every wait with `waiting`. */
function events(state: Readonly<Record<string, unknown>>, refusal?: string): Script {
  return ({ method, path, body }) => {
    const [, key] = /\/state\/([^/]+)$/.exec(path) ?? [];
    if (method === 'GET' && key !== undefined) {
      const name = decodeURIComponent(key);
      if (!(name in state)) return { status: 404, body: { error: 'state key not found', request_id: 'r' } };
      return { status: 200, body: { run_id: 'run-1', state_key: name, value: state[name], updated_at: '2030-01-01T00:00:00Z' } };
    }
    if (!path.endsWith('/wait-for-event')) return undefined;
    if (refusal !== undefined) return { status: 409, body: { error: refusal, request_id: 'r' } };
    const { event_key } = body as { event_key: string };
    return { status: 200, body: { status: 'waiting', event_key, expires_at: '2030-01-01T00:00:00Z', trigger_id: 't' } };
  };
}

describe('waiting for an event', () => {
  it('leaves the handler the first time, and answers the payload when it runs again', async () => {
    const lines: string[] = [];
    const state: Record<string, unknown> = {};
    const { baton, executor, errors } = await setup(
      {
        approve: async (ctx) => {
          lines.push('start');
          for (let line = 0; line < 20; line += 1) ctx.log.info('prepared');
          const answer = await ctx.waitForEvent<{ by: string }>('approval/4 2?', {
            timeoutSecs: 60,
            notifyUrl: 'https://example.com/',
          });
          expectTypeOf(answer).toEqualTypeOf<{ by: string }>();
          lines.push('end');
          return answer;
        },
      },
      events(state),
    );

    await executor.fetch(makeDispatch({ slug: 'approve', epoch: 1 }));
    await baton.reached('wait-for-event');
    state['event:approval/4 2?'] = { by: 'Ada' };
    await executor.fetch(makeDispatch({ slug: 'approve', epoch: 2, token: 'token-2' }));
    await executor.close();

    expect(lines).toEqual(['start', 'start', 'end']);
    expect(baton.bodies('wait-for-event')).toEqual([
      { event_key: 'approval/4 2?', timeout_secs: 60, notify_url: 'https://example.com/' },
    ]);
    expect(baton.bodies('complete')).toEqual([{ result: { by: 'Ada' } }]);
    expect(baton.bodies('fail')).toEqual([]);
    // Nothing is told about a run that waits: the log lines went out before.
    expect(baton.requests.slice(0, baton.requests.findIndex(to('wait-for-event'))).filter(to('log'))).toHaveLength(20);
    expect(baton.requests.filter(({ method }) => method === 'GET').map(({ path }) => path)).toEqual(
      Array(2).fill('/sdk/v1/runs/run-1/state/event%3Aapproval%2F4%202%3F'),
    );
    expect(errors).toEqual([]);
  });

  it('waits for one event after the other, and takes null for a payload', async () => {
    const { baton, executor } = await setup(
      { both: async (ctx) => [await ctx.waitForEvent('first'), await ctx.waitForEvent('second')] },
      events({ 'event:first': null }),
    );

    await executor.fetch(makeDispatch({ slug: 'both' }));
    await executor.close();

    expect(baton.bodies('wait-for-event')).toEqual([{ event_key: 'second' }]);
    expect(baton.requests.filter(to('complete'))).toEqual([]);
  });

  it('rejects when another run waits for the key, and the attempt goes on', async () => {
    const seen = latch<BatonError>();
    const { baton, executor } = await setup(
      {
        approve: async (ctx) => {
          await ctx.waitForEvent('taken').catch(seen.open);
          return 'went on';
        },
      },
      events({}, 'event key already in use'),
    );

    await executor.fetch(makeDispatch({ slug: 'approve' }));

    expect(await seen.promise).toMatchObject({ status: 409, message: 'event key already in use' });
    expect((await baton.reached('complete')).body).toEqual({ result: 'went on' });
  });

  it('ends the attempt when the claim no longer stands', async () => {
    const seen = latch<unknown>();
    const { baton, executor } = await setup(
      {
        approve: async (ctx) => {
          await ctx.waitForEvent('any').catch(seen.open);
          return 'as if nothing had happened';
        },
      },
      events({}, 'run must be executing to wait for event, current status: waiting'),
    );

    await executor.fetch(makeDispatch({ slug: 'approve' }));
    const error = await seen.promise;
    await executor.close();

    expect(error).toBeInstanceOf(RunAbortedError);
    expect(error).toMatchObject({ reason: 'lost' });
    expect(baton.requests.filter(to('complete'))).toEqual([]);
  });
});
