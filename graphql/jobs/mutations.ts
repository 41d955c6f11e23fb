import { createJob } from '../../src/domain/jobs/create-job.ts';
import { deleteJob } from '../../src/domain/jobs/delete-job.ts';
import { CreateJobInput, UpdateJobInput } from '../../src/domain/jobs/job-input.ts';
import { rotateJobSecret } from '../../src/domain/jobs/job-secret.ts';
import { updateJob } from '../../src/domain/jobs/update-job.ts';
import { builder } from '../builder.ts';
import { describedBy } from '../input.ts';
import { ExecutionModeEnum, RetryStrategyEnum } from './definition.ts';
import { Job, jobNode } from './type.ts';

const created = describedBy(CreateJobInput);
const CreateJob = builder
  .inputType('CreateJobInput', {
    description: 'What a new job is made from. What is left out, or null, gets its default.',
    fields: (t) => ({
      projectId: t.id(created.projectId),
      slug: t.string({ required: true, ...created.slug }),
      name: t.string({ required: true, ...created.name }),
      endpointUrl: t.string({ required: true, ...created.endpointUrl }),
      description: t.string(created.description),
      enabled: t.boolean(created.enabled),
      executionMode: t.field({ type: ExecutionModeEnum, ...created.executionMode }),
      maxAttempts: t.int(created.maxAttempts),
      timeoutSecs: t.int(created.timeoutSecs),
      heartbeatTimeoutSecs: t.int(created.heartbeatTimeoutSecs),
      retryStrategy: t.field({ type: RetryStrategyEnum, ...created.retryStrategy }),
      retryInitialDelaySecs: t.int(created.retryInitialDelaySecs),
      retryMaxDelaySecs: t.int(created.retryMaxDelaySecs),
      retryDelaysSecs: t.intList(created.retryDelaysSecs),
      retryPriorityBoost: t.int(created.retryPriorityBoost),
      poisonPillThreshold: t.int(created.poisonPillThreshold),
      maxConcurrency: t.int(created.maxConcurrency),
      maxConcurrencyPerKey: t.int(created.maxConcurrencyPerKey),
      runTtlSecs: t.int(created.runTtlSecs),
      payloadSchema: t.field({ type: 'JSONObject', ...created.payloadSchema }),
      resultSchema: t.field({ type: 'JSONObject', ...created.resultSchema }),
      tags: t.field({ type: 'StringMap', ...created.tags }),
      defaultRunMetadata: t.field({ type: 'StringMap', ...created.defaultRunMetadata }),
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
      endpointUrl: t.string(updated.endpointUrl),
      description: t.string(updated.description),
      enabled: t.boolean(updated.enabled),
      executionMode: t.field({ type: ExecutionModeEnum, ...updated.executionMode }),
      maxAttempts: t.int(updated.maxAttempts),
      timeoutSecs: t.int(updated.timeoutSecs),
      heartbeatTimeoutSecs: t.int(updated.heartbeatTimeoutSecs),
      retryStrategy: t.field({ type: RetryStrategyEnum, ...updated.retryStrategy }),
      retryInitialDelaySecs: t.int(updated.retryInitialDelaySecs),
      retryMaxDelaySecs: t.int(updated.retryMaxDelaySecs),
      retryDelaysSecs: t.intList(updated.retryDelaysSecs),
      retryPriorityBoost: t.int(updated.retryPriorityBoost),
      poisonPillThreshold: t.int(updated.poisonPillThreshold),
      maxConcurrency: t.int(updated.maxConcurrency),
      maxConcurrencyPerKey: t.int(updated.maxConcurrencyPerKey),
      runTtlSecs: t.int(updated.runTtlSecs),
      payloadSchema: t.field({ type: 'JSONObject', ...updated.payloadSchema }),
      resultSchema: t.field({ type: 'JSONObject', ...updated.resultSchema }),
      tags: t.field({ type: 'StringMap', ...updated.tags }),
      defaultRunMetadata: t.field({ type: 'StringMap', ...updated.defaultRunMetadata }),
      expectedVersion: t.int(updated.expectedVersion),
    }),
  })
  .validate(UpdateJobInput);

builder.mutationFields((t) => {
  const id = t.arg.id({ required: true, description: 'Id or slug of the job.' });
  const authScopes = { scope: 'jobs:write' } as const;
  return {
    createJob: t.field({
      type: Job,
      description: 'Creates a job; CONFLICT when the slug is taken. Requires `jobs:write`.',
      args: { input: t.arg({ type: CreateJob, required: true, description: 'The job.' }) },
      authScopes,
      resolve: async (_root, { input }, { actor, jobs }) => jobNode(await createJob(actor, input, jobs)),
    }),
    updateJob: t.field({
      type: Job,
      description: 'Changes a job, which makes the next version of it unless only `enabled` changes. Requires `jobs:write`.',
      args: { id, input: t.arg({ type: UpdateJob, required: true, description: 'What to change.' }) },
      authScopes,
      resolve: async (_root, { id: job, input }, { actor, jobs }) => jobNode(await updateJob(actor, { job, changes: input }, jobs)),
    }),
    deleteJob: t.field({
      type: Job,
      description: 'Deletes a job and frees its slug; its runs stay. CONFLICT while a run of it is active. Requires `jobs:write`.',
      args: { id },
      authScopes,
      resolve: async (_root, { id: job }, { actor, jobs }) => jobNode(await deleteJob(actor, job, jobs)),
    }),
    rotateJobSecret: t.field({
      type: Job,
      description: 'Gives a job a new signing secret; the old one signs nothing from the next dispatch on. Requires `jobs:write`.',
      args: { id },
      authScopes,
      resolve: async (_root, { id: job }, { actor, jobs }) => jobNode(await rotateJobSecret(actor, job, jobs)),
    }),
  };
});
