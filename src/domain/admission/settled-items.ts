import type { PoolClient } from 'pg';
import { AppError } from '../../core/errors.ts';
import type { RunStatus } from '../../core/run-state.ts';
import type { AdmissionOutcome, Candidate } from './candidate.ts';

// A bulk trigger under a key may be tried again after a crash. The runs of its items are known by their ids; an item that was debounced or
// gathered has none, so that it was taken on is kept in the row of the item, in the same transaction.

/** What an earlier try of an item has come to. */
export type Settled = Extract<AdmissionOutcome, { readonly kind: 'debounced' | 'buffered' | 'recalled' | 'refused' }>;

/** The row of an item, as {@link ITEM_SQL} reads it. */
export interface ItemColumns {
  readonly error: string | null;
  readonly fire_at: string | null;
  readonly run: { readonly id: string; readonly status: RunStatus; readonly batch: boolean } | null;
}

/** SQL of an {@link ItemColumns} for the row `b` of `batch_items`; its run may be gone by now. */
export const ITEM_SQL = `json_build_object('error', b.error, 'fire_at', b.fire_at, 'run', (
      select json_build_object('id', r.id, 'status', r.status, 'batch', r.triggered_by = 'batch') from runs r where r.id = b.run_id))`;

/** What the row of an item says has become of it. */
export function settledOf({ error, fire_at: fireAt, run }: ItemColumns): Settled {
  if (error !== null) return { kind: 'refused', error: new AppError('CONFLICT', error) };
  if (run) return { kind: 'recalled', ...run };
  return fireAt === null ? { kind: 'buffered' } : { kind: 'debounced', fireAt: new Date(fireAt) };
}

/** Keeps what has become of items that were taken on without a run of their own; nothing for triggers that are no such items. */
export async function settleItems(
  client: PoolClient,
  candidates: readonly Candidate[],
  outcomes: readonly AdmissionOutcome[],
): Promise<void> {
  const rows = candidates.flatMap(({ batchItem }, position): object[] => {
    const outcome = outcomes[position];
    if (!batchItem || !outcome) return [];
    const item = { batch_id: batchItem.batchId, ord: batchItem.ord };
    if (outcome.kind === 'debounced') return [{ ...item, fire_at: outcome.fireAt }];
    if (outcome.kind === 'buffered') return [{ ...item, buffered: true }];
    return outcome.kind === 'batched' ? [{ ...item, run_id: outcome.run.id }] : [];
  });
  if (rows.length === 0) return;
  await client.query({
    name: 'settle-items',
    text: `insert into batch_items (batch_id, ord, run_id, fire_at, buffered)
           select x.batch_id, x.ord, x.run_id, x.fire_at, coalesce(x.buffered, false)
             from json_to_recordset($1::json) as x (batch_id uuid, ord int, run_id uuid, fire_at timestamptz, buffered boolean)
            order by x.batch_id, x.ord
           on conflict do nothing`,
    values: [JSON.stringify(rows)],
  });
}
