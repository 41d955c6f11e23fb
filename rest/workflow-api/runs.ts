import { z } from 'zod';
import { defineRoute, gql, type Route } from '../route.ts';
import { RUN, type RunFields, runOf, runSchema, taskSchema, tasksOf, WHOLE_RUN } from './run-schema.ts';
import { ABOUT, ABOUT_RUN, pageInput, pageQuery } from './shared.ts';

interface Found {
  readonly run: RunFields;
}

interface Listed {
  readonly page: { readonly items: readonly RunFields[] };
}

const listOf = ({ page }: Listed) => page.items.map(runOf);

/** `/run/…`: list, get, status, tasks, children and delete. */
export const workflowApiRunRoutes: readonly Route[] = [
  defineRoute({
    ...ABOUT,
    operationId: 'listWorkflowApiRuns',
    method: 'GET',
    path: '/run/',
    summary: 'List all runs',
    description:
      'Lists the runs of all workflows, newest first, their tasks without inputs and outputs. Requires the scope `workflows:read`.',
    query: z.strictObject({
      ...pageQuery({ pageSize: 10, maxPageSize: 100 }),
      parent_only: z.stringbool().default(false).describe('Only runs that are part of no other one.'),
    }),
    document: gql`query listWorkflowApiRuns($filter: WorkflowRunFilter, $page: PageByNumberInput) {
      page: workflowRunPage(filter: $filter, page: $page) { items { ...RunFields } }
    } ${RUN}`,
    variables: ({ query }) => ({ filter: query.parent_only ? { isTopLevel: true } : {}, page: pageInput(query) }),
    response: z.array(runSchema),
    project: listOf,
  }),
  defineRoute({
    ...ABOUT_RUN,
    operationId: 'getWorkflowApiRun',
    method: 'GET',
    path: '/run/{run_id}/',
    summary: 'Get a run',
    description: 'Answers a run with its tasks, their inputs and outputs. Requires the scope `workflows:read`.',
    document: gql`query getWorkflowApiRun($id: ID!) { run: workflowRun(id: $id) { ...WholeRunFields } } ${WHOLE_RUN}`,
    variables: ({ params }) => ({ id: params.run_id }),
    response: runSchema,
    project: ({ run }: Found) => runOf(run),
  }),
  defineRoute({
    ...ABOUT_RUN,
    operationId: 'getWorkflowApiRunStatus',
    method: 'GET',
    path: '/run/{run_id}/status/',
    summary: 'Get the status of a run',
    description:
      'Answers a run as lists do, its tasks without inputs and outputs: cheap to ask for again and again. Requires the scope `workflows:read`.',
    document: gql`query getWorkflowApiRunStatus($id: ID!) { run: workflowRun(id: $id) { ...RunFields } } ${RUN}`,
    variables: ({ params }) => ({ id: params.run_id }),
    response: runSchema,
    project: ({ run }: Found) => runOf(run),
  }),
  defineRoute({
    ...ABOUT_RUN,
    operationId: 'listWorkflowApiTasks',
    method: 'GET',
    path: '/run/{run_id}/tasks/',
    summary: 'List the tasks of a run',
    description: 'Lists all tasks of a run, in the order of the workflow. Requires the scope `workflows:read`.',
    document: gql`query listWorkflowApiTasks($id: ID!) {
      run: workflowRun(id: $id) {
        id status stepsBehindApprovals
        graph { nodes { id ref kind status skipReason attempt error startedAt finishedAt } }
        stepValues { input output isTruncated }
      }
    }`,
    variables: ({ params }) => ({ id: params.run_id }),
    response: z.array(taskSchema),
    project: ({ run }: { run: Parameters<typeof tasksOf>[0] }) => tasksOf(run),
  }),
  defineRoute({
    ...ABOUT_RUN,
    operationId: 'listWorkflowApiChildren',
    method: 'GET',
    path: '/run/{run_id}/children/',
    summary: 'List the child runs of a run',
    description:
      'Lists the runs that are part of a run, of workflows inside of it or of the items of a batch, newest first, at most 1,000 a page; their tasks without inputs and outputs. Requires the scope `workflows:read`.',
    query: z.strictObject(pageQuery({ pageSize: 1_000, maxPageSize: 1_000 })),
    document: gql`query listWorkflowApiChildren($id: ID!, $filter: WorkflowRunFilter, $page: PageByNumberInput) {
      run: workflowRun(id: $id) { id }
      page: workflowRunPage(filter: $filter, page: $page) { items { ...RunFields } }
    } ${RUN}`,
    variables: ({ params, query }) => ({
      id: params.run_id,
      filter: { parentRunId: params.run_id.slice(0, 64) },
      page: pageInput(query),
    }),
    response: z.array(runSchema),
    project: listOf,
  }),
  defineRoute({
    ...ABOUT_RUN,
    operationId: 'deleteWorkflowApiRun',
    method: 'DELETE',
    path: '/run/{run_id}/',
    summary: 'Delete a run',
    description:
      'Deletes a run that has ended, with its tasks and the runs that are part of it. Requires the scope `workflows:write`.',
    document: gql`mutation deleteWorkflowApiRun($id: ID!) { deleteWorkflowRun(id: $id) }`,
    variables: ({ params }) => ({ id: params.run_id }),
    status: 204,
    errors: { CONFLICT: 'The run goes on, or is part of one that does.' },
  }),
];
