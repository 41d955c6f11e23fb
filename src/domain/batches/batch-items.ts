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

/** The items as they arrive; what it returns at its end is said of the batch as a whole, where that stands beside the list. */
export type BatchItems = AsyncIterable<BatchItem, unknown>;

/** The run of an item, to be stored, and the keys of its trigger. An item that breaks a rule is the reason instead. */
export interface PreparedItem {
  readonly run: NewRun;
  readonly keys: Pick<TriggerItem, 'debounceKey' | 'batchKey'>;
}

/** Shared by the items that have none, which are nearly all. */
const NO_KEYS: PreparedItem['keys'] = {};

/** The whole list of a batch, read and checked: nothing is stored before it is known to be whole. */
export interface BatchList {
  /** Whoever stores the items takes them out, to let go of the memory. */
  readonly items: (PreparedItem | AppError | null)[];
  /** SHA-256 over all items, in hex: whatever the job makes of them, the same list has the same hash. */
  readonly hash: string;
  /** What was said beside the list, as it was sent; undefined for nothing. */
  readonly options: unknown;
  /** Gives the memory back; to be called once, whatever happened. */
  release(): void;
}

/**
 * Reads the list of a batch to its end, item by item. BAD_REQUEST for an empty list, PAYLOAD_TOO_LARGE for one of more than
 * {@link MAX_BATCH_ITEMS}, UNAVAILABLE when the lists of others fill the memory that is set aside for them, and whatever the source throws.
 */
export async function readBatchItems(
  actor: Actor,
  from: { readonly job: JobRow; readonly items: BatchItems },
  budget: ByteBudget,
): Promise<BatchList> {
  const items: (PreparedItem | AppError)[] = [];
  const hash = createHash('sha256');
  let taken = 0;
  try {
    const options = await forEachItem(from.items, async (item) => {
      if (items.length === MAX_BATCH_ITEMS) throw tooMany();
      const prepared = prepareItem(actor, from.job, item);
      hash.update(identityOf(item, prepared));
      const bytes = ITEM_OVERHEAD + (prepared instanceof AppError ? 0 : sizeOf(prepared.run));
      if (!budget.take(bytes)) throw tooBusy();
      taken += bytes;
      if (items.push(prepared) % TURN === 0) await nextTurn();
    });
    if (items.length === 0) throw empty();
    return { items, hash: hash.digest('hex'), options, release: () => budget.giveBack(taken) };
  } catch (error) {
    budget.giveBack(taken);
    throw error;
  }
}

/** As `for await`, which would throw the value away that the source returns at its end. */
async function forEachItem(source: BatchItems, visit: (item: BatchItem) => Promise<void>): Promise<unknown> {
  const iterator = source[Symbol.asyncIterator]();
  try {
    for (;;) {
      const step = await iterator.next();
      if (step.done) return step.value;
      await visit(step.value);
    }
  } catch (error) {
    await iterator.return?.();
    throw error;
  }
}

function sizeOf({ payload, metadata, tags }: NewRun): number {
  return payload.length + metadata.length + tags.length;
}

function prepareItem(actor: Actor, job: JobRow, item: BatchItem): PreparedItem | AppError {
  if (item instanceof AppError) return item;
  const { debounceKey, batchKey } = item;
  try {
    const run = prepare(actor, job, { item, origin: { triggeredBy: 'manual' } });
    return { run, keys: debounceKey === undefined && batchKey === undefined ? NO_KEYS : { debounceKey, batchKey } };
  } catch (error) {
    // What is wrong with one item is that item's answer; anything unexpected is the request's.
    if (error instanceof AppError) return error;
    throw error;
  }
}

/** Text that tells items apart. What the job's schema says of one is no part of it: a job may change before a trigger is repeated. */
function identityOf(item: BatchItem, prepared: PreparedItem | AppError): string {
  if (item instanceof AppError) return `! ${item.message}\n`;
  const { payload = null, scheduledAt, ...rest } = item;
  const payloadHash = prepared instanceof AppError ? hashPayload(payload) : prepared.run.payloadHash;
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
