import { z } from 'zod';
import { JsonInput, JsonObjectInput, text } from '../../src/core/schemas.ts';
import { wordInput } from '../names.ts';
import { defineRoute, gql, type Route } from '../route.ts';
import { RUN_OUTPUT, type RunOutputV1, runOutputSchema } from '../v1/run-output-schema.ts';
import { okSchema, ownRunParams, STALE } from './own-run.ts';

/** Bytes of a body that holds one output: 1 MB of compact JSON, with room for white space, escapes and the fields around it. */
const OUTPUT_BODY_LIMIT = 2 * 1024 * 1024;

/** The answer to what became an event. */
export const reportedSchema = z
  .object({ status: z.literal('ok'), seq: z.int().describe('Its number among the events of the run.') })
  .meta({ id: 'Reported', description: 'It was noted among the events of the run.' });
/** What a report yields. */
export type Reported = { readonly report: { readonly seq: number } };

/** What an executor reads and tells while it works: payload, log, progress, heartbeat, output. */
export const reportRoutes: readonly Route[] = [
  defineRoute({
    operationId: 'getOwnPayload',
    method: 'GET',
    path: '/sdk/v1/runs/{id}/payload',
    tag: 'Executors',
    summary: 'Get the payload',
    description: 'Answers the payload of the run, bare: any JSON, null when it was triggered without one.',
    auth: 'run-token',
    params: ownRunParams,
    document: gql`query getOwnPayload { payload: ownPayload }`,
    response: z.unknown().describe('The payload, any JSON.'),
    project: ({ payload }: { payload: unknown }) => payload,
  }),
  defineRoute({
    operationId: 'logEvent',
    method: 'POST',
    path: '/sdk/v1/runs/{id}/log',
    tag: 'Executors',
    summary: 'Log an event',
    description: 'Adds a line to the events of the run, where everybody who follows the run sees it at once.',
    auth: 'run-token',
    params: ownRunParams,
    body: z
      .strictObject({
        message: text(10_000).min(1).describe('What to note, for people.'),
        level: wordInput(['debug', 'info', 'warn', 'error'], 'is invalid')
          .optional()
          .describe('How much it matters; info when left out.'),
        type: wordInput(['log', 'error'], 'is invalid')
          .optional()
          .describe('What kind of event it makes; a log line when left out.'),
        data: JsonObjectInput.optional().describe('What else there is to know: a JSON object of at most 64 KB.'),
      })
      .meta({ id: 'LogLine', description: 'What to note.' }),
    document: gql`mutation logEvent($input: LogRunInput!) { report: logRun(input: $input) { seq } }`,
    variables: ({ body }) => ({ input: body }),
    response: reportedSchema,
    project: ({ report }: Reported) => ({ status: 'ok' as const, seq: report.seq }),
    errors: STALE,
  }),
  defineRoute({
    operationId: 'reportProgress',
    method: 'POST',
    path: '/sdk/v1/runs/{id}/progress',
    tag: 'Executors',
    summary: 'Report progress',
    description: 'Says how far the run is, as an event of it.',
    auth: 'run-token',
    params: ownRunParams,
    body: z
      .strictObject({
        percent: z.number().min(0).max(100).optional().describe('How much of the work is done: 0 to 100.'),
        message: text(10_000).min(1).describe('What the run is doing, for people.'),
        step: text(256).min(1).optional().describe('Which step of its work the run is in.'),
        eta_secs: z.number().min(0).max(31_536_000).optional().describe('Seconds until the work is expected to end.'),
        eta_seconds: z.number().min(0).max(31_536_000).optional().describe('The same as `eta_secs`.'),
      })
      .refine(({ eta_secs, eta_seconds }) => eta_secs === undefined || eta_seconds === undefined || eta_secs === eta_seconds, {
        path: ['eta_seconds'],
        message: 'says something else than eta_secs',
      })
      .meta({ id: 'Progress', description: 'How far the run is.' }),
    document: gql`mutation reportProgress($input: ReportProgressInput!) { report: reportProgress(input: $input) { seq } }`,
    variables: ({ body: { eta_secs, eta_seconds, ...progress } }) => ({
      input: { ...progress, etaSecs: eta_secs ?? eta_seconds },
    }),
    response: reportedSchema,
    project: ({ report }: Reported) => ({ status: 'ok' as const, seq: report.seq }),
    errors: STALE,
  }),
  defineRoute({
    operationId: 'sendHeartbeat',
    method: 'POST',
    path: '/sdk/v1/runs/{id}/heartbeat',
    tag: 'Executors',
    summary: 'Send heartbeat',
    description:
      'Says that the executor lives. Needed, more often than the heartbeat timeout of the job, by executors that answered a dispatch with 202; a body is ignored.',
    auth: 'run-token',
    params: ownRunParams,
    document: gql`mutation sendHeartbeat { heartbeat { id } }`,
    response: okSchema,
    project: () => ({ status: 'ok' as const }),
    errors: STALE,
  }),
  defineRoute({
    operationId: 'upsertOutput',
    method: 'POST',
    path: '/sdk/v1/runs/{id}/output',
    tag: 'Executors',
    summary: 'Upsert structured output',
    description: 'Stores a named value with the run, in place of the one before under that key.',
    auth: 'run-token',
    params: ownRunParams,
    body: z
      .strictObject({
        output_key: text(256).min(1).describe('Name of the output within the run.'),
        value: JsonInput.describe('The value, any JSON up to 1 MB.'),
        schema: JsonObjectInput.optional().describe('JSON Schema (2020-12) that the value must match; kept beside it.'),
      })
      .meta({ id: 'Output', description: 'A named value.' }),
    bodyLimit: OUTPUT_BODY_LIMIT,
    document: gql`mutation upsertOutput($input: SetOutputInput!) { output: setOutput(input: $input) { ...RunOutputV1 } } ${RUN_OUTPUT}`,
    variables: ({ body }) => ({ input: { key: body.output_key, value: body.value, schema: body.schema } }),
    response: runOutputSchema,
    project: ({ output }: { output: RunOutputV1 }) => output,
    errors: { ...STALE, BAD_REQUEST: 'A field is invalid, or the value does not match the schema.' },
  }),
];
