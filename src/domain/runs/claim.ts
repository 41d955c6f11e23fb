import type { Pool } from 'pg';
import { CLAIM_SQL } from './claim-statement.ts';
import { type ClaimedColumns, type ClaimedRun, toClaimedRun } from './claimed-run.ts';

/** Who claims, how much, and for how long it may stay silent. */
export interface ClaimRequest {
  /** The claiming process. */
  readonly holder: string;
  readonly limit: number;
  readonly leaseMs: number;
}

/** What a claim got. `more` is true when the queue may hold further due runs. */
export interface Claim {
  readonly runs: readonly ClaimedRun[];
  readonly more: boolean;
}

type ClaimRow = Partial<ClaimedColumns> & {
  candidates: number;
  missing: string[] | null;
  payload: string | null;
  traceparent: string | null;
  rescheduled: boolean | null;
  checkpoint_seq: number;
  last_checkpoint: string | null;
};

/** Claims the best due runs for this process, limits respected; see `claim-statement.ts` for how. */
export async function claimRuns(pool: Pool, request: ClaimRequest): Promise<Claim> {
  const { rows } = await pool.query<ClaimRow>({
    name: 'claim',
    text: CLAIM_SQL,
    values: [request.limit, request.holder, request.leaseMs],
  });
  const missing = rows[0]?.missing ?? [];
  if (missing.length > 0) await createLimits(pool, missing);
  const claimed = rows.flatMap((row) => (row.id ? [claimedRun(row)] : []));
  const rescheduled = rows.flatMap((row) => (row.id && row.rescheduled ? [row.id] : []));
  const runs = rescheduled.length > 0 ? await withNewestPayload(pool, claimed, rescheduled) : claimed;
  const candidates = rows[0]?.candidates ?? 0;
  // Fewer runs than candidates: some were refused, and the next claim holds them or, with their limits created, takes them.
  return { runs, more: candidates === request.limit || runs.length < candidates };
}

function claimedRun(row: ClaimRow): ClaimedRun {
  // Its id is not null, so all columns of the run are there.
  const run = toClaimedRun(row as ClaimedColumns, row.payload ?? 'null', row.traceparent);
  return { ...run, checkpoint: row.checkpoint_seq > 0 ? { sequence: row.checkpoint_seq, state: row.last_checkpoint } : null };
}

/** Reads payloads that may have been replaced while the claim was looking; nothing replaces them any more. */
async function withNewestPayload(pool: Pool, runs: readonly ClaimedRun[], ids: readonly string[]): Promise<ClaimedRun[]> {
  const { rows } = await pool.query<{ run_id: string; payload: string }>({
    name: 'claimed-payloads',
    text: 'select run_id, payload::text as payload from run_data where run_id = any ($1::uuid[])',
    values: [ids],
  });
  const payloadOf = new Map(rows.map(({ run_id: id, payload }) => [id, payload]));
  return runs.map((run) => ({ ...run, payload: payloadOf.get(run.id) ?? run.payload }));
}

async function createLimits(pool: Pool, keys: readonly string[]): Promise<void> {
  await pool.query(`insert into limits (key) select key from unnest($1::text[]) as k (key) order by key on conflict do nothing`, [
    keys,
  ]);
}
