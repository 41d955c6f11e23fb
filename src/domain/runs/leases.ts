import type { Pool } from 'pg';

/** A claim this process stands behind. */
export interface HeldClaim {
  readonly runId: string;
  readonly epoch: number;
}

/**
 * Extends the leases of the claims a process stands behind, never beyond their deadlines, and answers the claims that are over: those runs
 * were canceled, paused, timed out or taken over, and their dispatch should stop. Never shortens a lease: the executor may have accepted the
 * run, and been promised its heartbeat timeout, while this statement was on its way.
 */
export async function renewLeases(
  claims: readonly HeldClaim[],
  leaseMs: number,
  deps: { readonly engine: Pool },
): Promise<HeldClaim[]> {
  if (claims.length === 0) return [];
  const { rows } = await deps.engine.query<HeldClaim>({
    name: 'renew-leases',
    text: `
      with held as (
        select * from unnest($1::uuid[], $2::int[]) as h (id, epoch)
      ), renewed as (
        update run_leases l set lease_until = least(greatest(l.lease_until, now() + $3::bigint * interval '1 millisecond'), l.deadline_at)
          from held h where l.run_id = h.id and l.epoch = h.epoch returning l.run_id
      )
      select h.id as "runId", h.epoch from held h where h.id not in (select run_id from renewed)`,
    values: [claims.map((claim) => claim.runId), claims.map((claim) => claim.epoch), leaseMs],
  });
  return rows;
}
