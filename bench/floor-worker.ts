/**
 * The worker of the floor, a program of its own: a plain graphile-worker task that posts the payload to the executor and records
 * the answer with one update. Jobs are fetched and finished in groups, which is the library's own remedy for load.
 */
import { Logger, run } from 'graphile-worker';
import { Agent, request } from 'undici';
import { reportReady } from './child.ts';
import { openPool } from './connections.ts';

const CONCURRENCY = 32;
const LOCAL_QUEUE_SIZE = 500;
const COMPLETE_WITHIN_MS = 5;

const connectionString = process.env.DATABASE_URL ?? '';
const executorUrl = process.env.EXECUTOR_URL ?? '';
const pool = openPool(connectionString, 16, 'floor');
const agent = new Agent({ connections: CONCURRENCY });

const COMPLETE = `update bench_runs set status = 'completed', result = $2, finished_at = now() where id = $1`;

const runner = await run({
  pgPool: pool,
  concurrency: CONCURRENCY,
  // The default logger writes a line per job.
  logger: new Logger(() => (level, message) => {
    if (level === 'error') process.stderr.write(`${message}\n`);
  }),
  taskList: {
    dispatch: async (job) => {
      // Written by floor.ts alone.
      const { id, payload } = job as { id: string; payload: unknown };
      const response = await request(executorUrl, {
        method: 'POST',
        dispatcher: agent,
        headers: { 'content-type': 'application/json', 'x-run-id': id },
        body: JSON.stringify(payload),
      });
      const result = await response.body.text();
      if (response.statusCode !== 200) throw new Error(`The executor answered ${response.statusCode}.`);
      await pool.query({ name: 'complete', text: COMPLETE, values: [id, result] });
    },
  },
  preset: { worker: { localQueue: { size: LOCAL_QUEUE_SIZE }, completeJobBatchDelay: COMPLETE_WITHIN_MS } },
});
reportReady();
await runner.promise;
await pool.end();
process.exit(0);
