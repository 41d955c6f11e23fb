import type { PoolClient } from 'pg';
import type { RunStatus } from '../../core/run-state.ts';
import type { Candidate } from './candidate.ts';
import { ITEM_SQL, type ItemColumns, type Settled, settledOf } from './settled-items.ts';

/** What a candidate has in common with a run that is there already. */
export interface Kin {
  /** The live run that holds its idempotency key, or the child its parent has under its name. */
  readonly holder: { readonly id: string; readonly status: RunStatus; readonly payloadHash: string } | null;
  /** The run that answers for its payload. */
  readonly twin: { readonly id: string; readonly status: RunStatus } | null;
  /** What an earlier try of its bulk trigger has come to, when that was no run of its own. */
  readonly settled: Settled | null;
}

/** A buffer as the database has it. */
export interface StoredBuffer {
  readonly jobId: string;
  readonly key: string;
  readonly size: number;
  readonly bytes: number;
  readonly fireAt: Date;
}

/** What has been used of the policies of some jobs, at one moment, under their locks. */
export interface Ledger {
  /** The clock of the database. */
  readonly now: Date;
  readonly rates: ReadonlyMap<string, { readonly used: number; readonly endsAt: Date }>;
  /** By project; `queued` is counted up to the limit. */
  readonly projects: ReadonlyMap<string, { readonly queued: number; readonly costMicrousd: number }>;
  readonly batches: readonly StoredBuffer[];
  /** Idempotency keys that a batch has gathered already, as {@link itemKey} writes them. */
  readonly gathered: ReadonlySet<string>;
}

/** One text for an idempotency key within a batch. No id and no length contains a slash. */
export function itemKey(jobId: string, bufferKey: string, idempotencyKey: string): string {
  return `${jobId}/${bufferKey.length}/${bufferKey}/${idempotencyKey}`;
}

/**
 * Locks what the policies of the candidates count until the transaction ends: the job, and its project if that has quotas. Always in
 * the same order. Statements that follow see what whoever held a lock before has committed.
 */
export async function lockCounters(client: PoolClient, jobs: readonly Candidate['job'][]): Promise<void> {
  const names = jobs.flatMap((job) => [`job:${job.id}`, ...(job.quotas ? [`project:${job.projectId}`] : [])]);
  await client.query({ name: 'lock-admission', text: LOCK_SQL, values: [[...new Set(names)]] });
}

const LOCK_SQL = `
with keys as materialized (
  select distinct hashtextextended('admission ' || n.name, 0) as key from unnest($1::text[]) as n (name) order by 1
)
select count(pg_advisory_xact_lock(k.key)) from keys k`;

interface KinRow {
  holder_id: string | null;
  holder_status: RunStatus | null;
  holder_hash: string | null;
  twin_id: string | null;
  twin_status: RunStatus | null;
  item: ItemColumns | null;
}

/** Looks for the runs that candidates have something in common with, in their order. */
export async function readKin(client: PoolClient, candidates: readonly Candidate[]): Promise<Kin[]> {
  const { rows } = await client.query<KinRow>({
    name: 'admission-kin',
    text: KIN_SQL,
    values: [JSON.stringify(candidates.map(kinInput))],
  });
  return rows.map((row) => ({
    holder:
      row.holder_id && row.holder_status && row.holder_hash
        ? { id: row.holder_id, status: row.holder_status, payloadHash: row.holder_hash }
        : null,
    twin: row.twin_id && row.twin_status ? { id: row.twin_id, status: row.twin_status } : null,
    settled: row.item && settledOf(row.item),
  }));
}

function kinInput({ run, job, policies, batchItem }: Candidate, ord: number): object {
  const deduplicates = policies === 'all' && job.dedupWindowSecs !== null;
  return {
    ord,
    id: run.mayExist ? run.id : null,
    batch_id: batchItem?.batchId,
    item: batchItem?.ord,
    job_id: run.jobId,
    idempotency_key: run.idempotencyKey,
    parent_run_id: run.parent?.runId,
    spawn_key: run.parent?.spawnKey,
    payload_hash: deduplicates ? run.payloadHash : null,
  };
}

/** The live statuses are those of the unique index on idempotency keys. */
const KIN_SQL = `
select h.id as holder_id, h.status as holder_status, h.payload_hash as holder_hash, t.id as twin_id, t.status as twin_status,
       x.item
  from json_to_recordset($1::json) as i (
    ord int, id uuid, batch_id uuid, item int, job_id uuid, idempotency_key text, parent_run_id uuid, spawn_key text, payload_hash text)
  left join lateral (
    select r.id, r.status, d.payload_hash from runs r join run_data d on d.run_id = r.id where i.id is not null and r.id = i.id
    union all
    select r.id, r.status, d.payload_hash from runs r join run_data d on d.run_id = r.id
     where i.idempotency_key is not null and r.job_id = i.job_id and r.idempotency_key = i.idempotency_key
       and r.status in ('delayed', 'queued', 'dequeued', 'executing', 'waiting', 'paused')
    union all
    select r.id, r.status, d.payload_hash from runs r join run_data d on d.run_id = r.id
     where i.spawn_key is not null and r.parent_run_id = i.parent_run_id and r.spawn_key = i.spawn_key
    limit 1) h on true
  left join lateral (
    select r.id, r.status from trigger_payloads p join runs r on r.id = p.run_id
     where i.payload_hash is not null and p.job_id = i.job_id and p.payload_hash = i.payload_hash
       and p.expires_at > clock_timestamp()
     limit 1) t on true
  left join lateral (
    select ${ITEM_SQL} as item from batch_items b where i.batch_id is not null and b.batch_id = i.batch_id and b.ord = i.item
     limit 1) x on true
 order by i.ord`;

interface LedgerRow {
  now: Date;
  rates: readonly { readonly job_id: string; readonly used: number; readonly ends_at: string }[];
  projects: readonly { readonly id: string; readonly queued: number; readonly cost: number }[];
  batches: readonly {
    readonly job_id: string;
    readonly key: string;
    readonly size: number;
    readonly bytes: number;
    readonly fire_at: string;
  }[];
  gathered: readonly { readonly job_id: string; readonly key: string; readonly idempotency_key: string }[];
}

/** Reads what has been used of the policies of the candidates' jobs. */
export async function readLedger(client: PoolClient, candidates: readonly Candidate[]): Promise<Ledger> {
  const jobs = new Map(candidates.map(({ job }) => [job.id, job]));
  const limited = [...jobs.values()].filter((job) => job.rateLimitMax !== null).map((job) => job.id);
  const projects = new Map([...jobs.values()].flatMap((job) => (job.quotas ? [[job.projectId, job.quotas] as const] : [])));
  const batches = candidates.filter(({ policies, job }) => policies === 'all' && job.batchWindowSecs !== null);
  const { rows } = await client.query<LedgerRow>({
    name: 'admission-ledger',
    text: LEDGER_SQL,
    values: [
      limited,
      JSON.stringify([...projects].map(([id, quotas]) => ({ id, max_queued: quotas.maxQueuedRuns }))),
      JSON.stringify(
        batches.map(({ run, batchKey }) => ({ job_id: run.jobId, key: batchKey ?? '', idempotency_key: run.idempotencyKey })),
      ),
    ],
  });
  const [row] = rows;
  if (!row) throw new Error('the ledger answered no row');
  return {
    now: row.now,
    rates: new Map(row.rates.map((rate) => [rate.job_id, { used: rate.used, endsAt: new Date(rate.ends_at) }])),
    projects: new Map(row.projects.map(({ id, queued, cost }) => [id, { queued, costMicrousd: cost }])),
    batches: row.batches.map(({ job_id: jobId, key, size, bytes, fire_at }) => ({
      jobId,
      key,
      size,
      bytes,
      fireAt: new Date(fire_at),
    })),
    gathered: new Set(row.gathered.map((item) => itemKey(item.job_id, item.key, item.idempotency_key))),
  };
}

/**
 * The queue is counted no further than its limit: the size of a queue beyond it costs nothing. `offset 0` keeps each look-up one by its
 * key: without it a plan made on empty tables reads whole tables ever after.
 */
const LEDGER_SQL = `
with batch as materialized (
  select distinct x.job_id, x.key, x.idempotency_key from json_to_recordset($3::json) as x (job_id uuid, key text, idempotency_key text)
)
select clock_timestamp() as now,
  (select coalesce(json_agg(json_build_object('job_id', t.job_id, 'used', t.used, 'ends_at', t.ends_at)), '[]')
     from unnest($1::uuid[]) as k (id)
    cross join lateral (select t.* from trigger_rates t where t.job_id = k.id and t.ends_at > clock_timestamp() offset 0) t) as rates,
  (select coalesce(json_agg(json_build_object('id', p.id, 'queued', q.queued, 'cost', coalesce(c.cost_microusd, 0))), '[]')
     from json_to_recordset($2::json) as p (id text, max_queued int)
    cross join lateral (
      select count(*) as queued from (
        select from runs r where r.project_id = p.id and r.status = 'queued' limit coalesce(p.max_queued, 0)) r) q
     left join lateral (
      select c.cost_microusd from project_costs c
       where c.project_id = p.id and c.day = (now() at time zone 'utc')::date offset 0) c on true) as projects,
  (select coalesce(json_agg(json_build_object(
            'job_id', b.job_id, 'key', b.buffer_key, 'size', b.size, 'bytes', b.bytes, 'fire_at', b.fire_at)), '[]')
     from (select distinct job_id, key from batch) k
    cross join lateral (
      select b.* from trigger_buffers b where b.job_id = k.job_id and b.kind = 'batch' and b.buffer_key = k.key offset 0) b) as batches,
  (select coalesce(json_agg(json_build_object('job_id', k.job_id, 'key', k.key, 'idempotency_key', k.idempotency_key)), '[]')
     from batch k
    where k.idempotency_key is not null and exists (
      select from trigger_buffer_items i
       where i.job_id = k.job_id and i.buffer_key = k.key and i.idempotency_key = k.idempotency_key)) as gathered`;
