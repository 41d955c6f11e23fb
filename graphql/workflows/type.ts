import { SKIP_REASONS, STEP_KINDS, STEP_STATUSES, WORKFLOW_RUN_STATUSES } from '../../src/core/workflow-state.ts';
import { RETRY_MODES } from '../../src/domain/workflows/retry-run.ts';
import type { WorkflowRow } from '../../src/domain/workflows/workflow.ts';
import { builder } from '../builder.ts';
import { memberOf, memberOrNull } from '../enum-values.ts';
import { definitionOf, WorkflowStep } from './definition.ts';
import {
  DECISIONS,
  RetryModeEnum,
  SkipReasonEnum,
  StepDecisionEnum,
  StepKindEnum,
  StepStatusEnum,
  WORKFLOW_EVENT_TYPES,
  WorkflowEventTypeEnum,
  WorkflowRunStatusEnum,
} from './enums.ts';

/** What a workflow said at one version. */
export const WorkflowVersion = builder.prismaObject('WorkflowVersion', {
  fields: (t) => ({
    workflowId: t.exposeID('workflowId'),
    version: t.exposeInt('version'),
    versionId: t.exposeID('versionId'),
    name: t.exposeString('name'),
    description: t.exposeString('description'),
    definitionHash: t.exposeString('definitionHash'),
    definition: t.expose('definition', { type: 'JSONObject' }),
    steps: t.field({
      type: [WorkflowStep],
      description: 'Its nodes.',
      resolve: ({ definition }) => [...definitionOf(definition).steps],
    }),
    inputSchema: t.field({
      type: 'JSONObject',
      nullable: true,
      description: 'JSON Schema that payloads must match; null accepts any.',
      resolve: ({ definition }) => definitionOf(definition).inputSchema,
    }),
    outputSchema: t.field({
      type: 'JSONObject',
      nullable: true,
      description: 'JSON Schema that outputs must match; null accepts any.',
      resolve: ({ definition }) => definitionOf(definition).outputSchema,
    }),
    output: t.string({
      nullable: true,
      description: 'JSONata whose result is the output; null for the outputs of the last steps.',
      resolve: ({ definition }) => definitionOf(definition).output,
    }),
    timeoutSecs: t.int({
      nullable: true,
      description: 'Seconds a run may take, pauses not counted; null is unlimited.',
      resolve: ({ definition }) => definitionOf(definition).timeoutSecs,
    }),
    maxParallelSteps: t.int({
      nullable: true,
      description: 'How many steps may be under way at once; null is unlimited.',
      resolve: ({ definition }) => definitionOf(definition).maxParallelSteps,
    }),
    createdBy: t.exposeString('createdBy'),
    createdAt: t.expose('createdAt', { type: 'DateTime' }),
  }),
});

/** A graph of steps over jobs. */
export const Workflow = builder.prismaObject('Workflow', {
  fields: (t) => ({
    id: t.exposeID('id'),
    projectId: t.exposeID('projectId'),
    slug: t.exposeString('slug'),
    name: t.exposeString('name'),
    description: t.exposeString('description'),
    enabled: t.exposeBoolean('enabled'),
    tags: t.expose('tags', { type: 'StringMap' }),
    version: t.exposeInt('version'),
    versionId: t.exposeID('versionId'),
    createdBy: t.exposeString('createdBy'),
    createdAt: t.expose('createdAt', { type: 'DateTime' }),
    updatedAt: t.expose('updatedAt', { type: 'DateTime' }),
    deletedAt: t.expose('deletedAt', { type: 'DateTime', nullable: true }),
  }),
});

/** A workflow as the domain answers it, for the type above. */
export function workflowNode(row: WorkflowRow): typeof Workflow.$inferType {
  return { ...row };
}

/** One execution of a workflow; only the columns that a document asks for are read. */
export const WorkflowRun = builder.prismaObject('WorkflowRun', {
  select: { id: true },
  fields: (t) => ({
    id: t.exposeID('id'),
    projectId: t.exposeID('projectId'),
    workflowId: t.exposeID('workflowId'),
    workflowVersion: t.exposeInt('workflowVersion'),
    workflowVersionId: t.string({
      description: 'Public id of that version, `ver_…`.',
      select: { definition: { select: { versionId: true } } },
      resolve: ({ definition }) => definition.versionId,
    }),
    status: t.field({
      type: WorkflowRunStatusEnum,
      description: 'Where it stands.',
      select: { status: true },
      resolve: ({ status }) => memberOf(WORKFLOW_RUN_STATUSES, status),
    }),
    payload: t.field({
      type: 'JSON',
      nullable: true,
      description: 'Its input, any JSON.',
      select: { data: { select: { payload: true } } },
      resolve: ({ data }) => data?.payload,
    }),
    payloadHash: t.string({
      description: 'SHA-256 of the payload with its keys in order, in hexadecimal.',
      select: { data: { select: { payloadHash: true } } },
      resolve: ({ data }) => data?.payloadHash ?? '',
    }),
    tags: t.field({
      type: 'StringMap',
      description: 'Labels, name to value.',
      select: { data: { select: { tags: true } } },
      resolve: ({ data }) => data?.tags ?? {},
    }),
    output: t.field({
      type: 'JSON',
      nullable: true,
      description: 'What it returned; null until it has completed, and for more than 5 MB.',
      select: { data: { select: { output: true } } },
      resolve: ({ data }) => data?.output,
    }),
    error: t.exposeString('error', { nullable: true }),
    failedStep: t.exposeString('failedStep', { nullable: true }),
    nesting: t.exposeInt('nesting'),
    parentRunId: t.exposeID('parentRunId', { nullable: true }),
    parentStepRunId: t.exposeID('parentStepRunId', { nullable: true }),
    retryOf: t.exposeID('retryOfId', { nullable: true }),
    retryMode: t.field({
      type: RetryModeEnum,
      nullable: true,
      description: 'How much of another one it does again; null when it is no retry.',
      select: { retryMode: true },
      resolve: ({ retryMode }) => memberOrNull(RETRY_MODES, retryMode),
    }),
    retryFrom: t.exposeString('retryFrom', { nullable: true }),
    idempotencyKey: t.exposeString('idempotencyKey', { nullable: true }),
    triggeredBy: t.exposeString('triggeredBy'),
    createdBy: t.exposeString('createdBy'),
    scheduleId: t.id({
      nullable: true,
      description:
        'The schedule that started it, by its clock or on request; null for others, and once the schedule has forgotten.',
      select: { scheduleFire: { select: { scheduleId: true } } },
      resolve: ({ scheduleFire }) => scheduleFire?.scheduleId,
    }),
    timeoutSecs: t.exposeInt('timeoutSecs', { nullable: true }),
    deadlineAt: t.expose('deadlineAt', { type: 'DateTime', nullable: true }),
    pausedAt: t.expose('pausedAt', { type: 'DateTime', nullable: true }),
    startedAt: t.expose('startedAt', { type: 'DateTime', nullable: true }),
    finishedAt: t.expose('finishedAt', { type: 'DateTime', nullable: true }),
    createdAt: t.expose('createdAt', { type: 'DateTime' }),
    updatedAt: t.expose('updatedAt', { type: 'DateTime' }),
  }),
});

/** One step of a workflow run; only the columns that a document asks for are read. */
export const StepRun = builder.prismaObject('WorkflowStepRun', {
  name: 'StepRun',
  select: { id: true, workflowRunId: true, position: true },
  fields: (t) => ({
    id: t.exposeID('id'),
    workflowRunId: t.exposeID('workflowRunId'),
    position: t.exposeInt('position'),
    ref: t.exposeString('stepRef'),
    kind: t.field({
      type: StepKindEnum,
      description: 'What it does.',
      select: { kind: true },
      resolve: ({ kind }) => memberOf(STEP_KINDS, kind),
    }),
    status: t.field({
      type: StepStatusEnum,
      description: 'Where it stands.',
      select: { status: true },
      resolve: ({ status }) => memberOf(STEP_STATUSES, status),
    }),
    skipReason: t.field({
      type: SkipReasonEnum,
      nullable: true,
      description: 'Why it was skipped; null unless it was.',
      select: { skipReason: true },
      resolve: ({ skipReason }) => memberOrNull(SKIP_REASONS, skipReason),
    }),
    attempt: t.exposeInt('attempt'),
    chosen: t.exposeStringList('chosen'),
    input: t.expose('input', { type: 'JSON', nullable: true }),
    output: t.expose('output', { type: 'JSON', nullable: true }),
    error: t.exposeString('error', { nullable: true }),
    wakeAt: t.expose('wakeAt', { type: 'DateTime', nullable: true }),
    mapTotal: t.exposeInt('mapTotal', { nullable: true }),
    mapStarted: t.exposeInt('mapStarted', { nullable: true }),
    decision: t.field({
      type: StepDecisionEnum,
      nullable: true,
      description: 'What somebody decided about it; null when nobody did.',
      select: { decision: true },
      resolve: ({ decision }) => memberOrNull(DECISIONS, decision),
    }),
    decidedBy: t.exposeString('decidedBy', { nullable: true }),
    decisionReason: t.exposeString('decisionReason', { nullable: true }),
    decidedAt: t.expose('decidedAt', { type: 'DateTime', nullable: true }),
    keptFrom: t.exposeID('keptFrom', { nullable: true }),
    waitId: t.id({
      nullable: true,
      description: 'The event trigger that it waits for, or has waited for last; an approval is one.',
      select: { waits: { select: { id: true }, orderBy: { stepAttempt: 'desc' }, take: 1 } },
      resolve: ({ waits }) => waits[0]?.id,
    }),
    startedAt: t.expose('startedAt', { type: 'DateTime', nullable: true }),
    finishedAt: t.expose('finishedAt', { type: 'DateTime', nullable: true }),
  }),
});

/** One line of the story of a workflow run. Its fields read plain columns, so that the live stream needs no further query. */
export const WorkflowRunEvent = builder.prismaObject('WorkflowRunEvent', {
  fields: (t) => ({
    id: t.id({
      description: 'The workflow run and the number of the event in it.',
      resolve: ({ workflowRunId, seq }) => `${workflowRunId}:${seq}`,
    }),
    workflowRunId: t.exposeID('workflowRunId'),
    seq: t.exposeInt('seq'),
    type: t.field({
      type: WorkflowEventTypeEnum,
      description: 'What kind of event it is.',
      resolve: ({ type }) => memberOf(WORKFLOW_EVENT_TYPES, type),
    }),
    stepRef: t.exposeString('stepRef', { nullable: true }),
    message: t.exposeString('message'),
    fromStatus: t.exposeString('fromStatus', { nullable: true }),
    toStatus: t.exposeString('toStatus', { nullable: true }),
    attempt: t.exposeInt('attempt', { nullable: true }),
    actor: t.exposeString('actor', { nullable: true }),
    data: t.expose('data', { type: 'JSONObject', nullable: true }),
    createdAt: t.expose('createdAt', { type: 'DateTime' }),
  }),
});
