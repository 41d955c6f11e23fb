/** How a job can ask for another one to have ended. */
export const DEPENDENCY_CONDITIONS = ['completed', 'failed', 'any'] as const;

/** A member of {@link DEPENDENCY_CONDITIONS}. */
export type DependencyCondition = (typeof DEPENDENCY_CONDITIONS)[number];

/** The endings that `failed` means; `any` means these, `completed` and `canceled`. */
const FAILED_SQL = "'failed', 'timed_out', 'crashed', 'system_failed', 'expired', 'dead_letter'";

/**
 * The latest ended run of the job that a dependency `d` names, among those that match a row `m` (`match_by`, `match_key`): one probe of
 * one index, since only one of the three parts is ever executed.
 */
function latestSql(d: string, m: string): string {
  const among = (condition: string) =>
    `(select r.id, r.status from runs r where ${condition} and r.job_id = ${d}.depends_on_job_id and r.finished_at is not null
       order by r.finished_at desc limit 1)`;
  return `${among(`${m}.match_by = 'idempotency_key' and r.idempotency_key = ${m}.match_key`)}
    union all ${among(`${m}.match_by = 'dependency_key' and r.dependency_key = ${m}.match_key`)}
    union all ${among(`${m}.match_by = 'any'`)}`;
}

/** Whether a status satisfies the condition of a dependency `d`; null for no run at all. */
function holdsSql(d: string, status: string): string {
  return `case ${d}.condition when 'completed' then ${status} = 'completed' when 'failed' then ${status} in (${FAILED_SQL})
    else ${status} is not null end`;
}

/** The dependencies of the job of a row `m` (a match), each with the run that counts and whether it is as the dependency wants it. */
export function dependenciesSql(m: string): string {
  return `select d.id, d.project_id, d.job_id, d.depends_on_job_id, d.condition, d.created_by, d.created_at, s.id as run_id,
           coalesce(${holdsSql('d', 's.status')}, false) as satisfied
      from job_dependencies d left join lateral (${latestSql('d', m)}) s on true
     where d.job_id = ${m}.job_id`;
}

/** Whether all dependencies of the job of a row `m` (a match) are satisfied. */
export function metSql(m: string): string {
  return `not exists (select from (${dependenciesSql(m)}) x where not x.satisfied)`;
}
