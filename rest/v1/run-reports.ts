import { z } from 'zod';
import { limitParam, nextOf, opaqueCursorParam, type Page, rowsOf } from '../paging.ts';
import { defineRoute, gql, type Route } from '../route.ts';
import { documentedEvent, RUN_EVENT, runEventSchema, type StoredEvent } from './run-history.ts';
import { RUN_OUTPUT, type RunOutputV1, runOutputSchema } from './run-output-schema.ts';
import {
  RUN_CHECKPOINT,
  RUN_STATE,
  RUN_TOOL_CALL,
  RUN_USAGE,
  type RunCheckpointV1,
  type RunStateV1,
  type RunToolCallV1,
  type RunUsageV1,
  runCheckpointSchema,
  runStateSchema,
  runToolCallSchema,
  runUsageSchema,
} from './run-report-schemas.ts';
import { JOB_RUN, type JobRunV1, jobRunSchema } from './run-schema.ts';

const params = z.strictObject({ id: z.string().describe('The run.') });
const query = z.strictObject({ limit: limitParam, cursor: opaqueCursorParam.optional() });

const bundleSchema = z
  .object({
    run: jobRunSchema,
    events: z.array(runEventSchema).describe('Its last 100 events, in order.'),
    checkpoints: z.array(runCheckpointSchema).describe('Its last 100 checkpoints, the newest first.'),
    usage: z.array(runUsageSchema).describe('Its last 100 calls of language models, in order.'),
    tool_calls: z.array(runToolCallSchema).describe('Its last 100 calls of tools, in order.'),
    outputs: z.array(runOutputSchema).describe('Its first 100 outputs, in the order of their first report.'),
  })
  .meta({ id: 'DebugBundle', description: 'A run and what it has reported, at one moment.' });

interface Bundle {
  readonly run: JobRunV1 & {
    readonly bundleEvents: Page<StoredEvent>;
    readonly bundleCheckpoints: Page<RunCheckpointV1>;
    readonly bundleUsage: Page<RunUsageV1>;
    readonly bundleToolCalls: Page<RunToolCallV1>;
    readonly bundleOutputs: Page<RunOutputV1>;
  };
}

/** What the executor of a run has reported: `/v1/runs/{id}/checkpoints`, `/usage`, `/tool-calls`, `/state`, `/lineage`, `/debug-bundle`. */
export const runReportRoutes: readonly Route[] = [
  defineRoute({
    operationId: 'listRunCheckpoints',
    method: 'GET',
    path: '/v1/runs/{id}/checkpoints',
    tag: 'Runs',
    summary: 'List run checkpoints',
    description: 'Lists where a run can go on after its attempt has ended, the newest first. Requires the scope `runs:read`.',
    auth: 'key',
    params,
    query,
    document: gql`query listRunCheckpoints($id: ID!, $first: Int, $after: String) {
      run(id: $id) { checkpoints(first: $first, after: $after) { edges { node { ...RunCheckpointV1 } } pageInfo { hasNextPage endCursor } } }
    } ${RUN_CHECKPOINT}`,
    variables: ({ params, query }) => ({ id: params.id, first: query.limit, after: query.cursor }),
    response: z.array(runCheckpointSchema),
    project: ({ run }: { run: { checkpoints: Page<RunCheckpointV1> } }) => rowsOf(run.checkpoints),
    nextCursor: ({ run }) => nextOf(run.checkpoints),
  }),
  defineRoute({
    operationId: 'listRunUsage',
    method: 'GET',
    path: '/v1/runs/{id}/usage',
    tag: 'Runs',
    summary: 'List run AI model usage',
    description: 'Lists the calls of language models that a run has reported, oldest first. Requires the scope `runs:read`.',
    auth: 'key',
    params,
    query,
    document: gql`query listRunUsage($id: ID!, $first: Int, $after: String) {
      run(id: $id) { usage(first: $first, after: $after) { edges { node { ...RunUsageV1 } } pageInfo { hasNextPage endCursor } } }
    } ${RUN_USAGE}`,
    variables: ({ params, query }) => ({ id: params.id, first: query.limit, after: query.cursor }),
    response: z.array(runUsageSchema),
    project: ({ run }: { run: { usage: Page<RunUsageV1> } }) => rowsOf(run.usage),
    nextCursor: ({ run }) => nextOf(run.usage),
  }),
  defineRoute({
    operationId: 'listRunToolCalls',
    method: 'GET',
    path: '/v1/runs/{id}/tool-calls',
    tag: 'Runs',
    summary: 'List run tool calls',
    description: 'Lists the calls of tools that a run has reported, oldest first. Requires the scope `runs:read`.',
    auth: 'key',
    params,
    query,
    document: gql`query listRunToolCalls($id: ID!, $first: Int, $after: String) {
      run(id: $id) { toolCalls(first: $first, after: $after) { edges { node { ...RunToolCallV1 } } pageInfo { hasNextPage endCursor } } }
    } ${RUN_TOOL_CALL}`,
    variables: ({ params, query }) => ({ id: params.id, first: query.limit, after: query.cursor }),
    response: z.array(runToolCallSchema),
    project: ({ run }: { run: { toolCalls: Page<RunToolCallV1> } }) => rowsOf(run.toolCalls),
    nextCursor: ({ run }) => nextOf(run.toolCalls),
  }),
  defineRoute({
    operationId: 'listRunState',
    method: 'GET',
    path: '/v1/runs/{id}/state',
    tag: 'Runs',
    summary: 'List run state (management API)',
    description: 'Lists what a run keeps from one attempt to the next, by key. Requires the scope `runs:read`.',
    auth: 'key',
    params,
    query,
    document: gql`query listRunState($id: ID!, $first: Int, $after: String) {
      run(id: $id) { state(first: $first, after: $after) { edges { node { ...RunStateV1 } } pageInfo { hasNextPage endCursor } } }
    } ${RUN_STATE}`,
    variables: ({ params, query }) => ({ id: params.id, first: query.limit, after: query.cursor }),
    response: z.array(runStateSchema),
    project: ({ run }: { run: { state: Page<RunStateV1> } }) => rowsOf(run.state),
    nextCursor: ({ run }) => nextOf(run.state),
  }),
  defineRoute({
    operationId: 'listRunLineage',
    method: 'GET',
    path: '/v1/runs/{id}/lineage',
    tag: 'Runs',
    summary: 'List run continuation lineage',
    description:
      'Lists the runs that a run belongs with because one continues the other, from the first of them on, at most 200. Requires the scope `runs:read`.',
    auth: 'key',
    params,
    document: gql`query listRunLineage($id: ID!) { run(id: $id) { lineage { ...JobRunV1 } } } ${JOB_RUN}`,
    variables: ({ params }) => ({ id: params.id }),
    response: z.array(jobRunSchema),
    project: ({ run }: { run: { lineage: JobRunV1[] } }) => run.lineage,
  }),
  defineRoute({
    operationId: 'getDebugBundle',
    method: 'GET',
    path: '/v1/runs/{id}/debug-bundle',
    tag: 'Runs',
    summary: 'Get debug bundle',
    description:
      'Answers a run with what it has reported, up to 100 rows of each kind; the lists of each kind have the rest. Requires the scope `runs:read`.',
    auth: 'key',
    params,
    document: gql`query getDebugBundle($id: ID!) {
      run(id: $id) {
        ...JobRunV1
        bundleEvents: events(last: 100) { edges { node { ...RunEventV1 } } pageInfo { hasNextPage endCursor } }
        bundleCheckpoints: checkpoints(first: 100) { edges { node { ...RunCheckpointV1 } } pageInfo { hasNextPage endCursor } }
        bundleUsage: usage(last: 100) { edges { node { ...RunUsageV1 } } pageInfo { hasNextPage endCursor } }
        bundleToolCalls: toolCalls(last: 100) { edges { node { ...RunToolCallV1 } } pageInfo { hasNextPage endCursor } }
        bundleOutputs: outputs(first: 100) { edges { node { ...RunOutputV1 } } pageInfo { hasNextPage endCursor } }
      }
    } ${JOB_RUN} ${RUN_EVENT} ${RUN_CHECKPOINT} ${RUN_USAGE} ${RUN_TOOL_CALL} ${RUN_OUTPUT}`,
    variables: ({ params }) => ({ id: params.id }),
    response: bundleSchema,
    project: ({ run: { bundleEvents, bundleCheckpoints, bundleUsage, bundleToolCalls, bundleOutputs, ...run } }: Bundle) => ({
      run,
      events: rowsOf(bundleEvents).map(documentedEvent),
      checkpoints: rowsOf(bundleCheckpoints),
      usage: rowsOf(bundleUsage),
      tool_calls: rowsOf(bundleToolCalls),
      outputs: rowsOf(bundleOutputs),
    }),
  }),
];
