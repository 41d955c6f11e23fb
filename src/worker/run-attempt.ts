import { setTimeout as delay } from 'node:timers/promises';
import type { RunTokens } from '../auth/run-token.ts';
import type { MachinePreset } from '../core/machine-preset.ts';
import type { AnyAttempt, AttemptEnvironment, Executor, ManagedAttempt, Outcome } from '../core/outcome.ts';
import { isConnectionError } from '../db/errors.ts';
import { snoozeRun } from '../domain/circuits/snooze-run.ts';
import type { DispatchEnvironments } from '../domain/environments/dispatch-environments.ts';
import type { JobRow } from '../domain/jobs/job.ts';
import { adoptVersion } from '../domain/runs/adopt-version.ts';
import type { ClaimedRun } from '../domain/runs/claimed-run.ts';
import { keepCompute } from '../domain/runs/compute.ts';
import type { RunDeps } from '../domain/runs/deps.ts';
import { failSystem, finishAttempt } from '../domain/runs/finish-attempt.ts';
import { keepExchange } from '../domain/runs/keep-exchange.ts';
import type { Route } from './choose-route.ts';
import { SHUTDOWN } from './dispatcher.ts';
import { planAttempt } from './plan-attempt.ts';
import { runManaged } from './run-managed.ts';
import { sendAttempt } from './send-attempt.ts';

/** What running an attempt needs. */
interface AttemptDeps extends Pick<RunDeps, 'engine' | 'reads' | 'jobs' | 'transitions' | 'heartbeats' | 'reports' | 'circuits'> {
  readonly dispatchEnvironments: DispatchEnvironments;
  readonly tokens: RunTokens;
  readonly executor: Executor;
  /** Null where no processes are started. */
  readonly managed: Executor<ManagedAttempt> | null;
  /** Told when a run is about to be sent, and how that went. */
  readonly onStart: (run: ClaimedRun) => void;
  readonly onDispatched: (outcome: Outcome) => void;
}

/** Milliseconds a token outlives its attempt, so that a report sent at the deadline is judged by the run and not by the clock. */
const TOKEN_GRACE_MS = 30_000;

/** Hands a claimed run to its executor and stores how that ended. */
export async function runAttempt(claimed: ClaimedRun, signal: AbortSignal, deps: AttemptDeps): Promise<void> {
  const started = performance.now();
  const { run, job } = await adoptVersion(claimed, deps);
  const timeoutMs = run.timeoutSecs * 1_000;
  const plan = await planAttempt(job, deps);
  if (plan.kind === 'fault') {
    await failSystem(run, plan.fault, deps);
    return;
  }
  if (plan.kind === 'refused') {
    await patiently(() => snoozeRun(run, plan, deps));
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
  const attempt = toAttempt(run, { job, token, timeoutMs, environment: plan.environment });
  const { outcome, preset } = await execute(run, { job, attempt, route: plan.route, signal }, deps);
  deps.onDispatched(outcome);
  const abortReason = signal.aborted ? (signal.reason === SHUTDOWN ? 'shutdown' : 'claim-over') : null;
  const { compute } = outcome;
  if (outcome.exchange) await patiently(() => keepExchange(run, outcome, deps));
  if (compute) await patiently(() => keepCompute(run, compute, deps));
  await patiently(() => finishAttempt(run, { outcome, abortReason, dequeueMs, preset }, deps));
}

interface Made {
  readonly job: JobRow;
  readonly token: string;
  readonly timeoutMs: number;
  readonly environment: AttemptEnvironment;
}

function toAttempt(run: ClaimedRun, { job, token, timeoutMs, environment }: Made): AnyAttempt {
  return {
    environment,
    runId: run.id,
    jobId: run.jobId,
    jobSlug: job.slug,
    projectId: run.projectId,
    attempt: run.attempt,
    epoch: run.epoch,
    token,
    payload: run.payload,
    timeoutMs,
    traceparent: run.traceparent,
    previousError: run.attempt > 1 ? run.previousError : null,
    lastCheckpoint: run.checkpoint?.state ?? null,
    checkpointSequence: run.checkpoint?.sequence ?? null,
  };
}

/** Hands the attempt to the code of the job, wherever that is; `preset` is set when it is a process of ours. */
async function execute(
  run: ClaimedRun,
  to: { readonly job: JobRow; readonly attempt: AnyAttempt; readonly route: Route | null; readonly signal: AbortSignal },
  deps: AttemptDeps,
): Promise<{ readonly outcome: Outcome; readonly preset: MachinePreset | null }> {
  const { job, attempt, route, signal } = to;
  const { managed } = deps;
  if (route !== null) {
    const cargo = { ...attempt, signingSecret: job.signingSecret, capture: run.debugMode };
    return { outcome: await sendAttempt(run, { route, cargo, signal }, deps), preset: null };
  }
  if (!managed) throw new Error('an attempt without a route was planned where no processes are started');
  return runManaged(run, to, { ...deps, managed });
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
