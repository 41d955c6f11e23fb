import { RUN_STATUSES } from '../../src/core/run-state.ts';
import { LOG_LEVELS } from '../../src/domain/runs/log.ts';
import { builder } from '../builder.ts';
import { memberOf, memberOrNull } from '../enum-values.ts';
import { EVENT_TYPES, EventTypeEnum, LogLevelEnum, RunStatusEnum } from './enums.ts';

/** One line of a run's story. Its fields read plain columns, so that the live stream needs no further query. */
export const RunEvent = builder.prismaObject('RunEvent', {
  fields: (t) => ({
    id: t.id({ description: 'The run and the number of the event in it.', resolve: ({ runId, seq }) => `${runId}:${seq}` }),
    runId: t.exposeID('runId'),
    jobId: t.id({
      description: 'The job of the run.',
      // Live events bring it along; Prisma asks for those of a whole page at once.
      resolve: async (event, _args, { prisma }) => {
        if ('jobId' in event && typeof event.jobId === 'string') return event.jobId;
        return (await prisma.run.findUniqueOrThrow({ where: { id: event.runId }, select: { jobId: true } })).jobId;
      },
    }),
    projectId: t.id({ description: 'The project of the run.', resolve: (_event, _args, { actor }) => actor.projectId }),
    seq: t.exposeInt('seq'),
    type: t.field({
      type: EventTypeEnum,
      description: 'What kind of event it is.',
      resolve: ({ type }) => EVENT_TYPES.find((known) => known === type) ?? 'other',
    }),
    level: t.field({
      type: LogLevelEnum,
      description: 'How much it matters.',
      resolve: ({ level }) => memberOf(LOG_LEVELS, level),
    }),
    message: t.exposeString('message'),
    data: t.expose('data', { type: 'JSONObject', nullable: true }),
    fromStatus: t.field({
      type: RunStatusEnum,
      nullable: true,
      description: 'On a change of status: the one before.',
      resolve: ({ fromStatus }) => memberOrNull(RUN_STATUSES, fromStatus),
    }),
    toStatus: t.field({
      type: RunStatusEnum,
      nullable: true,
      description: 'On a change of status: the one after.',
      resolve: ({ toStatus }) => memberOrNull(RUN_STATUSES, toStatus),
    }),
    attempt: t.exposeInt('attempt'),
    createdAt: t.expose('createdAt', { type: 'DateTime' }),
  }),
});
