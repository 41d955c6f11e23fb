import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createClient } from '../src/sdk/entry.ts';
import { ADMIN_KEY } from './support/app.ts';
import { DO, type RestWorld, startRestWorld } from './support/rest-world.ts';

let world: RestWorld;
beforeAll(async () => {
  world = await startRestWorld();
});
afterAll(() => world.close());

const MEGABYTE = 1024 * 1024;
/** Far enough away that nothing starts while a test runs. */
const later = new Date(Date.now() + 86_400_000).toISOString();

/** Sends a bulk trigger in pieces, as a client does that makes its items as it goes. */
async function send(pieces: Iterable<string>, headers: Record<string, string> = {}) {
  const encoder = new TextEncoder();
  const source = pieces[Symbol.iterator]();
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      const { value, done } = source.next();
      if (done) controller.close();
      else controller.enqueue(encoder.encode(value));
    },
  });
  const response = await fetch(`${world.url}/v1/jobs/${world.job.slug}/trigger/bulk`, {
    method: 'POST',
    headers: { authorization: `Bearer ${ADMIN_KEY}`, 'content-type': 'application/json', ...headers },
    body,
    duplex: 'half',
  } as RequestInit);
  return { status: response.status, body: await response.json() };
}

function* listOf(count: number, item: string, end = ']}'): Generator<string> {
  yield '{"items":[';
  for (let from = 0; from < count; from += 1_000) {
    const part = Array.from({ length: Math.min(1_000, count - from) }, () => item).join(',');
    yield `${from === 0 ? '' : ','}${part}`;
  }
  yield end;
}

const delayed = `{"scheduled_at":"${later}"}`;

describe('a bulk trigger', () => {
  it.each([
    ['of 100,001 items', () => listOf(100_001, '{"priority":0}'), 413],
    ['of more than 64 MB', () => listOf(14, `{"payload":"${'x'.repeat(5 * MEGABYTE - 10)}"}`), 413],
    ['that breaks off', () => listOf(5_000, delayed, ''), 400],
    ['with something else than JSON at its end', () => listOf(5_000, delayed, ',{"payload":}]}'), 400],
    ['with another field at its end', () => listOf(5_000, delayed, '],"surprise":1}'), 400],
    ['without items', () => listOf(0, ''), 400],
  ])('%s stores nothing', async (_, pieces, status) => {
    const before = await world.stored();

    const answer = await send(pieces());

    expect([answer.status, Object.keys(answer.body)]).toEqual([status, expect.arrayContaining(['error', 'request_id'])]);
    expect(await world.stored()).toEqual(before);
  });

  it('that a client breaks off stores nothing, and the server goes on', async () => {
    const before = await world.stored();
    const abort = new AbortController();
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        controller.enqueue(new TextEncoder().encode(`{"items":[${Array(2_000).fill(delayed).join(',')},`));
        abort.abort();
      },
    });

    const sent = fetch(`${world.url}/v1/jobs/${world.job.slug}/trigger/bulk`, {
      method: 'POST',
      headers: { authorization: `Bearer ${ADMIN_KEY}`, 'content-type': 'application/json' },
      body,
      duplex: 'half',
      signal: abort.signal,
    } as RequestInit);

    await expect(sent).rejects.toThrow();
    expect(await world.stored()).toEqual(before);
  });

  it('takes one item a line, too', async () => {
    const lines = [`${delayed}\n`, `{"priority":11}\r\n\n{"payload":"ü","sched`, `uled_at":"${later}"}`];

    const { status, body } = await send(lines, { 'content-type': 'application/x-ndjson' });

    expect([status, body.total, body.created]).toEqual([201, 3, 2]);
    expect(body.results[1].error).toMatch(/^priority: /);
    expect((await world.done('GET', `/v1/runs/${body.results[2].id}`)).payload).toBe('ü');
  });

  it('refuses an item beyond the limit for payloads by itself', async () => {
    const { body } = await send([`{"items":[{"payload":"${'x'.repeat(7 * MEGABYTE)}"},${delayed}]}`]);

    expect(body.results.map(({ error }: { error: string }) => error)).toEqual([expect.stringContaining('larger than'), null]);
  });

  it('answers a long list whole, in its order', async () => {
    const count = 2_345;
    const items = Array.from({ length: count }, (_, n) => `{"payload":${n},"scheduled_at":"${later}"}`);

    const { status, body } = await send([`{"items":[${items.join(',')}]}`]);

    expect([status, body.total, body.created, body.results.length]).toEqual([201, count, count, count]);
    const [first, last] = [body.results[0], body.results[count - 1]];
    expect(first).toEqual({
      id: expect.any(String),
      status: 'delayed',
      run_token: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/),
      idempotency_hit: false,
      debounced: false,
      fire_at: null,
      buffered: false,
      error: null,
    });
    expect((await world.done('GET', `/v1/runs/${last.id}`)).payload).toBe(count - 1);
    expect(await world.done('GET', `/v1/batch-operations/${body.batch_id}`)).toMatchObject({
      status: 'running',
      total: count,
      stored: count,
      created: count,
      failed: 0,
      progress: 0,
      counts: expect.objectContaining({ delayed: count, queued: 0 }),
    });
  });

  it('under an Idempotency-Key is one batch, and no other items fit it', async () => {
    const headers = { 'idempotency-key': 'bulk-1' };
    const first = await send(listOf(1_500, delayed), headers);
    const again = await send(listOf(1_500, delayed), headers);
    const lines = await send([`${delayed}\n`.repeat(1_500)], { ...headers, 'content-type': 'application/x-ndjson' });
    const other = await send(listOf(1_501, delayed), headers);

    expect([first.status, again.status, lines.status, other.status]).toEqual([201, 201, 201, 409]);
    expect([again.body.batch_id, again.body.created]).toEqual([first.body.batch_id, 1_500]);
    expect(lines.body.batch_id).toBe(first.body.batch_id);
    expect(again.body.results.every((row: { idempotency_hit: boolean }) => row.idempotency_hit)).toBe(true);
    const [listed, ...others] = await world.done('GET', '/v1/batch-operations?idempotency_key=bulk-1');
    expect([listed.id, listed.idempotency_key, others]).toEqual([first.body.batch_id, 'bulk-1', []]);
  });

  it('leaves room for the requests of others while it is read and stored', async () => {
    const served: number[] = [];
    let isOver = false;
    const others = (async () => {
      while (!isOver) {
        const { status } = await world.rest('GET', '/v1/jobs?limit=1');
        served.push(status);
      }
    })();

    const { status } = await send(listOf(10_000, delayed));
    isOver = true;
    await others;

    expect(status).toBe(201);
    // At least one for every statement that stored runs.
    expect(served.length).toBeGreaterThan(10_000 / 500);
    expect(new Set(served)).toEqual(new Set([200]));
  });

  it('is canceled whole by its batch', async () => {
    const { body } = await send(listOf(2_100, delayed));

    const done = await world.done('POST', '/v1/runs/bulk-cancel-all?project_id=default', { body: { batch_id: body.batch_id } });

    expect(done).toMatchObject({ total: 2_100, canceled: 2_100, failed: 0 });
    expect(await world.done('GET', `/v1/batch-operations/${body.batch_id}`)).toMatchObject({
      status: 'finished',
      progress: 1,
      started_at: null,
      finished_at: expect.any(String),
      counts: expect.objectContaining({ canceled: 2_100, delayed: 0 }),
    });
  });

  it('is sent by the SDK as its items come', async () => {
    const { jobs, runs } = createClient({ url: world.url, apiKey: ADMIN_KEY });
    const items = Array.from({ length: 1_200 }, (_, n) => ({ payload: { ...DO.complete, n }, priority: n === 7 ? 11 : 0 }));
    async function* coming() {
      yield* items;
    }

    const batch = await jobs.triggerMany(world.job.slug, coming());
    const again = await jobs.triggerMany(world.job.slug, items, { batchKey: batch.batchKey });

    expect([batch.total, batch.created, batch.items.length]).toEqual([1_200, 1_199, 1_200]);
    expect(batch.items[7]).toEqual({ run: null, error: expect.stringMatching(/^priority: /) });
    expect(again).toMatchObject({ batchId: batch.batchId, created: 1_199 });
    const last = batch.items.at(-1)?.run;
    expect(last && (await runs.wait(last)).payload).toEqual({ ...DO.complete, n: 1_199 });
  });
});

describe('batch operations', () => {
  it('are listed newest first, a page at a time', async () => {
    const made: string[] = [];
    for (let n = 0; n < 5; n++) made.unshift((await send([`{"items":[${delayed}]}`])).body.batch_id);

    const first = await world.rest('GET', '/v1/batch-operations?limit=3');
    const next = /<([^>]+)>; rel="next"/.exec(first.headers.get('link') ?? '')?.[1] ?? '';
    const second = await world.done('GET', next);

    expect([...first.body, ...second].slice(0, 5).map(({ id }: { id: string }) => id)).toEqual(made);
    expect(await world.done('GET', '/v1/batch-operations?job_id=no-such-job')).toEqual([]);
  });
});
