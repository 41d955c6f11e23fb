import type { Pool } from 'pg';
import type { Actor } from '../../auth/actor.ts';
import { makeGatherer } from '../../core/gather.ts';

/** Runs of a project that are looked at in each of the statuses. */
const LOOKED_AT = 20_000;

/** What the runs of a job take up at the moment. */
export interface JobUsage {
  readonly executing: number;
  readonly queued: number;
  /** Those of the queued ones that a full limit holds back. */
  readonly blocked: number;
  /** Concurrency keys whose limit holds some of them back. */
  readonly keysFull: number;
  readonly isCapped: boolean;
}

/** What jobs take up; those asked for together share a statement, and nothing is remembered. */
export interface JobUsages {
  /** Of a job that the actor can see. */
  of(actor: Actor, jobId: string): Promise<JobUsage>;
}

interface Subject {
  readonly projectId: string;
  readonly jobId: string;
}

/** Makes the {@link JobUsages} of a process. */
export function makeJobUsages({ pool }: { readonly pool: Pool }): JobUsages {
  const ask = makeGatherer<Subject, JobUsage>((subjects) => readUsages(pool, subjects));
  return { of: ({ projectId }, jobId) => ask({ projectId, jobId }) };
}

const branchSql = (status: string) => `(
  select r.job_id, r.status, r.hold from runs r where r.project_id = p.id and r.status = '${status}'
   order by r.created_at, r.id limit ${LOOKED_AT + 1})`;

/** One look at what is active in each project, in the index of runs by status; its jobs are told apart afterwards. */
const USAGES_SQL = `
with active as materialized (
  select p.id as project_id, b.job_id, b.status, b.hold from unnest($1::text[]) as p (id)
   cross join lateral (${['dequeued', 'executing', 'queued'].map(branchSql).join(' union all ')}) b
), counted as (
  select a.project_id, a.job_id, count(*) filter (where a.status <> 'queued')::int as executing,
         count(*) filter (where a.status = 'queued')::int as queued,
         count(*) filter (where a.status = 'queued' and a.hold like 'limit:%')::int as blocked,
         count(distinct a.hold) filter (where a.status = 'queued' and a.hold like 'limit:key:%')::int as "keysFull"
    from active a group by a.project_id, a.job_id
), capped as (
  select a.project_id from active a group by a.project_id, a.status having count(*) > ${LOOKED_AT}
)
select coalesce(c.executing, 0) as executing, coalesce(c.queued, 0) as queued, coalesce(c.blocked, 0) as blocked,
       coalesce(c."keysFull", 0) as "keysFull", s.project_id in (select project_id from capped) as "isCapped"
  from unnest($2::uuid[], $3::text[]) with ordinality as s (job_id, project_id, ord)
  left join counted c on c.job_id = s.job_id and c.project_id = s.project_id
 order by s.ord`;

async function readUsages(pool: Pool, subjects: readonly Subject[]): Promise<JobUsage[]> {
  const projects = [...new Set(subjects.map(({ projectId }) => projectId))];
  const { rows } = await pool.query<JobUsage>({
    name: 'job-usages',
    text: USAGES_SQL,
    values: [projects, subjects.map(({ jobId }) => jobId), subjects.map(({ projectId }) => projectId)],
  });
  return rows;
}
