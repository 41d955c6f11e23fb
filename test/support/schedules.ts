import type { KeyActor } from '../../src/auth/actor.ts';
import { createSchedule } from '../../src/domain/schedules/create-schedule.ts';
import type { ScheduleRow } from '../../src/domain/schedules/schedule.ts';
import { CreateScheduleInput } from '../../src/domain/schedules/schedule-input.ts';
import type { TestEngine } from './engine.ts';

/** The columns of `schedule_fires` that tests look at, with the run that was made. */
export interface FireRow {
  readonly fire_at: Date;
  readonly outcome: string;
  readonly run_id: string | null;
  readonly workflow_run_id: string | null;
  readonly error: string | null;
  readonly missed_count: number;
  readonly missed_until: Date | null;
  readonly run_status: string | null;
  readonly triggered_by: string | null;
  readonly created_by: string | null;
  readonly scheduled_at: Date | null;
}

/** Creates a schedule, its input parsed as a face would. */
export function schedule(t: TestEngine, input: object, as: KeyActor = t.actor): Promise<ScheduleRow> {
  const timing = 'runAt' in input ? {} : { cron: '0 0 1 1 *' };
  return createSchedule(as, CreateScheduleInput.parse({ name: 'A schedule', ...timing, ...input }), t.engine.schedules);
}

/** Makes a schedule wait for a moment, which may lie in the past: as if no server had been there since. */
export async function dueAt(t: TestEngine, id: string, nextFireAt: Date | string): Promise<void> {
  await t.pools.reads.query('update schedules set next_fire_at = $2 where id = $1', [id, nextFireAt]);
}

/** The moments of a schedule, in their order. */
export async function firesOf(t: TestEngine, id: string): Promise<FireRow[]> {
  const { rows } = await t.pools.reads.query<FireRow>(
    `select f.*, coalesce(r.status, w.status) as run_status, coalesce(r.triggered_by, w.triggered_by) as triggered_by,
            coalesce(r.created_by, w.created_by) as created_by, r.scheduled_at
       from schedule_fires f left join runs r on r.id = f.run_id left join workflow_runs w on w.id = f.workflow_run_id
      where f.schedule_id = $1 order by f.fire_at`,
    [id],
  );
  return rows;
}

/** The schedule as it is stored now. */
export async function scheduleRow(t: TestEngine, id: string) {
  const { rows } = await t.pools.reads.query('select * from schedules where id = $1', [id]);
  return rows[0];
}
