import { z } from 'zod';
import { MAX_CRON_LENGTH } from '../../core/cron.ts';
import { CATCH_UP_POLICIES, MAX_DUE } from '../../core/misfire.ts';
import { JsonInput, key, Metadata, Slug, Tags, text } from '../../core/schemas.ts';
import { ProjectId } from '../projects/project.ts';
import { OVERLAP_POLICIES } from './schedule.ts';

/** Fires of one schedule that a caller may ask to see in advance. */
export const MAX_PREVIEW = 20;

const cron = text(MAX_CRON_LENGTH)
  .min(1)
  .optional()
  .describe('A cron expression of five fields, or of six with the second in front. Either this or a moment.');
const runAt = z.date().optional().describe('The one moment to fire at. Either this or a cron expression.');
const timezone = text(64)
  .min(1)
  .optional()
  .describe('The time zone of the cron expression by its IANA name, `Europe/Berlin` for instance; `UTC` when left out.');

const settings = {
  slug: Slug.optional().describe('A name for URLs and code, unique in the project.'),
  payload: JsonInput.optional().describe(
    'Input of every run, any JSON up to 256 KB; checked against the schema of what is triggered.',
  ),
  tags: Tags.optional().describe('Labels of every run, over those of what is triggered.'),
  metadata: Metadata.optional().describe('String values kept with every run; for jobs alone.'),
  priority: z.int().min(0).max(10).optional().describe('Priority of every run, 0 (default) to 10; for jobs alone.'),
  concurrencyKey: key(128).optional().describe('Concurrency key of every run; for jobs alone.'),
  cron,
  runAt,
  timezone,
  overlapPolicy: z
    .enum(OVERLAP_POLICIES)
    .optional()
    .describe(
      'What happens when a moment comes while the run of an earlier one is still active; allow (default) starts another one.',
    ),
  catchUp: z
    .enum(CATCH_UP_POLICIES)
    .optional()
    .describe(
      'What happens with moments that no server was there for: skip (default of cron expressions), one (the latest; default of moments) or all.',
    ),
  catchUpLimit: z
    .int()
    .min(1)
    .max(MAX_DUE)
    .optional()
    .describe('For all: how many fire at most, the latest ones; 100 when left out.'),
  graceSecs: z
    .int()
    .min(0)
    .max(3_600)
    .optional()
    .describe('How late a moment may fire without counting as missed, in seconds; 60 when left out.'),
};

/** What a new schedule is made from. */
export const CreateScheduleInput = z
  .strictObject({
    projectId: ProjectId.optional().describe('Project of the schedule; only ever the project of the calling key.'),
    name: text(255).min(1).describe('What people call it.'),
    job: key(128).optional().describe('Id or slug of the job to trigger. Either this or a workflow.'),
    workflow: key(128).optional().describe('Id or slug of the workflow to trigger. Either this or a job.'),
    ...settings,
  })
  .refine(({ job, workflow }) => (job === undefined) !== (workflow === undefined), 'must name either a job or a workflow')
  .refine(
    (input) => (input.cron === undefined) !== (input.runAt === undefined),
    'must have either a cron expression or a moment',
  );

/** A parsed {@link CreateScheduleInput}. */
export type CreateSchedule = z.output<typeof CreateScheduleInput>;

/** What a schedule is changed to: whatever is left out stays. */
export const UpdateScheduleInput = z
  .strictObject({ name: text(255).min(1).optional().describe('What people call it.'), ...settings })
  .refine((changes) => Object.values(changes).some((value) => value !== undefined), 'must change at least one field')
  .refine(
    (changes) => changes.cron === undefined || changes.runAt === undefined,
    'must have either a cron expression or a moment',
  );

/** A parsed {@link UpdateScheduleInput}. */
export type UpdateSchedule = z.output<typeof UpdateScheduleInput>;

/** When something would fire. */
export const PreviewScheduleInput = z
  .strictObject({
    cron,
    runAt,
    timezone,
    count: z.int().min(1).max(MAX_PREVIEW).optional().describe(`How many moments, at most ${MAX_PREVIEW}; 5 when left out.`),
  })
  .refine(
    (input) => (input.cron === undefined) !== (input.runAt === undefined),
    'must have either a cron expression or a moment',
  );

/** A parsed {@link PreviewScheduleInput}. */
export type PreviewSchedule = z.output<typeof PreviewScheduleInput>;
