import type { Pool, PoolClient } from 'pg';
import { AppError } from '../../core/errors.ts';
import { isDataError } from '../../db/errors.ts';
import { transact } from '../../db/transact.ts';
import type { StartDeps } from './deps.ts';
import { activeRuns, cancelRuns, storedRuns } from './overlap.ts';
import { type FireOutcome, SCHEDULE_COLUMNS, type ScheduleRow } from './schedule.ts';
import { makeStarter, type Starter } from './start-run.ts';

/** Moments settled in one transaction. With payloads at their limit that many take 64 MB. */
const BATCH = 250;

/** A moment to be settled, with its schedule. */
export interface PendingFire extends ScheduleRow {
  readonly fireAt: Date;
  /** The run to make: of a job, or of a workflow. */
  readonly runId: string | null;
  readonly workflowRunId: string | null;
  /** The batch to make, of a schedule with inputs. */
  readonly batchId: string | null;
  readonly requestedBy: string | null;
}

/**
 * Moments nobody else is at. Where it matters whether the run before is still active, a moment waits until all before it are settled:
 * what they have started is then there to be seen.
 */
const PENDING_SQL = `
select ${SCHEDULE_COLUMNS}, f.fire_at as "fireAt", f.run_id as "runId", f.workflow_run_id as "workflowRunId",
       f.batch_id as "batchId", f.requested_by as "requestedBy"
  from schedule_fires f join schedules s on s.id = f.schedule_id
 where f.outcome = 'pending' and (s.overlap_policy = 'allow' or not exists (
         select from schedule_fires e where e.schedule_id = f.schedule_id and e.outcome = 'pending' and e.fire_at < f.fire_at))
 order by f.fire_at limit $1
   for update of f skip locked`;

const SETTLE_SQL = `
update schedule_fires f
   set outcome = i.outcome, error = i.error, settled_at = now(), run_id = case when i.outcome = 'started' then f.run_id end,
       workflow_run_id = case when i.outcome = 'started' then f.workflow_run_id end,
       batch_id = case when i.outcome = 'started' then f.batch_id end
  from json_to_recordset($1::json) as i (schedule_id uuid, fire_at timestamptz, outcome text, error text)
 where f.schedule_id = i.schedule_id and f.fire_at = i.fire_at`;

/**
 * The second of the two steps of firing: makes the runs of stored moments and notes what came of each. Each is settled under the lock of
 * its row. Its run has an id that was chosen before, so that a process that dies between the run and the note leaves a moment that finds
 * its run already made. Resolves when this process finds nothing more to settle.
 */
export async function settleFires(deps: StartDeps): Promise<void> {
  for (let found = 1; found > 0; ) found = await transact(deps.engine, (client) => settleSome(client, deps));
}

async function settleSome(client: PoolClient, deps: StartDeps): Promise<number> {
  const { rows } = await client.query<PendingFire>({ name: 'pending-fires', text: PENDING_SQL, values: [BATCH] });
  if (rows.length === 0) return 0;
  const stored = await storedRuns(rows, deps);
  const active = await activeRuns(rows, deps);
  const starter = makeStarter(deps);
  const settled = await Promise.all(
    rows.map(async (fire) => ({
      schedule_id: fire.id,
      fire_at: fire.fireAt,
      ...(await settle(
        fire,
        { isStored: stored.has(fire.runId ?? fire.workflowRunId ?? fire.batchId ?? ''), active: active.get(fire.id) ?? [] },
        starter,
        deps,
      )),
    })),
  );
  await client.query({ name: 'settle-fires', text: SETTLE_SQL, values: [JSON.stringify(settled)] });
  if (rows.some(({ batchId }) => batchId !== null)) deps.onBatchOpened();
  return rows.length;
}

interface Settlement {
  readonly outcome: Exclude<FireOutcome, 'pending' | 'missed'>;
  readonly error: string | null;
}

async function settle(
  fire: PendingFire,
  known: { readonly isStored: boolean; readonly active: readonly string[] },
  starter: Starter,
  deps: StartDeps,
): Promise<Settlement> {
  if (known.isStored) return { outcome: 'started', error: null };
  if (known.active.length > 0 && fire.overlapPolicy === 'skip') {
    return { outcome: 'skipped_overlap', error: `the run of an earlier moment is still active: ${known.active[0]}` };
  }
  try {
    const start = await starter.check(fire);
    if (fire.overlapPolicy === 'cancel_previous') await cancelRuns(fire, known.active, deps);
    await start();
    return { outcome: 'started', error: null };
  } catch (error) {
    if (error instanceof AppError && error.code !== 'UNAVAILABLE')
      return { outcome: 'failed', error: error.message.slice(0, 1_000) };
    if (isDataError(error)) return { outcome: 'failed', error: 'the database refused the run' };
    // It may pass: the moment stays as it is, and all of this is repeated.
    throw error;
  }
}

/** Milliseconds until a schedule is due, 0 when a moment is to be settled; null when there is nothing to come. */
export async function nextScheduleTimer(engine: Pool): Promise<number | null> {
  const { rows } = await engine.query<{ ms: number | null }>({
    name: 'next-schedule-timer',
    text: `select case when exists (select from schedule_fires where outcome = 'pending') then 0
             else extract(epoch from (select min(next_fire_at) from schedules where status = 'active') - now())::float8 * 1000 end as ms`,
  });
  return rows[0]?.ms ?? null;
}
