import { z } from 'zod';
import { JsonInput, JsonObjectInput, MAX_INT32, Metadata, text } from '../../src/core/schemas.ts';
import { toCamelKeys } from '../names.ts';
import { defineRoute, gql, type Route } from '../route.ts';
import { PAYLOAD_BODY_LIMIT } from '../v1/job-trigger.ts';
import {
  RUN_CHECKPOINT,
  RUN_TOOL_CALL,
  RUN_USAGE,
  type RunCheckpointV1,
  type RunToolCallV1,
  type RunUsageV1,
  runCheckpointSchema,
  runToolCallSchema,
  runUsageSchema,
} from '../v1/run-report-schemas.ts';
import { JOB_RUN, type JobRunV1, jobRunSchema } from '../v1/run-schema.ts';
import { ownRunParams, STALE } from './own-run.ts';
import { type Reported, reportedSchema } from './reports.ts';

/** Bytes of a body that holds one checkpoint: 1 MB of compact JSON, with room for white space, escapes and the fields around it. */
const CHECKPOINT_BODY_LIMIT = 2 * 1024 * 1024;
const tokens = z.int().min(0).max(1_000_000_000);
const percent = z.number().min(0).max(100);

/** The pairs themselves, or an object that has them under `annotations`, as clients of both kinds are about. */
const annotations = z.preprocess(
  unwrap,
  Metadata.refine((pairs) => Object.keys(pairs).length > 0, 'must have at least 1 entry'),
);

function unwrap(body: unknown): unknown {
  if (typeof body !== 'object' || body === null || !('annotations' in body)) return body;
  const isWrapper = Object.keys(body).length === 1 && typeof body.annotations === 'object' && body.annotations !== null;
  return isWrapper ? body.annotations : body;
}

/** What an executor reports besides lines and outputs: checkpoint, usage, tool-call, annotate, resources. */
export const recordRoutes: readonly Route[] = [
  defineRoute({
    operationId: 'saveCheckpoint',
    method: 'POST',
    path: '/sdk/v1/runs/{id}/checkpoint',
    tag: 'Executors',
    summary: 'Save a checkpoint',
    description:
      'Saves where the run can go on. The newest checkpoint is handed to the next attempt: in `X-Last-Checkpoint` up to 8 KB, and otherwise to be fetched.',
    auth: 'run-token',
    params: ownRunParams,
    body: z
      .strictObject({
        state: JsonObjectInput.describe('What the executor needs to go on from here: a JSON object of at most 1 MB.'),
        source: text(64).min(1).optional().describe('What saves it; `sdk` when left out.'),
      })
      .meta({ id: 'Checkpoint', description: 'Where the run can go on.' }),
    bodyLimit: CHECKPOINT_BODY_LIMIT,
    document: gql`mutation saveCheckpoint($input: SaveCheckpointInput!) {
      checkpoint: saveCheckpoint(input: $input) { ...RunCheckpointV1 }
    } ${RUN_CHECKPOINT}`,
    variables: ({ body }) => ({ input: body }),
    response: runCheckpointSchema,
    project: ({ checkpoint }: { checkpoint: RunCheckpointV1 }) => checkpoint,
    errors: STALE,
  }),
  defineRoute({
    operationId: 'getOwnCheckpoint',
    method: 'GET',
    path: '/sdk/v1/runs/{id}/checkpoint',
    tag: 'Executors',
    summary: 'Get the newest checkpoint',
    description: 'Answers the newest checkpoint of the run, for an executor to which it was too large to be handed with the run.',
    auth: 'run-token',
    params: ownRunParams,
    document: gql`query getOwnCheckpoint { checkpoint: ownCheckpoint { ...RunCheckpointV1 } } ${RUN_CHECKPOINT}`,
    response: runCheckpointSchema,
    project: ({ checkpoint }: { checkpoint: RunCheckpointV1 }) => checkpoint,
    errors: { NOT_FOUND: 'The run has no checkpoint.' },
  }),
  defineRoute({
    operationId: 'reportUsage',
    method: 'POST',
    path: '/sdk/v1/runs/{id}/usage',
    tag: 'Executors',
    summary: 'Report AI model usage',
    description: 'Notes a call of a language model and what it cost.',
    auth: 'run-token',
    params: ownRunParams,
    body: z
      .strictObject({
        provider: text(128).min(1).describe('Who runs the model.'),
        model: text(256).min(1).describe('The model.'),
        prompt_tokens: tokens.optional().describe('Tokens that went in; 0 when left out.'),
        completion_tokens: tokens.optional().describe('Tokens that came out; 0 when left out.'),
        total_tokens: z.int().min(0).max(MAX_INT32).optional().describe('Tokens in all; the sum of the two when left out.'),
        cost_microusd: z
          .int()
          .min(0)
          .max(1_000_000_000_000)
          .optional()
          .describe('What it cost, in millionths of a US dollar; 0 when left out.'),
      })
      .meta({ id: 'Usage', description: 'A call of a language model.' }),
    document: gql`mutation reportUsage($input: ReportUsageInput!) { usage: reportUsage(input: $input) { ...RunUsageV1 } } ${RUN_USAGE}`,
    variables: ({ body }) => ({ input: toCamelKeys(body) }),
    response: runUsageSchema,
    project: ({ usage }: { usage: RunUsageV1 }) => usage,
    errors: { ...STALE, RATE_LIMITED: 'The run would have cost more than its project allows for one run; nothing was noted.' },
  }),
  defineRoute({
    operationId: 'recordToolCall',
    method: 'POST',
    path: '/sdk/v1/runs/{id}/tool-call',
    tag: 'Executors',
    summary: 'Record a tool call',
    description: 'Notes a call of a tool, with what went in and came out.',
    auth: 'run-token',
    params: ownRunParams,
    body: z
      .strictObject({
        tool_name: text(256).min(1).describe('The tool.'),
        input: JsonInput.optional().describe('What went in, any JSON up to 256 KB.'),
        output: JsonInput.optional().describe('What came out, any JSON up to 256 KB.'),
        duration_ms: z.int().min(0).max(MAX_INT32).optional().describe('How long it took, in milliseconds.'),
        status: text(64).min(1).optional().describe('How it ended, in words of your own.'),
      })
      .meta({ id: 'ToolCall', description: 'A call of a tool.' }),
    document: gql`mutation recordToolCall($input: ReportToolCallInput!) {
      call: reportToolCall(input: $input) { ...RunToolCallV1 }
    } ${RUN_TOOL_CALL}`,
    variables: ({ body }) => ({ input: toCamelKeys(body) }),
    response: runToolCallSchema,
    project: ({ call }: { call: RunToolCallV1 }) => call,
    errors: STALE,
  }),
  defineRoute({
    operationId: 'annotateOwnRun',
    method: 'POST',
    path: '/sdk/v1/runs/{id}/annotate',
    tag: 'Executors',
    summary: 'Attach annotations',
    description:
      'Merges 1 to 50 names and values into the metadata of the run, by which lists of runs can be filtered. An object with the pairs under `annotations` is taken too.',
    auth: 'run-token',
    params: ownRunParams,
    body: annotations.meta({ id: 'Annotations', description: 'Names and values.' }),
    document: gql`mutation annotateOwnRun($input: AnnotateRunInput!) { annotated: annotateRun(input: $input) { run { ...JobRunV1 } } } ${JOB_RUN}`,
    variables: ({ body }) => ({ input: { annotations: body } }),
    response: jobRunSchema,
    project: ({ annotated }: { annotated: { run: JobRunV1 } }) => annotated.run,
    errors: STALE,
  }),
  defineRoute({
    operationId: 'reportResources',
    method: 'POST',
    path: '/sdk/v1/runs/{id}/resources',
    tag: 'Executors',
    summary: 'Report in-container resource usage',
    description: 'Says what memory and CPU the run uses, as an event of it: a warning from 80 percent on, an error from 90 on.',
    auth: 'run-token',
    params: ownRunParams,
    body: z
      .strictObject({
        memory_mb: z.number().min(0).max(1_073_741_824).optional().describe('Memory in use, in MB.'),
        memory_percent: percent.optional().describe('Memory in use, in percent of what there is.'),
        cpu_percent: percent.optional().describe('CPU in use, in percent of what there is.'),
      })
      .meta({ id: 'Resources', description: 'What the run uses.' }),
    document: gql`mutation reportResources($input: ReportResourcesInput!) { report: reportResources(input: $input) { seq } }`,
    variables: ({ body }) => ({ input: toCamelKeys(body) }),
    response: reportedSchema,
    project: ({ report }: Reported) => ({ status: 'ok' as const, seq: report.seq }),
    status: 201,
    errors: STALE,
  }),
  defineRoute({
    operationId: 'continueOwnRun',
    method: 'POST',
    path: '/sdk/v1/runs/{id}/continue',
    tag: 'Executors',
    summary: 'Create a continuation run',
    description:
      'Starts a run of the same job, of the same priority, that carries on where this one leaves off. This run goes on as it is. With a key it is safe to repeat.',
    auth: 'run-token',
    params: ownRunParams,
    body: z
      .strictObject({
        payload: JsonInput.optional().describe('Input of the new run, any JSON up to 5 MB; that of this run when left out.'),
        key: text(256)
          .min(1)
          .optional()
          .describe('Names the continuation within this run: continuing under the same key again answers the run there is.'),
      })
      .meta({ id: 'Continuation', description: 'How to carry on.' })
      .optional(),
    bodyLimit: PAYLOAD_BODY_LIMIT,
    document: gql`mutation continueOwnRun($input: ContinueRunInput!) { run: continueRun(input: $input) { ...JobRunV1 } } ${JOB_RUN}`,
    variables: ({ body }) => ({ input: body ?? {} }),
    response: jobRunSchema,
    project: ({ run }: { run: JobRunV1 }) => run,
    status: 202,
    errors: { ...STALE, BAD_REQUEST: 'A field is invalid, the job is disabled, or ten runs continue each other already.' },
  }),
];
