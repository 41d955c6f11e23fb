import { Logger, runMigrations } from 'graphile-worker';
import { newId } from '../src/core/ids.ts';
import { type Child, startProgram } from './child.ts';
import { openPool } from './connections.ts';
import { payloadOf } from './load.ts';
import type { Stage } from './stage.ts';
import type { Acknowledged, StoredRun, Subject } from './subject.ts';

const TRIGGER_CONNECTIONS = 16;

const TABLE = `
  create table bench_runs (
    id uuid primary key,
    payload jsonb not null,
    status text not null default 'queued',
    result jsonb,
    created_at timestamptz not null default now(),
    finished_at timestamptz
  )`;

/** One statement and so one commit per trigger: the row and its job are durable together. */
const TRIGGER = `
  with run as (insert into bench_runs (id, payload) values ($1, $2) returning id, payload)
  select graphile_worker.add_job('dispatch', json_build_object('id', id, 'payload', payload)) from run`;

const TRIGGER_BULK = `
  with run as (
    insert into bench_runs (id, payload) select * from unnest($1::uuid[], $2::jsonb[]) returning id, payload
  ), spec as (
    select array_agg(row('dispatch', json_build_object('id', id, 'payload', payload), null, null, null, null, null, null)
      ::graphile_worker.job_spec) as specs from run
  )
  select count(*) from spec, graphile_worker.add_jobs(spec.specs)`;

/**
 * The floor: what graphile-worker does without further design. A trigger is one statement that inserts the run and adds its job,
 * sent straight to Postgres (no HTTP, no authentication, no history), so its cost is the database's and the client's alone.
 */
export async function startFloor({ cluster, executor, db, cleanup }: Stage): Promise<Subject> {
  const logger = new Logger(() => () => {});
  await runMigrations({ connectionString: cluster.url, logger });
  await db.query(TABLE);
  const pool = openPool(cluster.url, TRIGGER_CONNECTIONS, 'floor-trigger');
  cleanup.defer(() => pool.end());
  let worker: Child | undefined;
  const stop = async () => worker?.stop();
  cleanup.defer(stop);

  return {
    name: 'floor',
    stop,
    async start(mode) {
      await stop();
      if (mode === 'accepting') return undefined;
      const env = { ...process.env, DATABASE_URL: cluster.url, EXECUTOR_URL: executor.url };
      worker = await startProgram('floor worker', new URL('./floor-worker.ts', import.meta.url), env);
      return worker.pid;
    },
    async trigger(n): Promise<Acknowledged> {
      const runId = newId();
      await pool.query({ name: 'trigger', text: TRIGGER, values: [runId, JSON.stringify(payloadOf(n))] });
      return { runId, n };
    },
    async triggerBulk(numbers): Promise<Acknowledged[]> {
      const runs = numbers.map((n) => ({ runId: newId(), n }));
      const values = [runs.map(({ runId }) => runId), runs.map(({ n }) => JSON.stringify(payloadOf(n)))];
      await pool.query({ name: 'trigger-bulk', text: TRIGGER_BULK, values });
      return runs;
    },
    async addHistory(count) {
      await db.query(`insert into bench_history select uuidv7(interval '-1 day') from generate_series(1, $1::int)`, [count]);
      await db.query(
        `insert into bench_runs (id, payload, status, result, finished_at)
         select run_id, $1, 'completed', '{"ok": true}', now() from bench_history`,
        [JSON.stringify(payloadOf(0))],
      );
    },
    async unfinished(runIds) {
      const text = `select id from bench_runs where id = any($1) and status <> 'completed'`;
      const { rows } = await db.query<{ id: string }>({ name: 'unfinished', text, values: [runIds] });
      return rows.map(({ id }) => id);
    },
    async storedRuns() {
      const { rows } = await db.query<StoredRun>(
        `select id, status, (result ->> 'n')::int as n, null as endings from bench_runs
         where not exists (select from bench_history where run_id = id)`,
      );
      return rows;
    },
  };
}
