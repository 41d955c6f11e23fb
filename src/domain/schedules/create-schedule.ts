import { type Actor, actorName } from '../../auth/actor.ts';
import { AppError, notFound } from '../../core/errors.ts';
import { newId } from '../../core/ids.ts';
import { isUniqueViolation } from '../../db/errors.ts';
import { transact } from '../../db/transact.ts';
import type { ScheduleDeps } from './deps.ts';
import { SCHEDULE_COLUMNS, type ScheduleRow } from './schedule.ts';
import type { CreateSchedule } from './schedule-input.ts';
import { type ScheduleInputs, storeInputs } from './schedule-inputs.ts';
import { checkedTarget } from './target.ts';
import { firstFire } from './timing.ts';

/** Schedules of one project that have not ended. */
const MAX_SCHEDULES = 20_000;

/**
 * Creates a schedule, active at once. FORBIDDEN without `jobs:write` or, for a workflow, `workflows:write`; NOT_FOUND for another
 * project and for a job or workflow that is not there; BAD_REQUEST for one that is disabled, a payload that breaks its schema and whatever
 * `firstFire` refuses; CONFLICT when the slug is taken or the project has as many schedules as it may.
 */
export async function createSchedule(
  actor: Actor,
  input: CreateSchedule,
  deps: ScheduleDeps,
  inputs: ScheduleInputs | null = null,
): Promise<ScheduleRow> {
  if (input.projectId && input.projectId !== actor.projectId) throw notFound('project');
  const template = {
    payload: input.payload ?? null,
    tags: input.tags ?? {},
    metadata: input.metadata ?? {},
    priority: input.priority ?? 0,
    concurrencyKey: input.concurrencyKey ?? null,
  };
  const named = input.job === undefined ? { workflow: input.workflow ?? '' } : { job: input.job };
  // The payloads of a schedule with inputs are theirs; the first stands for all when the target is checked.
  const checked = inputs ? { ...template, payload: inputs.first } : template;
  const target = await checkedTarget(actor, named, { template: checked, deps });
  const { cron = null, runAt = null, timezone = 'UTC' } = input;
  const made = await transact(deps.reads, async (client) => {
    // Those who create at the same moment count one after the other.
    const { rows: clock } = await client.query<{ now: Date }>(
      'select clock_timestamp() as now from projects where id = $1 for no key update',
      [actor.projectId],
    );
    const now = clock[0]?.now;
    if (!now) throw notFound('project');
    const record = {
      id: newId(),
      project_id: actor.projectId,
      slug: input.slug ?? null,
      name: input.name,
      job_id: target.jobId,
      workflow_id: target.workflowId,
      tags: template.tags,
      metadata: template.metadata,
      priority: template.priority,
      concurrency_key: template.concurrencyKey,
      cron,
      run_at: runAt,
      timezone,
      overlap_policy: input.overlapPolicy ?? 'allow',
      catch_up: input.catchUp ?? (cron === null ? 'one' : 'skip'),
      catch_up_limit: input.catchUpLimit ?? 100,
      grace_secs: input.graceSecs ?? 60,
      next_fire_at: firstFire({ cron, runAt, timezone }, now),
      created_by: actorName(actor),
    };
    const { rows } = await client.query<ScheduleRow>(INSERT_SQL, [
      JSON.stringify(record),
      JSON.stringify(template.payload),
      MAX_SCHEDULES,
    ]);
    if (!rows[0]) return undefined;
    if (inputs) await storeInputs(client, rows[0], inputs);
    return { schedule: inputs ? { ...rows[0], inputCount: inputs.count } : rows[0], now };
  }).catch((error: unknown) => {
    throw isUniqueViolation(error) ? slugTaken(input.slug ?? '') : error;
  });
  if (!made) throw new AppError('CONFLICT', `a project has at most ${MAX_SCHEDULES} schedules: cancel or delete some first`);
  tellNext(made.schedule, made.now, deps);
  return made.schedule;
}

/** The CONFLICT of a slug that a schedule of the project has. */
export function slugTaken(slug: string): AppError {
  return new AppError('CONFLICT', `a schedule with slug "${slug}" already exists`);
}

/** Lets this process wake up for a schedule that was just stored. */
export function tellNext({ nextFireAt }: ScheduleRow, now: Date, deps: Pick<ScheduleDeps, 'onNextFire'>): void {
  if (nextFireAt) deps.onNextFire(nextFireAt.getTime() - now.getTime());
}

const INSERT_SQL = `
  with s as (
    insert into schedules (id, project_id, slug, name, job_id, workflow_id, payload, tags, metadata, priority, concurrency_key, cron, run_at,
      timezone, overlap_policy, catch_up, catch_up_limit, grace_secs, next_fire_at, created_by)
    select n.id, n.project_id, n.slug, n.name, n.job_id, n.workflow_id, $2::jsonb, n.tags, n.metadata, n.priority, n.concurrency_key, n.cron,
           n.run_at, n.timezone, n.overlap_policy, n.catch_up, n.catch_up_limit, n.grace_secs, n.next_fire_at, n.created_by
      from jsonb_populate_record(null::schedules, $1::jsonb) n
     where (select count(*) from (select from schedules c where c.project_id = n.project_id and c.ended_at is null limit $3::int) counted)
           < $3::int
    returning *
  )
  select ${SCHEDULE_COLUMNS} from s`;
