import { setTimeout as delay } from 'node:timers/promises';
import type { RunTokens } from '../auth/run-token.ts';
import type { Executor, Outcome } from '../core/outcome.ts';
import { isConnectionError } from '../db/errors.ts';
import type { ClaimedRun } from '../domain/runs/claimed-run.ts';
import type { RunDeps } from '../domain/runs/deps.ts';
import { failSystem, finishAttempt } from '../domain/runs/finish-attempt.ts';
import { keepExchange } from '../domain/runs/keep-exchange.ts';
import { SHUTDOWN } from './dispatcher.ts';

/** What running an attempt needs. */
interface AttemptDeps extends Pick<RunDeps, 'jobs' | 'transitions' | 'heartbeats' | 'reports'> {
  readonly tokens: RunTokens;
  readonly executor: Executor;
  /** Told when a run is about to be sent, and how that went. */
  readonly onStart: (run: ClaimedRun) => void;
  readonly onDispatched: (outcome: Outcome) => void;
}

/** Milliseconds a token outlives its attempt, so that a report sent at the deadline is judged by the run and not by the clock. */
const TOKEN_GRACE_MS = 30_000;

/** Hands a claimed run to its executor and stores how that ended. */
export async function runAttempt(run: ClaimedRun, signal: AbortSignal, deps: AttemptDeps): Promise<void> {
  const timeoutMs = run.timeoutSecs * 1_000;
  const started = performance.now();
  const job = await deps.jobs.ofRun(run.projectId, run.jobId);
  if (!job.endpointUrl) {
    await failSystem(run, 'the job has no endpoint_url: set one and replay the run', deps);
    return;
  }
  const token = deps.tokens.mint({
    runId: run.id,
    projectId: run.projectId,
    epoch: run.epoch,
    expiresAt: new Date(Date.now() + timeoutMs + TOKEN_GRACE_MS),
  });
  const dequeueMs = Math.round(performance.now() - started);
  deps.onStart(run);
  const outcome = await deps.executor.execute(
    {
      runId: run.id,
      jobId: run.jobId,
      jobSlug: job.slug,
      projectId: run.projectId,
      attempt: run.attempt,
      epoch: run.epoch,
      endpointUrl: job.endpointUrl,
      signingSecret: job.signingSecret,
      token,
      payload: run.payload,
      timeoutMs,
      traceparent: run.traceparent,
      previousError: run.attempt > 1 ? run.previousError : null,
      lastCheckpoint: run.checkpoint?.state ?? null,
      checkpointSequence: run.checkpoint?.sequence ?? null,
      capture: run.debugMode,
    },
    signal,
  );
  deps.onDispatched(outcome);
  const abortReason = signal.aborted ? (signal.reason === SHUTDOWN ? 'shutdown' : 'claim-over') : null;
  if (outcome.exchange) await patiently(() => keepExchange(run, outcome, deps));
  await patiently(() => finishAttempt(run, { outcome, abortReason, dequeueMs }, deps));
}

/** Milliseconds for which storing an outcome is tried again while the database is away; by then its lease has ended the attempt. */
const PATIENCE_MS = 60_000;
const FIRST_PAUSE_MS = 50;
const LAST_PAUSE_MS = 2_000;

/** Repeats a write until the database takes it: an executor's answer is worth more than a wait. Repeating is safe, writes are fenced. */
async function patiently(write: () => Promise<void>): Promise<void> {
  const giveUpAt = performance.now() + PATIENCE_MS;
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, LAST_PAUSE_MS)) {
    try {
      return await write();
    } catch (error) {
      if (!isConnectionError(error) || performance.now() > giveUpAt) throw error;
      await delay(pauseMs);
    }
  }
}
