import type { Pool } from 'pg';
import { type Actor, requireScope } from '../../auth/actor.ts';
import { AppError } from '../../core/errors.ts';
import { isUuid } from '../../core/ids.ts';

/** The most outputs one page has, and what it has when nobody says. */
export const MAX_OUTPUTS = 500;
const DEFAULT_OUTPUTS = 100;
/** Stored bytes of results after which a page ends, however many it may have: each result can be a megabyte. */
const MAX_PAGE_BYTES = 16_777_216;

/** A page of the runs of a batch that have completed. */
export interface OutputPage {
  readonly rows: readonly { readonly id: string; readonly cursor: string }[];
  readonly hasNextPage: boolean;
  readonly hasPreviousPage: boolean;
}

const PAGE_SQL = `
select x.id, x.created_us, x.before < ${MAX_PAGE_BYTES} as fits from (
  select r.id, r.created_us, row_number() over w as n,
         coalesce(sum(pg_column_size(q.result)) over (order by r.created_at, r.id rows between unbounded preceding and 1 preceding), 0) as before
    from (select r.id, r.created_us, r.created_at from runs r
           where r.batch_id = $1 and r.project_id = $2 and r.status = 'completed'
             and (r.created_at, r.id) > (timestamptz 'epoch' + $3::bigint * interval '1 microsecond', $4::uuid)
           order by r.created_at, r.id limit $5) r
    left join lateral (select s.result from run_results s where s.run_id = r.id limit 1) q on true
  window w as (order by r.created_at, r.id)) x
 order by x.n`;

/**
 * Runs of a batch that have completed, in the order of its items, after a cursor: what their results are read of. A page ends early when
 * the results on it are large. A run that completes later stands among those before: whoever wants all of them reads after the end.
 */
export async function pageOutputs(
  actor: Actor,
  page: { readonly batchId: string; readonly first?: number | null | undefined; readonly after?: string | null | undefined },
  deps: { readonly reads: Pool },
): Promise<OutputPage> {
  requireScope(actor, 'runs:read');
  const size = page.first ?? DEFAULT_OUTPUTS;
  if (size < 1 || size > MAX_OUTPUTS) throw new AppError('BAD_REQUEST', `a page has 1 to ${MAX_OUTPUTS} outputs`);
  const { us, id } = page.after == null ? FIRST : decode(page.after);
  const { rows } = await deps.reads.query<{ id: string; created_us: string; fits: boolean }>({
    name: 'page-outputs',
    text: PAGE_SQL,
    values: [page.batchId, actor.projectId, us, id, size + 1],
  });
  const kept = rows.slice(0, size).filter(({ fits }) => fits);
  return {
    rows: kept.map((row) => ({ id: row.id, cursor: encode(row.created_us, row.id) })),
    hasNextPage: kept.length < rows.length,
    hasPreviousPage: page.after != null,
  };
}

const FIRST = { us: '0', id: '00000000-0000-0000-0000-000000000000' };

function encode(us: string, id: string): string {
  return Buffer.from(`${us} ${id}`).toString('base64url');
}

function decode(cursor: string): { readonly us: string; readonly id: string } {
  const [us = '', id = ''] = Buffer.from(cursor, 'base64url').toString().split(' ');
  if (!/^\d{1,18}$/.test(us) || !isUuid(id))
    throw new AppError('BAD_REQUEST', 'cursor must be one that a page of this list returned');
  return { us, id };
}
