import { createHash } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Actor } from '../../auth/actor.ts';
import type { ByteBudget } from '../../core/byte-budget.ts';
import { AppError } from '../../core/errors.ts';
import { canonicalJson } from '../../core/json.ts';
import type { JobRow } from '../jobs/job.ts';
import type { NewRun } from '../runs/insert.ts';
import { hashPayload, prepare, type TriggerItem } from '../runs/trigger.ts';

/** Items that one batch may have. */
export const MAX_BATCH_ITEMS = 100_000;

/** Bytes of memory that the lists of all batches under way in one process may take together: two of the largest, or many small ones. */
export const BATCH_MEMORY = 384 * 1_048_576;

/** What an item takes beside its texts, roughly. */
const ITEM_OVERHEAD = 1_200;

/** Items checked in one turn of the event loop: a few milliseconds' worth, so that other requests go on meanwhile. */
const TURN = 64;

/** An item of a batch: checked by its schema, or what is wrong with it. */
export type BatchItem = TriggerItem | AppError;

/** The whole list of a batch, read and checked: nothing is stored before it is known to be whole. */
export interface BatchList {
  /** For each item the run to store, or why there will be none. Whoever stores them takes them out, to let go of the memory. */
  readonly runs: (NewRun | AppError | null)[];
  /** SHA-256 over all items, in hex: whatever the job makes of them, the same list has the same hash. */
  readonly hash: string;
  /** Gives the memory back; to be called once, whatever happened. */
  release(): void;
}

/**
 * Reads the list of a batch to its end, item by item. BAD_REQUEST for an empty list, PAYLOAD_TOO_LARGE for one of more than
 * {@link MAX_BATCH_ITEMS}, UNAVAILABLE when the lists of others fill the memory that is set aside for them, and whatever the source throws.
 */
export async function readBatchItems(
  actor: Actor,
  from: { readonly job: JobRow; readonly items: AsyncIterable<BatchItem> },
  budget: ByteBudget,
): Promise<BatchList> {
  const runs: (NewRun | AppError)[] = [];
  const hash = createHash('sha256');
  let taken = 0;
  try {
    for await (const item of from.items) {
      if (runs.length === MAX_BATCH_ITEMS) throw tooMany();
      const run = prepareItem(actor, from.job, item);
      hash.update(identityOf(item, run));
      const bytes = ITEM_OVERHEAD + (run instanceof AppError ? 0 : run.payload.length + run.metadata.length + run.tags.length);
      if (!budget.take(bytes)) throw tooBusy();
      taken += bytes;
      if (runs.push(run) % TURN === 0) await nextTurn();
    }
    if (runs.length === 0) throw empty();
    return { runs, hash: hash.digest('hex'), release: () => budget.giveBack(taken) };
  } catch (error) {
    budget.giveBack(taken);
    throw error;
  }
}

function prepareItem(actor: Actor, job: JobRow, item: BatchItem): NewRun | AppError {
  if (item instanceof AppError) return item;
  try {
    return prepare(actor, job, { item, origin: { triggeredBy: 'manual' } });
  } catch (error) {
    // What is wrong with one item is that item's answer; anything unexpected is the request's.
    if (error instanceof AppError) return error;
    throw error;
  }
}

/** Text that tells items apart. What the job's schema says of one is no part of it: a job may change before a trigger is repeated. */
function identityOf(item: BatchItem, run: NewRun | AppError): string {
  if (item instanceof AppError) return `! ${item.message}\n`;
  const { payload = null, scheduledAt, ...rest } = item;
  const payloadHash = run instanceof AppError ? hashPayload(payload) : run.payloadHash;
  const others = Object.keys(rest).length > 0 ? canonicalJson(rest) : '';
  return `${payloadHash} ${scheduledAt?.getTime() ?? ''} ${others}\n`;
}

function empty(): AppError {
  return new AppError('BAD_REQUEST', 'validation failed', {
    details: [{ path: 'items', message: 'must have at least one item' }],
  });
}

function tooMany(): AppError {
  return new AppError('PAYLOAD_TOO_LARGE', `a batch has at most ${MAX_BATCH_ITEMS} items; send the others as another batch`);
}

function tooBusy(): AppError {
  return new AppError('UNAVAILABLE', 'other bulk triggers fill the memory set aside for them; nothing was stored, try again', {
    retryAfterSecs: 5,
  });
}
