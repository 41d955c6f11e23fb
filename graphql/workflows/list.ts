import type { GraphQLResolveInfo } from 'graphql';
import type { PageInput } from '../../src/domain/runs/page.ts';
import { newestRunsOf } from '../../src/domain/workflows/newest-runs.ts';
import {
  type WorkflowRunFilter as Filter,
  visibleWorkflowRuns,
  WorkflowRunFilterInput,
} from '../../src/domain/workflows/visible-workflows.ts';
import { builder } from '../builder.ts';
import { type Connection, NEWEST_FIRST, pageOf, sliceOf } from '../connection.ts';
import type { GraphQLContext } from '../context.ts';
import { describedBy, leavingOutNulls } from '../input.ts';
import { firstOfMany } from '../of-many.ts';
import { rowSelection } from '../selection.ts';
import { WorkflowRunStatusEnum } from './enums.ts';
import { WorkflowRun } from './type.ts';

const described = describedBy(WorkflowRunFilterInput);

/** Which workflow runs are meant. */
export const WorkflowRunFilter = builder
  .inputType('WorkflowRunFilter', {
    description: 'Which workflow runs are meant; all conditions must hold, and one left out holds for every one.',
    fields: (t) => ({
      status: t.field({ type: [WorkflowRunStatusEnum], ...described.status }),
      workflow: t.id(described.workflow),
      triggeredBy: t.string(described.triggeredBy),
      parentRunId: t.id(described.parentRunId),
      isTopLevel: t.boolean(described.isTopLevel),
      waitsForPerson: t.boolean(described.waitsForPerson),
      scheduleId: t.id(described.scheduleId),
      retryOf: t.id(described.retryOf),
      tags: t.field({ type: 'StringMap', ...described.tags }),
      createdAfter: t.field({ type: 'DateTime', ...described.createdAfter }),
      createdBefore: t.field({ type: 'DateTime', ...described.createdBefore }),
    }),
  })
  .validate(leavingOutNulls(WorkflowRunFilterInput));

/** A page of workflow runs, the same wherever they are listed. */
export const WorkflowRunConnection = builder.connectionObject(
  { type: WorkflowRun, name: 'WorkflowRunConnection', description: 'A page of workflow runs.' },
  { name: 'WorkflowRunEdge', description: 'A workflow run on a page.' },
);

/** Lists workflow runs, newest first. */
export async function listWorkflowRuns(
  { filter, page }: { readonly filter: Filter; readonly page: PageInput },
  context: GraphQLContext,
  info: GraphQLResolveInfo,
): Promise<Connection<{ readonly id: string }>> {
  const slice = sliceOf(page, NEWEST_FIRST);
  const rows = await context.prisma.workflowRun.findMany({
    ...rowSelection(context, info),
    ...slice.within(visibleWorkflowRuns(context.actor, filter)),
  });
  return pageOf(rows, slice);
}

/** Lists the newest runs of a workflow, together with those of the other workflows of a list. */
export async function firstWorkflowRuns(
  workflowId: string,
  page: Pick<PageInput, 'first'>,
  context: GraphQLContext,
  info: GraphQLResolveInfo,
): Promise<Connection<{ readonly id: string }>> {
  const slice = sliceOf(page, NEWEST_FIRST);
  const { actor, prisma, workflows } = context;
  const selection = rowSelection(context, info);
  const found = {
    idsOf: (ids: readonly string[]) => newestRunsOf(actor, ids, slice.size + 1, workflows),
    rowsOf: (ids: readonly string[]) => prisma.workflowRun.findMany({ ...selection, where: { id: { in: [...ids] } } }),
  };
  return pageOf(await firstOfMany(workflowId, found, context, info), slice);
}
