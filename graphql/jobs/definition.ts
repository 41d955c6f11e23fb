import { MACHINE_PRESETS, MACHINES, type MachinePreset } from '../../src/core/machine-preset.ts';
import { RETRY_STRATEGIES, type RetryStrategy } from '../../src/core/retry.ts';
import { EXECUTION_MODES, type ExecutionMode, VERSION_POLICIES, type VersionPolicy } from '../../src/domain/jobs/job.ts';
import { builder } from '../builder.ts';
import { enumValues, memberOf } from '../enum-values.ts';

/** How the wait between attempts grows. */
export const RetryStrategyEnum = builder.enumType('RetryStrategy', {
  description:
    'How the wait between attempts grows. Every wait varies by a fifth, and none is shorter than a second or longer than an hour.',
  values: enumValues<RetryStrategy>({
    exponential: 'It doubles with every attempt.',
    linear: 'It grows by the initial delay with every attempt.',
    fixed: 'It stays the initial delay.',
    custom: 'It is taken from a list.',
  }),
});

/** Where the code of a job is. */
export const ExecutionModeEnum = builder.enumType('ExecutionMode', {
  description: 'Where the code of a job is.',
  values: enumValues<ExecutionMode>({
    http: 'Behind an endpoint that Baton calls.',
    managed: 'In a process that Baton starts.',
  }),
});

/** Which version of its job a run executes. */
export const VersionPolicyEnum = builder.enumType('VersionPolicy', {
  description: 'Which version of its job a run executes, decided each time it is dispatched.',
  values: enumValues<VersionPolicy>({
    pin: 'The one it was triggered under.',
    latest: 'The newest.',
    minor: 'The newest that every version since its own leads to compatibly.',
  }),
});

/** How much memory a managed run may have. */
export const MachinePresetEnum = builder.enumType('MachinePreset', {
  description: 'How much memory a managed run may have, and what its time costs, in millionths of a US dollar.',
  values: enumValues(
    // One entry per preset.
    Object.fromEntries(
      MACHINE_PRESETS.map((preset) => [
        preset,
        `${MACHINES[preset].memoryMb.toLocaleString('en')} MB; ${MACHINES[preset].microusdPerSec} a second.`,
      ]),
    ) as Record<MachinePreset, string>,
  ),
});

/** What a job says, as Prisma and the domain have it alike: the database checks the strings, and objects are JSON to it. */
interface DefinitionShape {
  readonly slug: string;
  readonly name: string;
  readonly description: string;
  readonly executionMode: string;
  readonly endpointUrl: string | null;
  readonly fallbackEndpointUrl: string | null;
  readonly environmentId: string | null;
  readonly imageUri: string | null;
  readonly machinePreset: string;
  readonly maxAttempts: number;
  readonly timeoutSecs: number;
  readonly heartbeatTimeoutSecs: number;
  readonly retryStrategy: string;
  readonly retryInitialDelaySecs: number;
  readonly retryMaxDelaySecs: number;
  readonly retryDelaysSecs: readonly number[];
  readonly retryPriorityBoost: number;
  readonly poisonPillThreshold: number | null;
  readonly maxConcurrency: number | null;
  readonly maxConcurrencyPerKey: number | null;
  readonly runTtlSecs: number | null;
  readonly rateLimitMax: number | null;
  readonly rateLimitWindowSecs: number | null;
  readonly dedupWindowSecs: number | null;
  readonly debounceWindowSecs: number | null;
  readonly batchWindowSecs: number | null;
  readonly batchMaxSize: number | null;
  readonly executionWindowCron: string | null;
  readonly timezone: string;
  readonly versionPolicy: string;
  readonly payloadSchema: unknown;
  readonly resultSchema: unknown;
  readonly tags: unknown;
  readonly defaultRunMetadata: unknown;
  readonly webhookUrl: string | null;
}

/** What jobs and their versions have in common. */
export const JobDefinition = builder.interfaceRef<DefinitionShape>('JobDefinition').implement({
  description: 'What a job says, now or at one of its versions. Durations are in seconds.',
  fields: (t) => ({
    slug: t.exposeString('slug', { description: 'Its name in URLs and code, unique among the jobs of the project.' }),
    name: t.exposeString('name', { description: 'What people call it.' }),
    description: t.exposeString('description', { description: 'What it does, for people; may be empty.' }),
    executionMode: t.field({
      type: ExecutionModeEnum,
      description: 'Where its code is.',
      resolve: ({ executionMode }) => memberOf(EXECUTION_MODES, executionMode),
    }),
    endpointUrl: t.exposeString('endpointUrl', {
      nullable: true,
      description: 'Where runs are dispatched to by POST; set for `HTTP`.',
    }),
    fallbackEndpointUrl: t.exposeString('fallbackEndpointUrl', {
      nullable: true,
      description: 'Where a run is sent when its endpoint cannot serve it; null is nowhere.',
    }),
    environmentId: t.exposeID('environmentId', {
      nullable: true,
      description: 'The environment its runs get their variables and secrets from; null is none.',
    }),
    imageUri: t.exposeString('imageUri', {
      nullable: true,
      description: 'What is started for each run, `exec:<command>`; set for `MANAGED`.',
    }),
    machinePreset: t.field({
      type: MachinePresetEnum,
      description: 'For `MANAGED`: how much memory the process of a run may have.',
      resolve: ({ machinePreset }) => memberOf(MACHINE_PRESETS, machinePreset),
    }),
    maxAttempts: t.exposeInt('maxAttempts', { description: 'How often a run is tried, the first time included.' }),
    timeoutSecs: t.exposeInt('timeoutSecs', { description: 'How long one attempt may take.' }),
    heartbeatTimeoutSecs: t.exposeInt('heartbeatTimeoutSecs', {
      description: 'How long an executor that has accepted a run may stay silent before the attempt counts as lost.',
    }),
    retryStrategy: t.field({
      type: RetryStrategyEnum,
      description: 'How the wait between attempts grows.',
      resolve: ({ retryStrategy }) => memberOf(RETRY_STRATEGIES, retryStrategy),
    }),
    retryInitialDelaySecs: t.exposeInt('retryInitialDelaySecs', { description: 'The wait before the second attempt.' }),
    retryMaxDelaySecs: t.exposeInt('retryMaxDelaySecs', { description: 'The longest wait between two attempts.' }),
    retryDelaysSecs: t.field({
      type: ['Int'],
      description: 'For `CUSTOM`: the waits before attempt 2, 3 and so on; the last one repeats.',
      resolve: ({ retryDelaysSecs }) => retryDelaysSecs,
    }),
    retryPriorityBoost: t.exposeInt('retryPriorityBoost', { description: 'Added to the priority of a run for each retry.' }),
    poisonPillThreshold: t.exposeInt('poisonPillThreshold', {
      nullable: true,
      description: 'From this attempt on, the same class of error twice in a row ends the retries; null never does.',
    }),
    maxConcurrency: t.exposeInt('maxConcurrency', {
      nullable: true,
      description: 'How many runs may execute at once; null is unlimited.',
    }),
    maxConcurrencyPerKey: t.exposeInt('maxConcurrencyPerKey', {
      nullable: true,
      description: 'How many runs with the same concurrency key may execute at once; null is unlimited.',
    }),
    runTtlSecs: t.exposeInt('runTtlSecs', {
      nullable: true,
      description: 'How long a run may wait for its first start before it expires; null leaves it to the trigger.',
    }),
    rateLimitMax: t.exposeInt('rateLimitMax', {
      nullable: true,
      description: 'How many triggers are taken on within `rateLimitWindowSecs`; null is any number.',
    }),
    rateLimitWindowSecs: t.exposeInt('rateLimitWindowSecs', {
      nullable: true,
      description:
        'How long a window of the rate limit lasts. It begins with the first trigger after the last one ended; null without a limit.',
    }),
    dedupWindowSecs: t.exposeInt('dedupWindowSecs', {
      nullable: true,
      description: 'For how long a trigger with an equal payload answers the run there is; null never does.',
    }),
    debounceWindowSecs: t.exposeInt('debounceWindowSecs', {
      nullable: true,
      description: 'After how long without another trigger of the same debounce key the last one becomes a run; null is at once.',
    }),
    batchWindowSecs: t.exposeInt('batchWindowSecs', {
      nullable: true,
      description: 'For how long triggers of the same batch key are gathered into one run; null makes a run of each.',
    }),
    batchMaxSize: t.exposeInt('batchMaxSize', {
      nullable: true,
      description: 'How many triggers end a batch before its window does; null leaves it at 1,000.',
    }),
    executionWindowCron: t.exposeString('executionWindowCron', {
      nullable: true,
      description: 'Cron expression of the minutes in which runs may start; null is all of them.',
    }),
    timezone: t.exposeString('timezone', { description: 'IANA time zone that its cron expressions are read in.' }),
    versionPolicy: t.field({
      type: VersionPolicyEnum,
      description: 'Which version of it a run executes.',
      resolve: ({ versionPolicy }) => memberOf(VERSION_POLICIES, versionPolicy),
    }),
    payloadSchema: t.expose('payloadSchema', {
      type: 'JSONObject',
      nullable: true,
      description: 'JSON Schema (2020-12) that payloads must match; null accepts any.',
    }),
    resultSchema: t.expose('resultSchema', {
      type: 'JSONObject',
      nullable: true,
      description: 'JSON Schema (2020-12) that results must match; null accepts any.',
    }),
    tags: t.expose('tags', { type: 'StringMap', description: 'Labels, name to value; runs start with them.' }),
    defaultRunMetadata: t.expose('defaultRunMetadata', {
      type: 'StringMap',
      description: 'Metadata that every run starts with; what its trigger brings wins.',
    }),
    webhookUrl: t.exposeString('webhookUrl', {
      nullable: true,
      description: 'Who is told of every ending of a run, by a signed POST; null tells nobody.',
    }),
  }),
});
