import type { Pool } from 'pg';
import { type Actor, requireScope } from '../../auth/actor.ts';
import { nthId } from '../../core/ids.ts';
import { readOddItems } from './batch-row.ts';

/** An item of a batch that has been dealt with. */
export interface StoredItem {
  readonly batchId: string;
  /** Where it stands in the list, from 0. */
  readonly index: number;
  /** The run that answers for it; null for one that was refused, or is debounced or gathered and has none yet. */
  readonly runId: string | null;
  /** When it becomes a run, being debounced. */
  readonly fireAt: Date | null;
  readonly buffered: boolean;
  /** Why it was refused. */
  readonly error: string | null;
}

/** Items of the actor's batch from one place up to before another, as far as they have been dealt with. */
export async function readItems(
  actor: Actor,
  { batchId, stored }: { readonly batchId: string; readonly stored: number },
  { from, to }: { readonly from: number; readonly to: number },
  deps: { readonly reads: Pool },
): Promise<StoredItem[]> {
  requireScope(actor, 'runs:read');
  const [start, end] = [Math.max(from, 0), Math.min(to, stored)];
  if (start >= end) return [];
  const odd = await readOddItems(batchId, { from: start, to: end }, deps);
  return Array.from({ length: end - start }, (_, at) => {
    const index = start + at;
    const item = odd.get(index);
    if (!item) return { batchId, index, runId: nthId(batchId, index), fireAt: null, buffered: false, error: null };
    const { runId, fireAt, buffered, error } = item;
    return { batchId, index, runId, fireAt, buffered, error };
  });
}
