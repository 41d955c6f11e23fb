import { z } from 'zod';
import { dateTime } from '../date-time.ts';
import { wordOutput } from '../names.ts';
import { gql } from '../route.ts';

/** How an event trigger can stand. */
export const EVENT_STATUSES = ['waiting', 'received', 'timed_out', 'canceled'] as const;

/** What can wait for an event. */
export const EVENT_SOURCES = ['job_run', 'workflow_step'] as const;

/** A wait for an event in an answer. */
export const eventTriggerSchema = z
  .object({
    id: z.string().describe('The event trigger.'),
    event_key: z.string().describe('The key that the event is sent to.'),
    project_id: z.string().describe('The project it belongs to.'),
    source_type: wordOutput(EVENT_SOURCES).describe('What waits.'),
    workflow_run_id: z.string().nullable().describe('The workflow run whose step waits; null for a run of a job.'),
    workflow_step_run_id: z.string().nullable().describe('The workflow step that the run executes.'),
    job_run_id: z.string().nullable().describe('The run that waits.'),
    status: wordOutput(EVENT_STATUSES).describe('How it stands.'),
    trigger_type: wordOutput(['event', 'sleep']).describe('What ends the wait; so far always an event.'),
    request_payload: z.unknown().describe('What the wait was asked for with, any JSON.'),
    response_payload: z.unknown().describe('What was sent, any JSON; null until then.'),
    timeout_secs: z.int().describe('How long it waits at most, in seconds.'),
    requested_at: dateTime.describe('When the wait began.'),
    received_at: dateTime.nullable().describe('When the event was sent.'),
    expires_at: dateTime.describe('When the wait ends without it.'),
    error: z.string().nullable().describe('Why it ended without an event.'),
    notify_url: z.string().nullable().describe('Who was to be told that somebody waits.'),
    notify_status: wordOutput(['pending', 'sent', 'failed']).nullable().describe('How telling that URL went.'),
    sent_by: z.string().nullable().describe('Who sent the event: `key:<id>`.'),
  })
  .meta({ id: 'EventTrigger', description: 'A wait for an event, by its key.' });

/** Selects an {@link eventTriggerSchema}, but for what only workflows have. */
export const EVENT_TRIGGER = gql`fragment EventTriggerV1 on EventTrigger {
  id event_key: eventKey project_id: projectId source_type: sourceType workflow_step_run_id: workflowStepRunId job_run_id: jobRunId
  status trigger_type: triggerType request_payload: requestPayload response_payload: responsePayload timeout_secs: timeoutSecs
  requested_at: requestedAt received_at: receivedAt expires_at: expiresAt error notify_url: notifyUrl notify_status: notifyStatus
  sent_by: sentBy
}`;

/** What {@link EVENT_TRIGGER} yields. */
export type EventTriggerV1 = Omit<z.input<typeof eventTriggerSchema>, 'workflow_run_id'>;

/** The documented trigger; no workflow waits for events yet. */
export function printEvent(trigger: EventTriggerV1): z.input<typeof eventTriggerSchema> {
  return { ...trigger, workflow_run_id: null };
}
