import type { Pool } from 'pg';
import type { Actor } from '../../auth/actor.ts';
import { visibleRun } from '../runs/visible-runs.ts';
import { dependencyColumnsSql, type JobDependency } from './job-dependency.ts';
import { matchSql } from './match.ts';
import { dependenciesSql } from './met-statement.ts';

/** A dependency of the job of a run, as the run sees it. */
export interface RunDependency {
  readonly dependency: JobDependency;
  /** The ended run of that job that counts for this run; null when there is none. */
  readonly runId: string | null;
  readonly satisfied: boolean;
}

/** What a run depends on. */
export interface RunDependencies {
  readonly all: readonly RunDependency[];
  readonly satisfied: boolean;
}

/**
 * What a run depends on, in the order the dependencies were made, and whether it has to wait for any of it: a run that has not been let
 * go yet is looked at as of now; one that has been is not held back by what happens later. Empty for an unknown run.
 */
export async function runDependencies(actor: Actor, runId: string, deps: { readonly reads: Pool }): Promise<RunDependencies> {
  const { id, projectId } = visibleRun(actor, runId);
  const { rows } = await deps.reads.query<JobDependency & { runId: string | null; satisfied: boolean }>({
    name: 'run-dependencies',
    text: `select ${dependencyColumnsSql('x')}, x.run_id as "runId", (m.let_go or x.satisfied) as satisfied
             from (select r.job_id, r.let_go, r.match_by, r.match_key from (
                     select o.job_id, o.epoch > 0 or o.queued_at is not null and o.status not in ('delayed', 'waiting') as let_go,
                            k.match_by, k.match_key
                       from runs o cross join lateral (select ${matchSql('o')}) as k (match_by, match_key)
                      where o.id = $1 and o.project_id = $2) r) m
            cross join lateral (${dependenciesSql('m')}) x
            order by x.created_at, x.id`,
    values: [id, projectId],
  });
  const all = rows.map(({ runId: counts, satisfied, ...dependency }) => ({ dependency, runId: counts, satisfied }));
  return { all, satisfied: all.every(({ satisfied }) => satisfied) };
}
