import type { Pool } from 'pg';
import type { PreviewSchedule } from './schedule-input.ts';
import { fireTimes, firstFire } from './timing.ts';

/** When a schedule would fire, from now on. BAD_REQUEST for what `firstFire` refuses. */
export async function previewSchedule(input: PreviewSchedule, deps: { readonly reads: Pool }): Promise<Date[]> {
  const { cron = null, runAt = null, timezone = 'UTC', count = 5 } = input;
  const timing = { cron, runAt, timezone };
  const { rows } = await deps.reads.query<{ now: Date }>('select now() as now');
  return fireTimes(timing, firstFire(timing, rows[0]?.now ?? new Date()), count);
}
