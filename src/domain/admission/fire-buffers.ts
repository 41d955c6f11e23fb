import type { PoolClient } from 'pg';
import { AppError } from '../../core/errors.ts';
import { newId } from '../../core/ids.ts';
import { transact } from '../../db/transact.ts';
import type { CachedJob } from '../jobs/job-cache.ts';
import type { RunDeps } from '../runs/deps.ts';
import { startOf } from '../runs/execution-window.ts';
import type { NewRun } from '../runs/insert.ts';
import { rememberPayloads } from './admissions.ts';
import { type BufferedRun, batchRun, takeItems } from './buffers.ts';
import { lockCounters } from './ledger.ts';

/** Buffers that become runs in one transaction; each may have 5 MB. */
const PAGE = 20;

type FireDeps = Pick<RunDeps, 'engine' | 'jobs' | 'inserts'>;

/**
 * Makes runs of the buffers whose time has come; answers how many. Buffer and run change in one transaction under the lock that triggers
 * take, so that a trigger either comes before, and is a part of the run, or begins the next buffer; and so that a buffer becomes one
 * run, whoever else fires at the same moment and whenever a process dies. What gathered for a job that was deleted since is dropped.
 */
export async function fireBuffers(deps: FireDeps): Promise<number> {
  let fired = 0;
  for (let found = PAGE; found === PAGE; ) {
    found = await firePage(deps);
    fired += found;
  }
  return fired;
}

interface DueRow {
  job_id: string;
  project_id: string;
}

async function firePage(deps: FireDeps): Promise<number> {
  const { rows } = await deps.engine.query<DueRow>({
    name: 'due-buffers',
    text: 'select job_id, project_id from trigger_buffers where fire_at <= now() order by fire_at limit $1',
    values: [PAGE],
  });
  if (rows.length === 0) return 0;
  const jobs = await readJobs(rows, deps);
  const { taken, announce } = await transact(deps.engine, (client) => fireWithin(client, jobs, deps));
  announce();
  // None taken although some were due: another process was first, and goes on.
  return taken;
}

async function readJobs(rows: readonly DueRow[], { jobs }: FireDeps): Promise<Map<string, CachedJob>> {
  const projectOf = new Map(rows.map((row) => [row.job_id, row.project_id]));
  const read = await Promise.all([...projectOf].map(([jobId, projectId]) => jobs.ofRun(projectId, jobId)));
  return new Map(read.map((job) => [job.id, job]));
}

interface BufferRow {
  job_id: string;
  kind: 'debounce' | 'batch';
  key: string;
  run: BufferedRun;
  payload: string;
}

async function fireWithin(client: PoolClient, jobs: ReadonlyMap<string, CachedJob>, { inserts }: FireDeps) {
  await lockCounters(client, [...jobs.values()]);
  const due = await takeDue(client, [...jobs.keys()]);
  const batches = due.filter(({ kind }) => kind === 'batch');
  const items = new Map(
    (
      await takeItems(
        client,
        batches.map(({ job_id: jobId, key }) => ({ jobId, key })),
      )
    ).map((payloads, index) => [batches[index], payloads]),
  );
  const runs = due.flatMap((buffer) => {
    const job = jobs.get(buffer.job_id);
    if (!job || job.deletedAt) return [];
    const run =
      buffer.kind === 'batch'
        ? batchRun(buffer.run, items.get(buffer) ?? [])
        : { ...buffer.run, id: newId(), batchId: null, triggeredBy: 'debounce', payload: buffer.payload };
    return [{ run: startingNow(run, job), dedupWindowSecs: buffer.kind === 'debounce' ? job.dedupWindowSecs : null }];
  });
  if (runs.length === 0) return { taken: due.length, announce: () => {} };
  const { outcomes, announce } = await inserts.within(
    client,
    runs.map(({ run }) => run),
  );
  // A live run that holds the idempotency key meanwhile is the answer, and nothing is missing. Anything else would lose a trigger.
  if (outcomes.some(({ kind }) => kind !== 'stored' && kind !== 'existing')) {
    throw new AppError('CONFLICT', 'a buffer met a run that was stored at the same moment; it is fired again');
  }
  await rememberPayloads(
    client,
    runs.filter((_, index) => outcomes[index]?.kind === 'stored'),
  );
  return { taken: due.length, announce };
}

/** The clock goes on while locks are waited for; what a trigger has put off meanwhile is no longer due. */
async function takeDue(client: PoolClient, jobIds: readonly string[]): Promise<BufferRow[]> {
  const { rows } = await client.query<BufferRow>({
    name: 'take-due-buffers',
    text: `
      with due as materialized (
        select b.place from unnest($1::uuid[]) as k (id)
         cross join lateral (
           select b.ctid as place from trigger_buffers b where b.job_id = k.id and b.fire_at <= clock_timestamp() offset 0) b
         limit ${PAGE}
      )
      delete from trigger_buffers b where b.ctid = any (array(select place from due))
      returning b.job_id, b.kind, b.buffer_key as key, b.run->'run' as run, (b.run->'payload')::text as payload`,
    values: [jobIds],
  });
  return rows;
}

/**
 * As its trigger wanted it, from today on: JSON has no dates, and the execution window and what the job depends on are looked at when a
 * run is made.
 */
function startingNow(run: NewRun, job: CachedJob): NewRun {
  const wished = run.scheduledAt === null ? null : new Date(run.scheduledAt);
  const now = new Date();
  const start = startOf(job, wished !== null && wished > now ? wished : null, now);
  return { ...run, scheduledAt: start ?? wished, status: start ? 'delayed' : job.dependencyCount > 0 ? 'waiting' : 'queued' };
}
