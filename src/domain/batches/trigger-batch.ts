import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Pool } from 'pg';
import { z } from 'zod';
import { type Actor, requireScope } from '../../auth/actor.ts';
import { AppError } from '../../core/errors.ts';
import { nthId } from '../../core/ids.ts';
import type { RunStatus } from '../../core/run-state.ts';
import { key } from '../../core/schemas.ts';
import type { RunDeps } from '../runs/deps.ts';
import type { NewRun } from '../runs/insert.ts';
import { type Triggered, TriggerItemInput, triggerableJob, triggered } from '../runs/trigger.ts';
import { type BatchItem, MAX_BATCH_ITEMS, readBatchItems } from './batch-items.ts';
import { noteProgress, type OddItem, type OpenBatch, openBatch, readCreated, readOddItems } from './batch-row.ts';

/** Items that a list written in a GraphQL document may have. */
export const MAX_LISTED_ITEMS = 1_000;

const batchKey = key(256)
  .optional()
  .describe(
    'Names the batch for as long as it is kept: the same job and items under it again are answered by that batch, which also completes what a crash has cut off.',
  );

/** Input of a bulk trigger whose items stand in the document. */
export const TriggerRunsInput = z.strictObject({
  job: key(128).describe('Id or slug of the job.'),
  items: z.array(TriggerItemInput).min(1).max(MAX_LISTED_ITEMS).describe(`One entry per run, at most ${MAX_LISTED_ITEMS}.`),
  batchKey,
});

/** Input of a bulk trigger whose items are read one by one. */
export const TriggerBatchInput = z.strictObject({
  job: key(128).describe('Id or slug of the job.'),
  items: z
    .custom<AsyncIterable<BatchItem>>()
    .describe(`One entry per run, at most ${MAX_BATCH_ITEMS}; one that breaks a rule fails alone.`),
  batchKey,
});

/** What became of one item: its run, or why there is none. */
export interface BulkItem {
  readonly run: Triggered | null;
  readonly error: string | null;
}

/** What became of a bulk trigger; `items` stand in the order given. */
export interface BulkTriggered {
  readonly batchId: string;
  readonly items: readonly BulkItem[];
  readonly total: number;
  /** New runs that the batch has made, in earlier tries too. */
  readonly created: number;
}

type BatchDeps = Pick<RunDeps, 'jobs' | 'managedExec' | 'inserts' | 'tokens' | 'hub' | 'batchMemory'> & {
  readonly engine: Pool;
  readonly reads: Pool;
};

/** Items stored at once: a statement's worth, so that what is triggered meanwhile gets its turn between two. */
const CHUNK_ITEMS = 500;
const CHUNK_BYTES = 4 * 1_048_576;

/** As {@link triggerBatch}, for a short list that was checked as a whole. */
export function triggerRuns(actor: Actor, input: z.output<typeof TriggerRunsInput>, deps: BatchDeps): Promise<BulkTriggered> {
  return triggerBatch(actor, { ...input, items: eachOf(input.items) }, deps);
}

async function* eachOf<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items;
}

/**
 * Triggers up to {@link MAX_BATCH_ITEMS} runs of one job as a batch. An item that breaks a rule fails alone and says why. The list is read
 * to its end before anything is stored, so a list that turns out to be no list, or too long, stores nothing.
 *
 * Then it is stored in chunks. The id of each run follows from that of the batch and the place of its item, so the same trigger under the
 * same key can be repeated after a crash, or run twice at once, and makes each run once: what is there already is answered as an
 * idempotency hit. Without a key a trigger that was cut off leaves the runs it has made and cannot be completed.
 *
 * NOT_FOUND for the job, BAD_REQUEST when it is disabled, CONFLICT when the key is held by a batch of another job or with other items.
 */
export async function triggerBatch(
  actor: Actor,
  input: { readonly job: string; readonly items: AsyncIterable<BatchItem>; readonly batchKey?: string | undefined },
  deps: BatchDeps,
): Promise<BulkTriggered> {
  requireScope(actor, 'jobs:trigger');
  const job = await triggerableJob(actor, input.job, deps);
  const list = await readBatchItems(actor, { job, items: input.items }, deps.batchMemory);
  try {
    const total = list.runs.length;
    const batchKey = input.batchKey ?? null;
    const batch = await openBatch(actor, { jobId: job.id, total, key: batchKey, itemsHash: list.hash }, deps);
    const items = await recall(actor, batch, deps);
    for await (const stored of storeChunks(batch, { runs: list.runs, mayExist: batchKey !== null }, deps)) items.push(...stored);
    const created = batchKey === null ? items.filter(isNew).length : await readCreated(batch.id, deps);
    return { batchId: batch.id, items, total, created };
  } finally {
    list.release();
  }
}

interface Chunk {
  readonly from: number;
  readonly runs: readonly (NewRun | AppError)[];
}

/**
 * Stores what of a list has not been dealt with, and yields what became of it, chunk by chunk. While the database works on one, the next is
 * made ready; that a chunk is done is noted only when all before it are.
 */
async function* storeChunks(
  batch: OpenBatch,
  list: { readonly runs: (NewRun | AppError | null)[]; readonly mayExist: boolean },
  deps: BatchDeps,
): AsyncGenerator<readonly BulkItem[]> {
  const start = (from: number) => {
    if (from === list.runs.length) return null;
    const chunk: Chunk = { from, runs: takeChunk(batch, from, list) };
    const storing = Promise.all(chunk.runs.map((run) => storeItem(run, deps)));
    // Awaited below, unless the chunk before it fails; then that is what the caller is told.
    storing.catch(() => undefined);
    return { chunk, storing, end: from + chunk.runs.length };
  };
  for (let present = start(batch.stored); present; ) {
    const next = start(present.end);
    const items = await present.storing;
    await noteStored(batch, present.chunk, items, deps);
    yield items;
    present = next;
  }
}

/** Takes the next items out of the list, as many as one chunk holds, under the ids they have in this batch. */
function takeChunk(
  batch: OpenBatch,
  from: number,
  { runs, mayExist }: { readonly runs: (NewRun | AppError | null)[]; readonly mayExist: boolean },
): (NewRun | AppError)[] {
  const chunk: (NewRun | AppError)[] = [];
  for (let at = from, bytes = 0; at < runs.length && chunk.length < CHUNK_ITEMS && bytes < CHUNK_BYTES; at++) {
    const run = runs[at];
    if (!run) throw new Error(`item ${at} of a batch was taken twice`);
    runs[at] = null;
    chunk.push(run instanceof AppError ? run : { ...run, id: nthId(batch.id, at), batchId: batch.id, mayExist });
    if (!(run instanceof AppError)) bytes += run.payload.length;
  }
  return chunk;
}

async function noteStored(batch: OpenBatch, { from, runs }: Chunk, items: readonly BulkItem[], deps: BatchDeps): Promise<void> {
  const odd = items.flatMap(({ run, error }, index): OddItem[] => {
    if (run?.id === nthId(batch.id, from + index)) return [];
    return [{ ord: from + index, runId: run?.id ?? null, error }];
  });
  // A run of its own that was there already was made by an earlier try, which did not get to say so.
  const created = items.length - odd.length;
  await noteProgress({ batchId: batch.id, from, to: from + runs.length, created, odd }, deps);
  deps.hub.wake([batch.id]);
}

async function storeItem(run: NewRun | AppError, deps: BatchDeps): Promise<BulkItem> {
  if (run instanceof AppError) return { run: null, error: run.message };
  try {
    return { run: triggered(run, await deps.inserts.one(run), deps), error: null };
  } catch (error) {
    if (error instanceof AppError) return { run: null, error: error.message };
    throw error;
  }
}

function isNew({ run }: BulkItem): boolean {
  return run !== null && !run.idempotencyHit;
}

/** What became of the items that were dealt with before, as their runs stand now. */
async function recall(actor: Actor, batch: OpenBatch, deps: BatchDeps): Promise<BulkItem[]> {
  const items: BulkItem[] = [];
  for (let from = 0; from < batch.stored; from += CHUNK_ITEMS) {
    const to = Math.min(from + CHUNK_ITEMS, batch.stored);
    const odd = await readOddItems(batch.id, { from, to }, deps);
    const places = Array.from({ length: to - from }, (_, index) => from + index);
    const idOf = (ord: number): string | null => (odd.get(ord)?.error ? null : (odd.get(ord)?.runId ?? nthId(batch.id, ord)));
    const runs = await readRuns(
      actor,
      places.flatMap((ord) => idOf(ord) ?? []),
      deps,
    );
    for (const ord of places) items.push(recalled(idOf(ord), odd.get(ord)?.error ?? null, runs));
    await nextTurn();
  }
  return items;
}

function recalled(id: string | null, error: string | null, runs: ReadonlyMap<string, StoredRun>): BulkItem {
  const run = id === null ? undefined : runs.get(id);
  if (run) return { run: { ...run, idempotencyHit: true, runToken: null }, error: null };
  return { run: null, error: error ?? 'the run has ended and is no longer kept' };
}

interface StoredRun {
  readonly id: string;
  readonly status: RunStatus;
  readonly payloadHash: string;
}

async function readRuns(actor: Actor, ids: readonly string[], deps: BatchDeps): Promise<ReadonlyMap<string, StoredRun>> {
  const { rows } = await deps.reads.query<StoredRun>({
    name: 'batch-runs',
    text: `select r.id, r.status, d.payload_hash as "payloadHash" from runs r join run_data d on d.run_id = r.id
            where r.id = any ($1::uuid[]) and r.project_id = $2`,
    values: [ids, actor.projectId],
  });
  return new Map(rows.map((row) => [row.id, row]));
}
