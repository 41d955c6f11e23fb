import { notFound } from '../../src/core/errors.ts';
import {
  visibleStep,
  visibleWorkflow,
  visibleWorkflowRun,
  visibleWorkflows,
  WorkflowFilterInput,
} from '../../src/domain/workflows/visible-workflows.ts';
import { builder } from '../builder.ts';
import { NEWEST_FIRST, pageOf, sliceOf } from '../connection.ts';
import { describedBy, leavingOutNulls } from '../input.ts';
import { rowSelection } from '../selection.ts';
import { listWorkflowRuns, WorkflowRunConnection, WorkflowRunFilter } from './list.ts';
import { StepRun, Workflow, WorkflowRun } from './type.ts';

const described = describedBy(WorkflowFilterInput);
const WorkflowFilter = builder
  .inputType('WorkflowFilter', {
    description: 'Which workflows are meant; all conditions must hold, and one left out holds for every one.',
    fields: (t) => ({
      slug: t.string(described.slug),
      enabled: t.boolean(described.enabled),
      tags: t.field({ type: 'StringMap', ...described.tags }),
    }),
  })
  .validate(leavingOutNulls(WorkflowFilterInput));

const authScopes = { scope: 'workflows:read' } as const;

builder.queryFields((t) => ({
  workflow: t.prismaField({
    type: Workflow,
    description: 'One workflow; NOT_FOUND when there is none, or it was deleted. Requires `workflows:read`.',
    args: { id: t.arg.id({ required: true, description: 'Id or slug of the workflow.' }) },
    authScopes,
    resolve: async (query, _root, { id }, { actor, prisma }) => {
      const workflow = await prisma.workflow.findFirst({ ...query, where: visibleWorkflow(actor, id) });
      if (!workflow) throw notFound('workflow');
      return workflow;
    },
  }),
  workflows: t.connection(
    {
      type: Workflow,
      description: 'The workflows of the project, newest first. Requires `workflows:read`.',
      args: { filter: t.arg({ type: WorkflowFilter, description: 'Which ones; all of them when left out.' }) },
      authScopes,
      resolve: async (_root, { filter, ...page }, context, info) => {
        const slice = sliceOf(page, NEWEST_FIRST);
        const rows = await context.prisma.workflow.findMany({
          ...rowSelection(context, info),
          ...slice.within(visibleWorkflows(context.actor, filter ?? {})),
        });
        return pageOf(rows, slice);
      },
    },
    { name: 'WorkflowConnection', description: 'A page of workflows.' },
    { name: 'WorkflowEdge', description: 'A workflow on a page.' },
  ),
  workflowRun: t.prismaField({
    type: WorkflowRun,
    description: 'One workflow run; NOT_FOUND when there is none. Requires `workflows:read`.',
    args: { id: t.arg.id({ required: true, description: 'The workflow run.' }) },
    authScopes,
    resolve: async (query, _root, { id }, { actor, prisma }) => {
      const run = await prisma.workflowRun.findFirst({ ...query, where: visibleWorkflowRun(actor, id) });
      if (!run) throw notFound('workflow run');
      return run;
    },
  }),
  workflowRuns: t.connection(
    {
      type: WorkflowRun,
      description: 'The workflow runs of the project, newest first. Requires `workflows:read`.',
      args: { filter: t.arg({ type: WorkflowRunFilter, description: 'Which ones; all of them when left out.' }) },
      authScopes,
      resolve: (_root, { filter, ...page }, context, info) => listWorkflowRuns({ filter: filter ?? {}, page }, context, info),
    },
    WorkflowRunConnection,
  ),
  stepRun: t.prismaField({
    type: StepRun,
    description: 'One step of a workflow run; NOT_FOUND when there is none. Requires `workflows:read`.',
    args: {
      workflowRunId: t.arg.id({ required: true, description: 'The workflow run.' }),
      ref: t.arg.string({ required: true, description: 'The step.' }),
    },
    authScopes,
    resolve: async (query, _root, { workflowRunId, ref }, { actor, prisma }) => {
      const step = await prisma.workflowStepRun.findFirst({ ...query, where: visibleStep(actor, { workflowRunId, ref }) });
      if (!step) throw notFound('step');
      return step;
    },
  }),
}));
