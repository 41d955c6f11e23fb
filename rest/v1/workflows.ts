import { z } from 'zod';
import { projectParam, requireOwnProject } from '../own-project.ts';
import { limitParam, nextOf, opaqueCursorParam, type Page, rowsOf } from '../paging.ts';
import { defineRoute, gql, type Route } from '../route.ts';
import { newWorkflowBody, workflowChangesBody, workflowInput } from './workflow-bodies.ts';
import { edgesOf, graphEdges } from './workflow-graph-schema.ts';
import {
  WORKFLOW,
  WORKFLOW_SUMMARY,
  WORKFLOW_VERSION,
  type WorkflowSummaryV1,
  type WorkflowV1,
  type WorkflowVersionV1,
  workflowOf,
  workflowSchema,
  workflowStepSchema,
  workflowSummarySchema,
  workflowVersionSchema,
} from './workflow-schema.ts';

const params = z.strictObject({ id: z.string().describe('Id or slug of the workflow.') });
/** 1,000 steps with payloads and expressions of their own. */
const DEFINITION_BODY_LIMIT = 6 * 1024 * 1024;
const UNSOUND =
  'A field is invalid, or the workflow could not run: cycles, unknown steps, bad expressions; `details` names the steps.';

/** `/v1/workflows`, without what triggers runs of them. */
export const workflowRoutes: readonly Route[] = [
  defineRoute({
    operationId: 'createWorkflow',
    method: 'POST',
    path: '/v1/workflows',
    tag: 'Workflows',
    summary: 'Create a workflow',
    description:
      'Creates a workflow at version 1. One that could not run is refused, naming its steps, and nothing is stored. Requires the scope `workflows:write`.',
    auth: 'key',
    body: newWorkflowBody,
    bodyLimit: DEFINITION_BODY_LIMIT,
    document: gql`mutation createWorkflowV1($input: CreateWorkflowInput!) {
      workflow: createWorkflow(input: $input) { ...WorkflowV1 }
    } ${WORKFLOW}`,
    variables: ({ body, actorProjectId }) => {
      requireOwnProject(body.project_id, actorProjectId);
      return { input: workflowInput(body) };
    },
    response: workflowSchema,
    project: ({ workflow }: { workflow: WorkflowV1 }) => workflowOf(workflow),
    status: 201,
    errors: {
      BAD_REQUEST: UNSOUND,
      NOT_FOUND: 'The project is not that of the key.',
      CONFLICT: 'A workflow of the project has this slug.',
    },
  }),
  defineRoute({
    operationId: 'listWorkflows',
    method: 'GET',
    path: '/v1/workflows',
    tag: 'Workflows',
    summary: 'List workflows',
    description: 'Lists the workflows of the project, newest first, without their steps. Requires the scope `workflows:read`.',
    auth: 'key',
    query: z.strictObject({
      project_id: projectParam,
      slug: z.string().min(1).max(128).optional().describe('Only the workflow with this slug.'),
      limit: limitParam,
      cursor: opaqueCursorParam.optional(),
    }),
    document: gql`query listWorkflows($filter: WorkflowFilter, $first: Int, $after: String) {
      workflows(filter: $filter, first: $first, after: $after) {
        edges { node { ...WorkflowSummaryV1 } } pageInfo { hasNextPage endCursor }
      }
    } ${WORKFLOW_SUMMARY}`,
    variables: ({ query, actorProjectId }) => {
      requireOwnProject(query.project_id, actorProjectId);
      return { filter: { slug: query.slug }, first: query.limit, after: query.cursor };
    },
    response: z.array(workflowSummarySchema),
    project: ({ workflows }: { workflows: Page<WorkflowSummaryV1> }) => rowsOf(workflows),
    nextCursor: ({ workflows }) => nextOf(workflows),
    errors: { NOT_FOUND: 'The project is not that of the key.' },
  }),
  defineRoute({
    operationId: 'getWorkflow',
    method: 'GET',
    path: '/v1/workflows/{id}',
    tag: 'Workflows',
    summary: 'Get a workflow',
    description: 'Answers a workflow as it is now, with its steps. Requires the scope `workflows:read`.',
    auth: 'key',
    params,
    document: gql`query getWorkflow($id: ID!) { workflow(id: $id) { ...WorkflowV1 } } ${WORKFLOW}`,
    variables: ({ params }) => ({ id: params.id }),
    response: workflowSchema,
    project: ({ workflow }: { workflow: WorkflowV1 }) => workflowOf(workflow),
  }),
  defineRoute({
    operationId: 'updateWorkflow',
    method: 'PATCH',
    path: '/v1/workflows/{id}',
    tag: 'Workflows',
    summary: 'Change a workflow',
    description:
      'Changes a workflow; what the body leaves out stays, and `steps` replaces all of them. What it says makes the next version, and runs keep to theirs. Requires the scope `workflows:write`.',
    auth: 'key',
    params,
    body: workflowChangesBody,
    bodyLimit: DEFINITION_BODY_LIMIT,
    document: gql`mutation updateWorkflowV1($id: ID!, $input: UpdateWorkflowInput!) {
      workflow: updateWorkflow(id: $id, input: $input) { ...WorkflowV1 }
    } ${WORKFLOW}`,
    variables: ({ params, body }) => ({ id: params.id, input: workflowInput(body) }),
    response: workflowSchema,
    project: ({ workflow }: { workflow: WorkflowV1 }) => workflowOf(workflow),
    errors: { BAD_REQUEST: UNSOUND, CONFLICT: 'The slug is taken, or the workflow is not at `expected_version`.' },
  }),
  defineRoute({
    operationId: 'deleteWorkflow',
    method: 'DELETE',
    path: '/v1/workflows/{id}',
    tag: 'Workflows',
    summary: 'Delete a workflow',
    description: 'Deletes a workflow and frees its slug; its runs stay. Requires the scope `workflows:write`.',
    auth: 'key',
    params,
    document: gql`mutation deleteWorkflowV1($id: ID!) { deleteWorkflow(id: $id) { id } }`,
    variables: ({ params }) => ({ id: params.id }),
    status: 204,
    errors: { CONFLICT: 'Runs of the workflow go on: cancel them, or wait.' },
  }),
  defineRoute({
    operationId: 'listWorkflowVersions',
    method: 'GET',
    path: '/v1/workflows/{id}/versions',
    tag: 'Workflows',
    summary: 'List the versions of a workflow',
    description: 'Lists what a workflow said at each of its versions, newest first. Requires the scope `workflows:read`.',
    auth: 'key',
    params,
    query: z.strictObject({ limit: limitParam, cursor: opaqueCursorParam.optional() }),
    document: gql`query listWorkflowVersions($id: ID!, $first: Int, $after: String) {
      workflow(id: $id) {
        versions(first: $first, after: $after) { edges { node { ...WorkflowVersionV1 } } pageInfo { hasNextPage endCursor } }
      }
    } ${WORKFLOW_VERSION}`,
    variables: ({ params, query }) => ({ id: params.id, first: query.limit, after: query.cursor }),
    response: z.array(workflowVersionSchema),
    project: ({ workflow }: { workflow: { versions: Page<WorkflowVersionV1> } }) => rowsOf(workflow.versions),
    nextCursor: ({ workflow }) => nextOf(workflow.versions),
  }),
  defineRoute({
    operationId: 'getWorkflowGraph',
    method: 'GET',
    path: '/v1/workflows/{id}/graph',
    tag: 'Workflows',
    summary: 'Get the graph of a workflow',
    description: 'Answers what a workflow says now as nodes and edges. Requires the scope `workflows:read`.',
    auth: 'key',
    params,
    document: gql`query getWorkflowGraph($id: ID!) { workflow(id: $id) { ...WorkflowV1 } } ${WORKFLOW}`,
    variables: ({ params }) => ({ id: params.id }),
    response: z
      .object({
        workflow_id: z.string().describe('The workflow.'),
        version: z.int().describe('Its current version.'),
        nodes: z.array(workflowStepSchema).describe('Its steps.'),
        edges: graphEdges,
      })
      .meta({ id: 'WorkflowGraph', description: 'A workflow as a graph.' }),
    project: ({ workflow: { id, version, current } }: { workflow: WorkflowV1 }) => ({
      workflow_id: id,
      version,
      nodes: current.steps,
      edges: edgesOf(current.steps),
    }),
  }),
];
