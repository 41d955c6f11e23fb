import { AppError } from '../../core/errors.ts';
import type { JobRow } from '../jobs/job.ts';
import type { CachedJob } from '../jobs/job-cache.ts';
import { prepare, type TriggerItem } from '../runs/trigger.ts';
import type { PreparedItem } from './batch-items.ts';
import type { BatchOptions } from './batch-options.ts';
import { type BatchDeps, storeChunk } from './trigger-batch.ts';

/** Batches looked for at once. */
const LOOKED_AT = 20;

interface Unfilled {
  readonly id: string;
  readonly projectId: string;
  readonly jobId: string;
  readonly createdBy: string;
  readonly stored: number;
  readonly parameters: BatchOptions['parameters'] | null;
  readonly items: readonly TriggerItem[] | null;
}

/** The next chunk of batches of schedules that are not whole yet. */
const UNFILLED_SQL = `
select b.id, b.project_id as "projectId", b.job_id as "jobId", b.created_by as "createdBy", b.stored, b.parameters, i.items
  from batches b left join schedule_inputs i on i.schedule_id = b.schedule_id and i.ord = b.stored
 where b.schedule_id is not null and b.stored < b.total and b.canceled_at is null and b.id > $1 and ($2::uuid is null or b.id = $2)
   and i.items is not null
 order by b.id limit ${LOOKED_AT}`;

/**
 * Stores what is missing of the batches that schedules have opened, chunk by chunk. The ids of the runs follow from their places, and how
 * far a batch has come is a compare-and-set, so any number of processes may do it at once and after a crash, and each run is made once.
 */
async function fillBatches(deps: BatchDeps): Promise<void> {
  for (let after = FIRST; ; ) {
    const { rows } = await deps.engine.query<Unfilled>({ name: 'unfilled-batches', text: UNFILLED_SQL, values: [after, null] });
    for (const batch of rows) await fillOne(batch, deps);
    const last = rows.at(-1);
    if (!last || rows.length < LOOKED_AT) return;
    after = last.id;
  }
}

async function fillOne(first: Unfilled, deps: BatchDeps): Promise<void> {
  const { id } = first;
  for (let batch = first, place = -1; batch.stored > place; ) {
    place = batch.stored;
    await fillChunk(batch, deps);
    const { rows } = await deps.engine.query<Unfilled>({ name: 'unfilled-batches', text: UNFILLED_SQL, values: [FIRST, id] });
    // One that is whole is not found any more; one that stands where it did is for the next look.
    batch = rows[0] ?? batch;
  }
}

/** Fills batches behind those who open them. */
export interface BatchFiller {
  /** There may be something to fill; whoever says so while it is being done is served by another round. */
  readonly poke: () => void;
}

/** Makes the {@link BatchFiller} of a process; `deps` is asked once there is something to fill. */
export function makeBatchFiller(deps: () => BatchDeps, background: (name: string, work: Promise<unknown>) => void): BatchFiller {
  let isRunning = false;
  let isWanted = false;
  async function run(): Promise<void> {
    isRunning = true;
    try {
      while (isWanted) {
        isWanted = false;
        await fillBatches(deps());
      }
    } finally {
      isRunning = false;
    }
  }
  return {
    poke() {
      isWanted = true;
      if (!isRunning) background('fill-batches', run());
    },
  };
}

async function fillChunk(batch: Unfilled, deps: BatchDeps): Promise<void> {
  const { projectId, jobId, parameters, stored: from } = batch;
  const job: CachedJob = await deps.jobs.ofRun(projectId, jobId);
  const items = (batch.items ?? []).map((item) => prepared(batch, job, item));
  const options = parameters ? { parameters } : {};
  await storeChunk({ id: batch.id, stored: from, created: 0 }, { from, items }, { job, options }, deps);
}

function prepared({ projectId, createdBy: name }: Unfilled, job: JobRow, item: TriggerItem): PreparedItem | AppError {
  if (job.deletedAt || !job.enabled)
    return new AppError('BAD_REQUEST', job.deletedAt ? 'the job was deleted' : 'the job is disabled');
  try {
    return { run: prepare({ kind: 'system', projectId, name }, job, { item, origin: { triggeredBy: 'cron' } }), keys: {} };
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
}

const FIRST = '00000000-0000-0000-0000-000000000000';
