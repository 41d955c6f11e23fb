import { z } from 'zod';
import { AppError } from '../../core/errors.ts';
import { isUuid } from '../../core/ids.ts';
import type { RunStatus } from '../../core/run-state.ts';
import { type RunFilter, RunFilterInput } from './filter.ts';

/** Ids that one operation over many runs takes. */
export const MAX_BULK_IDS = 1_000;
/** Runs that one answer tells of one by one. */
export const MAX_LISTED = 1_000;

/** Which runs an operation over many is about. */
export const RunTargetInput = z.strictObject({
  ids: z.array(z.string().min(1).max(64)).min(1).max(MAX_BULK_IDS).optional().describe('These runs; goes without `filter`.'),
  filter: RunFilterInput.optional().describe('The runs that a filter means; goes without `ids`.'),
  limit: z
    .int()
    .min(1)
    .max(100_000)
    .optional()
    .describe('With `filter`: the most runs to take on, the oldest first; all of them when left out.'),
  after: z
    .string()
    .min(1)
    .max(256)
    .optional()
    .describe('With `filter`: go on behind what an answer with this `endCursor` has dealt with.'),
});

/** Runs by their ids, or by a filter, a part of those at a time. */
export type RunTarget = { readonly ids: readonly string[]; readonly filter?: undefined } | FilterTarget;

/** The runs of a filter, or the next part of them. */
export interface FilterTarget {
  readonly ids?: undefined;
  readonly filter: RunFilter;
  readonly limit: number | undefined;
  readonly after: string | undefined;
}

/** What became of one run; `error` is null for one that the operation was done to. */
export interface BulkItem {
  readonly id: string;
  /** As it is now; null when there is no such run. */
  readonly status: RunStatus | null;
  readonly error: string | null;
}

/**
 * Reads who is meant: ids, each once, or a filter with at least one condition. BAD_REQUEST for both, for neither, and for a filter that
 * would mean every run there is unless that may be meant.
 */
export function readTarget(
  input: z.output<typeof RunTargetInput>,
  { mayMeanAll = false }: { readonly mayMeanAll?: boolean } = {},
): RunTarget {
  const { ids, filter, limit, after } = input;
  if ((ids === undefined) === (filter === undefined)) throw new AppError('BAD_REQUEST', 'provide either ids or a filter');
  if (ids && limit !== undefined) throw new AppError('BAD_REQUEST', 'limit goes with a filter, not with ids');
  if (ids && after !== undefined) throw new AppError('BAD_REQUEST', 'after goes with a filter, not with ids');
  // A UUID may be written in capitals; the same run twice in one statement would be told of twice.
  if (ids) return { ids: [...new Set(ids.map((id) => (isUuid(id) ? id.toLowerCase() : id)))] };
  if (!filter || (!mayMeanAll && Object.values(filter).every((condition) => condition === undefined))) {
    throw new AppError('BAD_REQUEST', 'at least one filter is required');
  }
  return { filter, limit, after };
}

/** Keeps what one answer can tell of many items: up to {@link MAX_LISTED} of them, those that failed before those that did not. */
export function makeListing<Item extends { readonly error: string | null }>() {
  const failed: Item[] = [];
  const done: Item[] = [];
  return {
    add(items: readonly Item[]): void {
      for (const item of items) {
        const list = item.error === null ? done : failed;
        if (list.length < MAX_LISTED) list.push(item);
      }
    },
    list: (): Item[] => [...failed, ...done].slice(0, MAX_LISTED),
  };
}
