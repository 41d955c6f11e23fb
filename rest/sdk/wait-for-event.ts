import { z } from 'zod';
import { text } from '../../src/core/schemas.ts';
import { dateTime } from '../date-time.ts';
import { toCamelKeys } from '../names.ts';
import { defineRoute, gql, type Route } from '../route.ts';
import { ownRunParams, STALE } from './own-run.ts';

const MONTH_SECS = 30 * 86_400;

const waitSchema = z
  .object({
    status: z.literal('waiting').describe('The run sleeps now, and the executor should leave it.'),
    event_key: z.string().describe('The key that the event is sent to.'),
    expires_at: dateTime.describe('When the wait ends without it, and the run as timed out.'),
    trigger_id: z.string().describe('The event trigger.'),
  })
  .meta({ id: 'EventWait', description: 'A wait for an event that has begun.' });
type EventWaitV1 = z.input<typeof waitSchema>;

/** `/sdk/v1/runs/{id}/wait-for-event`. */
export const waitForEventRoutes: readonly Route[] = [
  defineRoute({
    operationId: 'waitForEvent',
    method: 'POST',
    path: '/sdk/v1/runs/{id}/wait-for-event',
    tag: 'Executors',
    summary: 'Wait for an external event',
    description:
      'Puts the run to sleep until an event is sent to its key with `POST /v1/events/{key}/send`. A sleeping run holds no slot; it is dispatched again as the same attempt, with the payload of the event in its state under `event:<event_key>`. A wait that lasts longer than its timeout ends the run as `timed_out`.',
    auth: 'run-token',
    params: ownRunParams,
    body: z
      .strictObject({
        event_key: text(512)
          .min(1)
          .refine((key) => !/\p{Cc}/u.test(key), 'must not contain control characters')
          .describe('What the event is sent to: 1 to 512 characters, in use by one wait of the project at a time.'),
        timeout_secs: z.int().min(1).max(MONTH_SECS).optional().describe('Seconds to wait at most: 3600 when left out.'),
        notify_url: text(2_048)
          .min(1)
          .optional()
          .describe('Who is told once, by a POST signed with the secret of the job, that somebody waits.'),
      })
      .meta({ id: 'WaitForEvent', description: 'Which event to wait for.' }),
    document: gql`mutation waitForEvent($input: WaitForEventInput!) {
      wait: waitForEvent(input: $input) { event_key: eventKey expires_at: expiresAt trigger_id: triggerId }
    }`,
    variables: ({ body }) => ({ input: toCamelKeys(body) }),
    response: waitSchema,
    project: ({ wait }: { wait: Omit<EventWaitV1, 'status'> }) => ({ ...wait, status: 'waiting' as const }),
    errors: {
      ...STALE,
      BAD_REQUEST: 'A field is invalid, or the URL is one that must not be called.',
      CONFLICT: 'The run does not execute, was claimed again since this token was issued, or the event key is in use.',
      RATE_LIMITED: 'As many runs of the project wait for events as may.',
    },
  }),
];
