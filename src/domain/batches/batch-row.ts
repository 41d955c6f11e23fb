import type { Pool } from 'pg';
import { type Actor, actorName } from '../../auth/actor.ts';
import { AppError } from '../../core/errors.ts';
import { newId } from '../../core/ids.ts';
import type { BatchMode, BatchOptions } from './batch-options.ts';

/** A batch that is being stored. */
export interface OpenBatch {
  readonly id: string;
  /** Items that were dealt with before: 0 for a new batch. */
  readonly stored: number;
  readonly created: number;
}

/** What a batch is opened with. */
export interface NewBatch {
  readonly jobId: string;
  readonly total: number;
  readonly key: string | null;
  /** Over the items; compared only under a key. */
  readonly itemsHash: string;
  readonly mode: BatchMode;
  readonly options: BatchOptions;
}

interface OpenRow extends OpenBatch {
  readonly job_id: string;
  readonly items_hash: string | null;
  readonly is_new: boolean;
}

const OPEN_SQL = `
with made as (
  insert into batches (id, project_id, job_id, total, batch_key, items_hash, created_by, mode, parameters, callback_url,
    callback_headers, callback_on)
  values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
  on conflict (project_id, batch_key) where batch_key is not null do nothing
  returning id, stored, created, job_id, items_hash
)
select m.*, true as is_new from made m
union all
select b.id, b.stored, b.created, b.job_id, b.items_hash, false from batches b
 where b.project_id = $2 and b.batch_key = $5 and not exists (select from made)`;

/** Another trigger under the key is visible to the next statement. */
const TRIES = 5;

/** Makes a batch, or finds the one that has its key. CONFLICT when that one is of another job or has other items. */
export async function openBatch(actor: Actor, batch: NewBatch, deps: { readonly engine: Pool }): Promise<OpenBatch> {
  const hash = batch.key === null ? null : batch.itemsHash;
  const { parameters, callback } = batch.options;
  const values = [
    newId(),
    actor.projectId,
    batch.jobId,
    batch.total,
    batch.key,
    hash,
    actorName(actor),
    batch.mode,
    parameters === undefined ? null : JSON.stringify(parameters),
    callback?.url,
    callback?.headers && JSON.stringify(callback.headers),
    callback?.on,
  ];
  for (let tries = 0; tries < TRIES; tries++) {
    const { rows } = await deps.engine.query<OpenRow>({ name: 'open-batch', text: OPEN_SQL, values });
    const [row] = rows;
    if (!row) continue;
    if (!row.is_new && row.job_id !== batch.jobId) throw conflict(row, 'of another job');
    if (!row.is_new && row.items_hash !== hash) throw conflict(row, 'with other items');
    return { id: row.id, stored: row.stored, created: row.created };
  }
  throw new AppError('CONFLICT', 'the batch key is being used by many callers at once; try again');
}

function conflict({ id }: OpenRow, what: string): AppError {
  return new AppError('CONFLICT', `the batch key is held by batch ${id} ${what}; use another key`);
}

/** An item that has no run of its own; one of its fields says what it has instead. */
export interface OddItem {
  readonly ord: number;
  /** The run that answers it. */
  readonly runId: string | null;
  /** When it becomes a run, being debounced. */
  readonly fireAt: Date | null;
  /** It waits, or has waited, for the others of its gathering. */
  readonly buffered: boolean;
  /** Why it is refused. */
  readonly error: string | null;
}

/** A part of a batch that has been dealt with. */
export interface Progress {
  readonly batchId: string;
  readonly from: number;
  readonly to: number;
  /** How many runs it has made. */
  readonly created: number;
  readonly odd: readonly OddItem[];
}

const PROGRESS_SQL = `
with moved as (
  update batches set stored = $3, created = created + $4, failed = failed + $5, updated_at = now()
   where id = $1 and stored = $2 returning id
), kept as (
  insert into batch_items (batch_id, ord, run_id, fire_at, buffered, error)
  select $1, x.ord, x.run_id, x.fire_at, x.buffered, x.error
    from json_to_recordset($6::json) as x (ord int, run_id uuid, fire_at timestamptz, buffered boolean, error text)
   where exists (select from moved)
  on conflict do nothing
)
select count(*) from moved`;

/** What is kept of a reason; the answer has all of it. */
const MAX_ERROR = 1_000;

/** Notes that a part was dealt with, unless another process that stores the same batch was faster. */
export async function noteProgress(progress: Progress, deps: { readonly engine: Pool }): Promise<void> {
  const { batchId, from, to, created, odd } = progress;
  const failed = odd.filter(({ error }) => error !== null).length;
  const kept = odd.map(({ ord, runId, fireAt, buffered, error }) => ({
    ord,
    run_id: runId,
    fire_at: fireAt,
    buffered,
    error: error?.slice(0, MAX_ERROR).toWellFormed(),
  }));
  const values = [batchId, from, to, created, failed, JSON.stringify(kept)];
  await deps.engine.query({ name: 'note-batch-progress', text: PROGRESS_SQL, values });
}

/** The items from `from` up to before `to` that have no run of their own, by their places. */
export async function readOddItems(
  batchId: string,
  { from, to }: { readonly from: number; readonly to: number },
  deps: { readonly reads: Pool },
): Promise<ReadonlyMap<number, OddItem>> {
  const { rows } = await deps.reads.query<OddItem>({
    name: 'batch-items',
    text: `select ord, run_id as "runId", fire_at as "fireAt", buffered, error from batch_items
            where batch_id = $1 and ord >= $2 and ord < $3`,
    values: [batchId, from, to],
  });
  return new Map(rows.map((row) => [row.ord, row]));
}

/** How many runs the batch has made so far. */
export async function readCreated(batchId: string, deps: { readonly engine: Pool }): Promise<number> {
  const { rows } = await deps.engine.query<{ created: number }>({
    name: 'batch-created',
    text: 'select created from batches where id = $1',
    values: [batchId],
  });
  return rows[0]?.created ?? 0;
}
