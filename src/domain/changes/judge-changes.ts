import type { Pool } from 'pg';
import type { Actor } from '../../auth/actor.ts';
import type { RunStatus } from '../../core/run-state.ts';
import { compileFilter, type RunFilter } from '../runs/filter.ts';
import type { PendingChange } from './pending-changes.ts';

/** What a change of a run means to a list. */
export type RunChangeKind = 'enter' | 'change' | 'leave';

/** A run of which a reader of a list is told. */
export interface RunChange {
  readonly runId: string;
  readonly kind: RunChangeKind;
}

interface Found {
  id: string;
  status: RunStatus;
  matches: boolean;
}

/**
 * What changes of runs mean to the list that a filter stands for. Whether a run was in the list before follows from its statuses, since
 * most else that filters look at stays as it is; where that changed too, or changes with the status, or the run is gone, it may have
 * been. Runs that were and are outside are left out.
 *
 * A reader may have seen any status that a run has passed through: lists are loaded, and runs are told of, by what they are at the
 * moment, which is further than the feed has come. So a run leaves by any of them, and it is for the reader to know whether it is there.
 */
export async function judgeChanges(
  actor: Actor,
  { filter, changes }: { readonly filter: RunFilter; readonly changes: readonly PendingChange[] },
  deps: { readonly reads: Pool },
): Promise<readonly RunChange[]> {
  const { status: statuses, ...others } = filter;
  const found = await findRuns(actor, { filter: others, runIds: changes.map(({ runId }) => runId) }, deps);
  const isMeant = (status: string): boolean => statuses === undefined || statuses.some((meant) => meant === status);
  return changes.flatMap(({ runId, was, passed, isData }): RunChange[] => {
    const run = found.get(runId);
    const isUnsure = run === undefined || (isData && looksAtData(filter)) || looksAtEnding(filter);
    const before = was ?? run?.status ?? 'new';
    const wasIn = before !== 'new' && isMeant(before);
    if (run?.matches && isMeant(run.status)) return [{ runId, kind: wasIn && !isUnsure ? 'change' : 'enter' }];
    const hasBeenIn = (isUnsure || run.matches) && (wasIn || [...passed].some(isMeant));
    return hasBeenIn ? [{ runId, kind: 'leave' }] : [];
  });
}

/** Whether a filter looks at what may change beside the status. */
function looksAtData({ payloadContains, metadata, idempotencyKey }: RunFilter): boolean {
  return payloadContains !== undefined || metadata !== undefined || idempotencyKey !== undefined;
}

/** Whether a filter looks at what comes and goes with the status. */
function looksAtEnding({ finishedAfter, finishedBefore, errorContains, errorGroup }: RunFilter): boolean {
  return [finishedAfter, finishedBefore, errorContains, errorGroup].some((asked) => asked !== undefined);
}

async function findRuns(
  actor: Actor,
  from: { readonly filter: RunFilter; readonly runIds: readonly string[] },
  deps: { readonly reads: Pool },
): Promise<ReadonlyMap<string, Found>> {
  const { sql, values } = compileFilter(actor, from.filter);
  const { rows } = await deps.reads.query<Found>(
    `select r.id, r.status, coalesce((${sql}), false) as matches from runs r
      where r.id = any ($${values.length + 1}::uuid[]) and r.project_id = $${values.length + 2}`,
    [...values, from.runIds, actor.projectId],
  );
  return new Map(rows.map((row) => [row.id, row]));
}
