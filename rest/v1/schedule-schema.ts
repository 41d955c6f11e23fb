import { z } from 'zod';
import { dateTime } from '../date-time.ts';
import { wordOutput } from '../names.ts';
import { gql } from '../route.ts';
import { CATCH_UP_POLICIES, OVERLAP_POLICIES } from './schedule-bodies.ts';

/** Where a schedule can stand, as documented: in capitals, and with two Ls. */
export const SCHEDULE_STATUSES = ['ACTIVE', 'PAUSED', 'COMPLETED', 'CANCELLED'] as const;

const strings = z.record(z.string(), z.string());

/** A schedule in an answer. */
export const scheduleSchema = z
  .object({
    id: z.string().describe('The schedule.'),
    uid: z.string().describe('The schedule once more.'),
    project_id: z.string().describe('The project it belongs to.'),
    slug: z.string().nullable().describe('Its name in URLs and code; null when it has none.'),
    name: z.string().describe('What people call it.'),
    job_id: z.string().nullable().describe('The job it triggers; null when it triggers a workflow.'),
    workflow_id: z.string().nullable().describe('The workflow it triggers; null when it triggers a job.'),
    action_name: z.string().nullable().describe('Slug of the job or workflow.'),
    status: z.enum(SCHEDULE_STATUSES).describe('Where it stands.'),
    payload: z.unknown().describe('Input of every run.'),
    tags: strings.describe('Labels of every run.'),
    metadata: strings.describe('Facts that travel with every run.'),
    priority: z.int().describe('Priority of every run.'),
    concurrency_key: z.string().nullable().describe('Concurrency key of every run.'),
    cron: z.string().nullable().describe('Its cron expression; null for a schedule of one moment.'),
    run_at: dateTime.nullable().describe('Its one moment; null for a cron expression.'),
    timezone: z.string().describe('The time zone of the expression.'),
    overlap_policy: wordOutput(OVERLAP_POLICIES).describe('What happens when the run of an earlier moment is still active.'),
    catch_up: wordOutput(CATCH_UP_POLICIES).describe('Which moments fire that no server was there for.'),
    catch_up_limit: z.int().describe('For `all`: how many fire at most.'),
    grace_secs: z.int().describe('Seconds a moment may be late without counting as missed.'),
    next_execution_at: dateTime.nullable().describe('When it fires next; null unless it is active.'),
    next_executions: z.array(dateTime).describe('The next moments, five at most.'),
    last_executed_at: dateTime.nullable().describe('The last moment it has fired for.'),
    fire_count: z.int().describe('How many moments it has fired for.'),
    missed_count: z.int().describe('How many moments it has missed.'),
    paused_at: dateTime.nullable().describe('When it was paused; null while it is not.'),
    ended_at: dateTime.nullable().describe('When it was canceled or had nothing left to fire for.'),
    created_by: z.string().describe('Who made it.'),
    created_at: dateTime.describe('When it was made.'),
    updated_at: dateTime.describe('When somebody last changed it.'),
  })
  .meta({ id: 'Schedule', description: 'A cron expression or a moment that triggers a job or a workflow.' });

/** Selects a {@link scheduleSchema}. */
export const SCHEDULE = gql`fragment ScheduleV1 on Schedule {
  id project_id: projectId slug name job_id: jobId workflow_id: workflowId action_name: targetSlug status payload tags metadata priority
  concurrency_key: concurrencyKey cron run_at: runAt timezone overlap_policy: overlapPolicy catch_up: catchUp catch_up_limit: catchUpLimit
  grace_secs: graceSecs next_execution_at: nextFireAt next_executions: nextFireTimes last_executed_at: lastFiredAt fire_count: fireCount
  missed_count: missedCount paused_at: pausedAt ended_at: endedAt created_by: createdBy created_at: createdAt updated_at: updatedAt
}`;

/** What {@link SCHEDULE} yields. */
export type ScheduleV1 = Omit<z.input<typeof scheduleSchema>, 'uid' | 'status'> & { readonly status: string };

/** A schedule in the words of this API. */
export function printSchedule(schedule: ScheduleV1): z.input<typeof scheduleSchema> {
  const status = SCHEDULE_STATUSES.find((word) => enumOfStatus(word) === schedule.status);
  if (!status) throw new Error(`"${schedule.status}" is no status of a schedule`);
  return { ...schedule, uid: schedule.id, status };
}

/** GraphQL's name for a status. */
export function enumOfStatus(status: (typeof SCHEDULE_STATUSES)[number]): string {
  return status === 'CANCELLED' ? 'CANCELED' : status;
}

/** What can come of a moment, in the words of REST. */
const FIRE_OUTCOMES = ['pending', 'started', 'skipped_overlap', 'missed', 'failed'] as const;

/** A moment of a schedule in an answer. */
export const scheduleFireSchema = z
  .object({
    id: z.string().describe('The moment.'),
    schedule_id: z.string().describe('Its schedule.'),
    fire_at: dateTime.describe('When it was.'),
    outcome: wordOutput(FIRE_OUTCOMES).describe('What came of it.'),
    run_id: z.string().nullable().describe('The run it has made; null when it has made none.'),
    workflow_run_id: z.string().nullable().describe('The workflow run it has made; null when it has made none.'),
    error: z.string().nullable().describe('Why it made no run.'),
  })
  .meta({ id: 'ScheduleFire', description: 'A moment of a schedule, and what came of it.' });

/** Selects a {@link scheduleFireSchema}. */
export const SCHEDULE_FIRE = gql`fragment ScheduleFireV1 on ScheduleFire {
  id schedule_id: scheduleId fire_at: fireAt outcome run_id: runId workflow_run_id: workflowRunId error
}`;
