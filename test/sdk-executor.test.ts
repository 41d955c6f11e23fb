import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createExecutor, job } from '../src/sdk/entry.ts';
import { latch, makeDispatch, TEST_SECRET } from './support/fake-baton.ts';
import { setup, without } from './support/sdk-setup.ts';

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

    await executor.fetch(
      makeDispatch({ headers: { 'x-attempt': '2', 'x-previous-error': '50%25 done%0A\u2026'.replace('\u2026', '%E2%80%A6') } }),
    );

    expect((await baton.reached('complete')).body).toEqual({
      result: { runId: 'run-1', jobSlug: 'greet', attempt: 2, previousError: '50% done\n…' },
    });
  });

  const refusals: [string, () => Request, number, RegExp][] = [
    ['an unsigned request', () => without('webhook-signature'), 401, /not signed/],
    [
      'a request signed with another secret',
      () => makeDispatch({ secret: `whsec_${btoa('somebody else entirely, 32 bytes')}` }),
      401,
      /does not match/,
    ],
    ['a changed body', () => new Request(makeDispatch({ payload: 1 }), { body: '2', method: 'POST' }), 401, /does not match/],
    [
      'a signature in no known version',
      () => makeDispatch({ headers: { 'webhook-signature': 'v9,AAAA' } }),
      401,
      /does not match/,
    ],
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
    const { executor } = await setup({
      greet: () => {
        ran = true;
      },
    });

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
    expect(() => createExecutor({ a: job({ slug: 'b', handler: () => null }) }, { secrets: TEST_SECRET, batonUrl })).toThrow(
      /"a".*"b"/,
    );
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
    const send = (request: Request) =>
      request.text().then((body) => fetch(url, { method: 'POST', headers: request.headers, body }));

    const accepted = await send(makeDispatch({ payload: { greeting: 'grüß dich' } }));
    const tooLarge = await send(makeDispatch({ payload: 'x'.repeat(7_000_000) }));

    expect(accepted.status).toBe(202);
    expect(tooLarge.status).toBe(413);
    expect((await baton.reached('complete')).body).toEqual({ result: { greeting: 'grüß dich' } });
  });
});
