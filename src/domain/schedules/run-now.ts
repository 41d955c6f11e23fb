import { type Actor, actorName } from '../../auth/actor.ts';
import { AppError, notFound } from '../../core/errors.ts';
import { newId } from '../../core/ids.ts';
import { transact } from '../../db/transact.ts';
import { lockSchedule } from './change-schedule.ts';
import type { ScheduleDeps } from './deps.ts';
import { futureRun } from './fire-due.ts';
import { trimFires } from './retention.ts';
import { requireTargetScope } from './target.ts';

/**
 * Fires a schedule now, beside its own moments and under its overlap policy, paused ones too; answers the id of the moment. FORBIDDEN
 * without `jobs:trigger` or, for one of a workflow, `workflows:trigger`; NOT_FOUND for unknown and foreign ones; CONFLICT for one that has
 * ended.
 */
export async function runScheduleNow(actor: Actor, idOrSlug: string, deps: ScheduleDeps): Promise<string> {
  const fireId = await transact(deps.reads, async (client) => {
    const { now, ...schedule } = await lockSchedule(client, actor, idOrSlug);
    requireTargetScope(actor, schedule, 'trigger');
    if (schedule.endedAt) throw new AppError('CONFLICT', `schedule has ended: it is ${schedule.status}`);
    // Moments of the clock are whole seconds: nobody takes the place of one.
    const fireAt = now.getTime() % 1_000 === 0 ? new Date(now.getTime() + 1) : now;
    const run = { run_id: null, workflow_run_id: null, batch_id: null, ...futureRun(schedule) };
    const { rows } = await client.query<{ id: string }>(
      `insert into schedule_fires (id, schedule_id, project_id, fire_at, outcome, run_id, workflow_run_id, requested_by, batch_id)
       values ($1, $2, $3, $4, 'pending', $5, $6, $7, $8) on conflict do nothing returning id`,
      [
        newId(fireAt.getTime()),
        schedule.id,
        actor.projectId,
        fireAt,
        run.run_id,
        run.workflow_run_id,
        actorName(actor),
        run.batch_id,
      ],
    );
    await trimFires([schedule.id], client);
    return rows[0]?.id;
  });
  if (fireId === undefined) throw new AppError('CONFLICT', 'the schedule was fired at this very moment; try again');
  await deps.fireNow();
  return fireId;
}

/** The `where` of one moment that the actor was just told of. */
export function visibleFire(actor: Actor, id: string | undefined) {
  if (id === undefined) throw notFound('schedule fire');
  return { id, projectId: actor.projectId };
}
