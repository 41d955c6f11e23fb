import { z } from 'zod';
import { text } from '../../src/core/schemas.ts';
import { defineRoute, gql, type Route } from '../route.ts';
import { ownRunParams, STALE } from './own-run.ts';
import { type Reported, reportedSchema } from './reports.ts';

const MAX_PIECES = 500;
const piece = text(65_536);

/** What an executor streams while it works. */
export const streamRoutes: readonly Route[] = [
  defineRoute({
    operationId: 'pushStreamChunk',
    method: 'POST',
    path: '/sdk/v1/runs/{id}/stream',
    tag: 'Executors',
    summary: 'Push LLM stream chunk',
    description:
      'Adds a piece of text, or several, to a stream of the run, where everybody who follows it sees them at once; answered when they are stored. Pieces sent one after the other, or on one connection without waiting, keep their order. A run may stream 64 MB in all; the text is kept for seven days.',
    auth: 'run-token',
    params: ownRunParams,
    body: z
      .strictObject({
        chunk: piece.optional().describe('The next piece of text, at most 64 KB as JSON; empty when left out.'),
        chunks: z
          .array(piece)
          .min(1)
          .max(MAX_PIECES)
          .optional()
          .describe('Several pieces in place of one, in order: at most 500, together at most 64 KB as JSON.'),
        stream_id: text(128).min(1).optional().describe('Which of the streams of the run it continues; `default` when left out.'),
        done: z.boolean().optional().describe('Whether the stream ends with it.'),
        sequence: z
          .int()
          .min(1)
          .max(2_147_483_647)
          .optional()
          .describe(
            'The number of this request among those of the attempt to the stream, growing from 1. With it, a request whose answer was lost can be sent again: what is stored already is not stored twice.',
          ),
      })
      .refine(({ chunk, chunks }) => chunk === undefined || chunks === undefined, {
        path: ['chunks'],
        message: 'must not come together with chunk',
      })
      .meta({ id: 'StreamChunk', description: 'What to stream.' }),
    document: gql`mutation pushStreamChunk($input: StreamRunInput!) { report: streamRun(input: $input) { seq } }`,
    variables: ({ body: { stream_id, ...input } }) => ({ input: { ...input, streamId: stream_id } }),
    response: reportedSchema,
    project: ({ report }: Reported) => ({ status: 'ok' as const, seq: report.seq }),
    errors: STALE,
    inOrder: true,
  }),
];
