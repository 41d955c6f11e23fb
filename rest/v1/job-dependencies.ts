import { z } from 'zod';
import { dateTime } from '../date-time.ts';
import { toCamelKeys, wordInput, wordOutput } from '../names.ts';
import { defineRoute, gql, type Route } from '../route.ts';
import { runStatus } from './run-status.ts';

const CONDITIONS = ['completed', 'failed', 'any'] as const;

const dependencySchema = z
  .object({
    id: z.string().describe('The dependency.'),
    job_id: z.string().describe('The job whose runs wait.'),
    depends_on_job_id: z.string().describe('The job that they wait for.'),
    condition: wordOutput(CONDITIONS).describe('How the latest ended run of that job must have ended.'),
    created_at: dateTime.describe('When it was made.'),
  })
  .meta({ id: 'JobDependency', description: 'A job whose runs wait for another job.' });

const statusSchema = z
  .object({
    run_id: z.string().describe('The run.'),
    job_id: z.string().describe('Its job.'),
    status: runStatus,
    dependencies: z.array(dependencySchema).describe('What its job depends on, in the order it was made.'),
    dependencies_satisfied: z
      .boolean()
      .describe('Whether it has to wait for none of it: as of now while it has not been let go, true afterwards.'),
  })
  .meta({ id: 'DependencyStatus', description: 'Whether a run has to wait for what its job depends on.' });

const DEPENDENCY = gql`fragment JobDependencyV1 on JobDependency {
  id job_id: jobId depends_on_job_id: dependsOnJobId condition created_at: createdAt
}`;
type DependencyV1 = z.input<typeof dependencySchema>;

const newDependencyBody = z
  .strictObject({
    depends_on_job_id: z.string().min(1).max(128).describe('Id or slug of the job to wait for, in the same project.'),
    condition: wordInput(CONDITIONS, 'must be completed, failed or any')
      .optional()
      .describe(
        'How the latest ended run of that job must have ended: `completed` (default), `failed` (also timed out, crashed, expired, dead-lettered) or `any`.',
      ),
  })
  .meta({ id: 'NewJobDependency', description: 'What a job is to wait for.' });

const params = z.strictObject({ id: z.string().describe('Id or slug of the job.') });

/** `/v1/jobs/{id}/dependencies`, and what a run makes of them. */
export const jobDependencyRoutes: readonly Route[] = [
  defineRoute({
    operationId: 'addJobDependency',
    method: 'POST',
    path: '/v1/jobs/{id}/dependencies',
    tag: 'Jobs',
    summary: 'Make a job depend on another',
    description:
      'Makes runs of a job wait until the latest ended run of another job is as asked for: of those with the same idempotency key, else the same `dependency_key` (in the payload, else in the metadata), else any. Holds for runs triggered from now on. Requires the scope `jobs:write`.',
    auth: 'key',
    params,
    body: newDependencyBody,
    document: gql`mutation addJobDependency($job: ID!, $input: AddJobDependencyInput!) {
      dependency: addJobDependency(job: $job, input: $input) { ...JobDependencyV1 }
    } ${DEPENDENCY}`,
    variables: ({ params, body }) => ({ job: params.id, input: toCamelKeys(body) }),
    response: dependencySchema,
    project: ({ dependency }: { dependency: DependencyV1 }) => dependency,
    status: 201,
    errors: {
      BAD_REQUEST: 'The other job is this one, none of the project, or waits for this one already; or there are too many.',
      CONFLICT: 'The job depends on that one already.',
    },
  }),
  defineRoute({
    operationId: 'listJobDependencies',
    method: 'GET',
    path: '/v1/jobs/{id}/dependencies',
    tag: 'Jobs',
    summary: 'List what a job depends on',
    description:
      'Lists the jobs that runs of a job wait for, all of them, in the order they were added. Requires the scope `jobs:read`.',
    auth: 'key',
    params,
    document: gql`query listJobDependencies($id: ID!) { job(id: $id) { dependencies { ...JobDependencyV1 } } } ${DEPENDENCY}`,
    variables: ({ params }) => ({ id: params.id }),
    response: z.array(dependencySchema),
    project: ({ job }: { job: { dependencies: DependencyV1[] } }) => job.dependencies,
  }),
  defineRoute({
    operationId: 'removeJobDependency',
    method: 'DELETE',
    path: '/v1/jobs/{id}/dependencies/{dependency_id}',
    tag: 'Jobs',
    summary: 'Remove a dependency of a job',
    description:
      'Lets runs of a job wait for another one no longer; runs that waited for nothing else go on. Requires the scope `jobs:write`.',
    auth: 'key',
    params: params.extend({ dependency_id: z.string().describe('The dependency.') }),
    document: gql`mutation removeJobDependency($job: ID!, $id: ID!) { removeJobDependency(job: $job, id: $id) { id } }`,
    variables: ({ params }) => ({ job: params.id, id: params.dependency_id }),
    status: 204,
  }),
  defineRoute({
    operationId: 'getRunDependencyStatus',
    method: 'GET',
    path: '/v1/runs/{id}/dependency-status',
    tag: 'Runs',
    summary: 'Get dependency status for a run',
    description: 'Says what the job of a run depends on, and whether the run has to wait for it. Requires the scope `runs:read`.',
    auth: 'key',
    params: z.strictObject({ id: z.string().describe('The run.') }),
    document: gql`query getRunDependencyStatus($id: ID!) {
      run(id: $id) {
        run_id: id job_id: jobId status
        dependencies { all { dependency { ...JobDependencyV1 } } dependencies_satisfied: satisfied }
      }
    } ${DEPENDENCY}`,
    variables: ({ params }) => ({ id: params.id }),
    response: statusSchema,
    project: ({ run: { dependencies, ...run } }: { run: DependencyStatusV1 }) => ({
      ...run,
      dependencies: dependencies.all.map(({ dependency }) => dependency),
      dependencies_satisfied: dependencies.dependencies_satisfied,
    }),
  }),
];

interface DependencyStatusV1 {
  readonly run_id: string;
  readonly job_id: string;
  readonly status: z.input<typeof runStatus>;
  readonly dependencies: {
    readonly all: readonly { readonly dependency: DependencyV1 }[];
    readonly dependencies_satisfied: boolean;
  };
}
