import { z } from 'zod';
import { AppError } from '../../src/core/errors.ts';
import { text } from '../../src/core/schemas.ts';
import { dateTime } from '../date-time.ts';
import { wordOutput } from '../names.ts';
import { integerParam } from '../query.ts';
import { defineRoute, gql, type Route } from '../route.ts';
import { EVENT_LEVELS, EVENT_TYPES } from './run-history.ts';
import { runStatus } from './run-status.ts';

/** The number of an event and the place of a piece in it. */
const CURSOR = /^\d{1,9}(\.\d{1,4})?$/;

const params = z.strictObject({ id: z.string().describe('The run.') });
const token = z.string().optional().describe('A stream token of the run, in place of an API key; see `POST /v1/sse-token`.');

const statusChangeSchema = z
  .object({
    type: z.literal('status_change'),
    run_id: z.string().describe('The run.'),
    job_id: z.string().describe('Its job.'),
    project_id: z.string().describe('Its project.'),
    from: runStatus.nullable().describe('The status before; null when the run was triggered.'),
    to: runStatus,
    error: z.string().optional().describe('Why, when something went wrong.'),
    timestamp: dateTime.describe('When.'),
  })
  .meta({ id: 'StatusChangeMessage', description: 'The status of a run changed.' });

const eventSchema = z
  .object({
    type: z.literal('event'),
    event_type: wordOutput(EVENT_TYPES).describe('What kind of event it is.'),
    run_id: z.string().describe('The run.'),
    level: wordOutput(EVENT_LEVELS).describe('How much it matters.'),
    message: z.string().describe('What happened, for people.'),
    data: z.record(z.string(), z.unknown()).nullable().describe('What else there is to know, depending on the type.'),
    timestamp: dateTime.describe('When.'),
  })
  .meta({ id: 'EventMessage', description: 'An executor has reported something.' });

const chunkSchema = z
  .object({
    type: z.literal('stream_chunk'),
    chunk: z.string().nullable().describe('The text; null for pieces that are no longer kept, which is for seven days.'),
    stream_id: z.string().describe('Which stream of the run it belongs to.'),
    done: z.boolean().describe('Whether the stream ends with it.'),
    timestamp: dateTime.describe('When it was stored.'),
  })
  .meta({ id: 'StreamChunkMessage', description: 'A piece of streamed text.' });

interface StreamedEvent {
  readonly seq: number;
  readonly runId: string;
  readonly jobId: string;
  readonly projectId: string;
  readonly type: string;
  readonly level: string;
  readonly message: string;
  readonly data: Record<string, unknown> | null;
  readonly fromStatus: string | null;
  readonly toStatus: string | null;
  readonly createdAt: string;
}

type StreamedChunk = z.input<typeof chunkSchema> & { readonly cursor: string };

const ENDINGS =
  'Ends after the last event of the run. A run that has ended answers 410, unless `Last-Event-ID` or `after` names a place after which something is left to tell. A comment keeps a silent stream open; `id` of each message is where to go on.';
const OVER = { GONE: 'The run has ended and there is nothing to send.' } as const;

/** `/v1/runs/{id}/stream`, `/stream/chunks`, and the token that opens them in a browser. */
export const runStreamRoutes: readonly Route[] = [
  defineRoute({
    operationId: 'streamRun',
    method: 'GET',
    path: '/v1/runs/{id}/stream',
    tag: 'Runs',
    summary: 'SSE event stream',
    description: `Follows a run: what has happened so far, then what happens, as server-sent events. What it streams itself has a stream of its own. ${ENDINGS} Requires the scope \`runs:read\`.`,
    auth: 'key',
    params,
    query: z.strictObject({
      after: integerParam(z.int().min(0).max(999_999_999).optional()).describe(
        'Only events after this `id`; 0 is the beginning. `Last-Event-ID` counts more.',
      ),
      token,
    }),
    document: gql`subscription streamRun($runId: ID!, $after: Int) {
      event: runEvents(runId: $runId, after: $after, typeNot: [CHUNK], refuseOver: true) {
        seq runId jobId projectId type level message data fromStatus toStatus createdAt
      }
    }`,
    variables: ({ params, query, lastEventId }) => ({ runId: params.id, after: eventCursor(lastEventId) ?? query.after }),
    response: z.discriminatedUnion('type', [statusChangeSchema, eventSchema]),
    project: ({ event }: { event: StreamedEvent }) => (event.toStatus === null ? toEvent(event) : toStatusChange(event)),
    errors: OVER,
    stream: { id: ({ event }) => String(event.seq), takesToken: true },
  }),
  defineRoute({
    operationId: 'streamRunChunks',
    method: 'GET',
    path: '/v1/runs/{id}/stream/chunks',
    tag: 'Runs',
    summary: 'SSE stream of LLM chunks',
    description: `Follows what a run streams, each piece as its executor sent it: from the beginning, then live, as server-sent events. ${ENDINGS} Requires the scope \`runs:read\`.`,
    auth: 'key',
    params,
    query: z.strictObject({
      stream_id: text(128).min(1).optional().describe('Only this stream of the run; all of them when left out.'),
      after: z
        .string()
        .regex(CURSOR, 'must be the id of a message, or 0')
        .optional()
        .describe('Only pieces after this `id`; 0 is the beginning. `Last-Event-ID` counts more.'),
      token,
    }),
    document: gql`subscription streamRunChunks($runId: ID!, $streamId: String, $after: String) {
      piece: runChunks(runId: $runId, streamId: $streamId, after: $after, refuseOver: true) {
        cursor chunk stream_id: streamId done timestamp: createdAt
      }
    }`,
    variables: ({ params, query, lastEventId }) => ({
      runId: params.id,
      streamId: query.stream_id,
      after: chunkCursor(lastEventId) ?? query.after,
    }),
    response: chunkSchema,
    project: ({ piece }: { piece: StreamedChunk }) => ({ ...piece, type: 'stream_chunk' as const }),
    errors: OVER,
    stream: { id: ({ piece }) => piece.cursor, takesToken: true },
  }),
  defineRoute({
    operationId: 'createStreamToken',
    method: 'POST',
    path: '/v1/sse-token',
    tag: 'Runs',
    summary: 'Make a token for the event streams of a run',
    description:
      'Makes a token for `?token=` of the two event streams of one run, for browsers, whose EventSource cannot send headers. It opens streams for five minutes and does nothing else. Requires the scope `runs:read`.',
    auth: 'key',
    body: z
      .strictObject({ run_id: z.string().describe('The run to follow.') })
      .meta({ id: 'StreamTokenRequest', description: 'What the token is for.' }),
    document: gql`mutation createStreamToken($runId: ID!) {
      streamToken: createStreamToken(runId: $runId) { token expires_at: expiresAt }
    }`,
    variables: ({ body }) => ({ runId: body.run_id }),
    response: z
      .object({ token: z.string().describe('The token.'), expires_at: dateTime.describe('Until when it opens streams.') })
      .meta({ id: 'StreamToken', description: 'Opens the event streams of one run.' }),
    project: ({ streamToken }: { streamToken: { token: string; expires_at: string } }) => streamToken,
    errors: { NOT_FOUND: 'There is no such run in the project of the credential.' },
  }),
];

function toStatusChange(event: StreamedEvent): z.input<typeof statusChangeSchema> {
  const { runId, jobId, projectId, fromStatus, toStatus, level, message, createdAt } = event;
  return {
    type: 'status_change',
    run_id: runId,
    job_id: jobId,
    project_id: projectId,
    from: fromStatus,
    to: toStatus,
    // What a run is told to have gone wrong with is the message of such a change.
    ...((level === 'ERROR' || level === 'WARN') && { error: message }),
    timestamp: createdAt,
  };
}

function toEvent({ type, runId, level, message, data, createdAt }: StreamedEvent): z.input<typeof eventSchema> {
  return { type: 'event', event_type: type, run_id: runId, level, message, data, timestamp: createdAt };
}

function eventCursor(lastEventId: string | null): number | undefined {
  if (lastEventId === null) return undefined;
  if (/^\d{1,9}$/.test(lastEventId)) return Number(lastEventId);
  throw new AppError('BAD_REQUEST', 'Last-Event-ID must be the id of an event');
}

function chunkCursor(lastEventId: string | null): string | undefined {
  if (lastEventId === null) return undefined;
  if (CURSOR.test(lastEventId)) return lastEventId;
  throw new AppError('BAD_REQUEST', 'Last-Event-ID must be the id of a message');
}
