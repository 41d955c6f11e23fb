import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createClient } from '../src/sdk/entry.ts';
import { ADMIN_KEY } from './support/app.ts';
import { type AcceptedRun, type RestWorld, startRestWorld } from './support/rest-world.ts';

let world: RestWorld;
beforeAll(async () => {
  world = await startRestWorld();
});
afterAll(() => world.close());

const push = (run: AcceptedRun, chunk: string) =>
  world.done('POST', `/sdk/v1/runs/${run.id}/stream`, { key: run.token, body: { chunk } });
const complete = (run: AcceptedRun) => world.done('POST', `/sdk/v1/runs/${run.id}/complete`, { key: run.token, body: {} });

/** What the server says of itself, by the name of the metric. */
async function metric(name: string): Promise<number> {
  const { body } = await world.rest('GET', '/metrics');
  return Number(new RegExp(`^${name} (.*)$`, 'm').exec(String(body))?.[1]);
}

const openSockets = () => process.getActiveResourcesInfo().filter((resource) => resource === 'TCPSocketWrap').length;

describe('live streams', () => {
  it('leave nothing behind: 200 of all kinds, opened and dropped', async () => {
    const run = await world.accepted();
    const before = openSockets();
    const document = 'subscription ($id: ID!) { runEvents(runId: $id) { seq } }';
    const graphql = JSON.stringify({ query: document, variables: { id: run.id } });
    const head = `Host: x\r\nAuthorization: Bearer ${ADMIN_KEY}\r\n`;
    const requests = [
      `GET /v1/runs/${run.id}/stream HTTP/1.1\r\n${head}\r\n`,
      `GET /v1/runs/${run.id}/stream/chunks HTTP/1.1\r\n${head}\r\n`,
      `POST /graphql HTTP/1.1\r\n${head}Accept: text/event-stream\r\nContent-Type: application/json\r\nContent-Length: ${graphql.length}\r\n\r\n${graphql}`,
    ];
    const sockets = await Promise.all(
      Array.from({ length: 200 }, (_, index) => openStream(requests[index % requests.length] ?? '')),
    );
    await vi.waitFor(async () => expect(await metric('baton_tails')).toBe(200), { timeout: 5_000 });

    for (const socket of sockets) socket.destroy();

    await vi.waitFor(async () => expect(await metric('baton_tails')).toBe(0), { timeout: 5_000 });
    expect(await metric('baton_tail_lag_seconds')).toBe(0);
    // The one that asks for metrics may or may not be kept alive.
    await vi.waitFor(() => expect(openSockets()).toBeLessThanOrEqual(before + 4), { timeout: 5_000 });
    await complete(run);
  });

  it('never show one project what another one does, both at full speed', async () => {
    const ours = await world.accepted();
    const { id } = await world.done('POST', '/v1/jobs/theirs/trigger', {
      key: world.other.key,
      body: { payload: { do: 'accept' } },
    });
    const theirs = { id, token: await world.dispatched(id) };
    const followers = [ours, theirs].flatMap((run) => {
      const client = createClient({ url: world.url, apiKey: run === ours ? ADMIN_KEY : world.other.key });
      return Array.from({ length: 10 }, () => read(client.runs.stream(run.id)));
    });
    const write = async (run: AcceptedRun, name: string) => {
      const lanes = Array.from({ length: 8 }, async (_, lane) => {
        for (let index = 0; index < 25; index += 1) await push(run, `${name} ${lane} ${index}`);
      });
      await Promise.all(lanes);
      await complete(run);
    };

    await Promise.all([write(ours, 'ours'), write(theirs, 'theirs')]);
    const seen = await Promise.all(followers);

    expect(seen.slice(0, 10).map((texts) => texts.filter((text) => text.startsWith('ours ')).length)).toEqual(
      Array(10).fill(200),
    );
    expect(seen.slice(10).map((texts) => texts.filter((text) => text.startsWith('theirs ')).length)).toEqual(Array(10).fill(200));
    expect(seen.map((texts) => texts.length)).toEqual(Array(20).fill(200));
    const foreign = createClient({ url: world.url, apiKey: world.other.key });
    await expect(read(foreign.runs.stream(ours.id))).rejects.toMatchObject({ status: 404 });
    for (const path of ['stream', 'stream/chunks']) {
      const { status } = await world.rest('GET', `/v1/runs/${ours.id}/${path}?after=0`, { key: world.other.key });
      expect(status).toBe(404);
    }
  });

  it('tell late ones everything, and all of them the same', async () => {
    const run = await world.accepted();
    const client = createClient({ url: world.url, apiKey: ADMIN_KEY });
    const early = read(client.runs.stream(run.id));
    for (let index = 0; index < 20; index += 1) await push(run, `${index}`);
    const late = read(client.runs.stream(run.id));
    for (let index = 20; index < 40; index += 1) await push(run, `${index}`);
    await complete(run);

    const all = Array.from({ length: 40 }, (_, index) => `${index}`);
    expect(await Promise.all([early, late, read(client.runs.stream(run.id))])).toEqual([all, all, all]);
  });
});

/** Sends a request and resolves when the answer begins. */
function openStream(request: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(world.url).port), '127.0.0.1');
    socket.once('error', reject);
    socket.once('data', () => resolve(socket));
    socket.write(request);
  });
}

async function read(chunks: AsyncIterable<{ readonly chunk: string | null }>): Promise<string[]> {
  const texts: string[] = [];
  for await (const { chunk } of chunks) texts.push(chunk ?? '');
  return texts;
}
