import { z } from 'zod';
import type { Actor } from '../../auth/actor.ts';
import { notFound } from '../../core/errors.ts';
import { isUuid } from '../../core/ids.ts';
import { isSlug, key, Tags } from '../../core/schemas.ts';
import { FIRE_OUTCOMES, SCHEDULE_STATUSES, scheduleKeyColumn } from './schedule.ts';
import { readableTargets } from './target.ts';

/** Which schedules are meant; all conditions must hold. */
export const ScheduleFilterInput = z.strictObject({
  status: z.array(z.enum(SCHEDULE_STATUSES)).min(1).max(SCHEDULE_STATUSES.length).optional().describe('Any of these statuses.'),
  job: key(128).optional().describe('Id or slug of the job.'),
  workflow: key(128).optional().describe('Id or slug of the workflow.'),
  slug: key(128).optional().describe('The schedule with this slug.'),
  tags: Tags.optional().describe('The tags have all of these pairs.'),
});

/** A parsed {@link ScheduleFilterInput}. */
export type ScheduleFilter = z.output<typeof ScheduleFilterInput>;

/** Which moments of a schedule are meant. */
export const FireFilterInput = z.strictObject({
  outcome: z.array(z.enum(FIRE_OUTCOMES)).min(1).max(FIRE_OUTCOMES.length).optional().describe('Any of these outcomes.'),
});

/** The `where` of the schedules that an actor can see and a filter means: of jobs, of workflows, or of both, by the scopes it has. */
export function visibleSchedules(actor: Actor, { status, job, workflow, slug, tags = {} }: ScheduleFilter) {
  const readable = readableTargets(actor);
  return {
    projectId: actor.projectId,
    ...(status && { status: { in: status } }),
    ...(slug !== undefined && { slug }),
    ...(job !== undefined && targetCondition('job', job)),
    ...(workflow !== undefined && targetCondition('workflow', workflow)),
    AND: [
      {
        OR: [
          ...(readable.jobs ? [{ jobId: { not: null } }] : []),
          ...(readable.workflows ? [{ workflowId: { not: null } }] : []),
        ],
      },
      ...Object.entries(tags).map(([tag, value]) => ({ tags: { path: [tag], equals: value } })),
    ],
  };
}

/** The `where` of one schedule by id or slug; NOT_FOUND for what can be neither. Who may read it depends on its target. */
export function visibleSchedule(actor: Actor, idOrSlug: string) {
  const column = scheduleKeyColumn(idOrSlug);
  if (!column) throw notFound('schedule');
  return { projectId: actor.projectId, [column]: idOrSlug };
}

function targetCondition(target: 'job' | 'workflow', idOrSlug: string) {
  if (isUuid(idOrSlug)) return { [`${target}Id`]: idOrSlug };
  return isSlug(idOrSlug) ? { [target]: { slug: idOrSlug } } : { id: { in: [] as string[] } };
}
