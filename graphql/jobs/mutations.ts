import type { InputFieldBuilder } from '@pothos/core';
import { CloneJobInput, cloneJob } from '../../src/domain/jobs/clone-job.ts';
import { createJob } from '../../src/domain/jobs/create-job.ts';
import { deleteJob } from '../../src/domain/jobs/delete-job.ts';
import { EnableJobsInput, enableJobs } from '../../src/domain/jobs/enable-jobs.ts';
import { CreateJobInput, UpdateJobInput } from '../../src/domain/jobs/job-input.ts';
import { rotateJobSecret } from '../../src/domain/jobs/job-secret.ts';
import { updateJob } from '../../src/domain/jobs/update-job.ts';
import { builder } from '../builder.ts';
import { describedBy } from '../input.ts';
import { ExecutionModeEnum, MachinePresetEnum, RetryStrategyEnum, VersionPolicyEnum } from './definition.ts';
import { Job, jobNode } from './type.ts';

const created = describedBy(CreateJobInput);
const CreateJob = builder
  .inputType('CreateJobInput', {
    description: 'What a new job is made from. What is left out, or null, gets its default.',
    fields: (t) => ({
      projectId: t.id(created.projectId),
      slug: t.string({ required: true, ...created.slug }),
      name: t.string({ required: true, ...created.name }),
      ...optionalFields(t, created),
    }),
  })
  .validate(CreateJobInput);

const updated = describedBy(UpdateJobInput);
const UpdateJob = builder
  .inputType('UpdateJobInput', {
    description: 'What to change in a job; what is left out stays, and null clears what may be empty.',
    fields: (t) => ({
      slug: t.string(updated.slug),
      name: t.string(updated.name),
      ...optionalFields(t, updated),
      backwardsCompatible: t.boolean(updated.backwardsCompatible),
      expectedVersion: t.int(updated.expectedVersion),
    }),
  })
  .validate(UpdateJobInput);

const cloned = describedBy(CloneJobInput);
const CloneJob = builder
  .inputType('CloneJobInput', {
    description: 'What a copy of a job is called.',
    fields: (t) => ({ slug: t.string({ required: true, ...cloned.slug }), name: t.string(cloned.name) }),
  })
  .validate(CloneJobInput);

const switched = describedBy(EnableJobsInput);
const EnableJobs = builder
  .inputType('SetJobsEnabledInput', {
    description: 'Which jobs are to be enabled or disabled.',
    fields: (t) => ({
      ids: t.idList({ required: true, ...switched.ids }),
      enabled: t.boolean({ required: true, ...switched.enabled }),
    }),
  })
  .validate(EnableJobsInput);

builder.mutationFields((t) => {
  const id = t.arg.id({ required: true, description: 'Id or slug of the job.' });
  const authScopes = { scope: 'jobs:write' } as const;
  return {
    createJob: t.field({
      type: Job,
      description:
        'Creates a job; CONFLICT when the slug is taken, RATE_LIMITED when the project has as many jobs as it may. Requires `jobs:write`.',
      args: { input: t.arg({ type: CreateJob, required: true, description: 'The job.' }) },
      authScopes,
      resolve: async (_root, { input }, { actor, jobs }) => jobNode(await createJob(actor, input, jobs)),
    }),
    updateJob: t.field({
      type: Job,
      description: 'Changes a job, which makes the next version of it unless only `enabled` changes. Requires `jobs:write`.',
      args: { id, input: t.arg({ type: UpdateJob, required: true, description: 'What to change.' }) },
      authScopes,
      resolve: async (_root, { id: job, input }, { actor, jobs }) =>
        jobNode(await updateJob(actor, { job, changes: input }, jobs)),
    }),
    cloneJob: t.field({
      type: Job,
      description:
        'Creates a job that says what another one says, with a signing secret of its own, without its dependencies and secrets; CONFLICT when the slug is taken. Requires `jobs:write`.',
      args: { id, input: t.arg({ type: CloneJob, required: true, description: 'What the copy is called.' }) },
      authScopes,
      resolve: async (_root, { id: job, input }, { actor, jobs }) => jobNode(await cloneJob(actor, { job, ...input }, jobs)),
    }),
    setJobsEnabled: t.field({
      type: [Job],
      description:
        'Enables or disables jobs, all of them or none; NOT_FOUND when one of them is not there. Answers them in the order asked for. Requires `jobs:write`.',
      args: { input: t.arg({ type: EnableJobs, required: true, description: 'Which, and what they are to be.' }) },
      authScopes,
      resolve: async (_root, { input }, { actor, jobs }) => (await enableJobs(actor, input, jobs)).map(jobNode),
    }),
    deleteJob: t.field({
      type: Job,
      description:
        'Deletes a job and frees its slug; its runs stay. CONFLICT while a run of it is active. Requires `jobs:write`.',
      args: { id },
      authScopes,
      resolve: async (_root, { id: job }, { actor, jobs }) => jobNode(await deleteJob(actor, job, jobs)),
    }),
    rotateJobSecret: t.field({
      type: Job,
      description:
        'Gives a job a new signing secret; the old one signs nothing from the next dispatch on. Requires `jobs:write`.',
      args: { id },
      authScopes,
      resolve: async (_root, { id: job }, { actor, jobs }) => jobNode(await rotateJobSecret(actor, job, jobs)),
    }),
  };
});

function optionalFields(
  t: InputFieldBuilder<typeof builder.$inferSchemaTypes, 'InputObject'>,
  field: Omit<typeof created, 'projectId'>,
) {
  return {
    description: t.string(field.description),
    enabled: t.boolean(field.enabled),
    executionMode: t.field({ type: ExecutionModeEnum, ...field.executionMode }),
    fallbackEndpointUrl: t.string(field.fallbackEndpointUrl),
    environmentId: t.id(field.environmentId),
    endpointUrl: t.string(field.endpointUrl),
    imageUri: t.string(field.imageUri),
    machinePreset: t.field({ type: MachinePresetEnum, ...field.machinePreset }),
    maxAttempts: t.int(field.maxAttempts),
    timeoutSecs: t.int(field.timeoutSecs),
    heartbeatTimeoutSecs: t.int(field.heartbeatTimeoutSecs),
    retryStrategy: t.field({ type: RetryStrategyEnum, ...field.retryStrategy }),
    retryInitialDelaySecs: t.int(field.retryInitialDelaySecs),
    retryMaxDelaySecs: t.int(field.retryMaxDelaySecs),
    retryDelaysSecs: t.intList(field.retryDelaysSecs),
    retryPriorityBoost: t.int(field.retryPriorityBoost),
    poisonPillThreshold: t.int(field.poisonPillThreshold),
    maxConcurrency: t.int(field.maxConcurrency),
    maxConcurrencyPerKey: t.int(field.maxConcurrencyPerKey),
    runTtlSecs: t.int(field.runTtlSecs),
    rateLimitMax: t.int(field.rateLimitMax),
    rateLimitWindowSecs: t.int(field.rateLimitWindowSecs),
    dedupWindowSecs: t.int(field.dedupWindowSecs),
    debounceWindowSecs: t.int(field.debounceWindowSecs),
    batchWindowSecs: t.int(field.batchWindowSecs),
    batchMaxSize: t.int(field.batchMaxSize),
    executionWindowCron: t.string(field.executionWindowCron),
    timezone: t.string(field.timezone),
    versionPolicy: t.field({ type: VersionPolicyEnum, ...field.versionPolicy }),
    payloadSchema: t.field({ type: 'JSONObject', ...field.payloadSchema }),
    resultSchema: t.field({ type: 'JSONObject', ...field.resultSchema }),
    tags: t.field({ type: 'StringMap', ...field.tags }),
    defaultRunMetadata: t.field({ type: 'StringMap', ...field.defaultRunMetadata }),
    webhookUrl: t.string(field.webhookUrl),
    webhookSecret: t.string(field.webhookSecret),
  };
}
