import { z } from 'zod';
import { type Actor, requireScope } from '../../auth/actor.ts';
import { isUuid } from '../../core/ids.ts';
import { type BulkItem, makeListing, RunTargetInput, readTarget } from './bulk-target.ts';
import type { RunDeps } from './deps.ts';
import { findDelayedRuns, promoteRuns } from './promote.ts';
import { holdUntil } from './reschedule.ts';
import { statusesFor } from './run-actions.ts';
import { selectRuns } from './select-runs.ts';
import type { TransitionResult } from './transition.ts';
import { futureOf } from './trigger.ts';

type RescheduleDeps = Pick<RunDeps, 'engine' | 'reads' | 'transitions' | 'dependencies'>;

/** Input of a change of the start of many runs. */
export const RescheduleRunsInput = RunTargetInput.extend({
  scheduledAt: z.date().describe('Start no earlier than this moment; a past moment means now.'),
});

/** What came of moving the start of many runs. */
export interface BulkRescheduled {
  /** For ids one each, in the order given; for a filter up to 1,000, those that failed first. */
  readonly results: readonly BulkItem[];
  readonly total: number;
  readonly rescheduled: number;
  readonly failed: number;
  /** To go on behind the runs that a filter with a limit has selected; null when there are no more. */
  readonly endCursor: string | null;
}

/**
 * Moves the start of many runs as `rescheduleRun` does that of one, each by itself. A filter means the runs that nobody has started yet.
 * BAD_REQUEST for a moment more than a year ahead.
 */
export async function rescheduleRuns(
  actor: Actor,
  input: z.output<typeof RescheduleRunsInput>,
  deps: RescheduleDeps,
): Promise<BulkRescheduled> {
  requireScope(actor, 'runs:write');
  const { scheduledAt, ...meant } = input;
  const target = readTarget(meant);
  const isFuture = futureOf(scheduledAt) !== null;
  const count = { total: 0, rescheduled: 0 };
  const note = (items: readonly BulkItem[]): readonly BulkItem[] => {
    count.total += items.length;
    count.rescheduled += items.filter(({ error }) => error === null).length;
    return items;
  };
  const move = async (some: readonly string[]) => note(await moveAll(actor, some, { scheduledAt, isFuture, deps }));
  let results: readonly BulkItem[];
  let endCursor: string | null = null;
  if (target.ids) {
    results = await move(target.ids);
  } else {
    const listing = makeListing<BulkItem>();
    const unstarted = { ...target, statuses: statusesFor('reschedule'), isUnstarted: true };
    for await (const page of selectRuns(actor, unstarted, deps)) {
      listing.add(await move(page.ids));
      endCursor = page.endCursor;
    }
    results = listing.list();
  }
  return { results, ...count, failed: count.total - count.rescheduled, endCursor };
}

async function moveAll(
  actor: Actor,
  ids: readonly string[],
  to: { readonly scheduledAt: Date; readonly isFuture: boolean; readonly deps: RescheduleDeps },
): Promise<BulkItem[]> {
  const { scheduledAt, isFuture, deps } = to;
  const known = ids.filter(isUuid);
  const results = await deps.transitions.many(known.map((runId) => holdUntil(actor, runId, scheduledAt)));
  const resultOf = new Map(known.map((id, index) => [id, results[index]]));
  const moved = known.filter((id) => resultOf.get(id)?.moved);
  if (!isFuture && moved.length > 0) await promoteRuns(await findDelayedRuns(moved, deps), deps);
  const statusOf = isFuture ? new Map() : await readStatuses(moved, deps);
  return ids.map((id) => {
    const item = toItem(actor, id, resultOf.get(id));
    return item.error === null ? { ...item, status: statusOf.get(id) ?? item.status } : item;
  });
}

/** A run that was to start at once may be queued by now, or wait for what its job depends on, or be claimed. */
async function readStatuses(
  ids: readonly string[],
  deps: Pick<RescheduleDeps, 'reads'>,
): Promise<ReadonlyMap<string, BulkItem['status']>> {
  if (ids.length === 0) return new Map();
  const { rows } = await deps.reads.query<{ id: string; status: BulkItem['status'] }>(
    'select r.id, r.status from runs r where r.id = any ($1::uuid[])',
    [ids],
  );
  return new Map(rows.map(({ id, status }) => [id, status]));
}

function toItem(actor: Actor, id: string, result: TransitionResult | undefined): BulkItem {
  if (!result?.was || result.projectId !== actor.projectId) return { id, status: null, error: 'run not found' };
  if (result.moved) return { id, status: result.becomes, error: null };
  return { id, status: result.was, error: 'run was started before, or has ended, and cannot be rescheduled' };
}
