import { EventSearch, messageHas } from '../../src/domain/runs/event-search.ts';
import { Batch } from '../batches/type.ts';
import { builder } from '../builder.ts';
import { type ListKey, OLDEST_FIRST, pageOf, sliceOf } from '../connection.ts';
import { Job } from '../jobs/type.ts';
import { rowSelection } from '../selection.ts';
import { RunLease, RunOutput, RunWait } from './details.ts';
import { EventTypeEnum, LogLevelEnum } from './enums.ts';
import { RunEvent } from './event.ts';
import { listRuns, RunConnection, RunFilter } from './list.ts';
import { Run } from './type.ts';

// What leads from a run to anything else asks for a scope of its own: whoever may cancel a run sees that run in the answer, and a run
// token sees its own run, but neither walks on from there.
const runsRead = { scope: 'runs:read' } as const;
const jobsRead = { scope: 'jobs:read' } as const;

/** Events are numbered within their run, so their cursors are the numbers: the same as `after` of the subscription. */
const BY_SEQ: ListKey<'seq', number> = {
  field: 'seq',
  order: 'asc',
  read: (cursor) => (/^\d{1,9}$/.test(cursor) ? Number(cursor) : null),
};

builder.prismaObjectFields(Run, (t) => ({
  job: t.relation('job', { type: Job, description: 'The job it executes. Requires `jobs:read`.', authScopes: jobsRead }),
  parent: t.relation('parent', {
    type: Run,
    nullable: true,
    description: 'The run that spawned it; null when nobody did, or that run is no longer kept. Requires `runs:read`.',
    authScopes: runsRead,
  }),
  batch: t.relation('batch', {
    type: Batch,
    nullable: true,
    description: 'The batch it was triggered in. Requires `runs:read`.',
    authScopes: runsRead,
  }),
  lease: t.relation('lease', {
    type: RunLease,
    nullable: true,
    description: 'Who executes it; null while nobody does. Requires `runs:read`.',
    authScopes: runsRead,
  }),
  children: t.connection(
    {
      type: Run,
      description: 'The runs it spawned, oldest first. Requires `runs:read`.',
      authScopes: runsRead,
      resolve: ({ id }, page, context, info) =>
        listRuns({ filter: { parentRunId: id }, page, order: 'oldest-first' }, context, info),
    },
    RunConnection,
  ),
  events: t.connection(
    {
      type: RunEvent,
      description: 'Its story, in order and without gaps; a cursor is the `seq` of its event. Requires `runs:read`.',
      args: {
        level: t.arg({ type: [LogLevelEnum], description: 'Only events of these levels.' }),
        type: t.arg({ type: [EventTypeEnum], description: 'Only events of these types.' }),
        search: t.arg.string({
          description: 'Only events whose message has this text, small and capital letters alike: 1 to 256 characters.',
          validate: EventSearch,
        }),
      },
      authScopes: runsRead,
      resolve: async ({ id }, { level, type, search, ...page }, context, info) => {
        const slice = sliceOf(page, BY_SEQ);
        const rows = await context.prisma.runEvent.findMany({
          ...rowSelection(context, info),
          ...slice.within({
            runId: id,
            ...(level && { level: { in: level } }),
            ...(type && { type: { in: type } }),
            ...(search != null && { message: messageHas(search) }),
          }),
        });
        return pageOf(rows, slice);
      },
    },
    { name: 'RunEventConnection', description: 'A page of events.' },
    { name: 'RunEventEdge', description: 'An event on a page.' },
  ),
  outputs: t.connection(
    {
      type: RunOutput,
      description: 'The named values it has reported, in the order of their first report. Requires `runs:read`.',
      authScopes: runsRead,
      resolve: async ({ id }, page, context, info) => {
        const slice = sliceOf(page, OLDEST_FIRST);
        const rows = await context.prisma.runOutput.findMany({
          ...rowSelection(context, info),
          ...slice.within({ runId: id }),
        });
        return pageOf(rows, slice);
      },
    },
    { name: 'RunOutputConnection', description: 'A page of outputs.' },
    { name: 'RunOutputEdge', description: 'An output on a page.' },
  ),
  waits: t.connection(
    {
      type: RunWait,
      description: 'What it waits or has waited for, oldest first. Requires `runs:read`.',
      authScopes: runsRead,
      resolve: async ({ id }, page, context, info) => {
        const slice = sliceOf(page, OLDEST_FIRST);
        const rows = await context.prisma.wait.findMany({
          ...rowSelection(context, info),
          ...slice.within({ runId: id }),
        });
        return pageOf(rows, slice);
      },
    },
    { name: 'RunWaitConnection', description: 'A page of waits.' },
    { name: 'RunWaitEdge', description: 'A wait on a page.' },
  ),
}));

builder.prismaObjectField(Job, 'runs', (t) =>
  t.connection(
    {
      type: Run,
      description: 'Its runs, newest first. Requires `runs:read`.',
      args: { filter: t.arg({ type: RunFilter, description: 'Which of them; all when left out.' }) },
      authScopes: runsRead,
      resolve: ({ id }, { filter, ...page }, context, info) =>
        listRuns({ filter: { ...filter, job: id }, page, order: 'newest-first' }, context, info),
    },
    RunConnection,
  ),
);
