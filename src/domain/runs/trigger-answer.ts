import { AppError } from '../../core/errors.ts';
import type { RunStatus } from '../../core/run-state.ts';
import type { AdmissionOutcome, LimitedOutcome } from '../admission/candidate.ts';
import type { RunDeps } from './deps.ts';
import type { NewRun } from './insert.ts';
import { MAX_SPAWN_DEPTH } from './insert-statement.ts';

/** The run that answers a trigger: the new one, the live one that holds the idempotency key, or that of an equal trigger. */
export interface Triggered {
  readonly id: string;
  readonly status: RunStatus;
  readonly payloadHash: string;
  readonly idempotencyHit: boolean;
  /** The run was triggered before with an equal payload, within the window of the job. */
  readonly deduplicated: boolean;
  /** The run is that of a batch which this trigger completed. */
  readonly batch: boolean;
  /** The token of the run's first claim; null for a run that was there before, whose token was handed out with it. */
  readonly runToken: string | null;
}

/** What came of a trigger: a run; or, for a job that debounces or gathers its triggers, the promise of one. */
export interface TriggerAnswer {
  readonly run: Triggered | null;
  /** When a debounced trigger becomes a run unless another one comes before; null for any other. */
  readonly debouncedUntil: Date | null;
  /** It waits for its batch to be complete. */
  readonly buffered: boolean;
}

/** Turns what became of a trigger into what its caller is told; throws what it was refused for. */
export function triggerAnswer(run: NewRun, outcome: AdmissionOutcome, deps: Pick<RunDeps, 'tokens'>): TriggerAnswer {
  switch (outcome.kind) {
    case 'debounced':
      return { ...NO_RUN, debouncedUntil: outcome.fireAt };
    case 'buffered':
      return { ...NO_RUN, buffered: true };
    case 'duplicate':
      return { ...NO_RUN, run: { ...known(run), id: outcome.id, status: outcome.status, deduplicated: true } };
    case 'recalled': {
      const { id, status, batch } = outcome;
      return { ...NO_RUN, run: { ...known(run), id, status, idempotencyHit: true, batch } };
    }
    case 'batched': {
      const { id, payloadHash } = outcome.run;
      const runToken = firstToken(outcome.run, deps);
      return { ...NO_RUN, run: { ...known(run), id, status: outcome.status, payloadHash, batch: true, runToken } };
    }
    default:
      return { ...NO_RUN, run: triggered(run, outcome, deps) };
  }
}

/** The answer to a trigger that has made no run. */
export const NO_RUN: TriggerAnswer = { run: null, debouncedUntil: null, buffered: false };

/** As {@link triggerAnswer}, when nothing but the run itself, or the one that holds its key, could come of it. */
export function triggered(run: NewRun, outcome: LimitedOutcome, deps: Pick<RunDeps, 'tokens'>): Triggered {
  switch (outcome.kind) {
    case 'stored':
      return { ...known(run), id: run.id, status: outcome.status, runToken: firstToken(run, deps) };
    case 'existing':
      if (outcome.payloadHash !== run.payloadHash) {
        throw new AppError('CONFLICT', `idempotency key is held by run ${outcome.id} with another payload; use another key`);
      }
      return { ...known(run), id: outcome.id, status: outcome.status, idempotencyHit: true };
    case 'refused':
      throw outcome.error;
    default:
      throw insertRefusal(outcome.kind);
  }
}

function known({ payloadHash }: NewRun) {
  return { payloadHash, idempotencyHit: false, deduplicated: false, batch: false, runToken: null };
}

/** Why a run was not stored, for the caller. */
export function insertRefusal(kind: 'raced' | 'orphaned' | 'too-deep'): AppError {
  switch (kind) {
    case 'raced':
      return new AppError('CONFLICT', 'its key is being reused by many callers at once; try again');
    case 'orphaned':
      return new AppError('CONFLICT', 'stale run token: the parent run no longer executes under this claim');
    case 'too-deep':
      return new AppError('BAD_REQUEST', `runs may spawn runs ${MAX_SPAWN_DEPTH} levels deep; this parent is at the last`);
  }
}

/** How long the token of the first claim may wait for that claim; the epoch in it ends its power with the claim, whatever it says. */
const FIRST_TOKEN_GRACE_MS = 7 * 86_400_000;

function firstToken(run: NewRun, deps: Pick<RunDeps, 'tokens'>): string {
  const start = Math.max(run.scheduledAt?.getTime() ?? 0, Date.now());
  const expiresAt = new Date(start + run.timeoutSecs * 1_000 + FIRST_TOKEN_GRACE_MS);
  return deps.tokens.mint({ runId: run.id, projectId: run.projectId, epoch: 1, expiresAt });
}
