import type { z } from 'zod';
import { type Actor, requireScope } from '../../auth/actor.ts';
import { isUuid } from '../../core/ids.ts';
import { isFinal, type RunStatus } from '../../core/run-state.ts';
import { type BulkItem, type FilterTarget, makeListing, type RunTargetInput, readTarget } from './bulk-target.ts';
import type { RunDeps } from './deps.ts';
import { descendantPages } from './descendants.ts';
import { type Condition, compileFilter, type RunFilter } from './filter.ts';
import { statusesFor } from './run-actions.ts';
import { readNow, selectedStatuses, selectRuns } from './select-runs.ts';
import type { TransitionItem, TransitionResult } from './transition.ts';

type CancelDeps = Pick<RunDeps, 'reads' | 'transitions' | 'hub'>;

/** What came of canceling many runs. */
export interface BulkCanceled {
  /** For ids one each, in the order given; for a filter up to 1,000, those that failed first. */
  readonly results: readonly BulkItem[];
  readonly total: number;
  readonly canceled: number;
  readonly failed: number;
  /** To go on behind the runs that a filter with a limit has selected; null when there are no more. */
  readonly endCursor: string | null;
  /** Runs that were not asked for, and were canceled because a run above them was. */
  readonly descendants: number;
}

const BY_ID = 'canceled by user (bulk)';
const BY_FILTER = 'canceled by user (bulk filter)';
const BY_PARENT = 'parent run canceled (bulk)';

/**
 * Cancels many runs and everything they spawned, whatever they are doing. Every run is canceled whole or not at all, and the answer says
 * of each what its own statement met. A filter means the runs that have not ended; what is created after it began is not touched.
 */
export async function cancelRuns(actor: Actor, input: z.output<typeof RunTargetInput>, deps: CancelDeps): Promise<BulkCanceled> {
  requireScope(actor, 'runs:write');
  const target = readTarget(input);
  return target.ids ? cancelByIds(actor, target.ids, deps) : cancelByFilter(actor, target, deps);
}

async function cancelByIds(actor: Actor, ids: readonly string[], deps: CancelDeps): Promise<BulkCanceled> {
  const results = await cancelAll(actor, ids, { error: BY_ID, deps });
  let descendants = 0;
  for await (const page of descendantPages({ parentIds: canceledOf(results) }, deps)) {
    const active = page.filter(({ status }) => !isFinal(status)).map(({ id }) => id);
    descendants += canceledOf(await cancelAll(actor, active, { error: BY_PARENT, deps })).length;
  }
  const canceled = canceledOf(results).length;
  return { results, total: results.length, canceled, failed: results.length - canceled, descendants, endCursor: null };
}

/**
 * Oldest first, so that parents go before their children: a parent that waits would otherwise wake up when its last child is canceled.
 * A child that the filter means too is counted as that, wherever it is met, beyond a limit as well.
 */
async function cancelByFilter(actor: Actor, target: FilterTarget, deps: CancelDeps): Promise<BulkCanceled> {
  const selection = { ...target, statuses: statusesFor('cancel') };
  const condition = await meantCondition(actor, selection, deps);
  const listing = makeListing<BulkItem>();
  const count = { total: 0, canceled: 0, descendants: 0 };
  const note = (items: readonly BulkItem[]): void => {
    listing.add(items);
    count.total += items.length;
    count.canceled += canceledOf(items).length;
  };
  let endCursor: string | null = null;
  for await (const page of selectRuns(actor, selection, deps)) {
    endCursor = page.endCursor;
    const items = await cancelAll(actor, page.ids, { error: BY_FILTER, deps });
    note(items);
    const parentIds = canceledOf(items);
    for await (const below of descendantPages({ parentIds, condition }, deps)) {
      const active = below.filter(({ status }) => !isFinal(status));
      const idsOf = (meant: boolean): string[] => active.filter((run) => run.meant === meant).map(({ id }) => id);
      note(await cancelAll(actor, idsOf(true), { error: BY_FILTER, deps }));
      count.descendants += canceledOf(await cancelAll(actor, idsOf(false), { error: BY_PARENT, deps })).length;
    }
  }
  return { results: listing.list(), ...count, endCursor, failed: count.total - count.canceled };
}

async function meantCondition(
  actor: Actor,
  selection: { readonly filter: RunFilter; readonly statuses: readonly RunStatus[] },
  deps: CancelDeps,
): Promise<Condition> {
  const status = [...selectedStatuses(selection)];
  if (status.length === 0) return { sql: 'false', values: [] };
  const { sql, values } = compileFilter(actor, { ...selection.filter, status });
  const all = [...values, await readNow(deps.reads)];
  return { sql: `(${sql} and r.created_at < $${all.length}::timestamptz)`, values: all };
}

async function cancelAll(
  actor: Actor,
  ids: readonly string[],
  { error, deps }: { readonly error: string; readonly deps: CancelDeps },
): Promise<BulkItem[]> {
  const known = ids.filter(isUuid);
  const items = known.map(
    (runId): TransitionItem => ({ runId, projectId: actor.projectId, event: 'cancel', message: error, error, level: 'warn' }),
  );
  const results = await deps.transitions.many(items);
  const resultOf = new Map(known.map((id, index) => [id, results[index]]));
  const told = ids.map((id) => toItem(actor, id, resultOf.get(id)));
  const canceled = canceledOf(told);
  if (canceled.length > 0) deps.hub.stop(canceled);
  return told;
}

function toItem(actor: Actor, id: string, result: TransitionResult | undefined): BulkItem {
  if (!result?.was || result.projectId !== actor.projectId) return { id, status: null, error: 'run not found' };
  if (result.moved) return { id, status: result.becomes, error: null };
  const error = isFinal(result.was) ? 'run already in terminal state' : 'failed to cancel (status may have changed)';
  return { id, status: result.was, error };
}

function canceledOf(items: readonly BulkItem[]): string[] {
  return items.filter(({ error }) => error === null).map(({ id }) => id);
}
