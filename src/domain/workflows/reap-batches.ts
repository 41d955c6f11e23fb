import { beginItems, stopUnwantedItems } from './batch-work.ts';
import type { WorkflowDeps } from './deps.ts';

/** Batches one look handles; the next pass finds the rest. */
const BATCHES = 100;

/**
 * Heals what a process leaves that ends between two statements: batches whose started items have no run, or whose items have ended and nobody
 * looked, and items of batches that are over.
 */
export async function healBatches(deps: WorkflowDeps): Promise<void> {
  const { rows } = await deps.engine.query<{ id: string; isMissingRuns: boolean }>({
    name: 'missed-batches',
    text: `select w.id, w.batch_started > c.begun as "isMissingRuns" from workflow_runs w
            cross join lateral (select count(*) as begun, count(*) filter (where c.status in ('pending', 'running', 'paused')) as active
                                  from workflow_runs c where c.parent_run_id = w.id and c.batch_index is not null) c
            where w.batch_total is not null and w.status = 'running' and w.updated_at < now() - interval '1 second'
              and (w.batch_started > c.begun or c.active = 0)
            limit ${BATCHES}`,
  });
  deps.advancer.touch(rows.map(({ id }) => id));
  await beginItems(
    rows.filter(({ isMissingRuns }) => isMissingRuns).map(({ id }) => ({ id, from: 0 })),
    deps,
  );
  const { rows: strays } = await deps.engine.query<{ id: string }>({
    name: 'stray-items',
    text: `select distinct c.parent_run_id as id from workflow_runs c left join workflow_runs w on w.id = c.parent_run_id
            where c.batch_index is not null and c.status in ('pending', 'running', 'paused')
              and (w.status in ('pending', 'running', 'paused')) is not true
            limit ${BATCHES}`,
  });
  await stopUnwantedItems(
    strays.map(({ id }) => id),
    deps,
  );
}
