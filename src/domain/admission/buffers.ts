import type { PoolClient } from 'pg';
import { newId } from '../../core/ids.ts';
import type { JsonValue } from '../../core/json.ts';
import type { NewRun } from '../runs/insert.ts';
import { hashPayload } from '../runs/trigger.ts';
import type { Candidate } from './candidate.ts';
import type { Batch, Plan } from './decide.ts';

/**
 * A run without what is its alone, as a buffer keeps it: what it becomes is the run of the last trigger, with all payloads. Triggers of
 * many bulk triggers may meet in it, so it belongs to none of them.
 */
export type BufferedRun = Omit<NewRun, 'id' | 'payload' | 'batchId' | 'mayExist'>;

/** What of a run its buffer keeps. */
function bufferedRun({ id: _id, payload: _payload, batchId: _batchId, mayExist: _mayExist, ...kept }: NewRun): BufferedRun {
  return kept;
}

/** Turns what gathered into the run it becomes; the payloads are JSON texts. */
export function batchRun(run: BufferedRun, payloads: readonly string[]): NewRun {
  const payload = `{"items":[${payloads.join(',')}]}`;
  // The key of one trigger says nothing about the run of many.
  return {
    ...run,
    id: newId(),
    mayExist: false,
    batchId: null,
    idempotencyKey: null,
    triggeredBy: 'batch',
    payload,
    payloadHash: hashPayload(JSON.parse(payload) as JsonValue),
  };
}

/** Takes the gathered payloads of batches out of the database, as JSON texts in the order of their triggers, by the place of the batch. */
export async function takeItems(
  client: PoolClient,
  batches: readonly { readonly jobId: string; readonly key: string }[],
): Promise<string[][]> {
  if (batches.length === 0) return [];
  const { rows } = await client.query<{ job_id: string; key: string; payload: string }>({
    name: 'take-buffer-items',
    text: TAKE_SQL,
    values: [JSON.stringify(batches.map(({ jobId, key }) => ({ job_id: jobId, key })))],
  });
  const payloadsOf = new Map(batches.map(({ jobId, key }) => [`${jobId} ${key}`, [] as string[]]));
  for (const row of rows) payloadsOf.get(`${row.job_id} ${row.key}`)?.push(row.payload);
  return batches.map(({ jobId, key }) => payloadsOf.get(`${jobId} ${key}`) ?? []);
}

/** Nobody else changes these rows under the locks of their jobs, so where they lie is as good as their key, and found without a join. */
const TAKE_SQL = `
with batch as materialized (
  select * from json_to_recordset($1::json) as x (job_id uuid, key text)
), gone as (
  delete from trigger_buffers where ctid = any (array(
    select b.ctid from batch k cross join lateral (
      select b.ctid from trigger_buffers b where b.job_id = k.job_id and b.kind = 'batch' and b.buffer_key = k.key offset 0) b))
), picked as materialized (
  select i.id from batch k
   cross join lateral (select i.id from trigger_buffer_items i where i.job_id = k.job_id and i.buffer_key = k.key order by i.id offset 0) i
), taken as (
  delete from trigger_buffer_items i where i.id in (select id from picked) returning i.id, i.job_id, i.buffer_key, i.payload::text as payload
)
select t.job_id, t.buffer_key as key, t.payload from taken t order by t.id`;

/** Writes what a plan leaves waiting: the last trigger of each debounce key, and what batches have gathered. */
export async function writeBuffers(client: PoolClient, candidates: readonly Candidate[], plan: Plan): Promise<void> {
  const at = (position: number): Candidate => {
    const candidate = candidates[position];
    if (!candidate) throw new Error(`no candidate stands at ${position}`);
    return candidate;
  };
  const buffers = [
    ...[...plan.debounced].map(([position, fireAt]) => debounceRow(at(position), fireAt)),
    ...plan.open.map((batch) => batchRow(batch, at(batch.added.at(-1) ?? 0))),
  ];
  if (buffers.length === 0) return;
  await client.query({ name: 'write-buffers', text: WRITE_SQL, values: [`[${buffers.join(',')}]`] });
  const items = plan.open
    .flatMap((batch) => batch.added.map((position) => ({ batch, candidate: at(position) })))
    .map(({ batch, candidate }, ord) => itemRow(batch, candidate, ord));
  if (items.length > 0) await client.query({ name: 'write-buffer-items', text: ITEMS_SQL, values: [`[${items.join(',')}]`] });
}

const WRITE_SQL = `
insert into trigger_buffers as b (job_id, kind, buffer_key, project_id, fire_at, run, size, bytes)
select x.job_id, x.kind, x.key, x.project_id, x.fire_at, x.run, x.size, x.bytes
  from json_to_recordset($1::json) as x (
    job_id uuid, kind text, key text, project_id text, fire_at timestamptz, run json, size int, bytes int)
on conflict (job_id, kind, buffer_key) do update set
  fire_at = excluded.fire_at, run = excluded.run, size = excluded.size, bytes = excluded.bytes`;

const ITEMS_SQL = `
insert into trigger_buffer_items (job_id, buffer_key, idempotency_key, payload)
select x.job_id, x.key, x.idempotency_key, x.payload
  from json_to_recordset($1::json) as x (ord int, job_id uuid, key text, idempotency_key text, payload json) order by x.ord`;

function debounceRow({ run, debounceKey }: Candidate, fireAt: Date): string {
  const bytes = Buffer.byteLength(run.payload);
  return bufferRow(run, { kind: 'debounce', key: debounceKey ?? '', fireAt, size: 1, bytes }, run.payload);
}

function batchRow({ key, fireAt, size, bytes }: Batch, last: Candidate): string {
  return bufferRow(last.run, { kind: 'batch', key, fireAt, size, bytes }, 'null');
}

interface BufferFields {
  readonly kind: 'debounce' | 'batch';
  readonly key: string;
  readonly fireAt: Date;
  readonly size: number;
  readonly bytes: number;
}

/** A row as JSON text; the payload is spliced in as it is, beside the run and not as a text within it. */
function bufferRow(run: NewRun, { kind, key, fireAt, size, bytes }: BufferFields, payload: string): string {
  const fields = { job_id: run.jobId, project_id: run.projectId, kind, key, fire_at: fireAt, size, bytes };
  return `${JSON.stringify(fields).slice(0, -1)},"run":{"run":${JSON.stringify(bufferedRun(run))},"payload":${payload}}}`;
}

function itemRow(batch: Batch, { run }: Candidate, ord: number): string {
  const fields = { ord, job_id: batch.jobId, key: batch.key, idempotency_key: run.idempotencyKey };
  return `${JSON.stringify(fields).slice(0, -1)},"payload":${run.payload}}`;
}
