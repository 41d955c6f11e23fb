import { z } from 'zod';
import { key, Slug, text } from '../../src/core/schemas.ts';
import { defineRoute, gql, type Route } from '../route.ts';
import { WRITTEN_JOB, type WrittenJobV1, writtenJobSchema } from './job-schema.ts';

/** GraphQL's name of each window. */
const WINDOWS = { '1h': 'HOUR', '1d': 'DAY', '7d': 'WEEK', '30d': 'MONTH' } as const;

const count = z.int().min(0);

const healthSchema = z
  .object({
    job_id: z.string().describe('The job.'),
    window: z.enum(['1h', '1d', '7d', '30d']).describe('How far back it looks.'),
    total_runs: count.describe('Runs that ended, canceled ones included.'),
    completed_runs: count.describe('Those of them that completed.'),
    failed_runs: count.describe('Those that ended in any other way, canceled ones not included.'),
    success_rate: z
      .number()
      .nullable()
      .describe('The part of those that were not canceled which completed, 0 to 1; null when there are none.'),
    p50_duration_ms: count
      .nullable()
      .describe('Half of them took at most so long, from the start of the last attempt on; null when none was started.'),
    p95_duration_ms: count.nullable().describe('All but a twentieth took at most so long.'),
    throughput_per_hour: z.number().describe('How many ended in an hour, on average.'),
    is_partial: z.boolean().describe('Only the newest 10,000 of them were looked at.'),
  })
  .meta({ id: 'JobHealth', description: 'How the runs of a job have ended lately.' });

interface HealthV1 extends Omit<z.input<typeof healthSchema>, 'job_id' | 'window'> {
  readonly window: string;
}

const idsBody = z
  .strictObject({ ids: z.array(key(128)).min(1).max(100).describe('Ids or slugs of the jobs: 1 to 100.') })
  .meta({ id: 'JobIds', description: 'Jobs.' });

const switchedSchema = z
  .object({
    updated: count.describe('How many jobs there are in the list.'),
    jobs: z
      .array(z.object({ id: z.string().describe('The job.'), enabled: z.boolean().describe('Whether it is enabled now.') }))
      .describe('The jobs, in the order asked for.'),
  })
  .meta({ id: 'SwitchedJobs', description: 'Jobs that were enabled or disabled.' });

const cloneBody = z
  .strictObject({
    slug: Slug.describe('What the copy is called in URLs and code; unique among the jobs of the project.'),
    name: text(255)
      .regex(/\S/, 'must not be blank')
      .nullish()
      .describe('Name of the copy, for people; that of the job when left out.'),
  })
  .meta({ id: 'CloneJob', description: 'What a copy of a job is called.' });

const params = z.strictObject({ id: z.string().describe('Id or slug of the job.') });

/** Operations on jobs beyond reading and writing them. */
export const jobOperationRoutes: readonly Route[] = [
  defineRoute({
    operationId: 'getJobHealth',
    method: 'GET',
    path: '/v1/jobs/{id}/health',
    tag: 'Jobs',
    summary: 'Get the health of a job',
    description:
      'Says how the runs of a job have ended lately: success rate, durations, throughput; some seconds old at most. Requires the scope `jobs:read`.',
    auth: 'key',
    params,
    query: z.strictObject({
      window: z
        .enum(['1h', '1d', '7d', '30d'], { error: 'must be 1h, 1d, 7d or 30d' })
        .default('1d')
        .describe('How far back to look; a day when left out.'),
    }),
    document: gql`query getJobHealth($id: ID!, $window: HealthWindow!) {
      job(id: $id) {
        id
        health(window: $window) {
          window total_runs: total completed_runs: completed failed_runs: failed success_rate: successRate
          p50_duration_ms: p50DurationMs p95_duration_ms: p95DurationMs throughput_per_hour: throughputPerHour is_partial: isPartial
        }
      }
    }`,
    variables: ({ params, query }) => ({ id: params.id, window: WINDOWS[query.window] }),
    response: healthSchema,
    project: ({ job: { id, health } }: { job: { id: string; health: HealthV1 } }) => ({
      ...health,
      job_id: id,
      window: windowOf(health.window),
    }),
  }),
  ...(['enable', 'disable'] as const).map((action) =>
    defineRoute({
      operationId: `batch${action === 'enable' ? 'Enable' : 'Disable'}Jobs`,
      method: 'POST',
      path: `/v1/jobs/batch-${action}`,
      tag: 'Jobs',
      summary: `${action === 'enable' ? 'Enable' : 'Disable'} jobs`,
      description: `${action === 'enable' ? 'Enables' : 'Disables'} jobs, all of them or none. Requires the scope \`jobs:write\`.`,
      auth: 'key',
      body: idsBody,
      document: gql`mutation switchJobs($input: SetJobsEnabledInput!) { jobs: setJobsEnabled(input: $input) { id enabled } }`,
      variables: ({ body }) => ({ input: { ids: body.ids, enabled: action === 'enable' } }),
      response: switchedSchema,
      project: ({ jobs }: { jobs: { id: string; enabled: boolean }[] }) => ({ updated: jobs.length, jobs }),
      errors: { NOT_FOUND: 'One of the jobs is not there; nothing has changed.' },
    }),
  ),
  defineRoute({
    operationId: 'cloneJob',
    method: 'POST',
    path: '/v1/jobs/{id}/clone',
    tag: 'Jobs',
    summary: 'Copy a job',
    description:
      'Creates a job that says what another one says, with a signing secret of its own, without its dependencies and secrets. Requires the scope `jobs:write`.',
    auth: 'key',
    params,
    body: cloneBody,
    document: gql`mutation cloneJob($id: ID!, $input: CloneJobInput!) { job: cloneJob(id: $id, input: $input) { ...WrittenJobV1 } } ${WRITTEN_JOB}`,
    variables: ({ params, body }) => ({ id: params.id, input: body }),
    response: writtenJobSchema,
    project: ({ job }: { job: WrittenJobV1 }) => job,
    status: 201,
    errors: { CONFLICT: 'The slug is taken.' },
  }),
];

function windowOf(name: string): keyof typeof WINDOWS {
  // Object.keys is typed for objects that may have more keys than their type says; this literal has exactly these.
  const found = (Object.keys(WINDOWS) as (keyof typeof WINDOWS)[]).find((window) => WINDOWS[window] === name);
  if (found === undefined) throw new Error(`"${name}" is no window`);
  return found;
}
