import type { Pool, PoolClient } from 'pg';
import { CronError } from '../../core/cron.ts';
import { newId } from '../../core/ids.ts';
import { dueMoments } from '../../core/misfire.ts';
import { transact } from '../../db/transact.ts';
import { ADVANCE_SQL, DUE_SQL } from './fire-statement.ts';
import { trimFires } from './retention.ts';
import type { ScheduleRow } from './schedule.ts';
import { storedCron } from './timing.ts';

/** Schedules moved on in one transaction. */
const BATCH = 500;
/** Moments looked at in one transaction, missed ones too, roughly: with many of each, a schedule waits for the next one. */
const MAX_MOMENTS = 5_000;
/** Moments of a schedule after which its old ones are looked through. */
const TRIM_EVERY = 100;

/** What is known of a schedule that is due. */
export type DueRow = Pick<
  ScheduleRow,
  | 'id'
  | 'projectId'
  | 'jobId'
  | 'workflowId'
  | 'cron'
  | 'runAt'
  | 'timezone'
  | 'catchUp'
  | 'catchUpLimit'
  | 'graceSecs'
  | 'nextFireAt'
  | 'fireCount'
  | 'inputCount'
>;

/**
 * The first of the two steps of firing: moves every schedule on that is due, and stores its moments. `now` is the clock of the database
 * unless it is given. Any number of processes may do it at once: each schedule is moved on by one of them.
 */
export async function fireDue(deps: { readonly engine: Pool }, now: Date | null = null): Promise<void> {
  for (let found = 1; found > 0; ) {
    found = await transact(deps.engine, async (client) => {
      const { rows } = await client.query<DueRow & { now: Date }>({ name: 'due-schedules', text: DUE_SQL, values: [now, BATCH] });
      const [first] = rows;
      if (first) await advance(client, rows, first.now);
      return rows.length;
    });
  }
}

/** Moves schedules on whose rows the client has locked, as far as one transaction goes, which is one of them at least. */
export async function advance(client: PoolClient, rows: readonly DueRow[], now: Date): Promise<void> {
  const advanced: Advanced[] = [];
  for (let moments = 0; advanced.length < rows.length && moments < MAX_MOMENTS; ) {
    const row = rows[advanced.length];
    if (!row) break;
    const next = advanceOne(row, now);
    advanced.push(next);
    moments += next.moments.length + next.schedule.missed;
  }
  await client.query({
    name: 'advance-schedules',
    text: ADVANCE_SQL,
    values: [
      JSON.stringify(advanced.map(({ schedule }) => schedule)),
      JSON.stringify(advanced.flatMap(({ moments }) => moments)),
    ],
  });
  const full = advanced.flatMap(({ schedule: { id, fires, missed } }, index) => {
    const before = rows[index]?.fireCount ?? 0;
    // A stretch of missed moments is a row as well, and a schedule may have nothing else.
    return missed > 0 || crosses(before, before + fires) ? [id] : [];
  });
  if (full.length > 0) await trimFires(full, client);
}

function crosses(before: number, after: number): boolean {
  return Math.floor(before / TRIM_EVERY) < Math.floor(after / TRIM_EVERY);
}

/** What becomes of a schedule, and its moments, in the words of the statement. */
interface Advanced {
  readonly schedule: {
    readonly id: string;
    readonly status: 'active' | 'paused' | 'completed';
    readonly next_fire_at: Date | null;
    readonly last_fired_at: Date | null;
    readonly fires: number;
    readonly missed: number;
  };
  readonly moments: readonly object[];
}

function advanceOne(row: DueRow, now: Date): Advanced {
  const { id, projectId, nextFireAt, catchUp, catchUpLimit, graceSecs } = row;
  if (!nextFireAt) throw new Error('an active schedule has a next moment');
  const momentOf = (fireAt: Date, fields: object) => ({
    id: newId(fireAt.getTime()),
    schedule_id: id,
    project_id: projectId,
    fire_at: fireAt,
    ...fields,
  });
  try {
    const cron = storedCron(row, nextFireAt);
    const due = dueMoments({ cron, nextFireAt, catchUp, catchUpLimit, graceMs: graceSecs * 1_000 }, now);
    const { fires, missed, next } = due;
    return {
      schedule: {
        id,
        status: next ? 'active' : 'completed',
        next_fire_at: next,
        last_fired_at: fires.at(-1) ?? null,
        fires: fires.length,
        missed: missed?.count ?? 0,
      },
      moments: [
        ...fires.map((fireAt) => momentOf(fireAt, { outcome: 'pending', ...futureRun(row) })),
        ...(missed ? [momentOf(missed.from, { outcome: 'missed', missed_count: missed.count, missed_until: missed.to })] : []),
      ],
    };
  } catch (error) {
    // It was valid when it was stored; a server with other time zones may think otherwise, and must not fire at another time.
    if (!(error instanceof CronError)) throw error;
    const words = `${error.about} ${error.message}; the schedule was paused`;
    return {
      schedule: { id, status: 'paused', next_fire_at: null, last_fired_at: null, fires: 0, missed: 0 },
      moments: [momentOf(nextFireAt, { outcome: 'failed', error: words })],
    };
  }
}

/** The id of the run, or the batch, that a moment will make. */
export function futureRun({
  jobId,
  inputCount,
}: Pick<ScheduleRow, 'jobId' | 'inputCount'>):
  | { readonly run_id: string }
  | { readonly workflow_run_id: string }
  | { readonly batch_id: string } {
  if (inputCount !== null) return { batch_id: newId() };
  return jobId === null ? { workflow_run_id: newId() } : { run_id: newId() };
}
