import type { ErrorClass } from '../../src/core/outcome.ts';
import type { RunStatus } from '../../src/core/run-state.ts';
import type { LOG_LEVELS } from '../../src/domain/runs/log.ts';
import type { PageOrder } from '../../src/domain/runs/page.ts';
import type { Report } from '../../src/domain/runs/report.ts';
import { builder } from '../builder.ts';
import { enumValues } from '../enum-values.ts';

/** Where a run stands in its life. */
export const RunStatusEnum = builder.enumType('RunStatus', {
  description: 'Where a run stands in its life.',
  values: enumValues<RunStatus>({
    delayed: 'It is to start later.',
    queued: 'It waits to be started.',
    dequeued: 'It was claimed and is about to be dispatched.',
    executing: 'Its executor works on it.',
    waiting: 'It sleeps until something has happened.',
    paused: 'It was stopped by a person and waits to be resumed.',
    completed: 'Final: it ended with a result.',
    failed: 'Final: it ended with an error that no retry can cure.',
    timed_out: 'Final: its last attempt took too long.',
    crashed: 'Final: its executor fell silent in the last attempt.',
    system_failed: 'Final: it could not be dispatched at all.',
    canceled: 'Final: it was canceled.',
    expired: 'Final: nobody started it in time.',
    dead_letter: 'Final: its attempts are spent; it is kept until somebody replays it.',
  }),
});

/** Why an attempt failed, as far as retrying is concerned. */
export const ErrorClassEnum = builder.enumType('ErrorClass', {
  description: 'Why an attempt failed, as far as retrying is concerned.',
  values: enumValues<ErrorClass>({
    rate_limited: 'The executor asked for less.',
    auth: 'The executor refused who called; never retried.',
    client: 'The executor refused the request; never retried.',
    server: 'The executor failed.',
    transient: 'Something between Baton and the executor failed.',
    invalid_response: 'The answer could not be read, or breaks the result schema.',
    timeout: 'The attempt took too long.',
    heartbeat_lost: 'The executor or its server fell silent.',
    out_of_memory: 'The process needs more memory than its machine has; it goes on with the next larger machine preset.',
    unknown: 'The executor gave up with an error of its own.',
  }),
});

/** What kinds of events there are; OTHER stands for what a newer server may write. */
export const EVENT_TYPES = [
  'state_change',
  'log',
  'progress',
  'error',
  'output',
  'checkpoint',
  'usage',
  'tool_call',
  'state',
  'annotation',
  'resource_sample',
  'continuation',
  'chunk',
  'debug',
  'other',
] as const satisfies readonly (Report['type'] | 'state_change' | 'other')[];

/** A member of {@link EVENT_TYPES}. */
export type EventType = (typeof EVENT_TYPES)[number];

/** What kind of event it is. */
export const EventTypeEnum = builder.enumType('RunEventType', {
  description: 'What kind of event it is.',
  values: enumValues<EventType>({
    state_change: 'The status changed.',
    log: 'The executor wrote a log line.',
    progress: 'The executor said how far it is.',
    error: 'The executor reported an error that did not end the run.',
    output: 'The executor stored a named value.',
    checkpoint: 'The executor saved where the run can go on.',
    usage: 'The executor called a language model.',
    tool_call: 'The executor called a tool.',
    state: 'The executor set or deleted a value of the state.',
    annotation: 'The executor added to the metadata.',
    resource_sample: 'The executor said what memory and CPU it uses.',
    continuation: 'The executor started a run that continues this one.',
    chunk: 'The executor streamed pieces of text; its data has them.',
    debug: 'What was sent to the executor and what it answered, in debug mode.',
    other: 'Something this server is too old to know.',
  }),
});

/** How much an event matters. */
export const LogLevelEnum = builder.enumType('LogLevel', {
  description: 'How much an event matters.',
  values: enumValues<(typeof LOG_LEVELS)[number]>({
    debug: 'To whoever looks for a fault.',
    info: 'To whoever wants to know what happens.',
    warn: 'Something to look at.',
    error: 'Something went wrong.',
  }),
});

/** The order of a list of runs. */
export const RunOrderEnum = builder.enumType('RunOrder', {
  description: 'The order of a list of runs, by their creation.',
  values: enumValues<PageOrder>({ 'newest-first': 'The newest first.', 'oldest-first': 'The oldest first.' }),
});

/** The kinds of waits that the database knows. */
export const WAIT_KINDS = ['child', 'event', 'dependency'] as const;

/** What a run can wait for. */
export const WaitKindEnum = builder.enumType('WaitKind', {
  description: 'What a run waits for.',
  values: enumValues<(typeof WAIT_KINDS)[number]>({
    child: 'The end of a run it spawned.',
    event: 'An event that somebody sends to its key.',
    dependency: 'The jobs that its own depends on.',
  }),
});

/** The statuses of waits that the database knows. */
export const WAIT_STATUSES = ['waiting', 'received', 'timed_out', 'canceled'] as const;

/** How a wait stands. */
export const WaitStatusEnum = builder.enumType('WaitStatus', {
  description: 'How a wait stands.',
  values: enumValues<(typeof WAIT_STATUSES)[number]>({
    waiting: 'It goes on.',
    received: 'What it waited for has happened.',
    timed_out: 'It has lasted too long.',
    canceled: 'The run went on, or ended, without it.',
  }),
});

/** What kind of event an executor's report makes. */
export const ReportTypeEnum = builder.enumType('LogType', {
  description: 'What kind of event a line of an executor makes.',
  values: enumValues<'log' | 'error'>({ log: 'A log line.', error: 'An error that does not end the run.' }),
});

/** What asking to wait for children led to. */
export const ChildrenWaitStatusEnum = builder.enumType('ChildrenWaitStatus', {
  description: 'What asking to wait for children led to.',
  values: enumValues<'waiting' | 'ready'>({
    waiting: 'The run sleeps; the executor should leave it now.',
    ready: 'All children have ended already; the executor may go on.',
  }),
});
