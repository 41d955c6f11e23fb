import { z } from 'zod';
import { projectParam, requireOwnProject } from '../own-project.ts';
import { limitParam, nextOf, opaqueCursorParam, type Page, rowsOf } from '../paging.ts';
import { defineRoute, gql, type Route } from '../route.ts';
import { graphEdges } from './workflow-graph-schema.ts';
import {
  STEP_RUN,
  type StepRunV1,
  stepRunSchema,
  WORKFLOW_RUN,
  WORKFLOW_RUN_EVENT,
  type WorkflowRunEventV1,
  type WorkflowRunV1,
  workflowRunEventSchema,
  workflowRunSchema,
  workflowRunStatusParam,
} from './workflow-run-schema.ts';

const params = z.strictObject({ id: z.string().describe('The workflow run.') });

/** What can be read of workflow runs: `/v1/workflow-runs`, one of them, its `/steps`, `/graph` and `/timeline`. */
export const workflowRunRoutes: readonly Route[] = [
  defineRoute({
    operationId: 'listWorkflowRuns',
    method: 'GET',
    path: '/v1/workflow-runs',
    tag: 'Workflow runs',
    summary: 'List workflow runs',
    description:
      'Lists the workflow runs of the project that meet every condition given, newest first. Requires the scope `workflows:read`.',
    auth: 'key',
    query: z.strictObject({
      project_id: projectParam,
      status: workflowRunStatusParam.optional(),
      workflow_id: z.string().min(1).max(128).optional().describe('Only runs of this workflow, by id or slug.'),
      triggered_by: z
        .string()
        .min(1)
        .max(64)
        .optional()
        .describe('Only those triggered so: `manual`, `workflow`, `retry`, `cron`.'),
      retry_of_run_id: z.string().min(1).max(64).optional().describe('Only those that do this one again.'),
      limit: limitParam,
      cursor: opaqueCursorParam.optional(),
    }),
    document: gql`query listWorkflowRuns($filter: WorkflowRunFilter, $first: Int, $after: String) {
      runs: workflowRuns(filter: $filter, first: $first, after: $after) {
        edges { node { ...WorkflowRunV1 } } pageInfo { hasNextPage endCursor }
      }
    } ${WORKFLOW_RUN}`,
    variables: ({ query, actorProjectId }) => {
      requireOwnProject(query.project_id, actorProjectId);
      const { status, workflow_id: workflow, triggered_by: triggeredBy, retry_of_run_id: retryOf, limit, cursor } = query;
      return { filter: { status: status && [status], workflow, triggeredBy, retryOf }, first: limit, after: cursor };
    },
    response: z.array(workflowRunSchema),
    project: ({ runs }: { runs: Page<WorkflowRunV1> }) => rowsOf(runs),
    nextCursor: ({ runs }) => nextOf(runs),
    errors: { NOT_FOUND: 'The project is not that of the key.' },
  }),
  defineRoute({
    operationId: 'getWorkflowRun',
    method: 'GET',
    path: '/v1/workflow-runs/{id}',
    tag: 'Workflow runs',
    summary: 'Get a workflow run',
    description: 'Answers a workflow run as it is now. Requires the scope `workflows:read`.',
    auth: 'key',
    params,
    document: gql`query getWorkflowRun($id: ID!) { run: workflowRun(id: $id) { ...WorkflowRunV1 } } ${WORKFLOW_RUN}`,
    variables: ({ params }) => ({ id: params.id }),
    response: workflowRunSchema,
    project: ({ run }: { run: WorkflowRunV1 }) => run,
  }),
  defineRoute({
    operationId: 'listWorkflowRunSteps',
    method: 'GET',
    path: '/v1/workflow-runs/{id}/steps',
    tag: 'Workflow runs',
    summary: 'List the steps of a workflow run',
    description: 'Lists the steps of a workflow run, in the order of the workflow. Requires the scope `workflows:read`.',
    auth: 'key',
    params,
    query: z.strictObject({ limit: limitParam, cursor: opaqueCursorParam.optional() }),
    document: gql`query listWorkflowRunSteps($id: ID!, $first: Int, $after: String) {
      run: workflowRun(id: $id) {
        steps(first: $first, after: $after) { edges { node { ...StepRunV1 } } pageInfo { hasNextPage endCursor } }
      }
    } ${STEP_RUN}`,
    variables: ({ params, query }) => ({ id: params.id, first: query.limit, after: query.cursor }),
    response: z.array(stepRunSchema),
    project: ({ run }: { run: { steps: Page<StepRunV1> } }) => rowsOf(run.steps),
    nextCursor: ({ run }) => nextOf(run.steps),
  }),
  defineRoute({
    operationId: 'getWorkflowRunGraph',
    method: 'GET',
    path: '/v1/workflow-runs/{id}/graph',
    tag: 'Workflow runs',
    summary: 'Get the graph of a workflow run',
    description:
      'Answers the steps of a workflow run with their states as nodes, and what depends on what. Requires the scope `workflows:read`.',
    auth: 'key',
    params,
    document: gql`query getWorkflowRunGraph($id: ID!) {
      run: workflowRun(id: $id) { id status graph { nodes { step_ref: ref type: kind status attempt error } edges { from to } } }
    }`,
    variables: ({ params }) => ({ id: params.id }),
    response: z
      .object({
        workflow_run_id: z.string().describe('The workflow run.'),
        status: workflowRunSchema.shape.status,
        nodes: z
          .array(stepRunSchema.pick({ step_ref: true, type: true, status: true, attempt: true, error: true }))
          .describe('Its steps, in the order of the workflow.'),
        edges: graphEdges,
      })
      .meta({ id: 'WorkflowRunGraph', description: 'A workflow run as a graph.' }),
    project: ({ run: { id, status, graph } }: { run: GraphV1 }) => ({ workflow_run_id: id, status, ...graph }),
  }),
  defineRoute({
    operationId: 'getWorkflowRunTimeline',
    method: 'GET',
    path: '/v1/workflow-runs/{id}/timeline',
    tag: 'Workflow runs',
    summary: 'List what happened to a workflow run',
    description: 'Lists the story of a workflow run, in order and without gaps. Requires the scope `workflows:read`.',
    auth: 'key',
    params,
    query: z.strictObject({
      step_ref: z.string().min(1).max(128).optional().describe('Only what happened to this step.'),
      limit: limitParam,
      cursor: opaqueCursorParam.optional(),
    }),
    document: gql`query getWorkflowRunTimeline($id: ID!, $step: String, $first: Int, $after: String) {
      run: workflowRun(id: $id) {
        timeline(step: $step, first: $first, after: $after) {
          edges { node { ...WorkflowRunEventV1 } } pageInfo { hasNextPage endCursor }
        }
      }
    } ${WORKFLOW_RUN_EVENT}`,
    variables: ({ params, query }) => ({ id: params.id, step: query.step_ref, first: query.limit, after: query.cursor }),
    response: z.array(workflowRunEventSchema),
    project: ({ run }: { run: { timeline: Page<WorkflowRunEventV1> } }) => rowsOf(run.timeline),
    nextCursor: ({ run }) => nextOf(run.timeline),
  }),
];

interface GraphV1 extends Pick<WorkflowRunV1, 'id' | 'status'> {
  readonly graph: {
    readonly nodes: Pick<StepRunV1, 'step_ref' | 'type' | 'status' | 'attempt' | 'error'>[];
    readonly edges: z.input<typeof graphEdges>;
  };
}
