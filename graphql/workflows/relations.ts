import { type StepResult as Result, readStepResults } from '../../src/domain/workflows/step-results.ts';
import { builder } from '../builder.ts';
import { type ListKey, OLDEST_FIRST, pageOf, sliceOf } from '../connection.ts';
import { EventTrigger } from '../events/type.ts';
import { listRuns, RunConnection } from '../runs/list.ts';
import { Run } from '../runs/type.ts';
import { rowSelection } from '../selection.ts';
import { definitionOf, WorkflowStep } from './definition.ts';
import { firstWorkflowRuns, listWorkflowRuns, WorkflowRunConnection, WorkflowRunFilter } from './list.ts';
import { ALSO_OF_MUTATIONS } from './scopes.ts';
import { StepRun, Workflow, WorkflowRun, WorkflowRunEvent, WorkflowVersion } from './type.ts';

const authScopes = { scope: 'workflows:read' } as const;

/** Numbers are cursors: those of events are the same as `after` of the subscription. */
function byNumber<Field extends string>(field: Field, order: 'asc' | 'desc'): ListKey<Field, number> {
  return { field, order, read: (cursor) => (/^\d{1,9}$/.test(cursor) ? Number(cursor) : null) };
}

builder.prismaObjectFields(Workflow, (t) => ({
  current: t.prismaField({
    type: WorkflowVersion,
    description: 'What it says now. Requires `workflows:read`, or `workflows:write` of whoever has just said it.',
    authScopes: { ...authScopes, orScope: 'workflows:write' },
    resolve: (query, { id, version }, _args, { prisma }) =>
      prisma.workflowVersion.findUniqueOrThrow({ ...query, where: { workflowId_version: { workflowId: id, version } } }),
  }),
  versions: t.connection(
    {
      type: WorkflowVersion,
      description: 'What it said at each version, newest first. Requires `workflows:read`.',
      authScopes,
      resolve: async ({ id }, page, context, info) => {
        const slice = sliceOf(page, byNumber('version', 'desc'));
        const rows = await context.prisma.workflowVersion.findMany({
          ...rowSelection(context, info),
          ...slice.within({ workflowId: id }),
        });
        return pageOf(rows, slice);
      },
    },
    { name: 'WorkflowVersionConnection', description: 'A page of versions.' },
    { name: 'WorkflowVersionEdge', description: 'A version on a page.' },
  ),
  runs: t.connection(
    {
      type: WorkflowRun,
      description: 'Its runs, newest first. Requires `workflows:read`.',
      args: { filter: t.arg({ type: WorkflowRunFilter, description: 'Which of them; all when left out.' }) },
      authScopes,
      resolve: ({ id }, { filter, ...page }, context, info) =>
        filter || page.after != null || page.last != null || page.before != null
          ? listWorkflowRuns({ filter: { ...filter, workflow: id }, page }, context, info)
          : firstWorkflowRuns(id, page, context, info),
    },
    WorkflowRunConnection,
  ),
}));

const StepCounts = builder
  .objectRef<{ readonly total: number; readonly byStatus: Readonly<Record<string, number>> }>('StepCounts')
  .implement({
    description: 'How many steps of a workflow run stand where.',
    fields: (t) => ({
      total: t.exposeInt('total', { description: 'All of them.' }),
      pending: t.int({ description: 'Those that have not started.', resolve: ({ byStatus }) => byStatus['pending'] ?? 0 }),
      waiting: t.int({ description: 'Those that wait.', resolve: ({ byStatus }) => byStatus['waiting'] ?? 0 }),
      running: t.int({ description: 'Those that are worked on.', resolve: ({ byStatus }) => byStatus['running'] ?? 0 }),
      completed: t.int({ description: 'Those that have completed.', resolve: ({ byStatus }) => byStatus['completed'] ?? 0 }),
      failed: t.int({ description: 'Those that have failed.', resolve: ({ byStatus }) => byStatus['failed'] ?? 0 }),
      skipped: t.int({ description: 'Those that were left out.', resolve: ({ byStatus }) => byStatus['skipped'] ?? 0 }),
      canceled: t.int({ description: 'Those that were canceled.', resolve: ({ byStatus }) => byStatus['canceled'] ?? 0 }),
    }),
  });

const StepResult = builder.objectRef<Result>('StepResult').implement({
  description: 'What a step of a workflow run has returned.',
  fields: (t) => ({
    ref: t.exposeString('ref', { description: 'The step.' }),
    result: t.expose('result', {
      type: 'JSON',
      nullable: true,
      description: 'Its output; null when it has none, or a larger one.',
    }),
    isTruncated: t.exposeBoolean('isTruncated', { description: 'Whether its output is larger, and left out here.' }),
  }),
});

builder.prismaObjectFields(WorkflowRun, (t) => ({
  workflow: t.relation('workflow', {
    type: Workflow,
    description: 'The workflow it executes. Requires `workflows:read`.',
    authScopes,
  }),
  version: t.relation('definition', {
    type: WorkflowVersion,
    description: 'What the workflow said when it was triggered. Requires `workflows:read`, or another scope of workflows.',
    authScopes: ALSO_OF_MUTATIONS,
  }),
  parentStep: t.relation('parentStep', {
    type: StepRun,
    nullable: true,
    description: 'The step that it is the work of; null for one that was triggered. Requires `workflows:read`.',
    authScopes,
  }),
  steps: t.connection(
    {
      type: StepRun,
      description: 'Its steps, in the order of the definition. Requires `workflows:read`.',
      authScopes,
      resolve: async ({ id }, page, context, info) => {
        const slice = sliceOf(page, byNumber('position', 'asc'));
        const rows = await context.prisma.workflowStepRun.findMany({
          ...rowSelection(context, info),
          ...slice.within({ workflowRunId: id }),
        });
        return pageOf(rows, slice);
      },
    },
    { name: 'StepRunConnection', description: 'A page of steps.' },
    { name: 'StepRunEdge', description: 'A step on a page.' },
  ),
  stepResults: t.field({
    type: [StepResult],
    description: 'What its steps have returned, in the order of the definition, each up to a size. Requires `workflows:read`.',
    args: {
      maxBytes: t.arg.int({ defaultValue: 16_384, description: 'Bytes of JSON of one result, at most 16,384.' }),
    },
    complexity: { field: 5, multiplier: 100 },
    authScopes,
    resolve: ({ id }, { maxBytes }, { runs }) => readStepResults({ workflowRunId: id, maxBytes: maxBytes ?? undefined }, runs),
  }),
  stepCounts: t.field({
    type: StepCounts,
    description: 'How many steps stand where. Requires `workflows:read`.',
    authScopes,
    resolve: async ({ id }, _args, { prisma }) => {
      const groups = await prisma.workflowStepRun.groupBy({ by: ['status'], where: { workflowRunId: id }, _count: true });
      const byStatus = Object.fromEntries(groups.map(({ status, _count }) => [status, _count]));
      return { total: groups.reduce((sum, { _count }) => sum + _count, 0), byStatus };
    },
  }),
  timeline: t.connection(
    {
      type: WorkflowRunEvent,
      description: 'Its story, in order and without gaps; a cursor is the `seq` of its event. Requires `workflows:read`.',
      args: { step: t.arg.string({ description: 'Only what happened to this step.' }) },
      authScopes,
      resolve: async ({ id }, { step, ...page }, context, info) => {
        const slice = sliceOf(page, byNumber('seq', 'asc'));
        const rows = await context.prisma.workflowRunEvent.findMany({
          ...rowSelection(context, info),
          ...slice.within({ workflowRunId: id, ...(step != null && { stepRef: step }) }),
        });
        return pageOf(rows, slice);
      },
    },
    { name: 'WorkflowRunEventConnection', description: 'A page of events of a workflow run.' },
    { name: 'WorkflowRunEventEdge', description: 'An event of a workflow run on a page.' },
  ),
  retries: t.connection(
    {
      type: WorkflowRun,
      description: 'The workflow runs that do it again, newest first. Requires `workflows:read`.',
      authScopes,
      resolve: ({ id }, page, context, info) => listWorkflowRuns({ filter: { retryOf: id }, page }, context, info),
    },
    WorkflowRunConnection,
  ),
  children: t.connection(
    {
      type: WorkflowRun,
      description: 'The workflow runs that are the work of its steps, newest first. Requires `workflows:read`.',
      authScopes,
      resolve: ({ id }, page, context, info) => listWorkflowRuns({ filter: { parentRunId: id }, page }, context, info),
    },
    WorkflowRunConnection,
  ),
}));

builder.prismaObjectFields(StepRun, (t) => ({
  definition: t.field({
    type: WorkflowStep,
    nullable: true,
    description: 'What the workflow says about it. Requires `workflows:read`.',
    authScopes,
    select: { position: true, workflowRun: { select: { definition: { select: { definition: true } } } } },
    resolve: ({ position, workflowRun }) => definitionOf(workflowRun.definition.definition).steps[position],
  }),
  runs: t.connection(
    {
      type: Run,
      description: 'The runs that are its work, of all tries, oldest first; one for each item of a map. Requires `runs:read`.',
      authScopes: { scope: 'runs:read' },
      resolve: ({ id }, page, context, info) =>
        listRuns({ filter: { workflowStepRunId: id }, page, order: 'oldest-first' }, context, info),
    },
    RunConnection,
  ),
  workflowRuns: t.relation('workflowRuns', {
    type: WorkflowRun,
    query: { orderBy: { parentAttempt: 'asc' }, take: 100 },
    description: 'The workflow runs that are its work, by try, at most 100. Requires `workflows:read`.',
    authScopes,
  }),
  waits: t.connection(
    {
      type: EventTrigger,
      description: 'The events it waits or has waited for, by try. Requires `runs:read`.',
      authScopes: { scope: 'runs:read' },
      resolve: async ({ id }, page, context, info) => {
        const slice = sliceOf(page, OLDEST_FIRST);
        const rows = await context.prisma.wait.findMany({
          ...rowSelection(context, info),
          ...slice.within({ workflowStepRunId: id }),
        });
        return pageOf(rows, slice);
      },
    },
    { name: 'StepWaitConnection', description: 'A page of event triggers of a step.' },
    { name: 'StepWaitEdge', description: 'An event trigger of a step on a page.' },
  ),
}));

builder.prismaObjectField(Run, 'workflowStep', (t) =>
  t.relation('workflowStep', {
    type: StepRun,
    nullable: true,
    description: 'The workflow step that it is the work of; null when it is of none. Requires `workflows:read`.',
    authScopes,
  }),
);
