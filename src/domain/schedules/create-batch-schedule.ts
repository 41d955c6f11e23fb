import { setImmediate as nextTurn } from 'node:timers/promises';
import { z } from 'zod';
import type { Actor } from '../../auth/actor.ts';
import { AppError } from '../../core/errors.ts';
import { key } from '../../core/schemas.ts';
import { type BatchItem, type BatchItems, MAX_BATCH_ITEMS } from '../batches/batch-items.ts';
import { BatchCallbackInput, BatchParameters, batchOptions } from '../batches/batch-options.ts';
import { checkWebhookUrl } from '../jobs/check-job.ts';
import type { TriggerItem } from '../runs/trigger.ts';
import { createSchedule } from './create-schedule.ts';
import type { ScheduleDeps } from './deps.ts';
import type { ScheduleRow } from './schedule.ts';
import { CreateScheduleInput } from './schedule-input.ts';
import { MAX_INPUT_BYTES, type ScheduleInputs } from './schedule-inputs.ts';

const { cron, runAt, timezone, name } = CreateScheduleInput.shape;

const stated = {
  name: name.optional().describe('What people call it; the name of the job when left out.'),
  cron,
  runAt,
  timezone,
  parameters: BatchParameters.optional().describe(
    'What every item gets in its payload, which must be an object, beside its own fields.',
  ),
  callback: BatchCallbackInput.optional().describe('Whom to tell of the endings of each batch.'),
};

/** Input of a schedule that makes a batch of each of its moments. */
export const CreateBatchScheduleInput = z.strictObject({
  job: key(128).describe('Id or slug of the job to trigger.'),
  items: z.custom<BatchItems>().describe(`One entry per run of each batch, at most ${MAX_BATCH_ITEMS}.`),
  ...stated,
});

const Stated = z.strictObject(stated);

/** Items kept in one row, and their bytes. */
const CHUNK_ITEMS = 500;
const CHUNK_BYTES = 2 * 1_048_576;
/** What an item takes in memory beside its text, roughly. */
const ITEM_OVERHEAD = 64;

/**
 * Creates a schedule that triggers a job on a whole list, as a batch, whenever it fires. The list is read to its end before anything is
 * stored; what is said of the schedule may stand behind it. BAD_REQUEST for an item that breaks a rule of triggers, PAYLOAD_TOO_LARGE for
 * too many or too large ones, otherwise what `createSchedule` throws.
 */
export async function createBatchSchedule(
  actor: Actor,
  input: Omit<z.output<typeof CreateBatchScheduleInput>, 'items'> & { readonly items: BatchItems },
  deps: ScheduleDeps,
): Promise<ScheduleRow> {
  const { job, items, ...said } = input;
  const list = await readInputs(items, deps);
  try {
    const { name: called = job, parameters, callback, ...times } = { ...said, ...readStated(list.stated) };
    const timing = CreateScheduleInput.safeParse({ name: called, job, ...times });
    if (!timing.success) throw invalid(timing.error);
    if (callback) checkWebhookUrl(callback.url, deps.endpointPolicy);
    return await createSchedule(actor, timing.data, deps, { ...list.inputs, options: batchOptions({ parameters, callback }) });
  } finally {
    list.release();
  }
}

function readStated(value: unknown): z.output<typeof Stated> {
  const parsed = Stated.safeParse(value ?? {});
  if (parsed.success) return parsed.data;
  throw invalid(parsed.error);
}

function invalid({ issues }: z.ZodError): AppError {
  const details = issues.map(({ path, message }) => ({ path: path.map(String).join('.'), message }));
  return new AppError('BAD_REQUEST', 'validation failed', { details });
}

interface InputList {
  readonly inputs: Omit<ScheduleInputs, 'options'>;
  readonly stated: unknown;
  release(): void;
}

/** Reads the list to its end, as text: nothing of it is looked at again before it fires. */
async function readInputs(items: BatchItems, { batchMemory }: ScheduleDeps): Promise<InputList> {
  const iterator = items[Symbol.asyncIterator]();
  const chunks: { ord: number; text: string }[] = [];
  let texts: string[] = [];
  let [count, bytes, chunkBytes, taken] = [0, 0, 0, 0];
  let first: TriggerItem['payload'] = null;
  const flush = (): void => {
    if (texts.length > 0) chunks.push({ ord: count - texts.length, text: `[${texts.join(',')}]` });
    texts = [];
    chunkBytes = 0;
  };
  try {
    for (;;) {
      const step = await iterator.next();
      if (step.done) {
        flush();
        if (count === 0) throw new AppError('BAD_REQUEST', 'validation failed', { details: [EMPTY] });
        const release = () => batchMemory.giveBack(taken);
        return { inputs: { count, bytes, first: first ?? null, chunks }, stated: step.value, release };
      }
      if (count === MAX_BATCH_ITEMS) throw new AppError('PAYLOAD_TOO_LARGE', `a schedule has at most ${MAX_BATCH_ITEMS} inputs`);
      const item = soundItem(step.value, count);
      if (count === 0) first = item.payload;
      const text = JSON.stringify(item);
      bytes += Buffer.byteLength(text);
      if (bytes > MAX_INPUT_BYTES)
        throw new AppError('PAYLOAD_TOO_LARGE', `the inputs of a schedule have at most ${MAX_INPUT_BYTES} bytes`);
      const needed = text.length + ITEM_OVERHEAD;
      if (!batchMemory.take(needed))
        throw new AppError('UNAVAILABLE', 'other lists fill the memory set aside for them; nothing was stored, try again', {
          retryAfterSecs: 5,
        });
      taken += needed;
      chunkBytes += text.length;
      count++;
      if (texts.push(text) === CHUNK_ITEMS || chunkBytes >= CHUNK_BYTES) {
        flush();
        await nextTurn();
      }
    }
  } catch (error) {
    batchMemory.giveBack(taken);
    await iterator.return?.();
    throw error;
  }
}

const EMPTY = { path: 'inputs', message: 'must have at least one' };

function soundItem(item: BatchItem, index: number): TriggerItem {
  if (!(item instanceof AppError)) return item;
  throw new AppError('BAD_REQUEST', 'validation failed', { details: [{ path: `inputs.${index}`, message: item.message }] });
}
