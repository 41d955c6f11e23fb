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
  const runs = rows.flatMap((row) =>
    row.id ? [toClaimedRun(row as ClaimedColumns, row.payload ?? 'null', row.traceparent)] : [],
  );
  const candidates = rows[0]?.candidates ?? 0;
  // Fewer runs than candidates: some were refused, and the next claim holds them or, with their limits created, takes them.
  return { runs, more: candidates === request.limit || runs.length < candidates };
}

async function createLimits(pool: Pool, keys: readonly string[]): Promise<void> {
  await pool.query(`insert into limits (key) select key from unnest($1::text[]) as k (key) order by key on conflict do nothing`, [
    keys,
  ]);
}
