import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Pool } from 'pg';
import type { Actor } from '../../auth/actor.ts';
import { nthId } from '../../core/ids.ts';
import type { RunStatus } from '../../core/run-state.ts';
import { NO_RUN } from '../runs/trigger-answer.ts';
import { type OddItem, type OpenBatch, readOddItems } from './batch-row.ts';
import type { BulkItem } from './trigger-batch.ts';

/** Items whose runs are read at once. */
const PART = 500;

/** What became of the items that were dealt with before, as their runs stand now. */
export async function recallItems(actor: Actor, batch: OpenBatch, deps: { readonly reads: Pool }): Promise<BulkItem[]> {
  const items: BulkItem[] = [];
  for (let from = 0; from < batch.stored; from += PART) {
    const to = Math.min(from + PART, batch.stored);
    const odd = await readOddItems(batch.id, { from, to }, deps);
    const places = Array.from({ length: to - from }, (_, index) => from + index);
    const idOf = (ord: number): string | null => {
      const item = odd.get(ord);
      return item ? item.runId : nthId(batch.id, ord);
    };
    const runs = await readRuns(
      actor,
      places.flatMap((ord) => idOf(ord) ?? []),
      deps,
    );
    for (const ord of places) items.push(recalled(runs.get(idOf(ord) ?? ''), odd.get(ord)));
    await nextTurn();
  }
  return items;
}

function recalled(run: StoredRun | undefined, odd: OddItem | undefined): BulkItem {
  if (run) return { ...NO_RUN, run: { ...run, idempotencyHit: true, deduplicated: false, runToken: null }, error: null };
  if (odd?.buffered) return { ...NO_RUN, buffered: true, error: null };
  if (odd?.fireAt) return { ...NO_RUN, debouncedUntil: odd.fireAt, error: null };
  return { ...NO_RUN, error: odd?.error ?? 'the run has ended and is no longer kept' };
}

interface StoredRun {
  readonly id: string;
  readonly status: RunStatus;
  readonly payloadHash: string;
  /** It is the run of a gathering that the item completed. */
  readonly batch: boolean;
}

async function readRuns(
  actor: Actor,
  ids: readonly string[],
  deps: { readonly reads: Pool },
): Promise<ReadonlyMap<string, StoredRun>> {
  const { rows } = await deps.reads.query<StoredRun>({
    name: 'batch-runs',
    text: `select r.id, r.status, d.payload_hash as "payloadHash", r.triggered_by = 'batch' as batch
             from runs r join run_data d on d.run_id = r.id where r.id = any ($1::uuid[]) and r.project_id = $2`,
    values: [ids, actor.projectId],
  });
  return new Map(rows.map((row) => [row.id, row]));
}
