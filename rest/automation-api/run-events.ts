import { z } from 'zod';
import { AppError } from '../../src/core/errors.ts';
import { dateTime } from '../date-time.ts';
import { defineRoute, gql, type Route } from '../route.ts';
import { runParams } from './runs.ts';

const eventSchema = z
  .object({
    type: z.string().describe('What kind of event it is: `run`, `step`, `decision` or `progress`.'),
    automationRunId: z.string().describe('The run.'),
    sequence: z.int().describe('Counts from 1 without gaps.'),
    stepKey: z.string().nullable().describe('The step; null for what happens to the whole.'),
    message: z.string().describe('What happened, for people.'),
    fromStatus: z.string().nullable().describe('The status before.'),
    toStatus: z.string().nullable().describe('The status afterwards; null where none changed.'),
    actor: z.string().nullable().describe('Who did it, where somebody did.'),
    data: z.record(z.string(), z.unknown()).nullable().describe('What else there is to know.'),
    timestamp: dateTime.describe('When it happened.'),
  })
  .meta({ id: 'AutomationRunEvent', description: 'One line of the story of an automation run.' });

interface Told extends Omit<z.input<typeof eventSchema>, 'type'> {
  readonly type: string;
}

/** `/api/v1/automation-runs/{run_id}/events`. */
export const automationRunEventRoutes: readonly Route[] = [
  defineRoute({
    operationId: 'streamAutomationRunEvents',
    method: 'GET',
    path: '/api/v1/automation-runs/{run_id}/events',
    tag: 'Automation runs',
    summary: 'Stream the events of a run',
    description:
      'Follows a run as server-sent events with JSON data: what has happened so far, then what happens, until it has ended. `Last-Event-ID` goes on where a client was cut off; when it has been told everything the answer is 204, which keeps browsers from asking again. Requires the scope `workflows:read`.',
    auth: 'key',
    errorStyle: 'fastapi',
    params: runParams,
    document: gql`subscription streamAutomationRunEvents($id: ID!, $after: Int) {
      event: workflowRunChanged(id: $id, after: $after, refuseOver: true) {
        type automationRunId: workflowRunId sequence: seq stepKey: stepRef message fromStatus toStatus actor data
        timestamp: createdAt
      }
    }`,
    variables: ({ params, lastEventId }) => ({ id: params.run_id, after: cursorOf(lastEventId) }),
    response: eventSchema,
    project: ({ event }: { event: Told }) => ({ ...event, type: event.type.toLowerCase() }),
    stream: { id: ({ event }) => String(event.sequence), whenOver: 'no-content' },
  }),
];

function cursorOf(lastEventId: string | null): number {
  if (lastEventId === null) return 0;
  if (/^\d{1,9}$/.test(lastEventId)) return Number(lastEventId);
  throw new AppError('BAD_REQUEST', 'Last-Event-ID must be the id of an event');
}
