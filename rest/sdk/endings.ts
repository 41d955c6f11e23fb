import { z } from 'zod';
import { JsonInput } from '../../src/core/schemas.ts';
import { defineRoute, gql, type Route } from '../route.ts';
import { JOB_RUN, type JobRunV1, jobRunSchema } from '../v1/run-schema.ts';
import { ownRunParams, STALE } from './own-run.ts';

/** Bytes of a body that holds one result: 1 MB of compact JSON, with room for white space and escapes. */
const RESULT_BODY_LIMIT = 2 * 1024 * 1024;

interface Ended {
  readonly ended: { readonly run: JobRunV1 };
}

/** How an executor ends its run: complete, fail. */
export const endingRoutes: readonly Route[] = [
  defineRoute({
    operationId: 'completeOwnRun',
    method: 'POST',
    path: '/sdk/v1/runs/{id}/complete',
    tag: 'Executors',
    summary: 'Mark run completed',
    description: 'Ends the run with a result. The same completion again, because its answer was lost, is answered alike.',
    auth: 'run-token',
    params: ownRunParams,
    body: z
      .strictObject({ result: JsonInput.optional().describe('What the run returns, any JSON up to 1 MB; null when left out.') })
      .meta({ id: 'Completion', description: 'How the run ended well.' })
      .optional(),
    bodyLimit: RESULT_BODY_LIMIT,
    document: gql`mutation completeOwnRun($result: JSON) { ended: completeRun(result: $result) { run { ...JobRunV1 } } } ${JOB_RUN}`,
    variables: ({ body }) => ({ result: body?.result }),
    response: jobRunSchema,
    project: ({ ended }: Ended) => ended.run,
    errors: { ...STALE, UNPROCESSABLE: 'The result does not match the result schema of the job; the run goes on.' },
  }),
  defineRoute({
    operationId: 'failOwnRun',
    method: 'POST',
    path: '/sdk/v1/runs/{id}/fail',
    tag: 'Executors',
    summary: 'Mark run failed',
    description:
      'Ends the run as failed, without another attempt; with `retry` the retry policy of the job decides what comes next.',
    auth: 'run-token',
    params: ownRunParams,
    body: z
      .strictObject({
        error: z.string().describe('Why, for people; what is beyond 10,000 characters is cut.'),
        retry: z.boolean().optional().describe('Let the retry policy of the job decide what comes next.'),
      })
      .meta({ id: 'Failure', description: 'Why the run failed.' }),
    document: gql`mutation failOwnRun($input: FailRunInput!) { ended: failRun(input: $input) { run { ...JobRunV1 } } } ${JOB_RUN}`,
    variables: ({ body }) => ({ input: body }),
    response: jobRunSchema,
    project: ({ ended }: Ended) => ended.run,
    errors: STALE,
  }),
];
