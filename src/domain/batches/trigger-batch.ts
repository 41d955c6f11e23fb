import { createHash } from 'node:crypto';
import type { Pool } from 'pg';
import { z } from 'zod';
import { type Actor, requireScope } from '../../auth/actor.ts';
import { AppError } from '../../core/errors.ts';
import { nthId } from '../../core/ids.ts';
import { key } from '../../core/schemas.ts';
import type { Candidate } from '../admission/candidate.ts';
import { checkWebhookUrl } from '../jobs/check-job.ts';
import type { CachedJob } from '../jobs/job-cache.ts';
import type { RunDeps } from '../runs/deps.ts';
import { hashPayload, TriggerItemInput, triggerableJob, triggerPrepared } from '../runs/trigger.ts';
import { NO_RUN, type TriggerAnswer } from '../runs/trigger-answer.ts';
import { type BatchItems, MAX_BATCH_ITEMS, type PreparedItem, readBatchItems } from './batch-items.ts';
import {
  BatchCallbackInput,
  type BatchOptions,
  BatchParameters,
  batchOptions,
  identityOfOptions,
  statedOptions,
  withParameters,
} from './batch-options.ts';
import { noteProgress, type OddItem, type OpenBatch, openBatch, readCreated } from './batch-row.ts';
import { recallItems } from './recall-items.ts';

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

const parameters = BatchParameters.optional().describe(
  'What every item gets in its payload, which must be an object, beside its own fields.',
);
const callback = BatchCallbackInput.optional().describe('Whom to tell of the endings.');

/** Input of a bulk trigger whose items are read one by one. */
export const TriggerBatchInput = z.strictObject({
  job: key(128).describe('Id or slug of the job.'),
  items: z.custom<BatchItems>().describe(`One entry per run, at most ${MAX_BATCH_ITEMS}; one that breaks a rule fails alone.`),
  batchKey,
  parameters,
  callback,
});

/** What became of one item: its run or the promise of one, or why there is none. */
export interface BulkItem extends TriggerAnswer {
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

export type BatchDeps = Pick<
  RunDeps,
  'jobs' | 'managedExec' | 'admissions' | 'tokens' | 'hub' | 'batchMemory' | 'endpointPolicy' | 'batchChanged'
> & {
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
  input: Omit<z.output<typeof TriggerBatchInput>, 'items'> & { readonly items: BatchItems },
  deps: BatchDeps,
): Promise<BulkTriggered> {
  requireScope(actor, 'jobs:trigger');
  const job = await triggerableJob(actor, input.job, deps);
  const list = await readBatchItems(actor, { job, items: input.items }, deps.batchMemory);
  try {
    const total = list.items.length;
    const batchKey = input.batchKey ?? null;
    const options = { ...batchOptions(input), ...statedOptions(list.options ?? {}) };
    if (options.callback) checkWebhookUrl(options.callback.url, deps.endpointPolicy);
    const itemsHash = hashWith(list.hash, options);
    const batch = await openBatch(actor, { jobId: job.id, total, key: batchKey, itemsHash, mode: 'async', options }, deps);
    const items = await recallItems(actor, batch, deps);
    const parts = storeChunks(batch, { job, items: list.items, options, mayExist: batchKey !== null }, deps);
    for await (const stored of parts) items.push(...stored);
    const created = batchKey === null ? items.filter(isNew).length : await readCreated(batch.id, deps);
    return { batchId: batch.id, items, total, created };
  } finally {
    list.release();
  }
}

/** A batch is the same under its key only when all of it is. */
function hashWith(itemsHash: string, options: BatchOptions): string {
  const identity = identityOfOptions(options);
  return identity === '' ? itemsHash : createHash('sha256').update(`${itemsHash} ${identity}`).digest('hex');
}

interface List {
  readonly job: CachedJob;
  readonly options: BatchOptions;
  readonly items: (PreparedItem | AppError | null)[];
  readonly mayExist: boolean;
}

/** Stores one chunk of a batch whose items are read as they are needed, and notes that it is done. */
export async function storeChunk(
  batch: OpenBatch,
  chunk: Chunk,
  { job, options }: Pick<List, 'job' | 'options'>,
  deps: BatchDeps,
): Promise<void> {
  const { from } = chunk;
  const stored = await Promise.all(
    chunk.items.map((item, index) => {
      const placed = placeItem(item, { batch, at: from + index, options, mayExist: true });
      return storeItem(placed, { job, batchItem: { batchId: batch.id, ord: from + index } }, deps);
    }),
  );
  await noteStored(batch, chunk, stored, deps);
}

interface Chunk {
  readonly from: number;
  readonly items: readonly (PreparedItem | AppError)[];
}

/**
 * Stores what of a list has not been dealt with, and yields what became of it, chunk by chunk. While the database works on one, the next is
 * made ready; that a chunk is done is noted only when all before it are.
 */
async function* storeChunks(batch: OpenBatch, list: List, deps: BatchDeps): AsyncGenerator<readonly BulkItem[]> {
  const { job, mayExist } = list;
  const start = (from: number) => {
    if (from === list.items.length) return null;
    const chunk: Chunk = { from, items: takeChunk(batch, from, list) };
    const storing = Promise.all(
      chunk.items.map((item, index) => {
        const batchItem = mayExist ? { batchId: batch.id, ord: from + index } : null;
        return storeItem(item, { job, batchItem }, deps);
      }),
    );
    // Awaited below, unless the chunk before it fails; then that is what the caller is told.
    storing.catch(() => undefined);
    return { chunk, storing, end: from + chunk.items.length };
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
function takeChunk(batch: OpenBatch, from: number, { items, options, mayExist }: List): (PreparedItem | AppError)[] {
  const chunk: (PreparedItem | AppError)[] = [];
  for (let at = from, bytes = 0; at < items.length && chunk.length < CHUNK_ITEMS && bytes < CHUNK_BYTES; at++) {
    const item = items[at];
    if (!item) throw new Error(`item ${at} of a batch was taken twice`);
    items[at] = null;
    const placed = placeItem(item, { batch, at, options, mayExist });
    chunk.push(placed);
    if (!(placed instanceof AppError)) bytes += placed.run.payload.length;
  }
  return chunk;
}

interface Place extends Pick<List, 'options' | 'mayExist'> {
  readonly batch: OpenBatch;
  readonly at: number;
}

/** An item under the id that it has in its batch. */
function placeItem(item: PreparedItem | AppError, { batch, at, options, mayExist }: Place): PreparedItem | AppError {
  const completed = completeItem(item, options);
  if (completed instanceof AppError) return completed;
  return { ...completed, run: { ...completed.run, id: nthId(batch.id, at), batchId: batch.id, mayExist } };
}

/** An item with the parameters of its batch, which may have stood behind the list. */
function completeItem(item: PreparedItem | AppError, { parameters }: BatchOptions): PreparedItem | AppError {
  if (item instanceof AppError || parameters === undefined) return item;
  try {
    const payload = withParameters(item.run.payload, parameters);
    return { ...item, run: { ...item.run, payload: JSON.stringify(payload), payloadHash: hashPayload(payload) } };
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
}

async function noteStored(batch: OpenBatch, { from }: Chunk, items: readonly BulkItem[], deps: BatchDeps): Promise<void> {
  const odd = items.flatMap(({ run, debouncedUntil: fireAt, buffered, error }, index): OddItem[] => {
    if (run?.id === nthId(batch.id, from + index)) return [];
    return [{ ord: from + index, runId: run?.id ?? null, fireAt, buffered, error }];
  });
  // A run of its own, or of a gathering it completed, that was there already was made by an earlier try, which did not get to say so.
  const created = items.length - odd.length + items.filter(({ run }) => run?.batch).length;
  await noteProgress({ batchId: batch.id, from, to: from + items.length, created, odd }, deps);
  deps.hub.wake([batch.id]);
  deps.batchChanged([batch.id]);
}

async function storeItem(
  item: PreparedItem | AppError,
  { job, batchItem }: { readonly job: CachedJob; readonly batchItem: Candidate['batchItem'] },
  deps: BatchDeps,
): Promise<BulkItem> {
  if (item instanceof AppError) return { ...NO_RUN, error: item.message };
  try {
    return { ...(await triggerPrepared(job, item.run, { ...item.keys, batchItem }, deps)), error: null };
  } catch (error) {
    if (error instanceof AppError) return { ...NO_RUN, error: error.message };
    throw error;
  }
}

function isNew({ run }: BulkItem): boolean {
  return run !== null && !run.idempotencyHit && !run.deduplicated;
}
