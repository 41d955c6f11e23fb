import type { AnyAttempt, Executor, ManagedAttempt, Outcome, ProcessLine } from '../core/outcome.ts';
import { isConnectionError } from '../db/errors.ts';
import type { JobRow } from '../domain/jobs/job.ts';
import type { ClaimedRun } from '../domain/runs/claimed-run.ts';
import { presetOf } from '../domain/runs/compute.ts';
import type { RunDeps } from '../domain/runs/deps.ts';

/** What running a managed attempt needs. */
export interface ManagedDeps extends Pick<RunDeps, 'reads' | 'reports'> {
  readonly managed: Executor<ManagedAttempt>;
}

/** Has a process of ours do the work of a claimed run; what it writes becomes log events of the run. */
export async function runManaged(
  run: ClaimedRun,
  { job, attempt, signal }: { readonly job: JobRow; readonly attempt: AnyAttempt; readonly signal: AbortSignal },
  deps: ManagedDeps,
): Promise<{ readonly outcome: Outcome; readonly preset: ManagedAttempt['preset'] }> {
  const preset = await presetOf(run, job.machinePreset, deps);
  const outcome = await deps.managed.execute(
    { ...attempt, imageUri: job.imageUri ?? '', preset, onLine: (line) => keepLine(run, line, deps) },
    signal,
  );
  return { outcome, preset };
}

/** Stores a line as an event; false once the claim does not stand any more, since nothing of it is taken then. */
async function keepLine(run: ClaimedRun, { stream, text }: ProcessLine, deps: Pick<RunDeps, 'reports'>): Promise<boolean> {
  try {
    const level = stream === 'stdout' ? 'info' : 'warn';
    await deps.reports.append({ runId: run.id, epoch: run.epoch, type: 'log', level, message: text, data: { stream } });
    return true;
  } catch (error) {
    if (isConnectionError(error)) throw error;
    return false;
  }
}
