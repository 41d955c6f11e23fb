import { isUuid } from '../../core/ids.ts';
import type { JsonObject } from '../../core/json.ts';
import type { MachinePreset } from '../../core/machine-preset.ts';
import type { RetryStrategy } from '../../core/retry.ts';
import { isSlug } from '../../core/schemas.ts';

/** Where the code of a job is: an HTTP endpoint, or a process that the server starts itself. */
export const EXECUTION_MODES = ['http', 'managed'] as const;

/** A member of {@link EXECUTION_MODES}. */
export type ExecutionMode = (typeof EXECUTION_MODES)[number];

/** Which version of its job a run executes: the one it was triggered under, the newest, or the newest that goes on compatibly. */
export const VERSION_POLICIES = ['pin', 'latest', 'minor'] as const;

/** A member of {@link VERSION_POLICIES}. */
export type VersionPolicy = (typeof VERSION_POLICIES)[number];

/** What a job says; kept for every version of it. Durations are in seconds. */
export interface JobDefinition {
  readonly slug: string;
  readonly name: string;
  readonly description: string;
  readonly executionMode: ExecutionMode;
  /** Set for `http`. */
  readonly endpointUrl: string | null;
  /** Where a run is sent when its endpoint cannot serve it; null is nowhere. */
  readonly fallbackEndpointUrl: string | null;
  /** Where its variables and secrets come from; null is no environment. */
  readonly environmentId: string | null;
  /** Set for `managed`: `exec:<command>`. */
  readonly imageUri: string | null;
  readonly machinePreset: MachinePreset;
  readonly maxAttempts: number;
  readonly timeoutSecs: number;
  readonly heartbeatTimeoutSecs: number;
  readonly retryStrategy: RetryStrategy;
  readonly retryInitialDelaySecs: number;
  readonly retryMaxDelaySecs: number;
  readonly retryDelaysSecs: readonly number[];
  readonly retryPriorityBoost: number;
  /** Null never stops retrying early. */
  readonly poisonPillThreshold: number | null;
  /** Null is unlimited. */
  readonly maxConcurrency: number | null;
  /** Null is unlimited. */
  readonly maxConcurrencyPerKey: number | null;
  /** Null leaves the time to live to the trigger. */
  readonly runTtlSecs: number | null;
  /** Triggers taken on within {@link rateLimitWindowSecs}; both are null without a limit. */
  readonly rateLimitMax: number | null;
  readonly rateLimitWindowSecs: number | null;
  /** Null never answers a trigger with the run of an equal one. */
  readonly dedupWindowSecs: number | null;
  /** Null makes a run of every trigger; not together with {@link batchWindowSecs}. */
  readonly debounceWindowSecs: number | null;
  readonly batchWindowSecs: number | null;
  /** Null is the largest batch there is. */
  readonly batchMaxSize: number | null;
  /** Cron expression of the minutes in which runs may start; null is all of them. */
  readonly executionWindowCron: string | null;
  /** IANA zone that cron expressions of the job are read in. */
  readonly timezone: string;
  readonly versionPolicy: VersionPolicy;
  readonly payloadSchema: JsonObject | null;
  readonly resultSchema: JsonObject | null;
  readonly tags: Readonly<Record<string, string>>;
  readonly defaultRunMetadata: Readonly<Record<string, string>>;
  /** Told of every ending of a run; null tells nobody. */
  readonly webhookUrl: string | null;
}

/** A job as the engine knows it, with the secret its dispatches are signed with. */
export interface JobRow extends JobDefinition {
  readonly id: string;
  readonly projectId: string;
  /** Not part of the definition: switching a job off and on again makes no new version of it. */
  readonly enabled: boolean;
  readonly signingSecret: string;
  /** What its webhooks are signed with; null takes the signing secret. Not part of the definition, and shown to nobody. */
  readonly webhookSecret: string | null;
  /** How many jobs it depends on; nothing to wait for while it is 0. */
  readonly dependencyCount: number;
  /** How many jobs depend on it; nobody to wake while it is 0. */
  readonly dependentCount: number;
  readonly version: number;
  readonly versionId: string;
  readonly createdBy: string;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  /** Set on the tombstone of a deleted job. */
  readonly deletedAt: Date | null;
}

/** A job as its readers see it. */
export type Job = Omit<JobRow, 'signingSecret' | 'webhookSecret'>;

/** The column behind every field of a {@link JobRow}. */
export const COLUMN_OF = {
  id: 'id',
  projectId: 'project_id',
  slug: 'slug',
  name: 'name',
  description: 'description',
  enabled: 'enabled',
  executionMode: 'execution_mode',
  endpointUrl: 'endpoint_url',
  fallbackEndpointUrl: 'fallback_endpoint_url',
  environmentId: 'environment_id',
  imageUri: 'image_uri',
  machinePreset: 'machine_preset',
  maxAttempts: 'max_attempts',
  timeoutSecs: 'timeout_secs',
  heartbeatTimeoutSecs: 'heartbeat_timeout_secs',
  retryStrategy: 'retry_strategy',
  retryInitialDelaySecs: 'retry_initial_delay_secs',
  retryMaxDelaySecs: 'retry_max_delay_secs',
  retryDelaysSecs: 'retry_delays_secs',
  retryPriorityBoost: 'retry_priority_boost',
  poisonPillThreshold: 'poison_pill_threshold',
  maxConcurrency: 'max_concurrency',
  maxConcurrencyPerKey: 'max_concurrency_per_key',
  runTtlSecs: 'run_ttl_secs',
  rateLimitMax: 'rate_limit_max',
  rateLimitWindowSecs: 'rate_limit_window_secs',
  dedupWindowSecs: 'dedup_window_secs',
  debounceWindowSecs: 'debounce_window_secs',
  batchWindowSecs: 'batch_window_secs',
  batchMaxSize: 'batch_max_size',
  executionWindowCron: 'execution_window_cron',
  timezone: 'timezone',
  versionPolicy: 'version_policy',
  payloadSchema: 'payload_schema',
  resultSchema: 'result_schema',
  tags: 'tags',
  defaultRunMetadata: 'default_run_metadata',
  webhookUrl: 'webhook_url',
  webhookSecret: 'webhook_secret',
  signingSecret: 'signing_secret',
  dependencyCount: 'dependency_count',
  dependentCount: 'dependent_count',
  version: 'version',
  versionId: 'version_id',
  createdBy: 'created_by',
  createdAt: 'created_at',
  updatedAt: 'updated_at',
  deletedAt: 'deleted_at',
} as const satisfies Record<keyof JobRow, string>;

/** A row of `jobs` as {@link JOB_COLUMNS} selects it. */
export type JobSqlRow = { readonly [Field in keyof JobRow as (typeof COLUMN_OF)[Field]]: JobRow[Field] };

// Object.keys is typed for objects that may have more keys than their type says; this literal has exactly these.
const FIELDS = Object.keys(COLUMN_OF) as (keyof JobRow)[];

/** The columns behind a {@link JobRow}, for `select` and `returning`. */
export const JOB_COLUMNS = Object.values(COLUMN_OF).join(', ');

/** Turns a row of the database into the domain's. */
export function jobFromSql(row: JobSqlRow): JobRow {
  // JobSqlRow is made from COLUMN_OF, so every field finds its column and the type of it.
  return Object.fromEntries(FIELDS.map((field) => [field, row[COLUMN_OF[field]]])) as unknown as JobRow;
}

/** Any fields of a job; one that is undefined counts as left out. */
export type JobFields = { readonly [Field in keyof JobRow]?: JobRow[Field] | undefined };

/** Turns fields of a job into the JSON object that `jsonb_populate_record(…)` makes a row of `jobs` from. */
export function toSqlRecord(fields: JobFields): Record<string, unknown> {
  return Object.fromEntries(
    FIELDS.filter((field) => fields[field] !== undefined).map((field) => [COLUMN_OF[field], fields[field]]),
  );
}

/** Takes the secrets off a job, for those who may only read it. */
export function withoutSecret(job: JobRow): Job {
  const { signingSecret: _signing, webhookSecret: _webhook, ...rest } = job;
  return rest;
}

/** The column that finds a job by what a caller calls it; null for what can be neither an id nor a slug. */
export function jobKeyColumn(idOrSlug: string): 'id' | 'slug' | null {
  if (isUuid(idOrSlug)) return 'id';
  return isSlug(idOrSlug) ? 'slug' : null;
}
