import { Pool } from 'undici';
import { z } from 'zod';
import { API_KEY, serverEnvironment, waitUntilReady } from './baton.ts';
import { startChild } from './child.ts';
import { nowMs } from './clock.ts';
import { payloadOf } from './load.ts';
import { peakOf } from './memory.ts';
import type { Extent } from './options.ts';
import { freePort } from './ports.ts';
import { probe, type Responsiveness } from './probe.ts';
import { measureSearch, type Search } from './search.ts';
import type { Stage } from './stage.ts';

/** One request over very many runs. */
export interface Bulk extends Responsiveness {
  seconds: number;
  /** The most memory the server has had resident until its end. */
  peakMiB: number;
}

/** Everything measured of batches. */
export interface BatchFigures {
  bodyMiB: number;
  trigger: Bulk;
  /** The same request under the same key. */
  repeat: Bulk;
  cancel: Bulk;
  search: Search;
  losses: string[];
}

const Triggered = z.object({ batch_id: z.string(), total: z.number(), created: z.number(), results: z.array(z.unknown()) });
const Canceled = z.object({ total: z.number(), canceled: z.number() });

/** Triggers and cancels one huge batch over REST, then searches payloads in a huge table. */
export async function measureBatches(stage: Stage, { bulk, searched }: Extent): Promise<BatchFigures> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const http = new Pool(url, { headersTimeout: 0, bodyTimeout: 0 });
  stage.cleanup.defer(() => http.destroy());
  const env = { ...process.env, ...serverEnvironment(stage), PORT: String(port), BATON_ROLE: 'api' };
  const server = await startChild({ name: 'Baton server', command: process.execPath, args: stage.server, env });
  stage.cleanup.defer(() => server.stop());
  await waitUntilReady(http, server);

  async function send(method: 'GET' | 'POST', path: string, body?: string): Promise<unknown> {
    const headers = { authorization: `Bearer ${API_KEY}`, 'content-type': 'application/json', 'idempotency-key': 'bench' };
    const answer = await http.request({ method, path, headers, body: body ?? null });
    const text = await answer.body.text();
    if (answer.statusCode >= 300) throw new Error(`${method} ${path} was answered ${answer.statusCode}: ${text.slice(0, 500)}`);
    return JSON.parse(text);
  }
  async function measured<T>(what: string, work: () => Promise<T>): Promise<{ answer: T; figures: Bulk }> {
    const stop = probe(url);
    const startedAt = nowMs();
    const answer = await work();
    const seconds = (nowMs() - startedAt) / 1000;
    const figures = { seconds, ...(await stop()), peakMiB: peakOf(server.pid) };
    process.stderr.write(`batches: ${what} in ${seconds.toFixed(1)} s, other requests ${figures.p99.toFixed(0)} ms (p99)\n`);
    return { answer, figures };
  }

  const job = { project_id: 'default', name: 'Bench', slug: 'bench', endpoint_url: stage.executor.url };
  await send('POST', '/v1/jobs', JSON.stringify(job));
  const body = JSON.stringify({ items: Array.from({ length: bulk }, (_, n) => ({ payload: payloadOf(n) })) });
  const triggerAll = async () => Triggered.parse(await send('POST', '/v1/jobs/bench/trigger/bulk', body));
  const trigger = await measured(`${bulk} runs triggered`, triggerAll);
  const repeat = await measured('the same once more', triggerAll);
  const cancel = await measured('all of them canceled', async () =>
    Canceled.parse(
      await send('POST', '/v1/runs/bulk-cancel-all?project_id=default', JSON.stringify({ batch_id: trigger.answer.batch_id })),
    ),
  );
  const { rows } = await stage.db.query<{ runs: number; canceled: number }>(
    `select count(*)::int as runs, count(*) filter (where status = 'canceled')::int as canceled from runs`,
  );
  const search = await measureSearch(stage.db, searched, (path) => send('GET', path));
  await server.stop();

  const wanted = { triggered: bulk, answered: bulk, repeated: bulk, canceled: bulk, runs: bulk, stored: bulk };
  const counted = {
    triggered: trigger.answer.created,
    answered: trigger.answer.results.length,
    repeated: repeat.answer.created,
    canceled: cancel.answer.canceled,
    runs: rows[0]?.runs ?? 0,
    stored: rows[0]?.canceled ?? 0,
  };
  return {
    bodyMiB: body.length / 1_048_576,
    trigger: trigger.figures,
    repeat: repeat.figures,
    cancel: cancel.figures,
    search,
    losses: Object.entries(wanted).flatMap(([name, count]) => {
      const found = counted[name as keyof typeof counted];
      return found === count ? [] : [`${name} ${found} of ${count}`];
    }),
  };
}
