import { setTimeout as delay } from 'node:timers/promises';
import { Pool } from 'undici';
import { z } from 'zod';
import { API_KEY, startServer } from './baton.ts';
import { nowMs } from './clock.ts';
import { freePort } from './ports.ts';
import type { Stage } from './stage.ts';

const CONNECTIONS = 32;
const POLL_MS = 2;
const STALL_MS = 60_000;
const Created = z.object({ id: z.string() });

/** A server with a job, and what is found wrong on it. */
export interface WorkflowBench {
  readonly stage: Stage;
  readonly url: string;
  readonly losses: string[];
  /** Sends a request with the key of the bench; throws unless it is answered with a success. */
  send(method: 'GET' | 'POST', path: string, body?: object): Promise<unknown>;
  /** Saves a workflow of these steps. */
  save(slug: string, steps: readonly object[]): Promise<void>;
  /** Triggers a workflow and resolves with the moment it was sent and the id of the run. */
  trigger(slug: string, payload?: object): Promise<{ readonly id: string; readonly sentAt: number }>;
  /**
   * Waits until so many rows have reached what is asked for, looking every 2 ms, and resolves with when that was seen; throws when a minute
   * passes without a further one. The query answers one `count`.
   */
  until(count: number, text: string, values?: readonly unknown[]): Promise<number>;
}

/** Starts a server of its own for the workflows; the slug of its one job is `step`. */
export async function startWorkflowBench(stage: Stage): Promise<WorkflowBench> {
  const port = await freePort();
  const http = new Pool(`http://127.0.0.1:${port}`, { connections: CONNECTIONS, pipelining: 1 });
  stage.cleanup.defer(() => http.destroy());
  const server = await startServer(stage, { http, port, role: 'all' });
  stage.cleanup.defer(() => server.stop());

  async function send(method: 'GET' | 'POST', path: string, body?: object): Promise<unknown> {
    const headers = { authorization: `Bearer ${API_KEY}`, 'content-type': 'application/json' };
    const answer = await http.request({ method, path, headers, body: body ? JSON.stringify(body) : null });
    const text = await answer.body.text();
    if (answer.statusCode >= 300) throw new Error(`${method} ${path} was answered ${answer.statusCode}: ${text.slice(0, 500)}`);
    return JSON.parse(text);
  }

  await send('POST', '/v1/jobs', { name: 'Step', slug: 'step', endpoint_url: stage.executor.url });
  return {
    stage,
    url: `http://127.0.0.1:${port}`,
    losses: [],
    send,
    async save(slug, steps) {
      await send('POST', '/v1/workflows', { slug, name: slug, steps });
    },
    async trigger(slug, payload = {}) {
      const sentAt = nowMs();
      return { id: Created.parse(await send('POST', `/v1/workflows/${slug}/trigger`, { payload })).id, sentAt };
    },
    async until(count, text, values = []) {
      let found = -1;
      for (let progressAt = nowMs(); ; await delay(POLL_MS)) {
        const now = await countOf(stage, text, values);
        if (now >= count) return nowMs();
        if (now > found) progressAt = nowMs();
        found = now;
        if (nowMs() - progressAt > STALL_MS) throw new Error(`Only ${now} of ${count}, and no progress for a minute: ${text}`);
      }
    },
  };
}

/** The `count` that a query answers. */
export async function countOf({ db }: Stage, text: string, values: readonly unknown[] = []): Promise<number> {
  const { rows } = await db.query<{ count: number }>(text, [...values]);
  return rows[0]?.count ?? 0;
}
