import { AppError } from '../../core/errors.ts';
import { MAX_BATCH_SIZE } from '../jobs/job-input.ts';
import type { Candidate } from './candidate.ts';
import { itemKey, type Kin, type Ledger } from './ledger.ts';

/** What is to be done about one candidate; a number is the position of another candidate of the same group. */
export type Verdict =
  | { readonly kind: 'store' }
  /** A run that was there before answers. */
  | { readonly kind: 'holder' }
  /** What an earlier try of the item has come to answers. */
  | { readonly kind: 'settled' }
  | { readonly kind: 'twin' }
  /** A candidate before it has the same idempotency key, or the same payload, and answers. */
  | { readonly kind: 'follow'; readonly first: number; readonly as: 'holder' | 'twin' }
  | { readonly kind: 'debounce'; readonly fireAt: Date }
  | { readonly kind: 'buffer' }
  /** Completes the batch at this place among {@link Plan.batches}. */
  | { readonly kind: 'batch'; readonly batch: number }
  | { readonly kind: 'refuse'; readonly error: AppError };

/** Payloads that become one run, or go on waiting for others. */
export interface Batch {
  readonly jobId: string;
  readonly key: string;
  /** Whether what the database has of this batch is a part of it. */
  readonly stored: boolean;
  /** The candidates that add to it, in order. */
  readonly added: readonly number[];
  readonly size: number;
  readonly bytes: number;
  readonly fireAt: Date;
}

/** What is to be done about a group of candidates. */
export interface Plan {
  readonly verdicts: readonly Verdict[];
  /** Batches that are complete. */
  readonly batches: readonly Batch[];
  /** Batches that go on gathering. */
  readonly open: readonly Batch[];
  /** The last candidate of each debounce key, by position, with the moment it becomes a run. */
  readonly debounced: ReadonlyMap<number, Date>;
  /** Rate limits as they are afterwards, by job. */
  readonly rates: ReadonlyMap<string, { readonly used: number; readonly endsAt: Date }>;
}

interface DecideLimits {
  /** Bytes of payload that one run may have. */
  readonly maxBatchBytes: number;
}

/**
 * Decides about candidates in their order, each as if those before it had been carried out: idempotency, quotas, rate limit, equal
 * payloads, debouncing, batching (reference semantics §5.2). Only what is taken on counts against a rate limit: neither what is refused
 * nor what another run answers.
 */
export function decide(candidates: readonly Candidate[], kin: readonly Kin[], ledger: Ledger, limits: DecideLimits): Plan {
  const firsts = new Map<string, number>();
  const tried = new Map<string, Verdict>();
  const twins = new Map<string, number>();
  const rates = new Map(ledger.rates);
  const queued = new Map([...ledger.projects].map(([id, used]) => [id, used.queued]));
  const lastOfKey = new Map<string, readonly [position: number, fireAt: Date]>();
  const gathering = makeGathering(ledger, limits);

  function verdictOf(candidate: Candidate, position: number): Verdict {
    const { run, job, policies } = candidate;
    const { holder = null, twin = null, settled = null } = kin[position] ?? {};
    const name = nameOf(candidate);
    const first = name === null ? undefined : firsts.get(name);
    if (holder) return { kind: 'holder' };
    if (settled) return { kind: 'settled' };
    // The same item again: another request tries the same bulk trigger at the same moment.
    const same = run.mayExist ? tried.get(run.id) : undefined;
    if (same) return same;
    if (first !== undefined) return { kind: 'follow', first, as: 'holder' };
    const refusal = quotaRefusal(candidate, ledger, queued.get(run.projectId) ?? 0) ?? rateRefusal(job, rates, ledger.now);
    if (refusal) return { kind: 'refuse', error: refusal };
    if (policies === 'all' && job.dedupWindowSecs !== null) {
      if (twin) return { kind: 'twin' };
      const earlier = twins.get(`${job.id} ${run.payloadHash}`);
      if (earlier !== undefined) return { kind: 'follow', first: earlier, as: 'twin' };
    }
    const verdict = takeOn(candidate, position, name);
    if (run.mayExist) tried.set(run.id, verdict.kind === 'store' ? { kind: 'follow', first: position, as: 'holder' } : verdict);
    return verdict;
  }

  function takeOn(candidate: Candidate, position: number, name: string | null): Verdict {
    const { run, job, policies, debounceKey } = candidate;
    if (policies === 'all' && job.debounceWindowSecs !== null) {
      charge(job, rates, ledger.now);
      const fireAt = after(ledger.now, job.debounceWindowSecs);
      lastOfKey.set(`${job.id} ${debounceKey ?? ''}`, [position, fireAt]);
      return { kind: 'debounce', fireAt };
    }
    if (policies === 'all' && job.batchWindowSecs !== null) {
      const verdict = gathering.add(candidate, position);
      if (verdict !== 'known') charge(job, rates, ledger.now);
      return verdict === 'known' || verdict === 'open' ? { kind: 'buffer' } : { kind: 'batch', batch: verdict };
    }
    charge(job, rates, ledger.now);
    if (name !== null) firsts.set(name, position);
    if (policies === 'all' && job.dedupWindowSecs !== null) twins.set(`${job.id} ${run.payloadHash}`, position);
    if (run.status === 'queued') queued.set(run.projectId, (queued.get(run.projectId) ?? 0) + 1);
    return { kind: 'store' };
  }

  const verdicts = candidates.map(verdictOf);
  return { verdicts, ...gathering.result(), debounced: new Map(lastOfKey.values()), rates };
}

/** What no two live runs may have in common; null for a run that nobody named. */
function nameOf({ run }: Candidate): string | null {
  if (run.idempotencyKey !== null) return `key ${run.jobId} ${run.idempotencyKey}`;
  return run.parent ? `child ${run.parent.runId} ${run.parent.spawnKey}` : null;
}

function quotaRefusal({ run, job }: Candidate, ledger: Ledger, queued: number): AppError | null {
  const { quotas } = job;
  if (!quotas) return null;
  if (quotas.maxQueuedRuns !== null && queued >= quotas.maxQueuedRuns) {
    return new AppError('RATE_LIMITED', 'project queued quota exceeded');
  }
  const cost = ledger.projects.get(run.projectId)?.costMicrousd ?? 0;
  if (quotas.maxDailyCostMicrousd !== null && cost >= quotas.maxDailyCostMicrousd) {
    const retryAfterSecs = secondsBetween(ledger.now, nextDay(ledger.now));
    return new AppError('RATE_LIMITED', 'project daily cost budget exceeded', { retryAfterSecs });
  }
  return null;
}

type Rates = Map<string, { readonly used: number; readonly endsAt: Date }>;

function rateRefusal(job: Candidate['job'], rates: Rates, now: Date): AppError | null {
  if (job.rateLimitMax === null) return null;
  const rate = rates.get(job.id);
  if (!rate || rate.used < job.rateLimitMax) return null;
  const retryAfterSecs = secondsBetween(now, rate.endsAt);
  return new AppError('RATE_LIMITED', 'job rate limit exceeded', { retryAfterSecs, limit: job.rateLimitMax });
}

function charge(job: Candidate['job'], rates: Rates, now: Date): void {
  if (job.rateLimitMax === null || job.rateLimitWindowSecs === null) return;
  const { used, endsAt } = rates.get(job.id) ?? { used: 0, endsAt: after(now, job.rateLimitWindowSecs) };
  rates.set(job.id, { used: used + 1, endsAt });
}

type Growing = Omit<Batch, 'added'> & { readonly added: number[] };

/** Follows the batches of a group; `add` answers the place of a batch that is complete now. */
function makeGathering(ledger: Ledger, { maxBatchBytes }: DecideLimits) {
  const growing = new Map<string, Growing>();
  const gathered = new Set(ledger.gathered);
  const complete: Batch[] = [];
  for (const { jobId, key, size, bytes, fireAt } of ledger.batches) {
    growing.set(`${jobId} ${key}`, { jobId, key, size, bytes, fireAt, stored: true, added: [] });
  }

  function add({ run, job, batchKey }: Candidate, position: number): 'known' | 'open' | number {
    const key = batchKey ?? '';
    const name = `${job.id} ${key}`;
    const item = run.idempotencyKey === null ? null : itemKey(job.id, key, run.idempotencyKey);
    if (item !== null && gathered.has(item)) return 'known';
    if (item !== null) gathered.add(item);
    const bytes = Buffer.byteLength(run.payload);
    const before = growing.get(name);
    // What would not fit into one run any more begins the next batch, and ends this one.
    const fits = before !== undefined && before.bytes + bytes <= maxBatchBytes;
    if (before && !fits) complete.push(before);
    const fresh = {
      jobId: job.id,
      key,
      size: 0,
      bytes: 0,
      fireAt: after(ledger.now, job.batchWindowSecs ?? 0),
      stored: false,
      added: [],
    };
    const into = before && fits ? before : fresh;
    const grown = { ...into, size: into.size + 1, bytes: into.bytes + bytes, added: [...into.added, position] };
    if (grown.size < (job.batchMaxSize ?? MAX_BATCH_SIZE)) {
      growing.set(name, grown);
      return 'open';
    }
    growing.delete(name);
    complete.push(grown);
    return complete.length - 1;
  }

  return {
    add,
    result: () => ({ batches: complete, open: [...growing.values()].filter(({ added }) => added.length > 0) }),
  };
}

function after(moment: Date, secs: number): Date {
  return new Date(moment.getTime() + secs * 1_000);
}

function secondsBetween(from: Date, to: Date): number {
  return Math.max(1, Math.ceil((to.getTime() - from.getTime()) / 1_000));
}

function nextDay(moment: Date): Date {
  return new Date(Date.UTC(moment.getUTCFullYear(), moment.getUTCMonth(), moment.getUTCDate() + 1));
}
