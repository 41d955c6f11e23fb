import type { Pool } from 'pg';
import { type Actor, requireScope } from '../../auth/actor.ts';
import { requireOwnProject } from '../projects/own-project.ts';
import { compileFilter, type RunFilter } from './filter.ts';

/** Groups that one answer has, the largest. */
export const MAX_GROUPS = 100;
/** Kinds of errors that are looked for in their index, and dead letters, the newest, whose kinds are looked at beside these. */
const WALKED = 500;
const NEWEST = 500;
/** Dead letters that are counted in one group, and in all of them together. */
const COUNTED = 10_000;
const COUNTED_IN_ALL = 200_000;

/** Dead letters of one job with the same kind of error. */
export interface DeadLetterGroup {
  /** For `errorGroup` of a filter. */
  readonly id: string;
  readonly jobId: string;
  /** The error of the newest of them. */
  readonly error: string;
  readonly count: number;
  readonly isCapped: boolean;
  readonly firstAt: Date;
  readonly lastAt: Date;
  /** The newest of them. */
  readonly sampleId: string;
}

/**
 * The dead letters of a filter by job and kind of error: what differs between two occurrences of an error (figures, ids, what is quoted) does
 * not count. The largest {@link MAX_GROUPS}; the cost is bounded however many there are. NOT_FOUND for a project of somebody else.
 */
export async function groupDeadLetters(
  actor: Actor,
  input: { readonly projectId?: string | null | undefined; readonly filter: RunFilter },
  deps: { readonly reads: Pool },
): Promise<DeadLetterGroup[]> {
  requireScope(actor, 'runs:read');
  requireOwnProject(actor, input.projectId);
  const ids = await findGroups(actor.projectId, deps.reads);
  if (ids.length === 0) return [];
  const { sql, values } = compileFilter(actor, input.filter);
  const limit = Math.min(COUNTED, Math.ceil(COUNTED_IN_ALL / ids.length));
  const dead = `${sql} and r.status = 'dead_letter' and ${GROUP_SQL} = g.id order by r.created_at desc, r.id desc`;
  const { rows } = await deps.reads.query<DeadLetterGroup>(
    `select g.id, s.job_id as "jobId", coalesce(s.error, '') as error, s.id as "sampleId", c.*
       from unnest($${values.length + 1}::uuid[]) as g (id)
      cross join lateral (select r.id, r.job_id, r.error from runs r where ${dead} limit 1) s
      cross join lateral (
        select least(count(*), ${limit})::int as count, count(*) > ${limit} as "isCapped", min(x.finished_at) as "firstAt",
               max(x.finished_at) as "lastAt"
          from (select r.finished_at from runs r where ${dead} limit ${limit + 1}) x) c
      where c.count > 0
      order by c.count desc, c."lastAt" desc, g.id limit ${MAX_GROUPS}`,
    [...values, ids],
  );
  return rows;
}

const GROUP_SQL = 'baton_error_group(r.job_id, r.error)';

/** From each kind to the next one in the index, and the kinds of the newest dead letters, should there be more than are walked. */
const FIND_SQL = `
with recursive walk as (
  (select ${GROUP_SQL} as id from runs r where r.project_id = $1 and r.status = 'dead_letter' order by ${GROUP_SQL} limit 1)
   union all
  select (select ${GROUP_SQL} from runs r where r.project_id = $1 and r.status = 'dead_letter' and ${GROUP_SQL} > w.id
           order by ${GROUP_SQL} limit 1)
    from walk w where w.id is not null
), walked as materialized (
  select w.id from walk w where w.id is not null limit ${WALKED}
)
select id from walked
 union
select ${GROUP_SQL} from (
  select n.job_id, n.error from runs n where n.project_id = $1 and n.status = 'dead_letter' and (select count(*) from walked) = ${WALKED}
   order by n.created_at desc, n.id desc limit ${NEWEST}) r`;

async function findGroups(projectId: string, pool: Pool): Promise<string[]> {
  const { rows } = await pool.query<{ id: string }>(FIND_SQL, [projectId]);
  return rows.map(({ id }) => id);
}
