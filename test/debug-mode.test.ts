import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestApp, startTestExecutor, type TestApp, type TestExecutor } from './support/app.ts';

let app: TestApp;
let executor: TestExecutor;
beforeAll(async () => {
  executor = await startTestExecutor();
  app = await startTestApp();
});
afterAll(async () => {
  await app.close();
  await executor.close();
});

const KIB = 1_024;
let jobs = 0;

interface Exchange {
  readonly request: { readonly headers: Record<string, string>; readonly path: string; readonly body: { readonly text: string } };
  readonly response: {
    readonly status: number;
    readonly headers: Record<string, string>;
    readonly body: { readonly text: string; readonly bytes: number; readonly truncated: boolean };
  } | null;
  readonly ended: string;
}

/** Runs a job in debug mode to its end; answers what its debug events say, and the run. */
async function debugged(
  job: object = {},
  payload: unknown = { n: 1 },
): Promise<{ exchanges: Exchange[]; id: string; status: string }> {
  const slug = `debugged-${++jobs}`;
  await app.rest('POST', '/v1/jobs', {
    body: { name: 'A job', slug, endpoint_url: `${executor.url}run?key=hidden`, max_attempts: 1, ...job },
  });
  const scheduled_at = new Date(Date.now() + 3_600_000).toISOString();
  const { body: run } = await app.rest('POST', `/v1/jobs/${slug}/trigger`, { body: { payload, scheduled_at } });
  expect((await app.rest('POST', `/v1/runs/${run.id}/debug`, { body: { debug_mode: true } })).body).toEqual({ status: 'ok' });
  await app.rest('POST', `/v1/runs/${run.id}/reschedule`, { body: { scheduled_at: '2020-01-01T00:00:00Z' } });
  return { ...(await untilEnded(run.id)), id: run.id };
}

const FOLLOW =
  'query ($id: ID!) { run(id: $id) { status debugMode events(type: [DEBUG]) { edges { node { type level message data } } } } }';

async function untilEnded(id: string): Promise<{ exchanges: Exchange[]; status: string }> {
  for (;;) {
    const { run } = await app.graphql<{
      run: { status: string; events: { edges: { node: { data: Exchange } }[] } };
    }>(FOLLOW, { id });
    if (!['DELAYED', 'QUEUED', 'DEQUEUED', 'EXECUTING'].includes(run.status)) {
      return { status: run.status, exchanges: run.events.edges.map(({ node }) => node.data) };
    }
  }
}

describe('a run in debug mode', () => {
  it('keeps what was sent and what was answered, without the secrets', async () => {
    executor.answer(({ headers }, res) => {
      const echo = { authorization: headers['x-run-token'], signature: headers['webhook-signature'], ok: true };
      res.writeHead(200, { 'content-type': 'application/json', 'set-cookie': 'a=b', 'x-echo': String(headers['x-run-token']) });
      res.end(JSON.stringify(echo));
    });

    const { exchanges, status, id } = await debugged();

    expect(status).toBe('COMPLETED');
    expect(exchanges).toHaveLength(1);
    const [exchange] = exchanges;
    expect(exchange?.request).toMatchObject({
      method: 'POST',
      path: '/run',
      body: { text: expect.stringContaining('"n"'), truncated: false },
      headers: {
        'x-run-id': id,
        'x-run-token': '[redacted]',
        'webhook-signature': '[redacted]',
        'content-type': 'application/json',
      },
    });
    expect(exchange?.response).toMatchObject({ status: 200, headers: { 'set-cookie': '[redacted]', 'x-echo': '[redacted]' } });
    expect(JSON.parse(exchange?.response?.body.text ?? '')).toEqual({
      authorization: '[redacted]',
      signature: '[redacted]',
      ok: true,
    });
    const { 'x-run-token': token = '', 'webhook-signature': signature = '' } = executor.dispatches.at(-1)?.headers ?? {};
    const kept = JSON.stringify(exchanges);
    expect([kept.includes(String(token)), kept.includes(String(signature)), kept.includes('hidden')]).toEqual([
      false,
      false,
      false,
    ]);
  });

  it('keeps 16 KB of each body, whatever bytes they are', async () => {
    executor.answer((_, res) =>
      res.writeHead(500).end(Buffer.concat([Buffer.from([0, 0xff]), Buffer.from('ä'.repeat(20 * KIB))])),
    );

    const { exchanges, status } = await debugged({}, { text: 'ö'.repeat(20 * KIB) });

    expect(status).toBe('DEAD_LETTER');
    const { request, response } = exchanges[0] as Exchange;
    expect(request.body).toMatchObject({ truncated: true });
    expect(Buffer.byteLength(request.body.text)).toBeLessThanOrEqual(16 * KIB);
    expect(response?.status).toBe(500);
    expect(Buffer.byteLength(response?.body.text ?? '')).toBeLessThanOrEqual(16 * KIB);
  });

  it('keeps every dispatch, also one that was not answered', async () => {
    executor.answer((_, res) => res.destroy());

    const { exchanges, status } = await debugged({ max_attempts: 2, retry_strategy: 'fixed', retry_initial_delay_secs: 0 });

    expect(status).toBe('DEAD_LETTER');
    expect(exchanges.map(({ response, ended }) => [response, ended])).toEqual([
      [null, 'broken'],
      [null, 'broken'],
    ]);
  });

  it('keeps nothing any more once it is switched off', async () => {
    executor.answer((_, res) => res.writeHead(500).end());
    const { id, exchanges } = await debugged();
    await app.rest('POST', `/v1/runs/${id}/debug`, { body: { debug_mode: false } });

    await app.rest('POST', `/v1/runs/${id}/dlq-replay`);
    const again = await untilEnded(id);

    expect(again.status).toBe('DEAD_LETTER');
    expect(again.exchanges).toEqual(exchanges);
  });
});

describe('a replay from a checkpoint', () => {
  it('gets the saved state as its payload, and is in debug mode', async () => {
    executor.answer((_, res) => res.writeHead(202).end());
    const slug = `checkpointed-${++jobs}`;
    await app.rest('POST', '/v1/jobs', { body: { name: 'A job', slug, endpoint_url: executor.url } });
    const { body: run } = await app.rest('POST', `/v1/jobs/${slug}/trigger`, { body: { payload: { page: 1 } } });
    const report = (route: string, body: object) =>
      app.rest('POST', `/sdk/v1/runs/${run.id}/${route}`, { key: run.run_token, body });
    expect((await report('checkpoint', { state: { page: 7 } })).status).toBe(200);
    expect((await report('fail', { error: 'given up' })).status).toBe(200);
    executor.answer((_, res) => res.writeHead(200).end());

    const replay = (query: string) => app.rest('POST', `/v1/runs/${run.id}/replay${query}`);

    expect(await replay('?from_checkpoint=1')).toMatchObject({
      status: 202,
      body: { payload: { page: 7 }, debug_mode: true, triggered_by: 'manual', attempt: 1 },
    });
    expect(await replay('?from_checkpoint=2')).toMatchObject({ status: 404, body: { error: 'checkpoint not found' } });
    expect(await replay('?from_checkpoint=0')).toMatchObject({
      status: 400,
      body: { error: 'from_checkpoint must be a positive integer' },
    });
    expect(await replay('')).toMatchObject({ status: 202, body: { payload: { page: 1 }, debug_mode: false } });
  });
});
