import type { z } from 'zod';
import { type Actor, requireScope } from '../../auth/actor.ts';
import { AppError } from '../../core/errors.ts';
import { isUuid } from '../../core/ids.ts';
import { type BulkItem, makeListing, type RunTargetInput, readTarget } from './bulk-target.ts';
import type { RunDeps } from './deps.ts';
import { KEY_TAKEN, requeueDeadLetter } from './dlq-replay.ts';
import { statusesFor } from './run-actions.ts';
import { selectRuns } from './select-runs.ts';
import type { TransitionResult } from './transition.ts';

type ReplayDeps = Pick<RunDeps, 'reads' | 'transitions'>;

/** What came of replaying many dead letters. */
export interface BulkDeadLettersReplayed {
  /** For ids one each, in the order given; for a filter up to 1,000, those that failed first. */
  readonly results: readonly BulkItem[];
  readonly total: number;
  readonly replayed: number;
  readonly failed: number;
  /** To go on behind the runs that a filter with a limit has selected; null when there are no more. */
  readonly endCursor: string | null;
}

/**
 * Puts many dead-lettered runs back into the queue, each as its own first attempt. A filter means the dead letters among its runs, all of
 * the project's when it has no condition. CONFLICT when there was none to replay.
 */
export async function replayDeadLetters(
  actor: Actor,
  input: z.output<typeof RunTargetInput>,
  deps: ReplayDeps,
): Promise<BulkDeadLettersReplayed> {
  requireScope(actor, 'runs:write');
  const target = readTarget(input, { mayMeanAll: true });
  const listing = makeListing<BulkItem>();
  const count = { total: 0, replayed: 0 };
  const note = (items: readonly BulkItem[]): readonly BulkItem[] => {
    count.total += items.length;
    count.replayed += items.filter(({ error }) => error === null).length;
    return items;
  };
  let results: readonly BulkItem[];
  let endCursor: string | null = null;
  if (target.ids) {
    results = note(await replayAll(actor, target.ids, deps));
  } else {
    const selection = { ...target, statuses: statusesFor('replay_dead_letter') };
    for await (const page of selectRuns(actor, selection, deps)) {
      listing.add(note(await replayAll(actor, page.ids, deps)));
      endCursor = page.endCursor;
    }
    results = listing.list();
  }
  if (count.replayed === 0) throw new AppError('CONFLICT', 'no dead_letter runs available for replay');
  return { results, ...count, endCursor, failed: count.total - count.replayed };
}

async function replayAll(actor: Actor, ids: readonly string[], deps: ReplayDeps): Promise<BulkItem[]> {
  const known = ids.filter(isUuid);
  const results = await Promise.all(known.map((runId) => requeueDeadLetter(actor, runId, deps)));
  const resultOf = new Map(known.map((id, index) => [id, results[index]]));
  return ids.map((id) => toItem(actor, id, resultOf.get(id)));
}

function toItem(actor: Actor, id: string, result: TransitionResult | 'key-taken' | undefined): BulkItem {
  if (result === 'key-taken') return { id, status: 'dead_letter', error: KEY_TAKEN };
  if (!result?.was || result.projectId !== actor.projectId) return { id, status: null, error: 'run not found' };
  return result.moved ? { id, status: result.becomes, error: null } : { id, status: result.was, error: 'run is not dead_letter' };
}
