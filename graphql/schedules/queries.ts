import { notFound } from '../../src/core/errors.ts';
import { previewSchedule } from '../../src/domain/schedules/preview-schedule.ts';
import { PreviewScheduleInput } from '../../src/domain/schedules/schedule-input.ts';
import { requireTargetScope } from '../../src/domain/schedules/target.ts';
import { ScheduleFilterInput, visibleSchedule, visibleSchedules } from '../../src/domain/schedules/visible-schedules.ts';
import { builder } from '../builder.ts';
import { NEWEST_FIRST, pageOf, sliceOf } from '../connection.ts';
import { describedBy, leavingOutNulls } from '../input.ts';
import { rowSelection } from '../selection.ts';
import { ScheduleStatusEnum } from './enums.ts';
import { Schedule } from './type.ts';

const filtered = describedBy(ScheduleFilterInput);
const ScheduleFilter = builder
  .inputType('ScheduleFilter', {
    description: 'Which schedules are meant; all conditions must hold, and one left out holds for every one.',
    fields: (t) => ({
      status: t.field({ type: [ScheduleStatusEnum], ...filtered.status }),
      job: t.id(filtered.job),
      workflow: t.id(filtered.workflow),
      slug: t.string(filtered.slug),
      tags: t.field({ type: 'StringMap', ...filtered.tags }),
    }),
  })
  .validate(leavingOutNulls(ScheduleFilterInput));

const previewed = describedBy(PreviewScheduleInput);
const PreviewSchedule = builder
  .inputType('PreviewScheduleInput', {
    description: 'A cron expression or a moment, to see when it would fire.',
    fields: (t) => ({
      cron: t.string(previewed.cron),
      runAt: t.field({ type: 'DateTime', ...previewed.runAt }),
      timezone: t.string(previewed.timezone),
      count: t.int(previewed.count),
    }),
  })
  .validate(leavingOutNulls(PreviewScheduleInput));

builder.queryFields((t) => ({
  schedule: t.prismaField({
    type: Schedule,
    description:
      'One schedule by id or slug; NOT_FOUND when there is none, FORBIDDEN without `jobs:read` or, for one of a workflow, `workflows:read`. Requires an API key.',
    args: { id: t.arg.id({ required: true, description: 'Id or slug of the schedule.' }) },
    authScopes: { apiKey: true },
    resolve: async (query, _root, { id }, { actor, prisma }) => {
      const schedule = await prisma.schedule.findFirst({ ...query, where: visibleSchedule(actor, id) });
      if (!schedule) throw notFound('schedule');
      requireTargetScope(actor, schedule, 'read');
      return schedule;
    },
  }),
  schedules: t.connection(
    {
      type: Schedule,
      description:
        'The schedules of the project, newest first: those of jobs with `jobs:read`, those of workflows with `workflows:read`. Requires an API key.',
      args: { filter: t.arg({ type: ScheduleFilter, description: 'Which ones; all of them when left out.' }) },
      authScopes: { apiKey: true },
      resolve: async (_root, { filter, ...page }, context, info) => {
        const slice = sliceOf(page, NEWEST_FIRST);
        const rows = await context.prisma.schedule.findMany({
          ...rowSelection(context, info),
          ...slice.within(visibleSchedules(context.actor, filter ?? {})),
        });
        return pageOf(rows, slice);
      },
    },
    { name: 'ScheduleConnection', description: 'A page of schedules.' },
    { name: 'ScheduleEdge', description: 'A schedule on a page.' },
  ),
  previewSchedule: t.field({
    type: ['DateTime'],
    description: 'When a schedule would fire, from now on; BAD_REQUEST for one that would be refused. Requires an API key.',
    args: { input: t.arg({ type: PreviewSchedule, required: true, description: 'The cron expression or moment.' }) },
    authScopes: { apiKey: true },
    resolve: (_root, { input }, { schedules }) => previewSchedule(input, schedules),
  }),
}));
