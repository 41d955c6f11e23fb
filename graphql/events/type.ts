import type { EVENT_SOURCES } from '../../src/domain/events/visible-events.ts';
import { builder } from '../builder.ts';
import { enumValues, memberOf, memberOrNull } from '../enum-values.ts';
import { WAIT_STATUSES, WaitStatusEnum } from '../runs/enums.ts';
import { Run } from '../runs/type.ts';

/** What waits for an event. */
export const EventSourceEnum = builder.enumType('EventSource', {
  description: 'What waits for an event.',
  values: enumValues<(typeof EVENT_SOURCES)[number]>({
    job_run: 'A run of a job.',
    workflow_step: 'A step of a workflow.',
  }),
});

const EventTriggerTypeEnum = builder.enumType('EventTriggerType', {
  description: 'What ends a wait.',
  values: enumValues<'event'>({ event: 'An event that somebody sends.' }),
});

const NOTICE_STATUSES = ['pending', 'sent', 'failed'] as const;
const NoticeStatusEnum = builder.enumType('NoticeStatus', {
  description: 'How telling a URL went.',
  values: enumValues<(typeof NOTICE_STATUSES)[number]>({
    pending: 'It is still to be told.',
    sent: 'It was told, and has answered with a success.',
    failed: 'It could not be told; the log of the run says why.',
  }),
});

/** A wait for an event, by its key. Only the columns that a document asks for are read: payloads can be large. */
export const EventTrigger = builder.prismaObject('Wait', {
  variant: 'EventTrigger',
  description: 'A wait for an event: something sleeps until a payload is sent to a key.',
  select: { id: true },
  fields: (t) => ({
    id: t.exposeID('id'),
    projectId: t.exposeID('projectId'),
    eventKey: t.string({
      description: 'The key that the payload is sent to; in use by one wait of the project at a time.',
      select: { eventKey: true },
      resolve: ({ eventKey }) => eventKey ?? '',
    }),
    sourceType: t.field({
      type: EventSourceEnum,
      description: 'What waits.',
      select: { workflowStepRunId: true },
      resolve: ({ workflowStepRunId }) => (workflowStepRunId === null ? ('job_run' as const) : ('workflow_step' as const)),
    }),
    triggerType: t.field({ type: EventTriggerTypeEnum, description: 'What ends the wait.', resolve: () => 'event' as const }),
    status: t.field({
      type: WaitStatusEnum,
      description: 'How it stands.',
      select: { status: true },
      resolve: ({ status }) => memberOf(WAIT_STATUSES, status),
    }),
    jobRunId: t.id({
      nullable: true,
      description: 'The run that waits; null when a step of a workflow does.',
      select: { runId: true },
      resolve: ({ runId }) => runId,
    }),
    workflowRunId: t.exposeID('workflowRunId', { nullable: true }),
    workflowStepRunId: t.id({
      nullable: true,
      description: 'The workflow step that waits, or that the run executes; null when there is none.',
      select: { workflowStepRunId: true, run: { select: { workflowStepRunId: true } } },
      resolve: ({ workflowStepRunId, run }) => workflowStepRunId ?? run?.workflowStepRunId,
    }),
    requestPayload: t.expose('requestPayload', { type: 'JSON', nullable: true }),
    responsePayload: t.expose('responsePayload', { type: 'JSON', nullable: true }),
    timeoutSecs: t.int({
      description: 'How long it waits at most, in seconds.',
      select: { timeoutSecs: true },
      resolve: ({ timeoutSecs }) => timeoutSecs ?? 0,
    }),
    requestedAt: t.field({
      type: 'DateTime',
      description: 'When the wait began.',
      select: { createdAt: true },
      resolve: ({ createdAt }) => createdAt,
    }),
    receivedAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'When the event was sent; null unless it was.',
      select: { endedAt: true, status: true },
      resolve: ({ endedAt, status }) => (status === 'received' ? endedAt : null),
    }),
    endedAt: t.expose('endedAt', { type: 'DateTime', nullable: true }),
    expiresAt: t.field({
      type: 'DateTime',
      description: 'When it times out.',
      select: { expiresAt: true, createdAt: true },
      // Every wait for an event has an end; only waits for dependencies may have none.
      resolve: ({ expiresAt, createdAt }) => expiresAt ?? createdAt,
    }),
    error: t.exposeString('error', { nullable: true }),
    notifyUrl: t.exposeString('notifyUrl', { nullable: true }),
    notifyStatus: t.field({
      type: NoticeStatusEnum,
      nullable: true,
      description: 'How telling that URL went; null when nobody was to be told.',
      select: { notifyStatus: true },
      resolve: ({ notifyStatus }) => memberOrNull(NOTICE_STATUSES, notifyStatus),
    }),
    sentBy: t.exposeString('sentBy', { nullable: true }),
    run: t.relation('run', {
      type: Run,
      nullable: true,
      description: 'The run that waits; null when a step of a workflow does. Requires `runs:read`.',
      authScopes: { scope: 'runs:read' },
    }),
  }),
});
