import { z } from 'zod';
import { notFound } from '../../src/core/errors.ts';
import { requireOwnProject } from '../own-project.ts';
import { limitParam, nextOf, opaqueCursorParam, type Page, rowsOf } from '../paging.ts';
import { defineRoute, gql, type Route } from '../route.ts';
import { idempotencyHeaders, idempotencyKeyOf } from './idempotency-key.ts';
import { PAYLOAD_BODY_LIMIT } from './job-trigger.ts';
import { workflowTriggerBody, workflowTriggerInput } from './workflow-bodies.ts';
import {
  WORKFLOW_RUN,
  type WorkflowRunV1,
  workflowRunSchema,
  workflowRunStatus,
  workflowRunStatusParam,
} from './workflow-run-schema.ts';

const params = z.strictObject({ id: z.string().describe('Id or slug of the workflow.') });
const MAX_WORKFLOW_NAME = 128;

const REFUSED = {
  BAD_REQUEST: 'The workflow is disabled, the payload does not match its input schema, or an override names no step.',
  NOT_FOUND: 'There is no such workflow, or the project is not that of the key.',
} as const;

const triggeredSchema = z
  .object({
    id: z.string().describe('The workflow run.'),
    status: workflowRunStatus,
    idempotency_hit: z.boolean().describe('Whether it was there already, under the same idempotency key.'),
  })
  .meta({ id: 'TriggeredWorkflow', description: 'The workflow run that answers a trigger.' });

const dryRunSchema = z
  .object({
    workflow_id: z.string().describe('The workflow it would run.'),
    version: z.int().describe('And its version.'),
    payload_hash: z.string().describe('SHA-256 of the payload with its keys in order, in hexadecimal.'),
    rounds: z
      .array(z.array(z.string()))
      .describe('Its steps by rounds: those of one can be under way at once, and come after those of the rounds before.'),
    disabled: z.array(z.string()).describe('The steps that the overrides leave out.'),
  })
  .meta({ id: 'WorkflowDryRun', description: 'What a trigger would do.' });

interface Preview {
  readonly workflow: { readonly id: string; readonly version: number };
  readonly payload_hash: string;
  readonly rounds: readonly { readonly steps: string[] }[];
  readonly disabled: string[];
}

/** What triggers runs of workflows, and lists those of one: `/v1/workflows/{id}/trigger`, `/dry-run` and `/runs`. */
export const workflowTriggerRoutes: readonly Route[] = [
  defineRoute({
    operationId: 'triggerWorkflow',
    method: 'POST',
    path: '/v1/workflows/{id}/trigger',
    tag: 'Workflows',
    summary: 'Trigger a workflow',
    description:
      'Triggers a run of a workflow; answered means stored. `Idempotency-Key` makes it safe to repeat. Requires the scope `workflows:trigger`.',
    auth: 'key',
    params,
    headers: idempotencyHeaders,
    body: workflowTriggerBody.optional(),
    bodyLimit: PAYLOAD_BODY_LIMIT,
    document: gql`mutation triggerWorkflowV1($input: TriggerWorkflowInput!) {
      triggered: triggerWorkflow(input: $input) { id status idempotency_hit: idempotencyHit }
    }`,
    variables: ({ params, headers, body = {}, actorProjectId }) => {
      requireOwnProject(body.project_id, actorProjectId);
      const idempotencyKey = idempotencyKeyOf(headers);
      return { input: { workflow: workflowNamed(params.id), ...workflowTriggerInput(body), idempotencyKey } };
    },
    response: triggeredSchema,
    project: ({ triggered }: { triggered: z.input<typeof triggeredSchema> }) => triggered,
    status: 201,
    errors: { ...REFUSED, CONFLICT: 'The idempotency key is held by a workflow run with another payload.' },
  }),
  defineRoute({
    operationId: 'dryRunWorkflow',
    method: 'POST',
    path: '/v1/workflows/{id}/dry-run',
    tag: 'Workflows',
    summary: 'Try a trigger without storing anything',
    description:
      'Checks a trigger as the trigger itself would, and says in which order the steps could run. Requires the scope `workflows:trigger`.',
    auth: 'key',
    params,
    body: workflowTriggerBody.optional(),
    bodyLimit: PAYLOAD_BODY_LIMIT,
    document: gql`query dryRunWorkflow($input: TriggerWorkflowInput!) {
      preview: previewWorkflow(input: $input) {
        workflow { id version } payload_hash: payloadHash rounds { steps } disabled
      }
    }`,
    variables: ({ params, body = {}, actorProjectId }) => {
      requireOwnProject(body.project_id, actorProjectId);
      return { input: { workflow: workflowNamed(params.id), ...workflowTriggerInput(body) } };
    },
    response: dryRunSchema,
    project: ({ preview: { workflow, rounds, ...rest } }: { preview: Preview }) => ({
      workflow_id: workflow.id,
      version: workflow.version,
      rounds: rounds.map(({ steps }) => steps),
      ...rest,
    }),
    errors: REFUSED,
  }),
  defineRoute({
    operationId: 'listRunsOfWorkflow',
    method: 'GET',
    path: '/v1/workflows/{id}/runs',
    tag: 'Workflows',
    summary: 'List the runs of a workflow',
    description: 'Lists the runs of one workflow, newest first. Requires the scope `workflows:read`.',
    auth: 'key',
    params,
    query: z.strictObject({
      status: workflowRunStatusParam.optional(),
      limit: limitParam,
      cursor: opaqueCursorParam.optional(),
    }),
    document: gql`query listRunsOfWorkflow($id: ID!, $filter: WorkflowRunFilter, $first: Int, $after: String) {
      workflow(id: $id) {
        runs(filter: $filter, first: $first, after: $after) {
          edges { node { ...WorkflowRunV1 } } pageInfo { hasNextPage endCursor }
        }
      }
    } ${WORKFLOW_RUN}`,
    variables: ({ params, query }) => ({
      id: params.id,
      filter: { status: query.status && [query.status] },
      first: query.limit,
      after: query.cursor,
    }),
    response: z.array(workflowRunSchema),
    project: ({ workflow }: { workflow: { runs: Page<WorkflowRunV1> } }) => rowsOf(workflow.runs),
    nextCursor: ({ workflow }) => nextOf(workflow.runs),
  }),
];

/** As part of an input a longer one would be a field of the wrong form; in a path it is a workflow that is not there. */
export function workflowNamed(id: string): string {
  if (id.length > MAX_WORKFLOW_NAME) throw notFound('workflow');
  return id;
}
