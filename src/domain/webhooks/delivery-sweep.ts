import type { Pool } from 'pg';

/** Days a delivery is kept once it was delivered or given up; as long as the runs that most of them tell of. */
const KEPT_DAYS = 30;
/** Deliveries kept of one subscription or job, whatever their age and status. */
const MAX_PER_TARGET = 100_000;
/** Targets looked at by one pass: finding the end of what is kept means walking through it. */
const TARGETS_PER_PASS = 10;

/** Rows one statement deletes at once. */
const BATCH = 500;

/** Deletes deliveries that need not be kept any longer; made once per process, since it remembers whose turn it is. */
export interface DeliverySweep {
  /**
   * Deletes what is past its keeping time, and of a few receivers what they have too many of, the oldest first; the next pass looks at
   * the receivers behind them.
   */
  pass(): Promise<void>;
}

/** Makes a {@link DeliverySweep}. */
export function makeDeliverySweep(deps: { readonly engine: Pool; readonly maxPerTarget?: number }): DeliverySweep {
  const { engine, maxPerTarget = MAX_PER_TARGET } = deps;
  let after = NO_TARGET;

  async function enforceCap(): Promise<void> {
    for (;;) {
      const { rows } = await engine.query<{ last: string | null; looked: number; deleted: number }>({
        name: 'cap-deliveries',
        text: CAP_SQL,
        values: [after, maxPerTarget, BATCH],
      });
      const { last, looked, deleted } = rows[0] ?? { last: null, looked: 0, deleted: 0 };
      if (deleted >= BATCH) continue;
      after = looked >= TARGETS_PER_PASS && last !== null ? last : NO_TARGET;
      return;
    }
  }

  return {
    async pass() {
      while ((await deleteOld(engine)) >= BATCH);
      await enforceCap();
    },
  };
}

async function deleteOld(engine: Pool): Promise<number> {
  const { rowCount } = await engine.query({
    name: 'old-deliveries',
    text: `delete from webhook_deliveries where id in (
             select d.id from webhook_deliveries d
              where d.created_at < now() - interval '${KEPT_DAYS} days' and (d.next_attempt_at is null) is true
              limit ${BATCH} for update skip locked)`,
  });
  return rowCount ?? 0;
}

const NO_TARGET = '00000000-0000-0000-0000-000000000000';

const CAP_SQL = `
with recursive found as (
  (select d.target_id, 1 as n from webhook_deliveries d where d.target_id > $1::uuid order by d.target_id limit 1)
  union all
  select x.target_id, f.n + 1 from found f cross join lateral (
    select d.target_id from webhook_deliveries d where d.target_id > f.target_id order by d.target_id limit 1) x
   where f.n < ${TARGETS_PER_PASS}
), extra as materialized (
  select d.id from found f cross join lateral (
    select d.id from webhook_deliveries d where d.target_id = f.target_id order by d.id desc offset $2 limit $3) d
   limit $3
), deleted as (
  delete from webhook_deliveries d using extra x where d.id = x.id returning 1
)
select (select f.target_id from found f order by f.n desc limit 1) as last, (select count(*)::int from found) as looked,
       (select count(*)::int from deleted) as deleted`;
