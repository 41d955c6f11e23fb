import { z } from 'zod';
import { ACTION_RUN, type ActionRunFields, actionRunOf, actionRunSchema } from '../actions-api/action-run.ts';
import { projectParam, requireOwnProject } from '../own-project.ts';
import { createdAtCursorParam, limitParam, nextOf, type Page, rowsOf } from '../paging.ts';
import { defineRoute, gql, type Route } from '../route.ts';
import { type EitherRun, eitherRunOf } from './either-run.ts';
import { runListOf, runListQuery } from './run-filters.ts';
import { JOB_RUN, type JobRunV1, jobRunSchema } from './run-schema.ts';

const params = z.strictObject({ id: z.string().describe('The run.') });

const LIST = gql`query listRuns($filter: RunFilter!, $first: Int, $after: String) {
  runs(filter: $filter, first: $first, after: $after) { edges { node { ...JobRunV1 } } pageInfo { hasNextPage endCursor } }
} ${JOB_RUN}`;

/** `/v1/runs`: lists, one run, and what can be done to one. */
export const runRoutes: readonly Route[] = [
  defineRoute({
    operationId: 'listRuns',
    method: 'GET',
    path: '/v1/runs',
    tag: 'Runs',
    summary: 'List runs',
    description:
      'With `project_id`, lists the runs of jobs that meet every condition given, newest first. Without it, lists the runs of actions. Requires the scope `runs:read`.',
    auth: 'key',
    query: runListQuery,
    document: gql`query listRuns(
      $ofJobs: Boolean!, $runFilter: RunFilter, $first: Int, $after: String
      $filter: BatchSearchInput, $sort: [BatchSortInput!], $limit: Int, $offset: Int
    ) {
      runs(filter: $runFilter, first: $first, after: $after) @include(if: $ofJobs) {
        edges { node { ...JobRunV1 } } pageInfo { hasNextPage endCursor }
      }
      actionRuns: searchBatches(filter: $filter, sort: $sort, limit: $limit, offset: $offset) @skip(if: $ofJobs) { ...ActionRunFields }
    } ${JOB_RUN} ${ACTION_RUN}`,
    variables: ({ query, actorProjectId }) => runListOf(query, actorProjectId),
    response: z.union([z.array(actionRunSchema), z.array(jobRunSchema)]),
    project: ({ runs, actionRuns = [] }: { runs?: Page<JobRunV1>; actionRuns?: ActionRunFields[] }) =>
      runs ? rowsOf(runs) : actionRuns.map(actionRunOf),
    nextCursor: ({ runs }) => (runs ? nextOf(runs) : null),
    errors: { NOT_FOUND: 'The project is not that of the key.' },
  }),
  defineRoute({
    operationId: 'listDeadLetteredRuns',
    method: 'GET',
    path: '/v1/runs/dlq',
    tag: 'Runs',
    summary: 'List dead-lettered runs',
    description:
      'Lists the runs of the project whose attempts are spent and that nobody has replayed, newest first. Requires the scope `runs:read`.',
    auth: 'key',
    query: z.strictObject({ project_id: projectParam, limit: limitParam, cursor: createdAtCursorParam.optional() }),
    document: LIST,
    variables: ({ query, actorProjectId }) => {
      requireOwnProject(query.project_id, actorProjectId);
      return { filter: { status: ['DEAD_LETTER'] }, first: query.limit, after: query.cursor };
    },
    response: z.array(jobRunSchema),
    project: ({ runs }: { runs: Page<JobRunV1> }) => rowsOf(runs),
    nextCursor: ({ runs }) => nextOf(runs),
    errors: { NOT_FOUND: 'The project is not that of the key.' },
  }),
  defineRoute({
    operationId: 'getRun',
    method: 'GET',
    path: '/v1/runs/{id}',
    tag: 'Runs',
    summary: 'Get a run',
    description: 'Answers a run of a job, or of an action, as it is now: the id says which. Requires the scope `runs:read`.',
    auth: 'key',
    params,
    document: gql`query getRun($id: ID!) {
      run: runOrBatch(id: $id) { kind: __typename ... on Run { ...JobRunV1 } ... on Batch { ...ActionRunFields } }
    } ${JOB_RUN} ${ACTION_RUN}`,
    variables: ({ params }) => ({ id: params.id }),
    response: z.union([actionRunSchema, jobRunSchema]),
    project: ({ run }: { run: EitherRun }) => eitherRunOf(run),
  }),
  defineRoute({
    operationId: 'cancelRun',
    method: 'DELETE',
    path: '/v1/runs/{id}',
    tag: 'Runs',
    summary: 'Cancel a run',
    description:
      'Cancels a run and everything it spawned, whatever they are doing; executors learn of it with their next report. Requires the scope `runs:write`.',
    auth: 'key',
    params,
    document: gql`mutation cancelRun($id: ID!) { cancelRun(id: $id) { id } }`,
    variables: ({ params }) => ({ id: params.id }),
    status: 204,
    errors: { BAD_REQUEST: 'The run has ended already.', CONFLICT: 'The run changed at this very moment; look at it again.' },
  }),
  defineRoute({
    operationId: 'replayDeadLetteredRun',
    method: 'POST',
    path: '/v1/runs/{id}/dlq-replay',
    tag: 'Runs',
    summary: 'Replay a dead-lettered run',
    description: 'Puts a dead-lettered run back into the queue as its own first attempt. Requires the scope `runs:write`.',
    auth: 'key',
    params,
    document: gql`mutation replayDeadLetteredRun($id: ID!) { run: replayDeadLetter(id: $id) { ...JobRunV1 } } ${JOB_RUN}`,
    variables: ({ params }) => ({ id: params.id }),
    response: jobRunSchema,
    project: ({ run }: { run: JobRunV1 }) => run,
    status: 202,
    errors: { CONFLICT: 'The run is not dead-lettered.' },
  }),
];
