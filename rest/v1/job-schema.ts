import { z } from 'zod';
import { MACHINE_PRESETS } from '../../src/core/machine-preset.ts';
import { MAX_INT32 } from '../../src/core/schemas.ts';
import { dateTime } from '../date-time.ts';
import { wordOutput } from '../names.ts';
import { gql } from '../route.ts';

/** How the wait between attempts grows, in the words of REST. */
export const RETRY_STRATEGIES = ['exponential', 'linear', 'fixed', 'custom'] as const;

/** Where the code of a job is, in the words of REST. */
export const EXECUTION_MODES = ['http', 'managed'] as const;

/** Which version of a job its runs execute, in the words of REST. */
export const VERSION_POLICIES = ['pin', 'latest', 'minor'] as const;

const stringMap = z.record(z.string(), z.string());
const jsonObject = z.record(z.string(), z.unknown());
const count = z.int().min(0).max(MAX_INT32);

const definition = {
  slug: z.string().describe('Its name in URLs and code, unique in its project.'),
  name: z.string().describe('What people call it.'),
  description: z.string().describe('What it does, for people.'),
  execution_mode: wordOutput(EXECUTION_MODES).describe('Where its code is.'),
  endpoint_url: z.string().nullable().describe('Where runs are dispatched to by POST; null for a managed job.'),
  fallback_endpoint_url: z
    .string()
    .nullable()
    .describe('Where a run is sent when its endpoint cannot serve it; null is nowhere.'),
  environment_id: z.string().nullable().describe('The environment its runs get their variables and secrets from; null is none.'),
  image_uri: z.string().nullable().describe('What is started for each run, `exec:<command>`; null for an http job.'),
  machine_preset: wordOutput(MACHINE_PRESETS).describe('How much memory the process of a managed run may have.'),
  max_attempts: count.describe('How often a run is tried, the first time included.'),
  timeout_secs: count.describe('How long one attempt may take.'),
  heartbeat_timeout_secs: count.describe(
    'How long an executor that answered 202 may stay silent before the attempt counts as lost.',
  ),
  retry_strategy: wordOutput(RETRY_STRATEGIES).describe('How the wait between attempts grows.'),
  retry_initial_delay_secs: count.describe('The wait before the second attempt.'),
  retry_max_delay_secs: count.describe('The longest wait between two attempts.'),
  retry_delays_secs: z.array(count).describe('For `custom`: the waits before attempt 2, 3 and so on; the last one repeats.'),
  retry_priority_boost: count.describe('Added to the priority of a run for each retry.'),
  poison_pill_threshold: count
    .nullable()
    .describe('From this attempt on, the same class of error twice in a row ends the retries; null never does.'),
  max_concurrency: count.nullable().describe('How many runs may execute at once; null is any number.'),
  max_concurrency_per_key: count
    .nullable()
    .describe('How many runs with the same concurrency key may execute at once; null is any number.'),
  run_ttl_secs: count
    .nullable()
    .describe('How long a run may wait for its first start before it expires; null leaves it to the trigger.'),
  rate_limit_max: count
    .nullable()
    .describe('How many triggers are taken on within `rate_limit_window_secs`; null is any number.'),
  rate_limit_window_secs: count.nullable().describe('How long a window of the rate limit lasts; null without a limit.'),
  dedup_window_secs: count
    .nullable()
    .describe('For how long a trigger with an equal payload answers the run there is; null never does.'),
  debounce_window_secs: count
    .nullable()
    .describe('After how long without another trigger of the same debounce key the last one becomes a run; null is at once.'),
  batch_window_secs: count
    .nullable()
    .describe('For how long triggers of the same batch key are gathered into one run; null makes a run of each.'),
  batch_max_size: count.nullable().describe('How many triggers end a batch before its window does; null leaves it at 1,000.'),
  execution_window_cron: z
    .string()
    .nullable()
    .describe('Cron expression of the minutes in which runs may start; null is all of them.'),
  timezone: z.string().describe('IANA time zone that its cron expressions are read in.'),
  version_policy: wordOutput(VERSION_POLICIES).describe('Which version of it a run executes.'),
  payload_schema: jsonObject.nullable().describe('JSON Schema (2020-12) that payloads must match; null accepts any.'),
  result_schema: jsonObject.nullable().describe('JSON Schema (2020-12) that results must match; null accepts any.'),
  tags: stringMap.describe('Labels; runs start with them.'),
  default_run_metadata: stringMap.describe('Metadata that every run starts with.'),
  webhook_url: z.string().nullable().describe('Who is told of every ending of a run; null tells nobody.'),
};

const id = z.string().describe('The job.');
const version = z.int().describe('Counts from 1.');
const versionId = z.string().describe('Public id of the version, `ver_…`.');

const job = {
  id,
  project_id: z.string().describe('The project it belongs to.'),
  ...definition,
  enabled: z.boolean().describe('False refuses triggers.'),
  version,
  version_id: versionId,
  created_by: z.string().describe('Who created it.'),
  created_at: dateTime.describe('When it was created.'),
  updated_at: dateTime.describe('When it last changed.'),
};

/** A job in an answer. Durations are in seconds. */
export const jobSchema = z.object(job).meta({ id: 'Job', description: 'A definition of work. Durations are in seconds.' });

/** A job as those see it who have just written it. */
export const writtenJobSchema = z
  .object({ ...job, signing_secret: z.string().describe('What every dispatch is signed with (Standard Webhooks).') })
  .meta({
    id: 'JobWithSecret',
    description: 'A job that was just written, with the secret that its dispatches are signed with.',
  });

/** A version of a job in an answer. */
export const jobVersionSchema = z
  .object({
    job_id: id,
    version,
    version_id: versionId,
    ...definition,
    backwards_compatible: z.boolean().describe('Whether runs of the version before may go on with it, for the policy `minor`.'),
    created_by: z.string().describe('Who made this version.'),
    created_at: dateTime.describe('When it was made.'),
  })
  .meta({ id: 'JobVersion', description: 'What a job said at one of its versions.' });

const DEFINITION = gql`fragment JobDefinitionV1 on JobDefinition {
  slug name description execution_mode: executionMode endpoint_url: endpointUrl
  fallback_endpoint_url: fallbackEndpointUrl environment_id: environmentId image_uri: imageUri
  machine_preset: machinePreset max_attempts: maxAttempts timeout_secs: timeoutSecs
  heartbeat_timeout_secs: heartbeatTimeoutSecs retry_strategy: retryStrategy retry_initial_delay_secs: retryInitialDelaySecs
  retry_max_delay_secs: retryMaxDelaySecs retry_delays_secs: retryDelaysSecs retry_priority_boost: retryPriorityBoost
  poison_pill_threshold: poisonPillThreshold max_concurrency: maxConcurrency max_concurrency_per_key: maxConcurrencyPerKey
  run_ttl_secs: runTtlSecs rate_limit_max: rateLimitMax rate_limit_window_secs: rateLimitWindowSecs
  dedup_window_secs: dedupWindowSecs debounce_window_secs: debounceWindowSecs batch_window_secs: batchWindowSecs
  batch_max_size: batchMaxSize execution_window_cron: executionWindowCron timezone version_policy: versionPolicy
  payload_schema: payloadSchema result_schema: resultSchema tags default_run_metadata: defaultRunMetadata
  webhook_url: webhookUrl
}`;

/** Selects a {@link jobSchema}. */
export const JOB = gql`fragment JobV1 on Job {
  ...JobDefinitionV1 id project_id: projectId enabled version version_id: versionId
  created_by: createdBy created_at: createdAt updated_at: updatedAt
} ${DEFINITION}`;

/** Selects a {@link writtenJobSchema}. */
export const WRITTEN_JOB = gql`fragment WrittenJobV1 on Job { ...JobV1 signing_secret: signingSecret } ${JOB}`;

/** Selects a {@link jobVersionSchema}. */
export const JOB_VERSION = gql`fragment JobVersionV1 on JobVersion {
  ...JobDefinitionV1 job_id: jobId version version_id: versionId backwards_compatible: backwardsCompatible
  created_by: createdBy created_at: createdAt
} ${DEFINITION}`;

/** What {@link JOB} yields. */
export type JobV1 = z.input<typeof jobSchema>;
/** What {@link WRITTEN_JOB} yields. */
export type WrittenJobV1 = z.input<typeof writtenJobSchema>;
/** What {@link JOB_VERSION} yields. */
export type JobVersionV1 = z.input<typeof jobVersionSchema>;
