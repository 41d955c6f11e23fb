import type { JsonValue } from '../../core/json.ts';
import type { WorkflowDeps } from './deps.ts';
import type { Draft } from './draft.ts';
import { prepareRun } from './trigger-workflow.ts';
import { cancelBelow } from './work.ts';

/** A batch that has started items, from one on; what of them has a run already is passed by. */
export interface BatchWork {
  readonly id: string;
  readonly from: number;
}

/** Work that a stored draft of a batch has to begin. */
export function batchWorkOf({ loaded, batchStarted }: Draft): BatchWork[] {
  return loaded.batch && batchStarted !== null ? [{ id: loaded.id, from: loaded.batch.started }] : [];
}

interface ItemRow {
  readonly workflowId: string;
  readonly workflowVersion: number;
  readonly projectId: string;
  readonly createdBy: string;
  readonly nesting: number;
  readonly tags: Record<string, string>;
  readonly index: number;
  readonly payload: JsonValue;
}

const ITEMS_SQL = `
select w.workflow_id as "workflowId", w.workflow_version as "workflowVersion", w.project_id as "projectId", w.created_by as "createdBy",
       w.nesting, d.tags, x.n::int - 1 as index, x.payload
  from workflow_runs w join workflow_run_data d on d.workflow_run_id = w.id
 cross join lateral jsonb_array_elements(d.payload) with ordinality as x (payload, n)
 where w.id = $1 and x.n > $2 and x.n <= w.batch_started
   and not exists (select from workflow_runs c where c.parent_run_id = w.id and c.batch_index = x.n - 1)
 order by x.n`;

/**
 * Begins the runs of items that batches have started. Named by batch and item, so beginning one again begins nothing twice. Committed
 * first, looked at afterwards, as {@link beginWork} does it: whoever ends a batch stops the runs it finds.
 */
export async function beginItems(works: readonly BatchWork[], deps: WorkflowDeps): Promise<void> {
  for (const { id, from } of works) {
    const { rows } = await deps.engine.query<ItemRow>({ name: 'batch-items', text: ITEMS_SQL, values: [id, from] });
    const outcomes = await Promise.all(rows.map((row) => beginItem(id, row, deps)));
    if (outcomes.some(({ kind }) => kind === 'existing')) deps.advancer.touch([id]);
  }
  await stopUnwantedItems(
    works.map(({ id }) => id),
    deps,
  );
}

async function beginItem(id: string, row: ItemRow, deps: WorkflowDeps) {
  const version = await deps.definitions.get(row.workflowId, row.workflowVersion);
  const workflow = { ...version, row: { id: row.workflowId, version: row.workflowVersion, tags: row.tags } };
  const run = prepareRun({ projectId: row.projectId, createdBy: row.createdBy }, workflow, {
    input: { payload: row.payload },
    origin: { triggeredBy: 'batch', nesting: row.nesting + 1, parent: { runId: id, item: row.index } },
  });
  return deps.workflowInserts.one(run);
}

/** Cancels the runs of items of batches that have ended, or are gone. */
export async function stopUnwantedItems(
  batchIds: readonly string[],
  deps: Pick<WorkflowDeps, 'engine' | 'advancer'>,
): Promise<void> {
  if (batchIds.length === 0) return;
  const { rows } = await deps.engine.query<{ id: string }>({
    name: 'unwanted-items',
    text: `select c.id from unnest($1::uuid[]) as k (id)
             left join lateral (select w.status from workflow_runs w where w.id = k.id offset 0) w on true
            cross join lateral (select c.id, c.status from workflow_runs c
                                 where c.parent_run_id = k.id and c.batch_index is not null offset 0) c
            where (w.status in ('pending', 'running', 'paused')) is not true and c.status in ('pending', 'running', 'paused')`,
    values: [[...new Set(batchIds)]],
  });
  await Promise.all(rows.map(({ id }) => cancelBelow(id, 'the batch it belongs to is over', deps)));
}
