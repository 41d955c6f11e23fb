import {
  countEvents,
  EventFilterInput,
  findEvent,
  type EventStats as Stats,
  visibleEvents,
} from '../../src/domain/events/visible-events.ts';
import { builder } from '../builder.ts';
import { NEWEST_FIRST, pageOf, sliceOf } from '../connection.ts';
import { describedBy, leavingOutNulls } from '../input.ts';
import { WaitStatusEnum } from '../runs/enums.ts';
import { rowSelection } from '../selection.ts';
import { EventSourceEnum, EventTrigger } from './type.ts';

const described = describedBy(EventFilterInput);
const EventFilter = builder
  .inputType('EventTriggerFilter', {
    description: 'Which event triggers are meant; all conditions must hold, and one left out holds for all of them.',
    fields: (t) => ({
      status: t.field({ type: [WaitStatusEnum], ...described.status }),
      sourceType: t.field({ type: EventSourceEnum, ...described.sourceType }),
    }),
  })
  .validate(leavingOutNulls(EventFilterInput));

const EventStats = builder.objectRef<Stats>('EventStats').implement({
  description: 'How many event triggers the project keeps, by how they stand.',
  fields: (t) => ({
    total: t.exposeInt('total', { description: 'All of them.' }),
    waiting: t.exposeInt('waiting', { description: 'Those that go on.' }),
    received: t.exposeInt('received', { description: 'Those whose event was sent.' }),
    timedOut: t.exposeInt('timedOut', { description: 'Those that lasted too long.' }),
    canceled: t.exposeInt('canceled', { description: 'Those that ended without an event.' }),
    averageWaitSecs: t.exposeFloat('averageWaitSecs', {
      description: 'Seconds from the wait to its event, over those whose event was sent; 0 when none was.',
    }),
  }),
});

builder.queryFields((t) => {
  const authScopes = { scope: 'runs:read' } as const;
  return {
    eventTrigger: t.prismaField({
      type: EventTrigger,
      description:
        'The event trigger of a key: the one that waits, else the newest; NOT_FOUND when there never was one. Requires `runs:read`.',
      args: { key: t.arg.string({ required: true, description: 'The key.' }) },
      authScopes,
      resolve: async (query, _root, { key }, { actor, prisma, runs }) => {
        const id = await findEvent(actor, key, runs);
        return prisma.wait.findFirstOrThrow({ ...query, where: { id, projectId: actor.projectId } });
      },
    }),
    eventTriggers: t.connection(
      {
        type: EventTrigger,
        description: 'The event triggers of the project, newest first. Requires `runs:read`.',
        args: { filter: t.arg({ type: EventFilter, description: 'Which ones; all of them when left out.' }) },
        authScopes,
        resolve: async (_root, { filter, ...page }, context, info) => {
          const slice = sliceOf(page, NEWEST_FIRST);
          const rows = await context.prisma.wait.findMany({
            ...rowSelection(context, info),
            ...slice.within(visibleEvents(context.actor, filter ?? {})),
          });
          return pageOf(rows, slice);
        },
      },
      { name: 'EventTriggerConnection', description: 'A page of event triggers.' },
      { name: 'EventTriggerEdge', description: 'An event trigger on a page.' },
    ),
    eventStats: t.field({
      type: EventStats,
      description: 'Counts the event triggers of the project. Requires `runs:read`.',
      authScopes,
      resolve: (_root, _args, { actor, runs }) => countEvents(actor, runs),
    }),
  };
});
