import type { Pool } from 'pg';
import { z } from 'zod';
import { type Actor, requireScope } from '../../auth/actor.ts';
import { AppError } from '../../core/errors.ts';
import { isUuid } from '../../core/ids.ts';
import { key } from '../../core/schemas.ts';
import { BATCH_MODES } from './batch-options.ts';
import { BATCH_STATUS_SQL, BATCH_STATUSES } from './batch-status.ts';

/** Rows that one page has at most, and when nobody says. */
export const MAX_BATCH_ROWS = 100;
const DEFAULT_BATCH_ROWS = 10;
const MAX_VALUES = 100;
/** Things that one search is sorted by. */
export const MAX_SORTS = 10;

const some = (item: z.ZodType<string, string>) => z.array(item).min(1).max(MAX_VALUES).optional();

/** Which batches are meant by a search; all conditions must hold, each for any of its values. */
export const BatchSearchInput = z.strictObject({
  status: z.array(z.enum(BATCH_STATUSES)).min(1).max(BATCH_STATUSES.length).optional().describe('Any of these statuses.'),
  jobs: some(key(128)).describe('Any of these jobs, by their ids or slugs.'),
  modes: z.array(z.enum(BATCH_MODES)).min(1).max(BATCH_MODES.length).optional().describe('Any of these modes.'),
  ids: some(key(64)).describe('Any of these batches.'),
  createdBy: some(key(256)).describe('Triggered by any of these.'),
  scheduleIds: some(key(64)).describe('Made by any of these schedules.'),
});

/** What a search is sorted by. */
export const BATCH_SORT_FIELDS = ['created_at', 'updated_at', 'status', 'job'] as const;

/** How a search is sorted: by one thing after the other. */
export const BatchSortInput = z.strictObject({
  field: z.enum(BATCH_SORT_FIELDS).describe('By what.'),
  descending: z.boolean().optional().describe('From the largest to the smallest.'),
});

/** What a search asks for. */
export interface BatchSearch {
  readonly filter: z.output<typeof BatchSearchInput>;
  readonly sort: readonly z.output<typeof BatchSortInput>[];
  readonly limit?: number | null | undefined;
  readonly offset?: number | null | undefined;
}

const SORT_SQL: Readonly<Record<(typeof BATCH_SORT_FIELDS)[number], string>> = {
  created_at: 'b.created_at',
  updated_at: 'b.updated_at',
  status: BATCH_STATUS_SQL,
  job: '(select j.slug from jobs j where j.id = b.job_id)',
};

/**
 * The ids of the batches that a search means, in its order; the newest first when it has none. The status of what has ended is stored, so
 * only batches under way are looked at for it, by a few probes each.
 */
export async function searchBatches(actor: Actor, search: BatchSearch, deps: { readonly reads: Pool }): Promise<string[]> {
  requireScope(actor, 'runs:read');
  const { limit, offset } = checkedPlace(search);
  const { where, values } = conditionsOf(actor, search.filter);
  const order = search.sort.map(({ field, descending }) => `${SORT_SQL[field]} ${descending ? 'desc' : 'asc'}`);
  if (order.length === 0) order.push('b.created_at desc');
  const { rows } = await deps.reads.query<{ id: string }>(
    `select b.id from batches b where ${where.join(' and ')} order by ${order.join(', ')}, b.id desc
      limit ${limit} offset ${offset}`,
    values,
  );
  return rows.map(({ id }) => id);
}

function checkedPlace({ limit, offset, sort }: BatchSearch): { readonly limit: number; readonly offset: number } {
  const place = { limit: limit ?? DEFAULT_BATCH_ROWS, offset: offset ?? 0 };
  if (place.limit < 1 || place.limit > MAX_BATCH_ROWS) throw new AppError('BAD_REQUEST', `limit must be 1 to ${MAX_BATCH_ROWS}`);
  if (place.offset < 0) throw new AppError('BAD_REQUEST', 'offset must not be negative');
  if (sort.length > MAX_SORTS) throw new AppError('BAD_REQUEST', `sort must have at most ${MAX_SORTS} fields`);
  return place;
}

function conditionsOf(actor: Actor, filter: BatchSearch['filter']): { readonly where: string[]; readonly values: unknown[] } {
  const values: unknown[] = [actor.projectId];
  const where = ['b.project_id = $1'];
  const bind = (value: unknown): string => `$${values.push(value)}`;
  if (filter.status) {
    const asked = `${bind(filter.status)}::text[]`;
    where.push(`(b.ended_status = any (${asked}) or (b.ended_status is null and ${BATCH_STATUS_SQL} = any (${asked})))`);
  }
  if (filter.jobs) {
    const [ids, slugs] = [filter.jobs.filter(isUuid), filter.jobs.filter((job) => !isUuid(job))];
    where.push(`b.job_id in (select j.id from jobs j where j.project_id = $1
      and (j.id = any (${bind(ids)}::uuid[]) or j.slug = any (${bind(slugs)}::text[])))`);
  }
  if (filter.modes) where.push(`b.mode = any (${bind(filter.modes)}::text[])`);
  if (filter.ids) where.push(`b.id = any (${bind(filter.ids.filter(isUuid))}::uuid[])`);
  if (filter.createdBy) where.push(`b.created_by = any (${bind(filter.createdBy)}::text[])`);
  if (filter.scheduleIds) where.push(`b.schedule_id = any (${bind(filter.scheduleIds.filter(isUuid))}::uuid[])`);
  return { where, values };
}
