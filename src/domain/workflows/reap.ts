import type { Pool } from 'pg';
import { ACTIVE_SQL, FINAL_SQL } from '../runs/transition-statement.ts';
import type { StepDefinition } from './definition.ts';
import type { WorkflowDeps } from './deps.ts';
import { healBatches } from './reap-batches.ts';
import { beginWork, type StepWork, stopUnwanted } from './work.ts';

/** Rows one look handles; the next pass finds the rest. */
const BATCH = 500;

/** Milliseconds until the next sleep or deadline of a workflow run; null when there is none. */
export async function nextWorkflowTimer(pool: Pool): Promise<number | null> {
  const { rows } = await pool.query<{ ms: number | null }>({
    name: 'next-workflow-timer',
    text: `select extract(epoch from least(
             (select min(wake_at) from workflow_step_runs where wake_at is not null),
             (select min(deadline_at) from workflow_runs where deadline_at is not null and status in ('pending', 'running'))) - now())::float8
             * 1000 as ms`,
  });
  return rows[0]?.ms ?? null;
}

/** Looks at workflow runs with a sleep that is over or a deadline that has passed. Any process may do it at any time. */
export async function fireWorkflowTimers(deps: Pick<WorkflowDeps, 'engine' | 'advancer'>): Promise<void> {
  const { rows } = await deps.engine.query<{ id: string }>({
    name: 'due-workflow-runs',
    text: `(select s.workflow_run_id as id from workflow_step_runs s where s.wake_at <= now() order by s.wake_at limit ${BATCH})
            union
           (select w.id from workflow_runs w where w.deadline_at <= now() and w.status in ('pending', 'running') order by w.deadline_at limit ${BATCH})`,
  });
  deps.advancer.touch(rows.map(({ id }) => id));
}

/**
 * Heals what a process leaves that ends between two statements: workflow runs nobody has begun, steps whose work has ended and nobody
 * looked, steps whose work was never begun, work whose step is over.
 */
export async function healWorkflows(deps: WorkflowDeps): Promise<void> {
  await touchMissed(deps);
  await beginMissed(deps);
  await stopStrays(deps);
  await healBatches(deps);
}

async function touchMissed(deps: WorkflowDeps): Promise<void> {
  const { rows } = await deps.engine.query<{ id: string }>({
    name: 'missed-workflow-runs',
    text: `(select w.id from workflow_runs w where w.status = 'pending' order by w.id limit ${BATCH})
            union
           (select s.workflow_run_id from workflow_step_runs s
              join workflow_runs w on w.id = s.workflow_run_id and (w.status = 'running') is true
             where s.status in ('running', 'waiting') and case s.kind
               when 'job' then exists (select from runs r where r.workflow_step_run_id = s.id and r.spawn_key = s.attempt::text
                                          and (r.status in (${FINAL_SQL})) is true)
               when 'map' then not exists (select from runs r where r.workflow_step_run_id = s.id and r.status in (${ACTIVE_SQL}))
               when 'sub_workflow' then exists (select from workflow_runs c where c.parent_step_run_id = s.id
                 and c.parent_attempt = s.attempt and (c.status in ('completed', 'failed', 'timed_out', 'canceled')) is true)
               when 'sleep' then s.wake_at <= now()
               else not exists (select from waits v where v.workflow_step_run_id = s.id and v.step_attempt = s.attempt
                                   and (v.status = 'waiting') is true) end
             limit ${BATCH})`,
  });
  deps.advancer.touch(rows.map(({ id }) => id));
}

interface MissedRow {
  id: string;
  workflow_run_id: string;
  project_id: string;
  nesting: number;
  position: number;
  attempt: number;
  definition: StepDefinition;
  input: StepWork['input'];
  map_started: number | null;
}

/** Steps that run and have less work than they should; what they have is named alike, so nothing is begun twice. */
async function beginMissed(deps: WorkflowDeps): Promise<void> {
  const { rows } = await deps.engine.query<MissedRow>({
    name: 'missed-work',
    text: `select s.id, s.workflow_run_id, s.project_id, w.nesting, s.position, s.attempt, d.definition->'steps'->s.position as definition,
                  case when s.kind <> 'map' then s.input end as input, s.map_started
             from workflow_step_runs s join workflow_runs w on w.id = s.workflow_run_id
             join workflow_versions d on d.workflow_id = w.workflow_id and d.version = w.workflow_version
            where s.status = 'running' and s.started_at < now() - interval '1 second' and case s.kind
              when 'job' then not exists (select from runs r where r.workflow_step_run_id = s.id and r.spawn_key = s.attempt::text)
              when 'map' then s.map_started > (select count(*) from runs r where r.workflow_step_run_id = s.id
                                                  and starts_with(r.spawn_key, s.attempt || ':'))
              when 'sub_workflow' then not exists (select from workflow_runs c where c.parent_step_run_id = s.id and c.parent_attempt = s.attempt)
              else false end
            limit 100`,
  });
  const works = rows.map(
    (row): StepWork => ({
      projectId: row.project_id,
      workflowRunId: row.workflow_run_id,
      nesting: row.nesting,
      stepRunId: row.id,
      position: row.position,
      attempt: row.attempt,
      step: row.definition,
      input: row.input,
      items: row.map_started === null ? null : { from: 0, to: row.map_started },
    }),
  );
  await beginWork(works, deps);
}

async function stopStrays(deps: WorkflowDeps): Promise<void> {
  const { rows } = await deps.engine.query<{ id: string }>({
    name: 'stray-work',
    text: `(select distinct s.id from runs r join workflow_step_runs s on s.id = r.workflow_step_run_id and (s.status <> 'running') is true
             where r.workflow_step_run_id is not null and r.status in (${ACTIVE_SQL}) limit ${BATCH})
            union
           (select s.id from workflow_runs c join workflow_step_runs s on s.id = c.parent_step_run_id and (s.status <> 'running') is true
             where c.parent_step_run_id is not null and c.status in ('pending', 'running', 'paused') limit ${BATCH})`,
  });
  await stopUnwanted(
    rows.map(({ id }) => id),
    deps,
  );
}
