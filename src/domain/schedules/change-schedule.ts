import type { Pool, PoolClient } from 'pg';
import type { Actor } from '../../auth/actor.ts';
import { AppError, notFound } from '../../core/errors.ts';
import { isUniqueViolation } from '../../db/errors.ts';
import { transact } from '../../db/transact.ts';
import { slugTaken, tellNext } from './create-schedule.ts';
import type { ScheduleDeps } from './deps.ts';
import { advance } from './fire-due.ts';
import { SCHEDULE_COLUMNS, type ScheduleRow, scheduleKeyColumn } from './schedule.ts';
import type { UpdateSchedule } from './schedule-input.ts';
import { checkedTarget, requireTargetScope } from './target.ts';
import { firstFire } from './timing.ts';

/**
 * Changes a schedule; what is left out stays, and new times count from now. FORBIDDEN without `jobs:write` or, for one of a workflow,
 * `workflows:write`; NOT_FOUND for unknown and foreign ones; CONFLICT for one that has ended or a slug that is taken; BAD_REQUEST for what
 * a new schedule would be refused for.
 */
export async function updateSchedule(
  actor: Actor,
  { id, changes }: { readonly id: string; readonly changes: UpdateSchedule },
  deps: ScheduleDeps,
): Promise<ScheduleRow> {
  if (TEMPLATE_FIELDS.some((field) => changes[field] !== undefined)) await checkTemplate(actor, { id, changes }, deps);
  try {
    return await change(actor, id, deps, async ({ client, schedule, now }) => {
      refuseEnded(schedule);
      if (schedule.inputCount !== null && (changes.payload !== undefined || (changes.overlapPolicy ?? 'allow') !== 'allow')) {
        throw new AppError('BAD_REQUEST', 'a schedule with inputs has no payload of its own, and allows its runs to overlap');
      }
      const next = { ...schedule, ...given(changes) };
      if (changes.cron !== undefined) next.runAt = null;
      if (changes.runAt !== undefined) next.cron = null;
      const isRetimed = changes.cron !== undefined || changes.runAt !== undefined || changes.timezone !== undefined;
      const first = isRetimed ? firstFire(next, now) : schedule.nextFireAt;
      const { rows } = await client.query<ScheduleRow>(
        `update schedules s set slug = $2, name = $3, payload = $4::jsonb, tags = $5, metadata = $6, priority = $7, concurrency_key = $8,
                cron = $9, run_at = $10, timezone = $11, overlap_policy = $12, catch_up = $13, catch_up_limit = $14, grace_secs = $15,
                next_fire_at = case when s.status = 'active' then $16::timestamptz end, updated_at = now()
          where s.id = $1 returning ${SCHEDULE_COLUMNS}`,
        [
          schedule.id,
          next.slug,
          next.name,
          JSON.stringify(next.payload),
          next.tags,
          next.metadata,
          next.priority,
          next.concurrencyKey,
          next.cron,
          next.runAt,
          next.timezone,
          next.overlapPolicy,
          next.catchUp,
          next.catchUpLimit,
          next.graceSecs,
          first,
        ],
      );
      return rows[0];
    });
  } catch (error) {
    throw isUniqueViolation(error) ? slugTaken(changes.slug ?? '') : error;
  }
}

const TEMPLATE_FIELDS = ['payload', 'tags', 'metadata', 'priority', 'concurrencyKey'] as const;

/** Checks what the runs would start with, before any lock is held. */
async function checkTemplate(
  actor: Actor,
  { id, changes }: { readonly id: string; readonly changes: UpdateSchedule },
  deps: ScheduleDeps,
): Promise<void> {
  const schedule = await readSchedule(deps.reads, actor, { idOrSlug: id, locked: false });
  // Its items were checked when it was made, and each is again when it becomes a run.
  if (schedule.inputCount !== null) return;
  const named = schedule.jobId === null ? { workflow: schedule.workflowId ?? '' } : { job: schedule.jobId };
  await checkedTarget(actor, named, { template: { ...schedule, ...given(changes) }, deps });
}

/** The fields that a change names. */
function given(changes: UpdateSchedule): Partial<ScheduleRow> {
  return Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined));
}

/** Pauses a schedule: its moments pass by until it is resumed. CONFLICT unless it is active; the rest as {@link updateSchedule}. */
export function pauseSchedule(actor: Actor, id: string, deps: ScheduleDeps): Promise<ScheduleRow> {
  return change(actor, id, deps, ({ client, schedule }) => {
    if (schedule.status !== 'active') throw new AppError('CONFLICT', `schedule is not active: it is ${schedule.status}`);
    return move(client, schedule, `status = 'paused', next_fire_at = null, paused_at = now()`);
  });
}

/**
 * Lets a paused schedule go on from now: what has passed meanwhile is not made up for. CONFLICT unless it is paused, or when its one
 * moment has passed.
 */
export function resumeSchedule(actor: Actor, id: string, deps: ScheduleDeps): Promise<ScheduleRow> {
  return change(actor, id, deps, ({ client, schedule, now }) => {
    if (schedule.status !== 'paused') throw new AppError('CONFLICT', `schedule is not paused: it is ${schedule.status}`);
    if (schedule.runAt !== null && schedule.runAt <= now) {
      throw new AppError('CONFLICT', 'the moment of the schedule passed while it was paused: change run_at first');
    }
    return move(client, schedule, `status = 'active', next_fire_at = $2, paused_at = null`, firstFire(schedule, now));
  });
}

/** Ends a schedule for good; its runs go on, and it can be looked at for 30 days. CONFLICT for one that has ended. */
export function cancelSchedule(actor: Actor, id: string, deps: ScheduleDeps): Promise<ScheduleRow> {
  return change(actor, id, deps, ({ client, schedule }) => {
    refuseEnded(schedule);
    return move(client, schedule, `status = 'canceled', next_fire_at = null, ended_at = now()`);
  });
}

/** Deletes a schedule with what is known of its moments; its runs stay. Frees its slug at once. */
export function deleteSchedule(actor: Actor, id: string, deps: ScheduleDeps): Promise<ScheduleRow> {
  return change(actor, id, deps, async ({ client, schedule }) => {
    await client.query('delete from schedule_fires where schedule_id = $1', [schedule.id]);
    await client.query('delete from schedule_inputs where schedule_id = $1', [schedule.id]);
    const { rows } = await client.query<ScheduleRow>(`delete from schedules s where s.id = $1 returning ${SCHEDULE_COLUMNS}`, [
      schedule.id,
    ]);
    return rows[0];
  });
}

function refuseEnded({ status }: ScheduleRow): void {
  if (status === 'completed' || status === 'canceled') throw new AppError('CONFLICT', `schedule has ended: it is ${status}`);
}

async function move(client: PoolClient, { id }: ScheduleRow, set: string, ...values: readonly unknown[]) {
  const { rows } = await client.query<ScheduleRow>(
    `update schedules s set ${set}, updated_at = now() where s.id = $1 returning ${SCHEDULE_COLUMNS}`,
    [id, ...values],
  );
  return rows[0];
}

/** A schedule under its lock, with everything that was due stored, and the clock of the database. */
interface Held {
  readonly client: PoolClient;
  readonly schedule: ScheduleRow;
  readonly now: Date;
}

/** Does something to a schedule of the actor's project. Moments that are due fire first: no change makes them disappear. */
async function change(
  actor: Actor,
  idOrSlug: string,
  deps: ScheduleDeps,
  work: (held: Held) => Promise<ScheduleRow | undefined>,
): Promise<ScheduleRow> {
  const { changed, now, hasFired } = await transact(deps.reads, async (client) => {
    const { now, ...found } = await lockSchedule(client, actor, idOrSlug);
    requireTargetScope(actor, found, 'write');
    const hasFired = found.nextFireAt !== null && found.nextFireAt <= now;
    if (hasFired) await advance(client, [found], now);
    const schedule = hasFired ? await lockSchedule(client, actor, found.id) : found;
    return { changed: await work({ client, schedule, now }), now, hasFired };
  });
  if (!changed) throw notFound('schedule');
  tellNext(changed, now, deps);
  if (hasFired) deps.onNextFire(0);
  return changed;
}

/** Locks a schedule; NOT_FOUND when the project has none of this id or slug. */
export function lockSchedule(client: PoolClient, actor: Actor, idOrSlug: string): Promise<ScheduleRow & { readonly now: Date }> {
  return readSchedule(client, actor, { idOrSlug, locked: true });
}

async function readSchedule(
  client: Pool | PoolClient,
  actor: Actor,
  { idOrSlug, locked }: { readonly idOrSlug: string; readonly locked: boolean },
): Promise<ScheduleRow & { readonly now: Date }> {
  const column = scheduleKeyColumn(idOrSlug);
  if (!column) throw notFound('schedule');
  const { rows } = await client.query<ScheduleRow & { now: Date }>(
    `select ${SCHEDULE_COLUMNS}, clock_timestamp() as now from schedules s where s.project_id = $1 and s.${column} = $2 ${locked ? 'for update' : ''}`,
    [actor.projectId, idOrSlug],
  );
  if (!rows[0]) throw notFound('schedule');
  return rows[0];
}
