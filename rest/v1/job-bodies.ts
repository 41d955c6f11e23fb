import { z } from 'zod';
import { MAX_IMAGE_URI_LENGTH } from '../../src/core/command.ts';
import { MACHINE_PRESETS } from '../../src/core/machine-preset.ts';
import { JsonObjectInput, key, MAX_INT32, Metadata, Slug, Tags, text } from '../../src/core/schemas.ts';
import { wordInput } from '../names.ts';
import { EXECUTION_MODES, RETRY_STRATEGIES, VERSION_POLICIES } from './job-schema.ts';
import { webhookSecret } from './webhook-bodies.ts';

// The limits are the domain's, said once more in the words of REST so that an error names the field as the caller wrote it;
// a test compares the two.

const required = {
  name: text(255).regex(/\S/, 'must not be blank').describe('Name of the job, for people.'),
  slug: Slug.describe('What the job is called in URLs and code; unique among the jobs of the project.'),
};

/** Where the code is: which one a job needs, its execution mode says. */
const places = {
  endpoint_url: z
    .string()
    .min(1)
    .max(2_048)
    .describe('Where runs are dispatched to: an absolute http or https URL. Required for `http`.'),
  image_uri: text(MAX_IMAGE_URI_LENGTH)
    .min(1)
    .describe(
      'What is started for each run: `exec:<command>`, split at blanks; quotes and backslashes keep words together, and no shell reads them. Required for `managed`.',
    ),
};

const defaulted = {
  description: text(10_000).describe('What the job does, for people.'),
  enabled: z.boolean().describe('False refuses new runs and starts none of those that are queued.'),
  execution_mode: wordInput(EXECUTION_MODES).describe(
    'Where the code of the job is: `http` for an endpoint of yours, `managed` for a process that Baton starts.',
  ),
  machine_preset: wordInput(MACHINE_PRESETS).describe('For `managed`: how much memory the process may have.'),
  max_attempts: z.int().min(1).max(100).describe('How often a run is tried, the first try included.'),
  timeout_secs: z.int().min(1).max(86_400).describe('Seconds after which an attempt is given up.'),
  heartbeat_timeout_secs: z.int().min(1).max(86_400).describe('Seconds an executor that answered 202 may stay silent.'),
  retry_strategy: wordInput(RETRY_STRATEGIES).describe(
    'How the delay grows from one attempt to the next; `custom` takes `retry_delays_secs`.',
  ),
  retry_initial_delay_secs: z
    .int()
    .min(0)
    .max(3_600)
    .describe('Seconds before the second attempt; no delay is shorter than one second.'),
  retry_max_delay_secs: z.int().min(1).max(3_600).describe('Seconds that no delay of the strategy exceeds.'),
  retry_delays_secs: z
    .array(z.int().min(1).max(3_600))
    .max(100)
    .describe('For `custom`: seconds before attempt 2, 3 and so on; the last one repeats.'),
  retry_priority_boost: z.int().min(0).max(10).describe('Added to the priority of a run with every retry, up to 10.'),
  timezone: key(64).describe('IANA time zone that the cron expressions of the job are read in; `UTC` when left out.'),
  version_policy: wordInput(VERSION_POLICIES).describe(
    'Which version of the job a run executes: `pin` the one it was triggered under, `latest` the newest, `minor` the newest that is backwards compatible with it.',
  ),
  tags: Tags.describe('Labels to find the job by: at most 20 pairs.'),
  default_run_metadata: Metadata.describe(
    'Metadata of every run of the job, unless its trigger says otherwise: at most 50 pairs.',
  ),
};

const clearable = {
  fallback_endpoint_url: z
    .string()
    .min(1)
    .max(2_048)
    .describe(
      'Where a run is sent, once and within the same attempt, when its endpoint fails for the network, with a 5xx or a 429; null is nowhere.',
    ),
  environment_id: key(128).describe('Environment whose variables and secrets its runs get, by id or slug; null is none.'),
  poison_pill_threshold: z
    .int()
    .min(2)
    .max(MAX_INT32)
    .describe('From this attempt on, the same class of error twice in a row ends the retries; null never does.'),
  max_concurrency: z.int().min(1).max(MAX_INT32).describe('How many runs of the job may execute at once; null is any number.'),
  max_concurrency_per_key: z
    .int()
    .min(1)
    .max(MAX_INT32)
    .describe('How many runs with one concurrency key may execute at once; null is any number.'),
  run_ttl_secs: z
    .int()
    .min(1)
    .max(MAX_INT32)
    .describe('Seconds after which a run that never started expires; null leaves it to the trigger.'),
  rate_limit_max: z
    .int()
    .min(1)
    .max(MAX_INT32)
    .describe('How many triggers are taken on within `rate_limit_window_secs`; null is any number.'),
  rate_limit_window_secs: z
    .int()
    .min(1)
    .max(86_400)
    .describe('Seconds that a window of the rate limit lasts; it begins with the first trigger after the last one ended.'),
  dedup_window_secs: z
    .int()
    .min(1)
    .max(604_800)
    .describe('For how many seconds a trigger with an equal payload answers the run there is; null makes a run of each.'),
  debounce_window_secs: z
    .int()
    .min(1)
    .max(86_400)
    .describe('Seconds without a trigger of the same debounce key after which the last one becomes a run; not with batches.'),
  batch_window_secs: z
    .int()
    .min(1)
    .max(86_400)
    .describe('For how many seconds triggers with the same batch key are gathered into one run; not with debouncing.'),
  batch_max_size: z
    .int()
    .min(1)
    .max(1_000)
    .describe('How many triggers end a batch before its window does; null leaves it at 1,000.'),
  execution_window_cron: key(256).describe(
    'Cron expression of the minutes in which runs may start, `* 9-17 * * 1-5` for instance; others wait for the next one.',
  ),
  payload_schema: JsonObjectInput.describe('JSON Schema (2020-12) that payloads must match; null accepts any.'),
  result_schema: JsonObjectInput.describe('JSON Schema (2020-12) that results must match; null accepts any.'),
  webhook_url: z
    .string()
    .min(1)
    .max(2_048)
    .describe('Who is told of every ending of a run, by a signed POST: a URL under the rules of endpoints; null tells nobody.'),
  webhook_secret: webhookSecret.describe(
    'What that POST is signed with; null takes the signing secret of the job. Nobody can read it again.',
  ),
};

/** What a job is made from; null means the same as leaving a field out. */
export const newJobBody = z
  .strictObject({
    project_id: z.string().nullish().describe('Project of the job; only ever the project of the API key.'),
    ...required,
    ...nullish(places),
    ...nullish(defaulted),
    ...nullish(clearable),
  })
  .refine((job) => job.retry_strategy !== 'CUSTOM' || (job.retry_delays_secs ?? []).length > 0, {
    path: ['retry_delays_secs'],
    message: 'must not be empty with the retry strategy "custom"',
  })
  .refine((job) => job.execution_mode === 'MANAGED' || job.endpoint_url, {
    path: ['endpoint_url'],
    message: 'is required with the execution mode "http"',
  })
  .refine((job) => job.execution_mode !== 'MANAGED' || job.image_uri, {
    path: ['image_uri'],
    message: 'is required with the execution mode "managed"',
  })
  .meta({
    id: 'NewJob',
    description: 'What a job is made from; what is left out, or null, gets its default. Durations are in seconds.',
  });

/** What to change in a job. */
export const jobChangesBody = z
  .strictObject({
    ...optional(required),
    ...optional(places),
    ...optional(defaulted),
    ...nullish(clearable),
    backwards_compatible: z
      .boolean()
      .nullish()
      .describe(
        'Whether runs of the version before may go on with this one, for the version policy `minor`; false when left out.',
      ),
    expected_version: z
      .int()
      .min(1)
      .max(MAX_INT32)
      .nullish()
      .describe('Refuses the change when the job is at another version; left out, the last change wins.'),
  })
  .refine(
    ({ expected_version: _, backwards_compatible: _says, ...changes }) =>
      Object.values(changes).some((value) => value !== undefined),
    'must change at least one field',
  )
  .meta({ id: 'JobChanges', description: 'What to change in a job; what is left out stays, and null clears what may be empty.' });

type Shape = Record<string, z.ZodType>;

function nullish<S extends Shape>(shape: S): { [Field in keyof S]: z.ZodOptional<z.ZodNullable<S[Field]>> } {
  const wrapped = Object.entries(shape).map(([field, schema]) => [field, schema.nullish().describe(schema.description ?? '')]);
  // The same fields, each wrapped as the return type says.
  return Object.fromEntries(wrapped) as { [Field in keyof S]: z.ZodOptional<z.ZodNullable<S[Field]>> };
}

function optional<S extends Shape>(shape: S): { [Field in keyof S]: z.ZodOptional<S[Field]> } {
  const wrapped = Object.entries(shape).map(([field, schema]) => [field, schema.optional().describe(schema.description ?? '')]);
  // The same fields, each wrapped as the return type says.
  return Object.fromEntries(wrapped) as { [Field in keyof S]: z.ZodOptional<S[Field]> };
}
