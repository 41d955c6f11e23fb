import { z } from 'zod';
import { MAX_IMAGE_URI_LENGTH } from '../../core/command.ts';
import { MACHINE_PRESETS } from '../../core/machine-preset.ts';
import { RETRY_STRATEGIES } from '../../core/retry.ts';
import { JsonObjectInput, key, MAX_INT32, Metadata, Slug, Tags, text } from '../../core/schemas.ts';
import { DisplayName, ProjectId } from '../projects/project.ts';
import { WebhookSecret } from '../webhooks/webhook-secret.ts';
import { EXECUTION_MODES, type JobDefinition, VERSION_POLICIES } from './job.ts';

/** What a job says where its creator said nothing; the defaults of the table `jobs`. */
export const JOB_DEFAULTS = {
  description: '',
  executionMode: 'http',
  fallbackEndpointUrl: null,
  environmentId: null,
  endpointUrl: null,
  imageUri: null,
  machinePreset: 'micro',
  maxAttempts: 3,
  timeoutSecs: 300,
  heartbeatTimeoutSecs: 60,
  retryStrategy: 'exponential',
  retryInitialDelaySecs: 1,
  retryMaxDelaySecs: 3_600,
  retryDelaysSecs: [],
  retryPriorityBoost: 0,
  poisonPillThreshold: null,
  maxConcurrency: null,
  maxConcurrencyPerKey: null,
  runTtlSecs: null,
  rateLimitMax: null,
  rateLimitWindowSecs: null,
  dedupWindowSecs: null,
  debounceWindowSecs: null,
  batchWindowSecs: null,
  batchMaxSize: null,
  executionWindowCron: null,
  timezone: 'UTC',
  versionPolicy: 'pin',
  payloadSchema: null,
  resultSchema: null,
  tags: {},
  defaultRunMetadata: {},
  webhookUrl: null,
} as const satisfies Omit<JobDefinition, 'slug' | 'name'>;

/** How many triggers one batch may gather. */
export const MAX_BATCH_SIZE = 1_000;

const REQUIRED = {
  slug: Slug.describe('What the job is called in URLs and code; unique among the jobs of the project.'),
  name: DisplayName.describe('Name of the job, for people.'),
};

/** Where the code is: which one a job needs, its execution mode says. */
const PLACES = {
  endpointUrl: z
    .string()
    .min(1)
    .max(2_048)
    .describe('Where runs are dispatched to: an absolute http or https URL. Required for "http".'),
  imageUri: text(MAX_IMAGE_URI_LENGTH)
    .min(1)
    .describe('What is started for each run: "exec:<command>", split into words without a shell. Required for "managed".'),
};

const DEFAULTED = {
  description: text(10_000).describe('What the job does, for people.'),
  enabled: z.boolean().describe('False refuses new runs and starts none of those that are queued.'),
  executionMode: z
    .enum(EXECUTION_MODES)
    .describe('Where the code of the job is: "http" for an endpoint of yours, "managed" for a process that Baton starts.'),
  machinePreset: z.enum(MACHINE_PRESETS).describe('For "managed": how much memory the process may have.'),
  maxAttempts: z.int().min(1).max(100).describe('How often a run is tried, the first try included.'),
  timeoutSecs: z.int().min(1).max(86_400).describe('Seconds after which an attempt is given up.'),
  heartbeatTimeoutSecs: z.int().min(1).max(86_400).describe('Seconds an executor that answered 202 may stay silent.'),
  retryStrategy: z
    .enum(RETRY_STRATEGIES)
    .describe('How the delay grows from one attempt to the next; "custom" takes retry_delays_secs.'),
  retryInitialDelaySecs: z
    .int()
    .min(0)
    .max(3_600)
    .describe('Seconds before the second attempt; no delay is shorter than one second.'),
  retryMaxDelaySecs: z.int().min(1).max(3_600).describe('Seconds that no delay of the strategy exceeds.'),
  retryDelaysSecs: z
    .array(z.int().min(1).max(3_600))
    .max(100)
    .describe('For "custom": seconds before attempt 2, 3 and so on; the last one repeats.'),
  retryPriorityBoost: z.int().min(0).max(10).describe('Added to the priority of a run with every retry, up to 10.'),
  timezone: key(64).describe('IANA time zone that the cron expressions of the job are read in; "UTC" when left out.'),
  versionPolicy: z
    .enum(VERSION_POLICIES)
    .describe(
      'Which version of the job a run executes: "pin" the one it was triggered under, "latest" the newest, "minor" the newest that is backwards compatible with it.',
    ),
  tags: Tags.describe('Labels to find the job by: at most 20 pairs.'),
  defaultRunMetadata: Metadata.describe('Metadata of every run of the job, unless its trigger says otherwise: at most 50 pairs.'),
};

const CLEARABLE = {
  fallbackEndpointUrl: z
    .string()
    .min(1)
    .max(2_048)
    .describe(
      'Where a run is sent, once and within the same attempt, when its endpoint fails for the network, with a 5xx or a 429; null is nowhere.',
    ),
  environmentId: key(128).describe('Environment whose variables and secrets its runs get, by id or slug; null is none.'),
  poisonPillThreshold: z
    .int()
    .min(2)
    .max(MAX_INT32)
    .describe('From this attempt on, the same class of error twice in a row ends the retries; null never does.'),
  maxConcurrency: z.int().min(1).max(MAX_INT32).describe('How many runs of the job may execute at once; null is unlimited.'),
  maxConcurrencyPerKey: z
    .int()
    .min(1)
    .max(MAX_INT32)
    .describe('How many runs with one concurrency key may execute at once; null is unlimited.'),
  runTtlSecs: z
    .int()
    .min(1)
    .max(MAX_INT32)
    .describe('Seconds after which a run that never started expires; null leaves it to the trigger.'),
  rateLimitMax: z
    .int()
    .min(1)
    .max(MAX_INT32)
    .describe('How many triggers are taken on within rate_limit_window_secs; null is any number.'),
  rateLimitWindowSecs: z
    .int()
    .min(1)
    .max(86_400)
    .describe('Seconds that a window of the rate limit lasts; it begins with the first trigger after the last one ended.'),
  dedupWindowSecs: z
    .int()
    .min(1)
    .max(604_800)
    .describe('For how many seconds a trigger with an equal payload answers the run there is; null makes a run of each.'),
  debounceWindowSecs: z
    .int()
    .min(1)
    .max(86_400)
    .describe('Seconds without a trigger of the same debounce key after which the last one becomes a run; not with batches.'),
  batchWindowSecs: z
    .int()
    .min(1)
    .max(86_400)
    .describe('For how many seconds triggers with the same batch key are gathered into one run; not with debouncing.'),
  batchMaxSize: z
    .int()
    .min(1)
    .max(MAX_BATCH_SIZE)
    .describe('How many triggers end a batch before its window does; null leaves it at 1,000.'),
  executionWindowCron: key(256).describe(
    'Cron expression of the minutes in which runs may start, "* 9-17 * * 1-5" for instance; others wait for the next one.',
  ),
  payloadSchema: JsonObjectInput.describe('JSON Schema (2020-12) that payloads must match; null accepts any.'),
  resultSchema: JsonObjectInput.describe('JSON Schema (2020-12) that results must match; null accepts any.'),
  webhookUrl: z
    .string()
    .min(1)
    .max(2_048)
    .describe('Who is told of every ending of a run, by a signed POST: a URL under the rules of endpoints; null tells nobody.'),
  webhookSecret: WebhookSecret.describe(
    'What that POST is signed with: `whsec_` and the base64 of 24 to 64 bytes, or 16 to 256 printable characters that are the key themselves; null takes the signing secret of the job. Nobody can read it again.',
  ),
};

/** What is said of a job without the place that its execution mode needs. */
export const NEEDS_ENDPOINT = 'is required with the execution mode "http"';
/** As {@link NEEDS_ENDPOINT}, of the other mode. */
export const NEEDS_IMAGE = 'is required with the execution mode "managed"';

/** What a new job is made from. Null means the same as leaving a field out: its default. */
export const CreateJobInput = z
  .strictObject({
    projectId: ProjectId.nullish().describe('Project of the job; only ever the project of the calling key.'),
    ...REQUIRED,
    ...orDefault(PLACES),
    ...orDefault(DEFAULTED),
    ...orDefault(CLEARABLE),
  })
  .refine((job) => job.retryStrategy !== 'custom' || (job.retryDelaysSecs ?? []).length > 0, {
    path: ['retryDelaysSecs'],
    message: 'must not be empty with the retry strategy "custom"',
  })
  .refine((job) => job.executionMode === 'managed' || job.endpointUrl, { path: ['endpointUrl'], message: NEEDS_ENDPOINT })
  .refine((job) => job.executionMode !== 'managed' || job.imageUri, { path: ['imageUri'], message: NEEDS_IMAGE });

/** The parsed form of {@link CreateJobInput}. */
export type CreateJobInput = z.infer<typeof CreateJobInput>;

/** What a job is changed to: whatever is left out stays. Null clears a field that may be empty. */
export const UpdateJobInput = z
  .strictObject({
    ...optional(REQUIRED),
    ...optional(PLACES),
    ...optional(DEFAULTED),
    ...orDefault(CLEARABLE),
    backwardsCompatible: z
      .boolean()
      .nullish()
      .describe(
        'Whether runs of the version before may go on with this one, for the version policy "minor"; false when left out.',
      ),
    expectedVersion: z
      .int()
      .min(1)
      .max(MAX_INT32)
      .nullish()
      .describe('Refuses the change when the job is at another version; left out, the last change wins.'),
  })
  .refine(
    ({ expectedVersion: _, backwardsCompatible: _says, ...changes }) =>
      Object.values(changes).some((value) => value !== undefined),
    'must change at least one field',
  );

/** The parsed form of {@link UpdateJobInput}. */
export type UpdateJobInput = z.infer<typeof UpdateJobInput>;

type Shape = Record<string, z.ZodType>;

function orDefault<S extends Shape>(shape: S): { [Field in keyof S]: z.ZodOptional<z.ZodNullable<S[Field]>> } {
  const wrapped = Object.entries(shape).map(([field, schema]) => [field, schema.nullish().describe(schema.description ?? '')]);
  // The same fields, each wrapped as the return type says.
  return Object.fromEntries(wrapped) as { [Field in keyof S]: z.ZodOptional<z.ZodNullable<S[Field]>> };
}

function optional<S extends Shape>(shape: S): { [Field in keyof S]: z.ZodOptional<S[Field]> } {
  const wrapped = Object.entries(shape).map(([field, schema]) => [field, schema.optional().describe(schema.description ?? '')]);
  // The same fields, each wrapped as the return type says.
  return Object.fromEntries(wrapped) as { [Field in keyof S]: z.ZodOptional<S[Field]> };
}
