import type { MachinePreset } from '../../core/machine-preset.ts';
import type { DispatchTrace, ExecutionTrace, Outcome } from '../../core/outcome.ts';
import type { JobRow } from '../jobs/job.ts';
import { validate } from '../jobs/json-schema.ts';
import type { ClaimedRun } from './claimed-run.ts';
import type { RunDeps } from './deps.ts';
import { failAttempt } from './end-attempt.ts';
import { failOutOfMemory } from './out-of-memory.ts';
import type { TransitionItem } from './transition.ts';

/** Why we stopped an attempt ourselves: its claim is over and nothing must be stored, or the process ends and the run goes back. */
export type AbortReason = 'claim-over' | 'shutdown';

/** How an attempt ended here, with what is known around it. */
export interface FinishedAttempt {
  readonly outcome: Outcome;
  readonly abortReason: AbortReason | null;
  /** Milliseconds from the claim to handing the run to the executor. */
  readonly dequeueMs: number;
  /** The machine of a managed attempt; null for any other. */
  readonly preset: MachinePreset | null;
}

/**
 * Stores how a dispatch ended. Every write carries the claim's epoch: when somebody else has ended or taken over the run meanwhile,
 * nothing changes and nobody is told, because it is no longer ours to say.
 */
export async function finishAttempt(
  run: ClaimedRun,
  end: FinishedAttempt,
  deps: Pick<RunDeps, 'jobs' | 'transitions' | 'heartbeats'>,
): Promise<void> {
  const { outcome } = end;
  if (outcome.kind === 'accepted') {
    await deps.heartbeats.beat({ runId: run.id, epoch: run.epoch, alive: false });
    return;
  }
  const item = await toItem(run, end, deps);
  // A process that waits for something ends as well, which says nothing about its run.
  if (item) await deps.transitions.one(end.preset === null ? item : { ...item, from: 'executing' });
}

/** Ends a run that cannot be dispatched at all, for a reason that lies with us and not with its executor. */
export async function failSystem(run: ClaimedRun, error: string, deps: Pick<RunDeps, 'transitions'>): Promise<void> {
  await deps.transitions.one({ runId: run.id, epoch: run.epoch, event: 'system_fail', level: 'error', message: error, error });
}

async function toItem(
  run: ClaimedRun,
  { outcome, abortReason, dequeueMs, preset }: FinishedAttempt,
  deps: Pick<RunDeps, 'jobs'>,
): Promise<TransitionItem | null> {
  if (outcome.kind === 'accepted') return null;
  if (outcome.kind === 'aborted') {
    if (abortReason !== 'shutdown') return null;
    return {
      runId: run.id,
      epoch: run.epoch,
      event: 'release',
      level: 'warn',
      message: 'returned to the queue: its server shut down',
    };
  }
  const trace = executionTrace(run, outcome.trace, dequeueMs);
  const job = await deps.jobs.atVersion(run.projectId, run.jobId, run.jobVersion);
  switch (outcome.kind) {
    case 'completed':
      return completion(run, job, { result: outcome.result, trace });
    case 'timed_out':
      return failAttempt(run, job, { errorClass: 'timeout', message: 'execution timed out', trace });
    case 'failed':
      return outcome.errorClass === 'out_of_memory' && preset !== null
        ? failOutOfMemory(run, job, { message: outcome.message, preset, trace })
        : failAttempt(run, job, { ...outcome, trace });
  }
}

function completion(
  run: ClaimedRun,
  job: JobRow,
  end: { readonly result: Extract<Outcome, { kind: 'completed' }>['result']; readonly trace: ExecutionTrace },
): TransitionItem {
  const faults = job.resultSchema ? validate(job.resultSchema, end.result, 'result') : [];
  if (faults.length > 0) {
    const message = `result schema validation failed: ${faults.map((fault) => `${fault.path} ${fault.message}`).join('; ')}`;
    return failAttempt(run, job, { errorClass: 'invalid_response', message, trace: end.trace });
  }
  return { runId: run.id, epoch: run.epoch, event: 'complete', message: 'completed', result: end.result, trace: end.trace };
}

function executionTrace(run: ClaimedRun, dispatch: DispatchTrace, dequeueMs: number): ExecutionTrace {
  const waitedFrom = run.queuedAt ?? run.createdAt;
  const queueWaitMs = Math.max(0, run.startedAt.getTime() - waitedFrom.getTime());
  return {
    queue_wait_ms: queueWaitMs,
    dequeue_ms: dequeueMs,
    connect_ms: dispatch.connect_ms,
    ttfb_ms: dispatch.ttfb_ms,
    transfer_ms: dispatch.transfer_ms,
    total_ms: queueWaitMs + dequeueMs + dispatch.dispatch_ms,
    dispatch_ms: dispatch.dispatch_ms,
  };
}
