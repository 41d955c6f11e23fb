import type { AppError } from '../../core/errors.ts';
import type { RunStatus } from '../../core/run-state.ts';
import type { CachedJob } from '../jobs/job-cache.ts';
import type { InsertOutcome, NewRun } from '../runs/insert.ts';

/** A trigger that asks for its run. */
export interface Candidate {
  readonly run: NewRun;
  readonly job: CachedJob;
  /** `all` policies may answer with another run, or with none yet; `limits` may only refuse, for those who need this very run. */
  readonly policies: 'all' | 'limits';
  /** Which triggers of the job are debounced or gathered with it; null for those that name no key. */
  readonly debounceKey: string | null;
  readonly batchKey: string | null;
  /** The place of an item in a bulk trigger that may be tried again; null for anything that is not. */
  readonly batchItem: { readonly batchId: string; readonly ord: number } | null;
}

/** What became of a {@link Candidate}: beyond what storing a run can answer, what the policies of its job made of it. */
export type AdmissionOutcome =
  | InsertOutcome
  /** A run with an equal payload was triggered a moment ago and answers for this one too. */
  | { readonly kind: 'duplicate'; readonly id: string; readonly status: RunStatus }
  /** Taken on; becomes a run when no trigger with its key has come until then. */
  | { readonly kind: 'debounced'; readonly fireAt: Date }
  /** Taken on; becomes a part of a run when its batch is full or its window over. */
  | { readonly kind: 'buffered' }
  /** Taken on, and its batch with it: this is the run. */
  | { readonly kind: 'batched'; readonly run: NewRun; readonly status: RunStatus }
  /** An earlier try of the bulk trigger had it taken on, and this run answers for it. */
  | { readonly kind: 'recalled'; readonly id: string; readonly status: RunStatus; readonly batch: boolean }
  | { readonly kind: 'refused'; readonly error: AppError };

/** What becomes of a candidate whose run nothing else can answer for. */
export type LimitedOutcome = InsertOutcome | Extract<AdmissionOutcome, { readonly kind: 'refused' }>;

/** True for an outcome that is possible with limits alone. */
export function isLimited(outcome: AdmissionOutcome): outcome is LimitedOutcome {
  switch (outcome.kind) {
    case 'duplicate':
    case 'debounced':
    case 'buffered':
    case 'batched':
    case 'recalled':
      return false;
    default:
      return true;
  }
}

/** True when something stands between a trigger of this job and its run; for all others admission costs nothing. */
export function hasPolicies(job: CachedJob, policies: Candidate['policies']): boolean {
  if (job.rateLimitMax !== null || job.quotas !== null) return true;
  return policies === 'all' && (job.dedupWindowSecs !== null || job.debounceWindowSecs !== null || job.batchWindowSecs !== null);
}
