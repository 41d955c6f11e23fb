import type { Pool, PoolClient } from 'pg';
import { makeMicroBatcher } from '../../core/micro-batcher.ts';
import { isDataError, isRetryable } from '../../db/errors.ts';
import { transact } from '../../db/transact.ts';
import type { InsertOutcome, Inserts, NewRun } from '../runs/insert.ts';
import { MAX_PAYLOAD_BYTES } from '../runs/trigger.ts';
import { batchRun, takeItems, writeBuffers } from './buffers.ts';
import { type AdmissionOutcome, type Candidate, hasPolicies } from './candidate.ts';
import { type Batch, decide, type Plan, type Verdict } from './decide.ts';
import { type Kin, lockCounters, readKin, readLedger } from './ledger.ts';
import { settleItems } from './settled-items.ts';

/**
 * What stands between a trigger and its run. A trigger of a job without policies is stored as it always was, for nothing more. All others
 * are decided about in groups: the counters of their jobs are locked, what has been used is read, and what is decided is written and
 * stored in the same transaction. So limits are exact however many processes take triggers, and nothing is counted that was not stored.
 */
export interface Admissions {
  /** Stores the run of a trigger, or answers what the policies of its job made of it. */
  one(candidate: Candidate): Promise<AdmissionOutcome>;
  idle(): Promise<void>;
}

interface AdmissionDeps {
  readonly pool: Pool;
  readonly inserts: Inserts;
  /** Told in how many milliseconds a buffer is to become a run. */
  readonly onBuffered: (ms: number) => void;
}

const MAX_ITEMS = 500;
/** As for inserts: what is in the way is gone, or visible, the next time. */
const RACE_TRIES = 5;
/** Two statements that store the same keys in different orders may block each other; one of them is told to repeat itself. */
const CLASH_TRIES = 3;

/** Makes {@link Admissions} over the engine pool. */
export function makeAdmissions(deps: AdmissionDeps): Admissions {
  const batcher = makeMicroBatcher<Candidate, AdmissionOutcome>({
    flush: (candidates) => admit(candidates, deps),
    keyOf: () => null,
    maxItems: MAX_ITEMS,
    // One group at a time, for the same reason as inserts: creation times of one process never meet.
    lanes: 1,
    isPoison: isDataError,
  });
  return {
    async one(asked) {
      if (!hasPolicies(asked.job, asked.policies)) return deps.inserts.one(asked.run);
      const candidate = { ...asked, run: await deps.inserts.settled(asked.run) };
      let outcome = await batcher.add(candidate);
      for (let tries = 1; outcome.kind === 'raced' && tries < RACE_TRIES; tries++) outcome = await batcher.add(candidate);
      return outcome;
    },
    idle: () => batcher.idle(),
  };
}

async function admit(candidates: readonly Candidate[], deps: AdmissionDeps): Promise<AdmissionOutcome[]> {
  for (let tries = 1; ; tries++) {
    try {
      const { outcomes, announce, plan } = await transact(deps.pool, (client) => admitWithin(client, candidates, deps));
      announce();
      for (const { fireAt } of plan.open) deps.onBuffered(fireAt.getTime() - Date.now());
      for (const fireAt of plan.debounced.values()) deps.onBuffered(fireAt.getTime() - Date.now());
      return outcomes;
    } catch (error) {
      if (!isRetryable(error) || tries === CLASH_TRIES) throw error;
    }
  }
}

async function admitWithin(client: PoolClient, candidates: readonly Candidate[], { inserts }: AdmissionDeps) {
  await lockCounters(
    client,
    candidates.map(({ job }) => job),
  );
  const kin = await readKin(client, candidates);
  const ledger = await readLedger(client, candidates);
  const plan = decide(candidates, kin, ledger, { maxBatchBytes: MAX_PAYLOAD_BYTES });
  const batched = await batchRuns(client, candidates, plan.batches);
  const stored = candidates.filter((_, position) => plan.verdicts[position]?.kind === 'store').map(({ run }) => run);
  const { outcomes, announce } = await inserts.within(client, [...stored, ...batched]);
  const storedOutcomes = outcomes.slice(0, stored.length);
  await writeRates(client, plan);
  await writeBuffers(client, candidates, plan);
  const answers = answersOf(candidates, { plan, kin, storedOutcomes, batched });
  await writePayloads(client, candidates, answers);
  await settleItems(client, candidates, answers);
  return { outcomes: answers, announce, plan };
}

/** The runs of complete batches, in their order. */
async function batchRuns(client: PoolClient, candidates: readonly Candidate[], batches: readonly Batch[]): Promise<NewRun[]> {
  const fromDatabase = batches.filter(({ stored }) => stored);
  const taken = new Map((await takeItems(client, fromDatabase)).map((payloads, index) => [fromDatabase[index], payloads]));
  const runs: NewRun[] = [];
  for (const batch of batches) {
    const added = batch.added.flatMap((position) => candidates[position] ?? []);
    const last = added.at(-1) ?? candidates.find(({ run }) => run.jobId === batch.jobId);
    if (!last) throw new Error(`a batch of job ${batch.jobId} is complete without a trigger of that job`);
    runs.push(batchRun(last.run, [...(taken.get(batch) ?? []), ...added.map(({ run }) => run.payload)]));
  }
  return runs;
}

interface Decided {
  readonly plan: Plan;
  readonly kin: readonly Kin[];
  readonly storedOutcomes: readonly InsertOutcome[];
  readonly batched: readonly NewRun[];
}

function answersOf(candidates: readonly Candidate[], { plan, kin, storedOutcomes, batched }: Decided): AdmissionOutcome[] {
  const answers: AdmissionOutcome[] = [];
  let stored = 0;
  const answerOf = (verdict: Verdict, position: number): AdmissionOutcome => {
    const { holder = null, twin = null, settled = null } = kin[position] ?? {};
    switch (verdict.kind) {
      case 'store':
        return storedOutcomes[stored++] ?? { kind: 'raced' };
      case 'holder':
        return holder ? { kind: 'existing', ...holder } : { kind: 'raced' };
      case 'settled':
        return settled ?? { kind: 'raced' };
      case 'twin':
        return twin ? { kind: 'duplicate', ...twin } : { kind: 'raced' };
      case 'follow':
        return followed(answers[verdict.first], candidates[verdict.first]?.run, verdict.as);
      case 'debounce':
        return { kind: 'debounced', fireAt: verdict.fireAt };
      case 'buffer':
        return { kind: 'buffered' };
      case 'batch': {
        const run = batched[verdict.batch];
        return run ? { kind: 'batched', run, status: run.status } : { kind: 'raced' };
      }
      case 'refuse':
        return { kind: 'refused', error: verdict.error };
    }
  };
  plan.verdicts.forEach((verdict, position) => {
    answers.push(answerOf(verdict, position));
  });
  return answers;
}

/** What a candidate is answered whose run is that of one before it. */
function followed(first: AdmissionOutcome | undefined, run: NewRun | undefined, as: 'holder' | 'twin'): AdmissionOutcome {
  if (first?.kind !== 'stored' || !run) return { kind: 'raced' };
  return as === 'twin'
    ? { kind: 'duplicate', id: run.id, status: first.status }
    : { kind: 'existing', id: run.id, status: first.status, payloadHash: run.payloadHash };
}

async function writeRates(client: PoolClient, { rates }: Plan): Promise<void> {
  if (rates.size === 0) return;
  await client.query({
    name: 'write-rates',
    text: `insert into trigger_rates (job_id, used, ends_at)
           select x.job_id, x.used, x.ends_at from json_to_recordset($1::json) as x (job_id uuid, used int, ends_at timestamptz)
           on conflict (job_id) do update set used = excluded.used, ends_at = excluded.ends_at`,
    values: [JSON.stringify([...rates].map(([jobId, { used, endsAt }]) => ({ job_id: jobId, used, ends_at: endsAt })))],
  });
}

/** Remembers which runs answer for their payloads from now on. */
async function writePayloads(
  client: PoolClient,
  candidates: readonly Candidate[],
  answers: readonly AdmissionOutcome[],
): Promise<void> {
  const stored = candidates.filter(({ policies }, position) => policies === 'all' && answers[position]?.kind === 'stored');
  await rememberPayloads(
    client,
    stored.map(({ run, job }) => ({ run, dedupWindowSecs: job.dedupWindowSecs })),
  );
}

/** Remembers which runs answer for their payloads, as far as their jobs have a window. */
export async function rememberPayloads(
  client: PoolClient,
  stored: readonly { readonly run: NewRun; readonly dedupWindowSecs: number | null }[],
): Promise<void> {
  const rows = stored
    .filter(({ dedupWindowSecs }) => dedupWindowSecs !== null)
    .map(({ run, dedupWindowSecs }) => ({ job_id: run.jobId, hash: run.payloadHash, run_id: run.id, secs: dedupWindowSecs }));
  if (rows.length === 0) return;
  await client.query({
    name: 'remember-payloads',
    text: `insert into trigger_payloads (job_id, payload_hash, run_id, expires_at)
           select distinct on (x.job_id, x.hash) x.job_id, x.hash, x.run_id, clock_timestamp() + x.secs * interval '1 second'
             from json_to_recordset($1::json) as x (job_id uuid, hash text, run_id uuid, secs int)
           on conflict (job_id, payload_hash) do update set run_id = excluded.run_id, expires_at = excluded.expires_at`,
    values: [JSON.stringify(rows)],
  });
}
