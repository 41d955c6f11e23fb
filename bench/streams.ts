import { createServer } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { Pool } from 'undici';
import { z } from 'zod';
import { API_KEY, startServer } from './baton.ts';
import { nowMs } from './clock.ts';
import { watchIdle } from './idle.ts';
import { closedLoop, openLoop } from './load.ts';
import { memoryOf } from './memory.ts';
import { freePort } from './ports.ts';
import type { Stage } from './stage.ts';
import { percentile } from './statistics.ts';
import { openReader, type StreamReader } from './stream-reader.ts';

const CONNECTIONS = 128;
const WRITERS = 50;
const SUBSCRIBERS = 200;
const CHUNKS_PER_WRITER_AND_SECOND = 10;
const IDLE_SUBSCRIBERS = 1_000;
const STALLED = 20;
const HEALTHY = 5;
const EVENTS_PER_SECOND = 1_000;
const CALLS_IN_FLIGHT = 32;
const MEMORY_EVERY_MS = 250;
const LINE = 'The quick brown fox jumps over the lazy dog. '.repeat(4);

/** How much of the streams to measure. */
export interface StreamExtent {
  chunkSeconds: number;
  idleSeconds: number;
  fanOutEvents: number;
  calls: number;
}

/** What the streams cost and how fast they are. */
export interface StreamFigures {
  /** From the sending of a chunk to its arrival at a subscriber. */
  chunkMs: { p50: number; p99: number; deliveries: number };
  /** Rows of the log per chunk: what coalescing saves. */
  eventsPerChunk: number;
  idle: { memoryMiB: number; queriesPerSecond: number; queriesPerSecondWithout: number };
  fanOut: { memoryMiB: number; p99Ms: number; eventsPerSecond: number };
  callsPerSecond: { log: number; heartbeat: number; stream: number };
  /** What did not arrive, or not in order; empty when all is well. */
  losses: string[];
}

interface Run {
  readonly id: string;
  readonly token: string;
}

interface Bench {
  readonly stage: Stage;
  readonly port: number;
  readonly serverPid: number;
  readonly losses: string[];
  /** Posts to a route of a run, as its executor; throws unless that is answered with a success. */
  tell(run: Run, route: string, body: object): Promise<void>;
  /** Runs in the hands of an executor that leaves them to the bench. */
  startRuns(count: number): Promise<Run[]>;
}

const Results = z.object({ results: z.array(z.object({ id: z.string(), run_token: z.string() })) });

/** Measures event streams on a server of their own. */
export async function measureStreams(stage: Stage, extent: StreamExtent): Promise<StreamFigures> {
  const bench = await startBench(stage);
  const say = (text: string) => process.stderr.write(`streams: ${text}\n`);
  // First, while the memory of the server is not yet that of what came before.
  const idle = await measureIdle(bench, extent);
  say(`${IDLE_SUBSCRIBERS} idle subscribers take ${idle.memoryMiB.toFixed(0)} MiB`);
  const { eventsPerChunk, ...chunkMs } = await measureChunks(bench, extent);
  say(`chunks arrive after ${chunkMs.p50.toFixed(1)} ms (p50), ${chunkMs.p99.toFixed(1)} ms (p99)`);
  const callsPerSecond = await measureCalls(bench, extent);
  say(
    `${Object.entries(callsPerSecond)
      .map(([name, rate]) => `${Math.round(rate)} ${name}`)
      .join(', ')} calls per second`,
  );
  const fanOut = await measureFanOut(bench, extent);
  say(`events fan out with a lag of ${fanOut.p99Ms.toFixed(0)} ms (p99), memory grows by ${fanOut.memoryMiB.toFixed(0)} MiB`);
  return { chunkMs, eventsPerChunk, idle, fanOut, callsPerSecond, losses: bench.losses };
}

async function startBench(stage: Stage): Promise<Bench> {
  const port = await freePort();
  const http = new Pool(`http://127.0.0.1:${port}`, { connections: CONNECTIONS, pipelining: 1 });
  stage.cleanup.defer(() => http.destroy());
  const server = await startServer(stage, { http, port, role: 'all' });
  stage.cleanup.defer(() => server.stop());
  const executorPort = await freePort();
  const executor = createServer((req, res) => {
    req.resume();
    res.writeHead(202).end();
  }).listen(executorPort, '127.0.0.1');
  stage.cleanup.defer(async () => void executor.close());

  async function post(path: string, key: string, body: object): Promise<unknown> {
    const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
    const answer = await http.request({ method: 'POST', path, headers, body: JSON.stringify(body) });
    const text = await answer.body.text();
    if (answer.statusCode >= 300) throw new Error(`POST ${path} was answered ${answer.statusCode}: ${text.slice(0, 500)}`);
    return JSON.parse(text);
  }

  const endpoint_url = `http://127.0.0.1:${executorPort}/`;
  await post('/v1/jobs', API_KEY, { name: 'Streams', slug: 'streams', endpoint_url, heartbeat_timeout_secs: 3_600 });
  return {
    stage,
    port,
    serverPid: server.pid,
    losses: [],
    async tell({ id, token }, route, body) {
      await post(`/sdk/v1/runs/${id}/${route}`, token, body);
    },
    async startRuns(count) {
      const runs: Run[] = [];
      while (runs.length < count) {
        const items = Array.from({ length: Math.min(500, count - runs.length) }, () => ({ payload: null }));
        const { results } = Results.parse(await post('/v1/jobs/streams/trigger/bulk', API_KEY, { items }));
        runs.push(...results.map(({ id, run_token }) => ({ id, token: run_token })));
      }
      const ids = runs.map(({ id }) => id);
      const executing = `select count(*)::int as count from runs where status = 'executing' and id = any ($1)`;
      while ((await countOf(stage, executing, [ids])) < count) await delay(20);
      return runs;
    },
  };
}

async function countOf({ db }: Stage, text: string, values: unknown[] = []): Promise<number> {
  const { rows } = await db.query<{ count: number }>(text, values);
  return rows[0]?.count ?? 0;
}

async function measureChunks(bench: Bench, { chunkSeconds }: StreamExtent) {
  const runs = await bench.startRuns(WRITERS);
  const lags: number[] = [];
  const readers = await Promise.all(
    Array.from({ length: SUBSCRIBERS }, (_, index) =>
      openReader({
        port: bench.port,
        path: `/v1/runs/${runs[index % WRITERS]?.id}/stream/chunks`,
        key: API_KEY,
        onMessage: (data, atMs) => void lags.push(atMs - Number(JSON.parse(data).chunk)),
      }),
    ),
  );
  const rate = WRITERS * CHUNKS_PER_WRITER_AND_SECOND;
  const count = rate * chunkSeconds;
  await openLoop({ first: 0, count }, rate, async (n) => {
    const run = runs[n % WRITERS];
    if (run) await bench.tell(run, 'stream', { chunk: String(nowMs()) });
  });
  const expected = (count / WRITERS) * SUBSCRIBERS;
  await arrived(bench, readers, expected / SUBSCRIBERS, 'chunks');
  for (const reader of readers) reader.close();
  const events = await countOf(bench.stage, `select count(*)::int as count from run_events where type = 'chunk'`);
  return { p50: percentile(lags, 50), p99: percentile(lags, 99), deliveries: lags.length, eventsPerChunk: events / count };
}

/** Waits until every reader has as many messages as it should, and notes who has not. */
async function arrived(bench: Bench, readers: readonly StreamReader[], count: number, what: string): Promise<void> {
  const giveUpAt = nowMs() + 30_000;
  const isMissing = (reader: StreamReader) => reader.count() !== count;
  while (readers.some(isMissing) && nowMs() < giveUpAt) await delay(10);
  for (const reader of readers.filter(isMissing)) bench.losses.push(`a reader got ${reader.count()} of ${count} ${what}`);
  for (const reader of readers.filter((one) => one.disorder() > 0))
    bench.losses.push(`a reader got ${reader.disorder()} ${what} out of order`);
}

async function measureCalls(bench: Bench, { calls }: StreamExtent): Promise<StreamFigures['callsPerSecond']> {
  const runs = await bench.startRuns(CALLS_IN_FLIGHT);
  const rateOf = async (route: string, body: object) => {
    const seconds = await closedLoop({ first: 0, count: calls }, CALLS_IN_FLIGHT, async (n) => {
      const run = runs[n % CALLS_IN_FLIGHT];
      if (run) await bench.tell(run, route, body);
    });
    return calls / seconds;
  };
  return {
    log: await rateOf('log', { message: 'The quick brown fox jumps over the lazy dog.', data: { step: 1 } }),
    heartbeat: await rateOf('heartbeat', {}),
    stream: await rateOf('stream', { chunk: 'The quick brown fox' }),
  };
}

async function measureFanOut(bench: Bench, { fanOutEvents }: StreamExtent): Promise<StreamFigures['fanOut']> {
  const [run] = await bench.startRuns(1);
  if (!run) throw new Error('no run was started');
  const path = `/v1/runs/${run.id}/stream?after=3`;
  const stalled = await Promise.all(Array.from({ length: STALLED }, () => openReader({ port: bench.port, path, key: API_KEY })));
  for (const reader of stalled) reader.stall();
  const lags: number[] = [];
  const readers = await Promise.all(
    Array.from({ length: HEALTHY }, () =>
      openReader({
        port: bench.port,
        path,
        key: API_KEY,
        onMessage: (data, atMs) => void lags.push(atMs - JSON.parse(data).data.at),
      }),
    ),
  );
  const before = memoryOf(bench.serverPid);
  let peak = before;
  const watching = setInterval(() => {
    peak = Math.max(peak, memoryOf(bench.serverPid));
  }, MEMORY_EVERY_MS);
  const startedAt = nowMs();
  await openLoop({ first: 0, count: fanOutEvents }, EVENTS_PER_SECOND, async () => {
    await bench.tell(run, 'log', { message: LINE, data: { at: nowMs() } });
  });
  const seconds = (nowMs() - startedAt) / 1_000;
  await arrived(bench, readers, fanOutEvents, 'events');
  clearInterval(watching);
  for (const reader of [...readers, ...stalled]) reader.close();
  return { memoryMiB: peak - before, p99Ms: percentile(lags, 99), eventsPerSecond: fanOutEvents / seconds };
}

async function measureIdle(bench: Bench, { idleSeconds }: StreamExtent): Promise<StreamFigures['idle']> {
  const { stage, port, serverPid } = bench;
  const runs = await bench.startRuns(IDLE_SUBSCRIBERS);
  const pids = { postgres: stage.cluster.pid, server: serverPid, executor: stage.executor.child.pid };
  const watch = () => watchIdle({ cluster: stage.cluster, db: stage.db, pids, seconds: idleSeconds });
  const without = await watch();
  const before = memoryOf(serverPid);
  const readers: StreamReader[] = [];
  for (const { id } of runs) readers.push(await openReader({ port, path: `/v1/runs/${id}/stream`, key: API_KEY }));
  const { queriesPerSecond } = await watch();
  const memoryMiB = memoryOf(serverPid) - before;
  for (const reader of readers) reader.close();
  return { memoryMiB, queriesPerSecond, queriesPerSecondWithout: without.queriesPerSecond };
}
