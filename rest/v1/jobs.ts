import { z } from 'zod';
import { toCamelKeys } from '../names.ts';
import { projectParam, requireOwnProject } from '../own-project.ts';
import { limitParam, nextOf, opaqueCursorParam, type Page, rowsOf } from '../paging.ts';
import { integerParam } from '../query.ts';
import { defineRoute, gql, type Route } from '../route.ts';
import { jobChangesBody, newJobBody } from './job-bodies.ts';
import {
  JOB,
  JOB_VERSION,
  type JobV1,
  type JobVersionV1,
  jobSchema,
  jobVersionSchema,
  WRITTEN_JOB,
  type WrittenJobV1,
  writtenJobSchema,
} from './job-schema.ts';

const params = z.strictObject({ id: z.string().describe('Id or slug of the job.') });

/** `/v1/jobs`, without what triggers runs of them. */
export const jobRoutes: readonly Route[] = [
  defineRoute({
    operationId: 'createJob',
    method: 'POST',
    path: '/v1/jobs',
    tag: 'Jobs',
    summary: 'Create a job',
    description:
      'Creates a job at version 1 and makes the secret that its dispatches are signed with. Requires the scope `jobs:write`.',
    auth: 'key',
    body: newJobBody,
    document: gql`mutation createJob($input: CreateJobInput!) { job: createJob(input: $input) { ...WrittenJobV1 } } ${WRITTEN_JOB}`,
    variables: ({ body }) => ({ input: toCamelKeys(body) }),
    response: writtenJobSchema,
    project: ({ job }: { job: WrittenJobV1 }) => job,
    status: 201,
    errors: {
      RATE_LIMITED: 'The project has as many jobs as it may.',
      BAD_REQUEST: 'A field is invalid, or the endpoint is not one that may be called; `details` names the fields.',
      NOT_FOUND: 'The project is not that of the key.',
      CONFLICT: 'A job of the project has this slug.',
    },
  }),
  defineRoute({
    operationId: 'listJobs',
    method: 'GET',
    path: '/v1/jobs',
    tag: 'Jobs',
    summary: 'List jobs',
    description: 'Lists the jobs of the project, newest first. Requires the scope `jobs:read`.',
    auth: 'key',
    query: z.strictObject({
      project_id: projectParam,
      slug: z.string().min(1).max(128).optional().describe('Only the job with this slug.'),
      limit: limitParam,
      cursor: opaqueCursorParam.optional(),
    }),
    document: gql`query listJobs($filter: JobFilter, $first: Int, $after: String) {
      jobs(filter: $filter, first: $first, after: $after) { edges { node { ...JobV1 } } pageInfo { hasNextPage endCursor } }
    } ${JOB}`,
    variables: ({ query, actorProjectId }) => {
      requireOwnProject(query.project_id, actorProjectId);
      return { filter: { slug: query.slug }, first: query.limit, after: query.cursor };
    },
    response: z.array(jobSchema),
    project: ({ jobs }: { jobs: Page<JobV1> }) => rowsOf(jobs),
    nextCursor: ({ jobs }) => nextOf(jobs),
    errors: { NOT_FOUND: 'The project is not that of the key.' },
  }),
  defineRoute({
    operationId: 'getJob',
    method: 'GET',
    path: '/v1/jobs/{id}',
    tag: 'Jobs',
    summary: 'Get a job',
    description: 'Answers a job as it is now. Requires the scope `jobs:read`.',
    auth: 'key',
    params,
    document: gql`query getJob($id: ID!) { job(id: $id) { ...JobV1 } } ${JOB}`,
    variables: ({ params }) => ({ id: params.id }),
    response: jobSchema,
    project: ({ job }: { job: JobV1 }) => job,
  }),
  defineRoute({
    operationId: 'updateJob',
    method: 'PATCH',
    path: '/v1/jobs/{id}',
    tag: 'Jobs',
    summary: 'Change a job',
    description:
      'Changes a job; what the body leaves out stays. Makes the next version of it unless only `enabled` changes; runs keep to the version they were triggered under. Requires the scope `jobs:write`.',
    auth: 'key',
    params,
    body: jobChangesBody,
    document: gql`mutation updateJob($id: ID!, $input: UpdateJobInput!) {
      job: updateJob(id: $id, input: $input) { ...WrittenJobV1 }
    } ${WRITTEN_JOB}`,
    variables: ({ params, body }) => ({ id: params.id, input: toCamelKeys(body) }),
    response: writtenJobSchema,
    project: ({ job }: { job: WrittenJobV1 }) => job,
    errors: { CONFLICT: 'The slug is taken, or the job is not at `expected_version`.' },
  }),
  defineRoute({
    operationId: 'deleteJob',
    method: 'DELETE',
    path: '/v1/jobs/{id}',
    tag: 'Jobs',
    summary: 'Delete a job',
    description: 'Deletes a job and frees its slug; its runs stay. Requires the scope `jobs:write`.',
    auth: 'key',
    params,
    document: gql`mutation deleteJob($id: ID!) { deleteJob(id: $id) { id } }`,
    variables: ({ params }) => ({ id: params.id }),
    status: 204,
    errors: { CONFLICT: 'Runs of the job are active: cancel them, or wait.' },
  }),
  defineRoute({
    operationId: 'listJobVersions',
    method: 'GET',
    path: '/v1/jobs/{id}/versions',
    tag: 'Jobs',
    summary: 'List the versions of a job',
    description: 'Lists what a job said at each of its versions, newest first. Requires the scope `jobs:read`.',
    auth: 'key',
    params,
    query: z.strictObject({
      limit: limitParam,
      cursor: integerParam(z.int().min(1).max(2_147_483_647).optional()).describe(
        'Only versions below this one: the last one of the page before.',
      ),
    }),
    document: gql`query listJobVersions($id: ID!, $limit: Int, $before: Int) {
      job(id: $id) { versions(limit: $limit, before: $before) { ...JobVersionV1 } }
    } ${JOB_VERSION}`,
    variables: ({ params, query }) => ({ id: params.id, limit: query.limit, before: query.cursor }),
    response: z.array(jobVersionSchema),
    project: ({ job }: { job: { versions: JobVersionV1[] } }) => job.versions,
    // Versions count from 1 without gaps, so the list goes on until it has come to the first.
    nextCursor: ({ job }) => {
      const last = job.versions.at(-1)?.version ?? 1;
      return last > 1 ? String(last) : null;
    },
  }),
];
