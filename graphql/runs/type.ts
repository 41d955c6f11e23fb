import { effectivePreset, MACHINE_PRESETS } from '../../src/core/machine-preset.ts';
import { ERROR_CLASSES, type ExecutionTrace as Trace } from '../../src/core/outcome.ts';
import { RETRY_STRATEGIES } from '../../src/core/retry.ts';
import { RUN_STATUSES } from '../../src/core/run-state.ts';
import { EXECUTION_MODES, type JobDefinition } from '../../src/domain/jobs/job.ts';
import { builder } from '../builder.ts';
import type { GraphQLContext } from '../context.ts';
import { memberOf, memberOrNull } from '../enum-values.ts';
import { ExecutionModeEnum, MachinePresetEnum, RetryStrategyEnum } from '../jobs/definition.ts';
import { ExecutionTrace } from './details.ts';
import { ErrorClassEnum, RunStatusEnum } from './enums.ts';

/** What {@link definitionOf} looks at. */
export const OF_VERSION = {
  projectId: true,
  jobId: true,
  jobVersion: true,
  job: { select: { version: true, executionMode: true, machinePreset: true } },
} as const;

interface VersionedRun {
  readonly projectId: string;
  readonly jobId: string;
  readonly jobVersion: number;
  readonly job: { readonly version: number; readonly executionMode: string; readonly machinePreset: string };
}

/** Where and on what the run is executed, by its version of the job; costs nothing while the job is still at that version. */
export async function definitionOf(
  { projectId, jobId, jobVersion, job }: VersionedRun,
  { runs }: GraphQLContext,
): Promise<Pick<JobDefinition, 'executionMode' | 'machinePreset'>> {
  if (job.version !== jobVersion) return runs.jobs.atVersion(projectId, jobId, jobVersion);
  return {
    executionMode: memberOf(EXECUTION_MODES, job.executionMode),
    machinePreset: memberOf(MACHINE_PRESETS, job.machinePreset),
  };
}

/**
 * One execution of a job. With a `select` here, only the columns that a document asks for are read: runs are listed by the hundred, and
 * payload and result can be megabytes.
 */
export const Run = builder.prismaObject('Run', {
  select: { id: true },
  fields: (t) => ({
    id: t.exposeID('id'),
    projectId: t.exposeID('projectId'),
    jobId: t.exposeID('jobId'),
    jobVersion: t.exposeInt('jobVersion'),
    jobVersionId: t.exposeID('jobVersionId'),
    status: t.field({
      type: RunStatusEnum,
      description: 'Where it stands in its life.',
      select: { status: true },
      resolve: ({ status }) => memberOf(RUN_STATUSES, status),
    }),
    executionMode: t.field({
      type: ExecutionModeEnum,
      description: 'Where the code of its job is, at the version of the run.',
      select: OF_VERSION,
      resolve: async (run, _args, context) => (await definitionOf(run, context)).executionMode,
    }),
    machinePreset: t.field({
      type: MachinePresetEnum,
      nullable: true,
      description:
        'What its next attempt runs on: what its job says, unless it was restarted with another, or needed a larger one. Set for `MANAGED`.',
      select: { ...OF_VERSION, data: { select: { metadata: true } } },
      resolve: async (run, _args, context) => {
        const { executionMode, machinePreset } = await definitionOf(run, context);
        return executionMode === 'managed' ? effectivePreset(machinePreset, Object(run.data?.metadata)) : null;
      },
    }),
    hold: t.exposeString('hold', { nullable: true }),
    attempt: t.exposeInt('attempt'),
    priority: t.exposeInt('priority'),
    payload: t.field({
      type: 'JSON',
      nullable: true,
      description: 'The input, any JSON.',
      select: { data: { select: { payload: true } } },
      resolve: ({ data }) => data?.payload,
    }),
    payloadHash: t.string({
      description: 'SHA-256 of the payload with its keys in order, in hexadecimal.',
      select: { data: { select: { payloadHash: true } } },
      resolve: ({ data }) => data?.payloadHash ?? '',
    }),
    metadata: t.field({
      type: 'StringMap',
      description: 'Notes of the trigger’s over those of the job, name to value.',
      select: { data: { select: { metadata: true } } },
      resolve: ({ data }) => data?.metadata ?? {},
    }),
    tags: t.field({
      type: 'StringMap',
      description: 'Labels of the trigger’s over those of the job, name to value.',
      select: { data: { select: { tags: true } } },
      resolve: ({ data }) => data?.tags ?? {},
    }),
    result: t.field({
      type: 'JSON',
      nullable: true,
      description: 'What it returned, any JSON; null until it has completed.',
      select: { result: { select: { result: true } } },
      resolve: ({ result }) => result?.result,
    }),
    error: t.exposeString('error', { nullable: true }),
    errorClass: t.field({
      type: ErrorClassEnum,
      nullable: true,
      description: 'What kind of failure that was, as far as retrying is concerned.',
      select: { errorClass: true },
      resolve: ({ errorClass }) => memberOrNull(ERROR_CLASSES, errorClass),
    }),
    executionTrace: t.field({
      type: ExecutionTrace,
      nullable: true,
      description: 'How long each phase of its last attempt took.',
      select: { executionTrace: true },
      // Only `Transitions` write it, from a value of this type.
      resolve: ({ executionTrace }) => executionTrace as unknown as Trace | null,
    }),
    debugMode: t.exposeBoolean('debugMode'),
    scheduledAt: t.expose('scheduledAt', { type: 'DateTime', nullable: true }),
    queuedAt: t.expose('queuedAt', { type: 'DateTime', nullable: true }),
    startedAt: t.expose('startedAt', { type: 'DateTime', nullable: true }),
    finishedAt: t.expose('finishedAt', { type: 'DateTime', nullable: true }),
    heartbeatAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'The last sign of life of its current or last attempt.',
      select: { heartbeatAt: true, lease: { select: { heartbeatAt: true } } },
      resolve: ({ heartbeatAt, lease }) => lease?.heartbeatAt ?? heartbeatAt,
    }),
    nextRetryAt: t.expose('nextRetryAt', { type: 'DateTime', nullable: true }),
    expiresAt: t.expose('expiresAt', { type: 'DateTime', nullable: true }),
    timeoutSecs: t.exposeInt('timeoutSecs'),
    timeoutSecsOverride: t.exposeInt('timeoutSecsOverride', { nullable: true }),
    maxAttemptsOverride: t.exposeInt('maxAttemptsOverride', { nullable: true }),
    retryBackoff: t.field({
      type: RetryStrategyEnum,
      nullable: true,
      description: 'The retry strategy the trigger asked for; null takes the job’s.',
      select: { retryBackoff: true },
      resolve: ({ retryBackoff }) => memberOrNull(RETRY_STRATEGIES, retryBackoff),
    }),
    retryInitialDelaySecs: t.exposeInt('retryInitialDelaySecs', { nullable: true }),
    retryMaxDelaySecs: t.exposeInt('retryMaxDelaySecs', { nullable: true }),
    concurrencyKey: t.exposeString('concurrencyKey', { nullable: true }),
    idempotencyKey: t.exposeString('idempotencyKey', { nullable: true }),
    dependencyKey: t.exposeString('dependencyKey', { nullable: true }),
    triggeredBy: t.exposeString('triggeredBy'),
    createdBy: t.exposeString('createdBy'),
    parentRunId: t.exposeID('parentRunId', { nullable: true }),
    spawnKey: t.exposeString('spawnKey', { nullable: true }),
    continuationOf: t.exposeID('continuationOfId', { nullable: true }),
    lineageDepth: t.exposeInt('lineageDepth'),
    batchId: t.exposeID('batchId', { nullable: true }),
    workflowStepRunId: t.exposeID('workflowStepRunId', { nullable: true }),
    createdAt: t.field({
      type: 'DateTime',
      description: 'When it was triggered, to the microsecond; no two runs of a batch share it.',
      select: { createdUs: true },
      resolve: ({ createdUs }) => createdUs,
    }),
  }),
});
