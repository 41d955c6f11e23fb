import type { Pool } from 'pg';

/** Days that a batch is kept at least; then until its last run is gone. Its key is held as long. */
const KEPT_DAYS = 30;

/** Deletes up to `limit` batches that are past their keeping time, with what is kept of their items; answers how many. */
export async function deleteExpiredBatches(limit: number, deps: { readonly engine: Pool }): Promise<number> {
  const { rowCount } = await deps.engine.query({ name: 'batch-retention', text: DELETE_SQL, values: [limit] });
  return rowCount ?? 0;
}

const DELETE_SQL = `
with old as materialized (
  select b.id from batches b
   where b.created_at < now() - interval '${KEPT_DAYS} days' and not exists (select from runs r where r.batch_id = b.id)
   order by b.created_at limit $1 for update skip locked
), items as (delete from batch_items x using old where x.batch_id = old.id)
delete from batches x using old where x.id = old.id`;
