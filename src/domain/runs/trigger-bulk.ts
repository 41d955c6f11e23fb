import { z } from 'zod';
import { type Actor, actorName, requireScope } from '../../auth/actor.ts';
import { AppError } from '../../core/errors.ts';
import { newId } from '../../core/ids.ts';
import { key } from '../../core/schemas.ts';
import type { JobRow } from '../jobs/job.ts';
import type { RunDeps } from './deps.ts';
import type { NewRun } from './insert.ts';
import { prepare, type Triggered, type TriggerItem, TriggerItemInput, triggerableJob, triggered } from './trigger.ts';

/** Items one request may carry. */
export const MAX_BULK_ITEMS = 1_000;

/** Input of a bulk trigger. */
export const TriggerRunsInput = z.strictObject({
  job: key(128).describe('Id or slug of the job.'),
  items: z.array(TriggerItemInput).min(1).max(MAX_BULK_ITEMS).describe('One entry per run.'),
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
  readonly created: number;
}

/** Triggers many runs of one job as a batch. An item that breaks a rule fails alone and says why; the others are stored. */
export async function triggerRuns(actor: Actor, input: z.output<typeof TriggerRunsInput>, deps: RunDeps): Promise<BulkTriggered> {
  requireScope(actor, 'jobs:trigger');
  const job = await triggerableJob(actor, input.job, deps);
  const batchId = newId();
  await deps.engine.query({
    name: 'insert-batch',
    text: 'insert into batches (id, project_id, job_id, total, created_by) values ($1, $2, $3, $4, $5)',
    values: [batchId, actor.projectId, job.id, input.items.length, actorName(actor)],
  });
  const items = await Promise.all(input.items.map((item) => one(prepareItem(actor, job, { item, batchId }), deps)));
  const created = items.filter((item) => item.run && !item.run.idempotencyHit).length;
  return { batchId, items, total: items.length, created };
}

function prepareItem(
  actor: Actor,
  job: JobRow,
  from: { readonly item: TriggerItem; readonly batchId: string },
): NewRun | AppError {
  try {
    return prepare(actor, job, { item: from.item, origin: { triggeredBy: 'manual', batchId: from.batchId } });
  } catch (error) {
    // What is wrong with one item is that item's answer; anything unexpected is the request's.
    if (error instanceof AppError) return error;
    throw error;
  }
}

async function one(prepared: NewRun | AppError, deps: RunDeps): Promise<BulkItem> {
  if (prepared instanceof AppError) return { run: null, error: prepared.message };
  try {
    return { run: await triggered(prepared, await deps.inserts.one(prepared), deps), error: null };
  } catch (error) {
    if (error instanceof AppError) return { run: null, error: error.message };
    throw error;
  }
}
