import { z } from 'zod';
import { type Actor, requireScope } from '../../auth/actor.ts';
import { AppError, notFound } from '../../core/errors.ts';
import { isUuid } from '../../core/ids.ts';
import { MACHINE_PRESETS, PRESET_OVERRIDE } from '../../core/machine-preset.ts';
import type { RunStatus } from '../../core/run-state.ts';
import type { ExecutionMode } from '../jobs/job.ts';
import type { RunDeps } from './deps.ts';
import { isAllowedIn } from './run-actions.ts';

/** Input of a restart. */
export const RestartRunInput = z.strictObject({
  machinePreset: z
    .enum(MACHINE_PRESETS)
    .optional()
    .describe('How much memory the run has from now on; that which it had when left out.'),
});

type ManagedDeps = Pick<RunDeps, 'reads' | 'jobs' | 'transitions' | 'hub'>;

/**
 * Stops the process of a run until somebody resumes it. Its token is powerless at once: what it has stored until then, the last checkpoint
 * above all, is what the run goes on with. A run that is paused already stays so. NOT_FOUND for an unknown run, BAD_REQUEST unless it is
 * managed and executing.
 */
export async function pauseRun(actor: Actor, runId: string, deps: ManagedDeps): Promise<void> {
  requireScope(actor, 'runs:write');
  const run = await readRun(actor, runId, deps);
  if (run.mode !== 'managed') throw new AppError('BAD_REQUEST', 'only managed runs can be paused');
  const result = await deps.transitions.one({ runId, projectId: actor.projectId, event: 'pause', message: 'paused by user' });
  if (result.moved) deps.hub.stop([runId]);
  else if (result.was !== 'paused') throw new AppError('BAD_REQUEST', 'run must be in executing state to pause');
}

/**
 * Puts a paused run back into the queue: a new process goes on from the last checkpoint, as the same attempt. NOT_FOUND for an unknown
 * run, BAD_REQUEST for one that is not paused.
 */
export async function resumeRun(actor: Actor, runId: string, deps: ManagedDeps): Promise<void> {
  requireScope(actor, 'runs:write');
  if (!isUuid(runId)) throw notFound('run');
  const result = await deps.transitions.one({ runId, projectId: actor.projectId, event: 'resume', message: 'resumed by user' });
  if (result.moved) return;
  if (result.was === null || result.projectId !== actor.projectId) throw notFound('run');
  throw new AppError('BAD_REQUEST', 'run is not paused');
}

/**
 * Starts the process of an executing or paused run anew, on another machine if asked for, as the same attempt and from the last
 * checkpoint. NOT_FOUND for an unknown run, BAD_REQUEST unless it is managed and executing or paused, CONFLICT when it ended, or
 * somebody else moved it, in this very moment.
 */
export async function restartRun(
  actor: Actor,
  input: { readonly runId: string } & z.output<typeof RestartRunInput>,
  deps: ManagedDeps,
): Promise<void> {
  requireScope(actor, 'runs:write');
  const { runId, machinePreset } = input;
  const run = await readRun(actor, runId, deps);
  if (run.mode !== 'managed') throw new AppError('BAD_REQUEST', 'only managed runs can be restarted');
  if (!isAllowedIn('restart', run.status)) {
    throw new AppError('BAD_REQUEST', 'run must be executing or paused to restart');
  }
  const result = await deps.transitions.one({
    runId,
    projectId: actor.projectId,
    epoch: run.epoch,
    event: 'restart',
    message: machinePreset === undefined ? 'restarted by user' : `restarted by user with ${machinePreset}`,
    ...(machinePreset !== undefined && { metadata: { [PRESET_OVERRIDE]: machinePreset } }),
  });
  if (!result.moved) throw new AppError('CONFLICT', 'failed to restart run: its status changed meanwhile; look at it again');
  deps.hub.stop([runId]);
}

interface ManagedRow {
  readonly status: RunStatus;
  readonly epoch: number;
  readonly mode: ExecutionMode;
}

/** A run is what its version of the job says: that is what its attempt was made by. */
async function readRun(actor: Actor, runId: string, { reads, jobs }: ManagedDeps): Promise<ManagedRow> {
  if (!isUuid(runId)) throw notFound('run');
  const { rows } = await reads.query<Omit<ManagedRow, 'mode'> & { job_id: string; job_version: number }>(
    'select status, epoch, job_id, job_version from runs where id = $1 and project_id = $2',
    [runId, actor.projectId],
  );
  if (!rows[0]) throw notFound('run');
  const { status, epoch, job_id: jobId, job_version: version } = rows[0];
  return { status, epoch, mode: (await jobs.atVersion(actor.projectId, jobId, version)).executionMode };
}
