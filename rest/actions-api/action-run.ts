import { z } from 'zod';
import { dateTime } from '../date-time.ts';
import { gql } from '../route.ts';

/** The statuses of an action run, as documented. */
export const ACTION_RUN_STATUSES = [
  'CREATED',
  'INVALID',
  'QUEUED',
  'SCHEDULED',
  'BLOCKED',
  'STOPPED',
  'RUNNING',
  'FAILED',
  'PARTIAL_SUCCEEDED',
  'SUCCEEDED',
] as const;

const status = z.enum(ACTION_RUN_STATUSES).describe('Where it stands.');
const postponedUntil = dateTime
  .nullable()
  .describe('When the first of its inputs that are to be run later is; null when none is.');

/** Why something went wrong. */
export const lastErrorSchema = z
  .object({
    label: z.string().describe('Of which kind it is: `STATUS_403`, `STATUS_429`, or `GENERIC_ERROR` for everything else.'),
    message: z.string().describe('Why, for a person.'),
    params: z.record(z.string(), z.string()).describe('Nothing that the message does not say.'),
  })
  .meta({ id: 'ActionRunError', description: 'Why an action run, or an input of it, failed.' });

/** A run of an action in an answer. */
export const actionRunSchema = z
  .object({
    id: z.int().describe('Its number.'),
    uid: z.string().describe('The run, which is a batch.'),
    action_id: z.string().describe('The job.'),
    action_name: z.string().describe('Slug of the job.'),
    retry_count: z.int().describe('How often it was resumed.'),
    user_uid: z.string().describe('Who triggered it.'),
    workspace_uid: z.string().describe('The project.'),
    execution_mode: z.enum(['LIVE', 'ASYNC']).describe('Whether its caller waited for the result.'),
    last_error: lastErrorSchema.nullable(),
    parameters: z.unknown().describe('What each of its inputs was given beside its own fields; null for nothing.'),
    callback: z
      .object({
        url: z.string().describe('Where callbacks are sent to.'),
        on: z.enum(['all', 'final']).describe('What they are sent for.'),
      })
      .nullable()
      .describe('Who is called back.'),
    status,
    output_count: z.int().describe('How many of its inputs have an output.'),
    scheduled_run_uid: z.string().nullable().describe('The schedule that made it.'),
    postponed_until: postponedUntil,
    started_at: dateTime.nullable().describe('When its first input was started.'),
    finished_at: dateTime.nullable().describe('When its last input ended; null while any goes on.'),
    created_at: dateTime.describe('When it was triggered.'),
    updated_at: dateTime.describe('When it was last stored to, canceled, resumed, or ended.'),
  })
  .meta({ id: 'ActionRun', description: 'A run of an action: of a job, on one input or many.' });

/** Selects what {@link actionRunOf} reads. */
export const ACTION_RUN = gql`fragment ActionRunFields on Batch {
  uid: id number action_id: jobId action_name: jobSlug resumes user_uid: createdBy workspace_uid: projectId execution_mode: mode lastError
  parameters callbackUrl callbackOn actionStatus: status output_count: outputCount scheduled_run_uid: scheduleId postponed_until: postponedUntil
  started_at: startedAt finished_at: finishedAt created_at: createdAt updated_at: updatedAt
}`;

type Printed = z.input<typeof actionRunSchema>;

/** What {@link ACTION_RUN} yields. */
export interface ActionRunFields extends Omit<Printed, 'id' | 'retry_count' | 'last_error' | 'callback' | 'status'> {
  // Where a document reads runs of jobs too, their status is of another type.
  readonly actionStatus: Printed['status'];
  readonly number: number;
  readonly resumes: number;
  readonly lastError: string | null;
  readonly callbackUrl: string | null;
  readonly callbackOn: 'ALL' | 'FINAL' | null;
}

/** A batch as the documented API prints it. */
export function actionRunOf({
  number,
  resumes,
  lastError,
  callbackUrl,
  callbackOn,
  actionStatus: status,
  ...run
}: ActionRunFields): Printed {
  return {
    ...run,
    status,
    id: number,
    retry_count: resumes,
    last_error: errorOf(lastError, null),
    callback: callbackUrl === null ? null : { url: callbackUrl, on: callbackOn === 'FINAL' ? 'final' : 'all' },
  };
}

const LABELS: Readonly<Record<string, string>> = { AUTH: 'STATUS_403', RATE_LIMITED: 'STATUS_429' };

/** An error in the documented form, labelled by the class that the executor's answer was put in. */
export function errorOf(message: string | null, errorClass: string | null): z.input<typeof lastErrorSchema> | null {
  return message === null ? null : { label: LABELS[errorClass ?? ''] ?? 'GENERIC_ERROR', message, params: {} };
}

/** What a launched run is answered with. */
export const launchedFields = {
  run_id: z.int().describe('Its number.'),
  run_uid: z.string().describe('The run, to look at it under `/v1/runs/{uid}`.'),
  workspace_uid: z.string().describe('The project.'),
  user_uid: z.string().describe('Who triggered it.'),
  action_name: z.string().describe('Slug of the job.'),
  status,
  postponed_until: postponedUntil,
  created_at: dateTime.describe('When it was triggered.'),
  updated_at: dateTime.describe('When it last changed.'),
};

/** Selects {@link launchedFields}. */
export const LAUNCHED = gql`fragment LaunchedFields on Batch {
  run_id: number run_uid: id workspace_uid: projectId user_uid: createdBy action_name: jobSlug status postponed_until: postponedUntil
  created_at: createdAt updated_at: updatedAt
}`;

/** What {@link LAUNCHED} yields. */
export type Launched = z.input<z.ZodObject<typeof launchedFields>>;
