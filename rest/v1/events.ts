import { z } from 'zod';
import { JsonInput } from '../../src/core/schemas.ts';
import { wordInput } from '../names.ts';
import { projectParam, requireOwnProject } from '../own-project.ts';
import { limitParam, nextOf, opaqueCursorParam, type Page, rowsOf } from '../paging.ts';
import { defineRoute, gql, type Route } from '../route.ts';
import {
  EVENT_SOURCES,
  EVENT_STATUSES,
  EVENT_TRIGGER,
  type EventTriggerV1,
  eventTriggerSchema,
  printEvent,
} from './event-schema.ts';

/** Bytes of a body that holds one event: 1 MB of compact JSON, with room for white space, escapes and the field around it. */
const EVENT_BODY_LIMIT = 2 * 1024 * 1024;

const params = z.strictObject({ key: z.string().describe('The event key, percent-encoded: a slash in it is `%2F`.') });

const sendBody = z
  .strictObject({ payload: JsonInput.optional().describe('What to send, any JSON up to 1 MB; null when left out.') })
  .meta({ id: 'SendEvent', description: 'The event.' })
  .optional();

const statsSchema = z
  .object({
    total_count: z.int().describe('All event triggers that are kept.'),
    waiting_count: z.int().describe('Those that go on.'),
    received_count: z.int().describe('Those whose event was sent.'),
    timed_out_count: z.int().describe('Those that lasted too long.'),
    canceled_count: z.int().describe('Those that ended without an event.'),
    avg_wait_duration_secs: z.number().describe('Seconds from the wait to its event; 0 when none was sent.'),
  })
  .meta({ id: 'EventStats', description: 'How many event triggers the project keeps.' });

const sentSchema = z
  .object({
    resolved: z.int().describe('How many waits it has ended.'),
    triggers: z.array(eventTriggerSchema).describe('Those waits, in the order of their keys.'),
  })
  .meta({ id: 'SentEvents', description: 'What sending to a prefix has led to.' });

const NO_TRIGGER = 'Nobody in the project of the key has ever waited for that event.';
const OVER = 'Nobody waits for that event any more, or another payload was sent.';

/** `/v1/events`: the waits for events, and sending to them. */
export const eventRoutes: readonly Route[] = [
  defineRoute({
    operationId: 'listEvents',
    method: 'GET',
    path: '/v1/events',
    tag: 'Events',
    summary: 'List event triggers',
    description: 'Lists the waits for events that meet every condition given, newest first. Requires the scope `runs:read`.',
    auth: 'key',
    query: z.strictObject({
      project_id: projectParam,
      status: wordInput(EVENT_STATUSES, 'is invalid').optional().describe('Only those that stand so.'),
      source_type: wordInput(EVENT_SOURCES, 'is invalid')
        .optional()
        .describe('Only those of runs of jobs, or of steps of workflows.'),
      limit: limitParam,
      cursor: opaqueCursorParam.optional(),
    }),
    document: gql`query listEvents($filter: EventTriggerFilter!, $first: Int, $after: String) {
      events: eventTriggers(filter: $filter, first: $first, after: $after) {
        edges { node { ...EventTriggerV1 } } pageInfo { hasNextPage endCursor }
      }
    } ${EVENT_TRIGGER}`,
    variables: ({ query: { project_id, status, source_type, limit, cursor }, actorProjectId }) => {
      requireOwnProject(project_id, actorProjectId);
      return { filter: { status: status && [status], sourceType: source_type }, first: limit, after: cursor };
    },
    response: z.array(eventTriggerSchema),
    project: ({ events }: { events: Page<EventTriggerV1> }) => rowsOf(events).map(printEvent),
    nextCursor: ({ events }) => nextOf(events),
    errors: { NOT_FOUND: 'The project is not that of the key.' },
  }),
  defineRoute({
    operationId: 'getEventStats',
    method: 'GET',
    path: '/v1/events/stats',
    tag: 'Events',
    summary: 'Count event triggers',
    description: 'Counts the waits for events by how they stand. Requires the scope `runs:read`.',
    auth: 'key',
    document: gql`query getEventStats {
      stats: eventStats {
        total_count: total waiting_count: waiting received_count: received timed_out_count: timedOut canceled_count: canceled
        avg_wait_duration_secs: averageWaitSecs
      }
    }`,
    response: statsSchema,
    project: ({ stats }: { stats: z.input<typeof statsSchema> }) => stats,
  }),
  defineRoute({
    operationId: 'getEvent',
    method: 'GET',
    path: '/v1/events/{key}',
    tag: 'Events',
    summary: 'Get an event trigger',
    description:
      'Answers the wait for a key: the one that goes on, else the newest. A key that is just `stats` can be sent to and canceled, but is only found in the list. Requires the scope `runs:read`.',
    auth: 'key',
    params,
    document: gql`query getEvent($key: String!) { event: eventTrigger(key: $key) { ...EventTriggerV1 } } ${EVENT_TRIGGER}`,
    variables: ({ params }) => ({ key: params.key }),
    response: eventTriggerSchema,
    project: ({ event }: { event: EventTriggerV1 }) => printEvent(event),
    errors: { NOT_FOUND: NO_TRIGGER },
  }),
  defineRoute({
    operationId: 'cancelEvent',
    method: 'DELETE',
    path: '/v1/events/{key}',
    tag: 'Events',
    summary: 'Cancel an event trigger',
    description: 'Ends the wait for a key and cancels the run that waits. Requires the scope `runs:write`.',
    auth: 'key',
    params,
    document: gql`mutation cancelEvent($key: String!) { event: cancelEventTrigger(key: $key) { ...EventTriggerV1 } } ${EVENT_TRIGGER}`,
    variables: ({ params }) => ({ key: params.key }),
    response: eventTriggerSchema,
    project: ({ event }: { event: EventTriggerV1 }) => printEvent(event),
    errors: { NOT_FOUND: NO_TRIGGER, CONFLICT: 'Nobody waits for that event any more.' },
  }),
  defineRoute({
    operationId: 'sendEvent',
    method: 'POST',
    path: '/v1/events/{key}/send',
    tag: 'Events',
    summary: 'Send an event',
    description:
      'Sends an event to whoever waits for its key, and wakes that run. The same payload again is answered alike. Requires the scope `runs:write`.',
    auth: 'key',
    params,
    body: sendBody,
    bodyLimit: EVENT_BODY_LIMIT,
    document: gql`mutation sendEvent($key: String!, $payload: JSON) {
      event: sendEvent(key: $key, payload: $payload) { ...EventTriggerV1 }
    } ${EVENT_TRIGGER}`,
    variables: ({ params, body }) => ({ key: params.key, payload: body?.payload ?? null }),
    response: eventTriggerSchema,
    project: ({ event }: { event: EventTriggerV1 }) => printEvent(event),
    errors: { NOT_FOUND: NO_TRIGGER, CONFLICT: OVER },
  }),
  defineRoute({
    operationId: 'sendEventsByPrefix',
    method: 'POST',
    path: '/v1/events/prefix/{prefix}/send',
    tag: 'Events',
    summary: 'Send an event to every key with a prefix',
    description:
      'Sends one payload to every wait whose key starts with the prefix: at most 1,000 at once, fewer for payloads above 16 KB. Call again until nothing is resolved. Requires the scope `runs:write`.',
    auth: 'key',
    params: z.strictObject({
      prefix: z.string().describe('What the keys start with, percent-encoded; no character has a meaning of its own.'),
    }),
    body: sendBody,
    bodyLimit: EVENT_BODY_LIMIT,
    document: gql`mutation sendEventsByPrefix($prefix: String!, $payload: JSON) {
      sent: sendEventsByPrefix(prefix: $prefix, payload: $payload) { resolved triggers { ...EventTriggerV1 } }
    } ${EVENT_TRIGGER}`,
    variables: ({ params, body }) => ({ prefix: params.prefix, payload: body?.payload ?? null }),
    response: sentSchema,
    project: ({ sent }: { sent: { resolved: number; triggers: EventTriggerV1[] } }) => ({
      resolved: sent.resolved,
      triggers: sent.triggers.map(printEvent),
    }),
  }),
];
