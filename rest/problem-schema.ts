import { z } from 'zod';

const requestId = z.string().describe('Names the request in our logs; the same as the X-Request-Id header.');

const fieldError = z
  .object({
    path: z.string().describe('Where the field stands, members joined by dots; empty for the whole part.'),
    message: z.string().describe('What is wrong with it.'),
  })
  .meta({ id: 'FieldError', description: 'One offending field.' });

/** The body of every error in Baton's own style. */
export const errorSchema = z
  .object({
    error: z.string().describe('What happened, for a person.'),
    request_id: requestId,
    details: z.array(fieldError).optional().describe('The offending fields, when the input was at fault.'),
  })
  .meta({ id: 'Error', description: 'An error.' });

/** The body of every error for callers that accept `application/problem+json` (RFC 9457). */
export const problemSchema = z
  .object({
    type: z.literal('about:blank'),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    error: z.string(),
    request_id: requestId,
    details: z.array(fieldError).optional(),
  })
  .meta({
    id: 'Problem',
    description: 'An error as RFC 9457 problem details, with `error` and `request_id` as extension members.',
  });

/** The body of an error of the actions API. */
export const actionErrorSchema = z
  .object({
    error_label: z
      .string()
      .describe(
        '`BAD_INPUT`, `BAD_PARAMETERS`, `NO_ACCESS`, `STATUS_404`, `LIMIT_REACHED`, or `GENERIC_ERROR` for everything else.',
      ),
    message: z.string().describe('What happened, for a person.'),
    error_ref: requestId,
    status_code: z.int().describe('The HTTP status of the answer.'),
    params: z.record(z.string(), z.string()).describe('The offending fields, and what is wrong with each.'),
  })
  .meta({ id: 'ActionError', description: 'An error of the actions API.' });

/** The body of an error in FastAPI's style. */
export const fastapiErrorSchema = z
  .object({ detail: z.string() })
  .meta({ id: 'HTTPError', description: 'An error in the style of the documented API.' });

/** The body of refused input in FastAPI's style. */
export const fastapiValidationSchema = z
  .object({ detail: z.array(z.object({ loc: z.array(z.string()), msg: z.string(), type: z.string() })) })
  .meta({ id: 'HTTPValidationError', description: 'Refused input in the style of the documented API.' });
