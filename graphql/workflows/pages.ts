import { z } from 'zod';
import { visibleWorkflowRuns, visibleWorkflows } from '../../src/domain/workflows/visible-workflows.ts';
import { builder } from '../builder.ts';
import { describedBy } from '../input.ts';
import { WorkflowRunFilter } from './list.ts';
import { Workflow, WorkflowRun } from './type.ts';

/** Rows that one page by number has at most. */
const MAX_ROWS = 1_000;
const DEFAULT_ROWS = 100;
/** How far rows are counted: an index-only scan of some 10 ms, where a million take 100. */
const MAX_COUNTED = 100_000;
const COUNTED = 'How many there are in all, counted up to 100,000 and no further.';

const PageByNumberInput = z.strictObject({
  limit: z.int().min(1).max(MAX_ROWS).optional().describe(`How many, at most 1,000; ${DEFAULT_ROWS} when left out.`),
  offset: z.int().min(0).max(2_147_483_647).optional().describe('How many to pass over; the cost grows with them.'),
});
const described = describedBy(PageByNumberInput);
const PageByNumber = builder
  .inputType('PageByNumberInput', {
    description: 'A page by its place in a list, for callers that count rows; connections are cheaper and do not shift.',
    fields: (t) => ({ limit: t.int(described.limit), offset: t.int(described.offset) }),
  })
  .validate(PageByNumberInput);

interface Slice<Where> {
  readonly where: Where;
  readonly take: number;
  readonly skip: number;
}

const WorkflowRunPage = builder.objectRef<Slice<ReturnType<typeof visibleWorkflowRuns>>>('WorkflowRunPage').implement({
  description: 'Workflow runs by their place in the list.',
  fields: (t) => ({
    items: t.prismaField({
      type: [WorkflowRun],
      description: 'Those of the page, newest first.',
      complexity: { field: 5, multiplier: DEFAULT_ROWS },
      resolve: (query, slice, _args, { prisma }) => prisma.workflowRun.findMany({ ...query, ...slice, orderBy: { id: 'desc' } }),
    }),
    total: t.int({
      description: COUNTED,
      resolve: ({ where }, _args, { prisma }) => prisma.workflowRun.count({ where, take: MAX_COUNTED }),
    }),
  }),
});

const WorkflowPage = builder.objectRef<Slice<ReturnType<typeof visibleWorkflows>>>('WorkflowPage').implement({
  description: 'Workflows by their place in the list.',
  fields: (t) => ({
    items: t.prismaField({
      type: [Workflow],
      description: 'Those of the page, newest first.',
      complexity: { field: 5, multiplier: DEFAULT_ROWS },
      resolve: (query, slice, _args, { prisma }) => prisma.workflow.findMany({ ...query, ...slice, orderBy: { id: 'desc' } }),
    }),
    total: t.int({
      description: COUNTED,
      resolve: ({ where }, _args, { prisma }) => prisma.workflow.count({ where, take: MAX_COUNTED }),
    }),
  }),
});

builder.queryFields((t) => {
  const authScopes = { scope: 'workflows:read' } as const;
  const page = t.arg({ type: PageByNumber, description: 'Which page; the first one when left out.' });
  return {
    workflowRunPage: t.field({
      type: WorkflowRunPage,
      description: 'The workflow runs of the project by their place in the list, newest first. Requires `workflows:read`.',
      args: { filter: t.arg({ type: WorkflowRunFilter, description: 'Which ones; all of them when left out.' }), page },
      authScopes,
      resolve: (_root, { filter, page: asked }, { actor }) => ({
        where: visibleWorkflowRuns(actor, filter ?? {}),
        ...sliceOf(asked),
      }),
    }),
    workflowPage: t.field({
      type: WorkflowPage,
      description: 'The workflows of the project by their place in the list, newest first. Requires `workflows:read`.',
      args: { page },
      authScopes,
      resolve: (_root, { page: asked }, { actor }) => ({ where: visibleWorkflows(actor, {}), ...sliceOf(asked) }),
    }),
  };
});

function sliceOf(page: z.output<typeof PageByNumberInput> | null | undefined) {
  return { take: page?.limit ?? DEFAULT_ROWS, skip: page?.offset ?? 0 };
}
