/**
 * What `baton/sdk` exports: `createExecutor` and `job` to run jobs, `createClient` to trigger and await them. This file is the door of
 * the package; nothing inside it imports from here.
 */
export type { ChildHandle, ChildResult } from './children.ts';
export { type Client, type ClientOptions, createClient } from './client.ts';
export type { JobInput, JobRecord, JobsClient, MachinePreset } from './client-jobs.ts';
export type { RestartOptions, Run, RunsClient, TriggeredRun, TriggerOptions, WaitForRunOptions } from './client-runs.ts';
export type {
  ListSchedulesOptions,
  NewSchedule,
  Schedule,
  ScheduleFire,
  ScheduleSettings,
  ScheduleStatus,
  SchedulesClient,
} from './client-schedules.ts';
export type {
  CheckpointState,
  ContinueOptions,
  EventOptions,
  JobContext,
  LogData,
  Logger,
  ProgressDetails,
  SpawnOptions,
  StateStore,
  StreamOptions,
  ToolCall,
  Usage,
  WaitOptions,
} from './context.ts';
export { type AbortReason, BatonError, PermanentError, RunAbortedError } from './errors.ts';
export { createExecutor, type Executor, type ExecutorOptions, type Jobs, type Secrets } from './executor.ts';
export { type Job, type JobRef, job, type PayloadInput, type ResultOf } from './job.ts';
export type { RunChunk, StreamRunOptions } from './run-chunks.ts';
export type { RunEvent, WatchOptions } from './run-events.ts';
export { type FinalStatus, isFinal, type RunStatus } from './run-status.ts';
export type { StandardSchema } from './standard-schema.ts';
export type { TriggeredBatch, TriggeredItem, TriggerItem, TriggerManyOptions } from './trigger-many.ts';
