import { z } from 'zod';
import { JsonInput, Metadata, Slug, Tags } from '../../src/core/schemas.ts';
import { dateTimeInput } from '../date-time.ts';
import { wordInput } from '../names.ts';

/** What happens when runs would overlap, in the words of REST. */
export const OVERLAP_POLICIES = ['allow', 'skip', 'cancel_previous'] as const;

/** What happens with moments that no server was there for, in the words of REST. */
export const CATCH_UP_POLICIES = ['skip', 'one', 'all'] as const;

const name = z.string().min(1).max(255).describe('What people call it.');
const when = 'Either `cron` or `run_at`.';

const settings = {
  slug: Slug.optional().describe('A name for URLs and code, unique in the project.'),
  payload: JsonInput.optional().describe('Input of every run, any JSON up to 256 KB.'),
  tags: Tags.optional().describe('Labels of every run, over those of what is triggered.'),
  metadata: Metadata.optional().describe('String values kept with every run; for jobs alone.'),
  priority: z.int().min(0).max(10).optional().describe('Priority of every run, 0 (default) to 10; for jobs alone.'),
  concurrency_key: z.string().min(1).max(128).optional().describe('Concurrency key of every run; for jobs alone.'),
  cron: z
    .string()
    .min(1)
    .max(256)
    .optional()
    .describe(`A cron expression of five fields, or of six with the second in front. ${when}`),
  run_at: dateTimeInput.optional().describe(`The one moment to fire at. ${when}`),
  timezone: z
    .string()
    .min(1)
    .max(64)
    .optional()
    .describe('IANA name of the time zone of the cron expression; `UTC` when left out.'),
  overlap_policy: wordInput(OVERLAP_POLICIES)
    .optional()
    .describe('What happens when a moment comes while the run of an earlier one is still active; `allow` when left out.'),
  catch_up: wordInput(CATCH_UP_POLICIES)
    .optional()
    .describe('Which moments fire that no server was there for; `skip` when left out, `one` for a schedule of one moment.'),
  catch_up_limit: z
    .int()
    .min(1)
    .max(1_000)
    .optional()
    .describe('For `all`: how many fire at most, the latest ones; 100 when left out.'),
  grace_secs: z
    .int()
    .min(0)
    .max(3_600)
    .optional()
    .describe('Seconds a moment may be late without counting as missed; 60 when left out.'),
};

const ONE_TIME = 'must have either cron or run_at';

/** What a schedule is made from. */
export const newScheduleBody = z
  .strictObject({
    project_id: z.string().optional().describe('Project of the schedule; only ever the project of the API key.'),
    name,
    job_id: z.string().min(1).max(128).optional().describe('Id or slug of the job to trigger. Either this or a workflow.'),
    workflow_id: z.string().min(1).max(128).optional().describe('Id or slug of the workflow to trigger. Either this or a job.'),
    ...settings,
  })
  .refine((body) => (body.job_id === undefined) !== (body.workflow_id === undefined), 'must have either job_id or workflow_id')
  .refine((body) => (body.cron === undefined) !== (body.run_at === undefined), ONE_TIME)
  .meta({ id: 'NewSchedule', description: 'What a schedule is made from.' });

/** What to change in a schedule. */
export const scheduleChangesBody = z
  .strictObject({ name: name.optional(), ...settings })
  .refine((changes) => Object.values(changes).some((value) => value !== undefined), 'must change at least one field')
  .refine((changes) => changes.cron === undefined || changes.run_at === undefined, ONE_TIME)
  .meta({ id: 'ScheduleChanges', description: 'What to change in a schedule; what is left out stays.' });
