import { isEnumType } from 'graphql';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { schema } from '../graphql/schema.ts';
import { enumName, toCamelKeys } from '../rest/names.ts';
import { makeOpenApi } from '../rest/openapi.ts';
import { apiInfo, apiTags, routes } from '../rest/routes.ts';
import { bulkItem } from '../rest/v1/trigger-bodies.ts';
import { stepBody } from '../rest/v1/workflow-bodies.ts';
import { MAX_BATCH_ITEMS } from '../src/domain/batches/batch-items.ts';
import { CreateJobInput, UpdateJobInput } from '../src/domain/jobs/job-input.ts';
import { CreateApiKeyInput } from '../src/domain/projects/create-api-key.ts';
import { CreateProjectInput } from '../src/domain/projects/create-project.ts';
import { UpdateProjectInput } from '../src/domain/projects/update-project.ts';
import { SaveCheckpointInput } from '../src/domain/runs/checkpoint.ts';
import { ContinueRunInput } from '../src/domain/runs/continue.ts';
import { LogRunInput, ReportProgressInput } from '../src/domain/runs/log.ts';
import { SetOutputInput } from '../src/domain/runs/output.ts';
import { RescheduleRunInput } from '../src/domain/runs/reschedule.ts';
import { ReportResourcesInput } from '../src/domain/runs/resources.ts';
import { SpawnInput } from '../src/domain/runs/spawn.ts';
import { SetStateInput } from '../src/domain/runs/state.ts';
import { ReportToolCallInput } from '../src/domain/runs/tool-call.ts';
import { TriggerItemInput, TriggerRunInput } from '../src/domain/runs/trigger.ts';
import { ReportUsageInput } from '../src/domain/runs/usage.ts';
import { CreateScheduleInput, UpdateScheduleInput } from '../src/domain/schedules/schedule-input.ts';
import { CreateWebhookSubscriptionInput, UpdateWebhookSubscriptionInput } from '../src/domain/webhooks/subscription-input.ts';
import { CreateWorkflowInput, StepInput, UpdateWorkflowInput } from '../src/domain/workflows/definition.ts';
import { ResolveWorkflowPauseInput } from '../src/domain/workflows/resolve-pause.ts';
import { TriggerWorkflowBatchInput } from '../src/domain/workflows/trigger-batch.ts';
import { TriggerPartialWorkflowInput } from '../src/domain/workflows/trigger-partial.ts';
import { TriggerWorkflowInput } from '../src/domain/workflows/trigger-workflow.ts';

interface Comparison {
  readonly domain: z.ZodType;
  /** Fields that REST calls otherwise than the domain. */
  readonly renamed?: Readonly<Record<string, string>>;
  /** Fields that only one side has, or that are checked in two steps. */
  readonly apart?: readonly string[];
}

const OVERRIDES = { timeout_secs_override: 'timeoutSecs', max_attempts_override: 'maxAttempts' };

/** The bodies that say the domain's limits once more, in the words of REST. */
const COMPARED: Readonly<Record<string, Comparison>> = {
  createJob: { domain: CreateJobInput, apart: ['projectId'] },
  updateJob: { domain: UpdateJobInput },
  // The job is in the path and the key in a header; a moment travels as text.
  triggerJob: { domain: TriggerRunInput, renamed: OVERRIDES, apart: ['job', 'idempotencyKey', 'scheduledAt'] },
  rescheduleRun: { domain: RescheduleRunInput, apart: ['scheduledAt'] },
  logEvent: { domain: LogRunInput },
  reportProgress: { domain: ReportProgressInput, renamed: { eta_seconds: 'etaSecs' } },
  // A value is what an output is about; GraphQL clients may leave out a null.
  upsertOutput: { domain: SetOutputInput, renamed: { output_key: 'key' } },
  saveCheckpoint: { domain: SaveCheckpointInput },
  reportUsage: { domain: ReportUsageInput },
  recordToolCall: { domain: ReportToolCallInput },
  reportResources: { domain: ReportResourcesInput },
  continueOwnRun: { domain: ContinueRunInput },
  // As for an output.
  setOwnState: { domain: SetStateInput },
  spawnChild: { domain: SpawnInput, renamed: { job_id: 'job', job_slug: 'job' }, apart: ['projectId'] },
  createProject: { domain: CreateProjectInput },
  updateProject: { domain: UpdateProjectInput, apart: ['id'] },
  createApiKey: { domain: CreateApiKeyInput, apart: ['projectId'] },
  // Moments travel as text, and what names a thing may be its slug.
  createSchedule: {
    domain: CreateScheduleInput,
    renamed: { job_id: 'job', workflow_id: 'workflow' },
    apart: ['projectId', 'runAt'],
  },
  updateSchedule: { domain: UpdateScheduleInput, apart: ['runAt'] },
  createWebhookSubscription: { domain: CreateWebhookSubscriptionInput, apart: ['projectId'] },
  updateWebhookSubscription: { domain: UpdateWebhookSubscriptionInput },
  // Steps are compared below.
  createWorkflow: { domain: CreateWorkflowInput, apart: ['projectId', 'steps'] },
  updateWorkflow: { domain: UpdateWorkflowInput, apart: ['steps'] },
  triggerWorkflow: {
    domain: TriggerWorkflowInput,
    renamed: { parent_workflow_run_id: 'parentRunId' },
    apart: ['projectId', 'workflow', 'idempotencyKey', 'stepOverrides'],
  },
  // Its inputs and outputs are objects by name.
  startWorkflowApiRun: {
    domain: TriggerWorkflowInput,
    renamed: { initial_inputs: 'payload' },
    apart: ['workflow', 'idempotencyKey', 'stepOverrides', 'tags', 'timeoutSecs', 'payload', 'files'],
  },
  runWorkflowApiPartially: {
    domain: TriggerPartialWorkflowInput,
    renamed: { node_id: 'step', initial_inputs: 'payload', partial_outputs: 'results', rerun_predecessors: 'rerunsDependencies' },
    apart: ['workflow', 'tags', 'payload', 'results', 'step'],
  },
  startWorkflowApiBatch: {
    domain: TriggerWorkflowBatchInput,
    renamed: { mini_batch_size: 'parallel' },
    apart: ['workflow', 'tags', 'idempotencyKey', 'items'],
  },
  processPauseAction: {
    domain: ResolveWorkflowPauseInput,
    renamed: { inputs: 'output', user_id: 'approver', comments: 'reason' },
    apart: ['id', 'step', 'action', 'output'],
  },
};

describe('the bodies of REST', () => {
  it.each(Object.entries(COMPARED))('%s has the limits of the domain', (operationId, { domain, renamed, apart }) => {
    const body = routes.find((route) => route.operationId === operationId)?.body ?? z.never();

    expect(limitsOf(body, { renamed, apart })).toEqual(limitsOf(domain, { apart }));
  });

  it('the items of a bulk trigger have the limits of the domain', () => {
    const apart = ['scheduledAt'];
    const route = routes.find(({ operationId }) => operationId === 'triggerJobInBulk');
    const { items } = limitsOf(route?.body ?? z.never(), {}) as { items: { minItems: number; maxItems: number } };

    expect(limitsOf(bulkItem, { renamed: OVERRIDES, apart })).toEqual(limitsOf(TriggerItemInput, { apart }));
    expect([items.minItems, items.maxItems]).toEqual([1, MAX_BATCH_ITEMS]);
  });

  it('the steps of a workflow have the limits of the domain', () => {
    const renamed = {
      step_ref: 'ref',
      type: 'kind',
      job_id: 'job',
      job_slug: 'job',
      workflow_id: 'workflow',
      workflow_slug: 'workflow',
    };
    // Conditions are read by the domain alone.
    const apart = ['condition', 'when', 'routes'];

    expect(limitsOf(stepBody, { renamed, apart })).toEqual(limitsOf(StepInput, { apart }));
  });
});

describe('the words of REST', () => {
  const { components, paths } = JSON.parse(JSON.stringify(makeOpenApi(routes, apiTags, apiInfo)));
  const { WorkflowRun, WorkflowStep, WorkflowStepRun, WorkflowRunEvent, Schedule } = components.schemas;
  const { ApiKey, NewApiKey, Job, NewJob, JobRun, RunEvent, LogLine, ChildrenWait, WebhookSubscription, WebhookDelivery } =
    components.schemas;
  const eventParam = (name: string) =>
    paths['/v1/runs/{id}/events'].get.parameters.find((parameter: { name: string }) => parameter.name === name).schema;
  const given = (property: { anyOf: object[] }) => property.anyOf[0];

  it.each([
    ['Scope', ApiKey.properties.scopes.items],
    ['Scope', NewApiKey.properties.scopes.anyOf[0].items],
    ['RetryStrategy', Job.properties.retry_strategy],
    ['RetryStrategy', given(NewJob.properties.retry_strategy)],
    ['RetryStrategy', given(JobRun.properties.retry_backoff)],
    ['ExecutionMode', Job.properties.execution_mode],
    ['ExecutionMode', given(NewJob.properties.execution_mode)],
    ['RunEventType', RunEvent.properties.type],
    ['RunEventType', eventParam('type')],
    ['LogLevel', RunEvent.properties.level],
    ['LogLevel', LogLine.properties.level],
    ['LogLevel', eventParam('level')],
    ['LogType', LogLine.properties.type],
    ['ChildrenWaitStatus', ChildrenWait.properties.status],
    ['WorkflowRunStatus', WorkflowRun.properties.status],
    ['WorkflowRetryMode', given(WorkflowRun.properties.retry_mode)],
    ['WorkflowRunEventType', WorkflowRunEvent.properties.type],
    ['StepKind', WorkflowStepRun.properties.type],
    ['StepStatus', WorkflowStepRun.properties.status],
    ['SkipReason', given(WorkflowStepRun.properties.skip_reason)],
    ['StepDecision', given(WorkflowStepRun.properties.decision)],
    ['FailurePolicy', WorkflowStep.properties.on_failure],
    ['WebhookEventType', WebhookSubscription.properties.event_types.items],
    ['WebhookDeliveryEventType', WebhookDelivery.properties.event_type],
    ['WebhookDeliveryStatus', WebhookDelivery.properties.status],
    ['OverlapPolicy', Schedule.properties.overlap_policy],
    ['CatchUpPolicy', Schedule.properties.catch_up],
    ['WebhookDeliveryKind', WebhookDelivery.properties.kind],
  ])('are those of the enum %s', (name, { enum: words }: { enum: string[] }) => {
    expect(words.map(enumName).sort()).toEqual(valuesOf(name));
  });

  it('for statuses are the documented thirteen, which is all but one', () => {
    expect(JobRun.properties.status.enum.map(enumName).sort()).toEqual(valuesOf('RunStatus').filter((name) => name !== 'PAUSED'));
    expect(JobRun.properties.status.enum).toHaveLength(13);
  });
});

type JsonSchema = Readonly<Record<string, unknown>>;

/** The fields of an input and what each must be, by the domain's names; null is not told from left out. */
function limitsOf(
  input: z.ZodType,
  {
    renamed = {},
    apart = [],
  }: { readonly renamed?: Readonly<Record<string, string>> | undefined; readonly apart?: readonly string[] | undefined },
): Record<string, unknown> {
  const json = z.toJSONSchema(input, { io: 'input', unrepresentable: 'any' }) as JsonSchema;
  const { $ref, $defs } = json as { $ref?: string; $defs?: Record<string, JsonSchema> };
  const { properties } = ($ref === undefined ? json : ($defs?.[$ref.replace('#/$defs/', '')] ?? {})) as {
    properties: Record<string, JsonSchema>;
  };
  const fields = Object.entries(properties).map(([field, limits]) => [
    renamed[field] ?? Object.keys(toCamelKeys({ [field]: 0 }))[0],
    plain(limits),
  ]);
  return Object.fromEntries(fields.filter(([field]) => !apart.includes(String(field))));
}

function plain({ description: _, default: __, ...limits }: JsonSchema): JsonSchema {
  const branches = (limits['anyOf'] as JsonSchema[] | undefined)?.filter(({ type }) => type !== 'null');
  return branches?.length === 1 && branches[0] ? plain(branches[0]) : limits;
}

function valuesOf(name: string): string[] {
  const type = schema.getType(name);
  return isEnumType(type)
    ? type
        .getValues()
        .map((value) => value.name)
        .sort()
    : [];
}
