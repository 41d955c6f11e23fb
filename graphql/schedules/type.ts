import { AppError } from '../../src/core/errors.ts';
import type { ScheduleRow } from '../../src/domain/schedules/schedule.ts';
import { MAX_PREVIEW } from '../../src/domain/schedules/schedule-input.ts';
import { fireTimes } from '../../src/domain/schedules/timing.ts';
import { builder } from '../builder.ts';
import { memberOf } from '../enum-values.ts';
import { CatchUpPolicyEnum, FireOutcomeEnum, OverlapPolicyEnum, SCHEDULE_MEMBERS, ScheduleStatusEnum } from './enums.ts';

/** A cron expression or a moment that triggers a job or a workflow. */
export const Schedule = builder.prismaObject('Schedule', {
  fields: (t) => ({
    id: t.exposeID('id'),
    projectId: t.exposeID('projectId'),
    slug: t.exposeString('slug', { nullable: true }),
    name: t.exposeString('name'),
    jobId: t.exposeID('jobId', { nullable: true }),
    workflowId: t.exposeID('workflowId', { nullable: true }),
    targetSlug: t.string({
      nullable: true,
      description: 'Slug of the job or workflow it triggers.',
      select: { job: { select: { slug: true } }, workflow: { select: { slug: true } } },
      resolve: ({ job, workflow }) => job?.slug ?? workflow?.slug,
    }),
    payload: t.expose('payload', { type: 'JSON', nullable: true }),
    tags: t.expose('tags', { type: 'StringMap' }),
    metadata: t.expose('metadata', { type: 'StringMap' }),
    priority: t.exposeInt('priority'),
    concurrencyKey: t.exposeString('concurrencyKey', { nullable: true }),
    cron: t.exposeString('cron', { nullable: true }),
    runAt: t.expose('runAt', { type: 'DateTime', nullable: true }),
    timezone: t.exposeString('timezone'),
    status: t.field({
      type: ScheduleStatusEnum,
      description: 'Where it stands.',
      resolve: ({ status }) => memberOf(SCHEDULE_MEMBERS.status, status),
    }),
    overlapPolicy: t.field({
      type: OverlapPolicyEnum,
      description: 'What happens when the run before is still active.',
      resolve: ({ overlapPolicy }) => memberOf(SCHEDULE_MEMBERS.overlapPolicy, overlapPolicy),
    }),
    catchUp: t.field({
      type: CatchUpPolicyEnum,
      description: 'What happens with moments that no server was there for.',
      resolve: ({ catchUp }) => memberOf(SCHEDULE_MEMBERS.catchUp, catchUp),
    }),
    catchUpLimit: t.exposeInt('catchUpLimit'),
    graceSecs: t.exposeInt('graceSecs'),
    nextFireAt: t.expose('nextFireAt', { type: 'DateTime', nullable: true }),
    nextFireTimes: t.field({
      type: ['DateTime'],
      description: `When it fires next, moment by moment; none unless it is active.`,
      args: { count: t.arg.int({ defaultValue: 5, description: `How many moments, 1 to ${MAX_PREVIEW}.` }) },
      resolve: ({ cron, runAt, timezone, nextFireAt }, { count }) => {
        const wanted = count ?? 5;
        if (wanted < 1 || wanted > MAX_PREVIEW) throw new AppError('BAD_REQUEST', `count must be 1 to ${MAX_PREVIEW}`);
        return nextFireAt ? fireTimes({ cron, runAt, timezone }, nextFireAt, wanted) : [];
      },
    }),
    lastFiredAt: t.expose('lastFiredAt', { type: 'DateTime', nullable: true }),
    fireCount: t.exposeInt('fireCount'),
    missedCount: t.exposeInt('missedCount'),
    inputCount: t.exposeInt('inputCount', { nullable: true }),
    pausedAt: t.expose('pausedAt', { type: 'DateTime', nullable: true }),
    endedAt: t.expose('endedAt', { type: 'DateTime', nullable: true }),
    createdBy: t.exposeString('createdBy'),
    createdAt: t.expose('createdAt', { type: 'DateTime' }),
    updatedAt: t.expose('updatedAt', { type: 'DateTime' }),
  }),
});

/** A schedule as the domain answers it, for the type above. */
export function scheduleNode(row: ScheduleRow): typeof Schedule.$inferType {
  // The columns that no field shows.
  return { ...row, inputBytes: null, batchOptions: null };
}

/** A moment of a schedule. */
export const ScheduleFire = builder.prismaObject('ScheduleFire', {
  fields: (t) => ({
    id: t.exposeID('id'),
    scheduleId: t.exposeID('scheduleId'),
    fireAt: t.expose('fireAt', { type: 'DateTime' }),
    outcome: t.field({
      type: FireOutcomeEnum,
      description: 'What came of it.',
      resolve: ({ outcome }) => memberOf(SCHEDULE_MEMBERS.outcome, outcome),
    }),
    runId: t.id({
      nullable: true,
      description: 'The run it has made; null before, and when it has made none.',
      resolve: ({ outcome, runId }) => (outcome === 'started' ? runId : null),
    }),
    workflowRunId: t.id({
      nullable: true,
      description: 'The workflow run it has made; null before, and when it has made none.',
      resolve: ({ outcome, workflowRunId }) => (outcome === 'started' ? workflowRunId : null),
    }),
    batchId: t.id({
      nullable: true,
      description: 'The batch it has made, of a schedule with inputs; null before, and when it has made none.',
      resolve: ({ outcome, batchId }) => (outcome === 'started' ? batchId : null),
    }),
    requestedBy: t.exposeString('requestedBy', { nullable: true }),
    error: t.exposeString('error', { nullable: true }),
    missedCount: t.exposeInt('missedCount'),
    missedUntil: t.expose('missedUntil', { type: 'DateTime', nullable: true }),
    createdAt: t.expose('createdAt', { type: 'DateTime' }),
    settledAt: t.expose('settledAt', { type: 'DateTime', nullable: true }),
  }),
});
