import type { Pool } from 'pg';
import type { z } from 'zod';
import { type Actor, requireScope } from '../../auth/actor.ts';
import { AppError } from '../../core/errors.ts';
import { isUuid } from '../../core/ids.ts';
import { makeListing, type RunTargetInput, readTarget } from './bulk-target.ts';
import type { RunDeps } from './deps.ts';
import { type Original, prepareReplay, readOriginals, storeReplay } from './replay.ts';
import { isAllowedIn, statusesFor } from './run-actions.ts';
import { selectRuns } from './select-runs.ts';

type ReplayDeps = Pick<RunDeps, 'reads' | 'jobs' | 'inserts' | 'managedExec'>;

/** Bytes of JSON payload that are held at once; a payload larger than this is replayed alone. */
const MAX_HELD_BYTES = 8_388_608;

/** What became of one run. */
export interface ReplayedItem {
  readonly originalId: string;
  /** The run that does its work again; null when none does. */
  readonly newId: string | null;
  /** `skipped`: it is in no status to be replayed. `failed`: it is unknown, or its job does not take it. */
  readonly outcome: 'replayed' | 'skipped' | 'failed';
  readonly error: string | null;
}

/** What came of replaying many runs. */
export interface BulkReplayed {
  /** For ids one each, in the order given; for a filter up to 1,000, those that were not replayed first. */
  readonly results: readonly ReplayedItem[];
  readonly total: number;
  readonly replayed: number;
  readonly skipped: number;
  readonly failed: number;
  /** To go on behind the runs that a filter with a limit has selected; null when there are no more. */
  readonly endCursor: string | null;
}

/**
 * Replays many runs as `replayRun` does one, each by itself: what cannot be replayed says why and hinders no other. A filter means the
 * runs that can be replayed; what they make is not replayed in turn, however fast it fails.
 */
export async function replayRuns(actor: Actor, input: z.output<typeof RunTargetInput>, deps: ReplayDeps): Promise<BulkReplayed> {
  requireScope(actor, 'runs:write');
  const target = readTarget(input);
  const count = { replayed: 0, skipped: 0, failed: 0 };
  const note = (items: readonly ReplayedItem[]): readonly ReplayedItem[] => {
    for (const { outcome } of items) count[outcome]++;
    return items;
  };
  let results: readonly ReplayedItem[];
  let endCursor: string | null = null;
  if (target.ids) {
    results = note(await replayAll(actor, target.ids, deps));
  } else {
    const listing = makeListing<ReplayedItem>();
    const selection = { ...target, statuses: statusesFor('replay') };
    for await (const page of selectRuns(actor, selection, deps)) {
      listing.add(note(await replayAll(actor, page.ids, deps)));
      endCursor = page.endCursor;
    }
    results = listing.list();
  }
  return { results, ...count, endCursor, total: count.replayed + count.skipped + count.failed };
}

async function replayAll(actor: Actor, ids: readonly string[], deps: ReplayDeps): Promise<ReplayedItem[]> {
  const found = new Map<string, ReplayedItem>();
  for await (const originals of readInPortions(actor, ids, deps.reads)) {
    const items = await Promise.all(originals.map((original) => replayOne(actor, original, deps)));
    for (const item of items) found.set(item.originalId, item);
  }
  return ids.map((id) => found.get(id) ?? { originalId: id, newId: null, outcome: 'failed', error: 'run not found' });
}

async function replayOne(actor: Actor, original: Original, deps: ReplayDeps): Promise<ReplayedItem> {
  const originalId = original.id;
  try {
    const newId = await storeReplay(await prepareReplay(actor, original, deps), deps);
    return { originalId, newId, outcome: 'replayed', error: null };
  } catch (error) {
    // What is wrong with one run is that run's answer; anything unexpected is the request's.
    if (!(error instanceof AppError)) throw error;
    return {
      originalId,
      newId: null,
      outcome: isAllowedIn('replay', original.status) ? 'failed' : 'skipped',
      error: error.message,
    };
  }
}

/** Runs with their payloads, in the order of their ids as given, in portions that fit in memory however large the payloads are. */
async function* readInPortions(actor: Actor, ids: readonly string[], pool: Pool): AsyncGenerator<Original[]> {
  const { rows } = await pool.query<{ id: string; bytes: number }>(
    `select d.run_id as id, octet_length(d.payload::text) as bytes from run_data d
      where d.project_id = $1 and d.run_id = any ($2::uuid[])
      order by array_position($2::uuid[], d.run_id)`,
    [actor.projectId, ids.filter(isUuid)],
  );
  let portion: string[] = [];
  let held = 0;
  for (const { id, bytes } of rows) {
    if (portion.length > 0 && held + bytes > MAX_HELD_BYTES) {
      yield readOriginals(actor, portion, pool);
      portion = [];
      held = 0;
    }
    portion.push(id);
    held += bytes;
  }
  if (portion.length > 0) yield readOriginals(actor, portion, pool);
}
