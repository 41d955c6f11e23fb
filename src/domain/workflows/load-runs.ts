import type { Pool } from 'pg';
import type { RunStatus } from '../../core/run-state.ts';
import type { SkipReason, StepStatus, WorkflowRunStatus } from '../../core/workflow-state.ts';
import { ACTIVE_SQL, FINAL_SQL } from '../runs/transition-statement.ts';

/** A workflow run as it was found, with what has become of the work of its steps. */
export interface LoadedRun {
  readonly id: string;
  readonly projectId: string;
  readonly workflowId: string;
  readonly workflowVersion: number;
  readonly status: WorkflowRunStatus;
  readonly revision: number;
  readonly nesting: number;
  readonly parentRunId: string | null;
  /** When not the whole workflow runs: the step it is for. */
  readonly partialStep: string | null;
  /** Of a batch. */
  readonly batch: BatchItems | null;
  /** Its deadline has passed, and it is not paused. */
  readonly isLate: boolean;
  readonly steps: readonly LoadedStep[];
}

/** How the items of a batch stand. */
export interface BatchItems {
  readonly total: number;
  readonly parallel: number;
  readonly started: number;
  /** How many have a run, and how those stand. */
  readonly begun: number;
  readonly active: number;
  readonly completed: number;
}

/** How the items of a map stand. */
export interface MapItems {
  readonly active: number;
  readonly failed: number;
  /** The last of the started items has its run; runs are stored in the order of the items. */
  readonly isBegun: boolean;
  /** How many have a run, and how many bytes of results there are; counted when none is active, and 0 until then. */
  readonly begun: number;
  readonly bytes: number;
}

/** A step as it was found. */
export interface LoadedStep {
  readonly id: string;
  readonly status: StepStatus;
  readonly attempt: number;
  readonly skipReason: SkipReason | null;
  readonly chosen: readonly string[];
  readonly mapTotal: number | null;
  readonly mapStarted: number | null;
  /** For a sleep: whether its time has come. */
  readonly isDue: boolean;
  /** For a job: its run, once that has ended. */
  readonly run: { readonly id: string; readonly status: RunStatus; readonly error: string | null } | null;
  readonly items: MapItems | null;
  /** For a sub-workflow: its run, once that has ended. */
  readonly child: { readonly id: string; readonly status: WorkflowRunStatus; readonly error: string | null } | null;
  /** For an event or an approval: what it waits for. */
  readonly wait: {
    readonly id: string;
    readonly status: 'waiting' | 'received' | 'timed_out' | 'canceled';
    readonly sentBy: string | null;
    /** Of an approval: false when what was sent says so. */
    readonly isApproved: boolean;
    readonly reason: string | null;
  } | null;
}

/**
 * Reads workflow runs with their steps. What became of the work of a step is looked up for steps that are under way alone: each look-up
 * is lateral, and one that has nothing to do costs no access to a table.
 */
const LOAD_SQL = `
select w.id, w.project_id as "projectId", w.workflow_id as "workflowId", w.workflow_version as "workflowVersion", w.status, w.revision,
       w.nesting, w.parent_run_id as "parentRunId", w.partial_step as "partialStep", b.fact as batch, coalesce(w.deadline_at <= now() and w.paused_at is null, false) as "isLate", s.steps
  from unnest($1::uuid[]) as k (id)
 cross join lateral (select * from workflow_runs w where w.id = k.id offset 0) w
 cross join lateral (
   select coalesce(json_agg(json_build_object('id', s.id, 'status', s.status, 'attempt', s.attempt, 'skipReason', s.skip_reason, 'chosen', s.chosen,
            'mapTotal', s.map_total, 'mapStarted', s.map_started, 'isDue', coalesce(s.wake_at <= now(), false),
            'run', r.fact, 'items', m.fact, 'child', c.fact, 'wait', v.fact) order by s.position), '[]') as steps
     from workflow_step_runs s
     left join lateral (
       select json_build_object('id', r.id, 'status', r.status, 'error', r.error) as fact from runs r
        where s.kind = 'job' and s.status = 'running' and r.workflow_step_run_id = s.id and r.spawn_key = s.attempt::text
          and (r.status in (${FINAL_SQL})) is true) r on true
     left join lateral (
       select json_build_object('active', a.count, 'failed', f.count,
                'isBegun', exists (select from runs r where r.workflow_step_run_id = s.id
                                      and r.spawn_key = s.attempt || ':' || s.map_started - 1),
                'begun', case when a.count = 0 then (select count(*) from runs r where r.workflow_step_run_id = s.id
                                                        and starts_with(r.spawn_key, s.attempt || ':')) else 0 end,
                'bytes', case when a.count = 0 and s.map_started = s.map_total then (
                  select coalesce(sum(octet_length(x.result::text)), 0) from runs r join run_results x on x.run_id = r.id
                   where r.workflow_step_run_id = s.id and starts_with(r.spawn_key, s.attempt || ':')) else 0 end) as fact
         from (select count(*)::int as count from runs r where r.workflow_step_run_id = s.id and r.status in (${ACTIVE_SQL})) a
        cross join (select count(*)::int as count from runs r where r.workflow_step_run_id = s.id
           and r.status in ('failed', 'timed_out', 'crashed', 'system_failed', 'canceled', 'expired', 'dead_letter')
           and starts_with(r.spawn_key, s.attempt || ':')) f
        where s.kind = 'map' and s.status = 'running') m on true
     left join lateral (
       select json_build_object('id', c.id, 'status', c.status, 'error', c.error) as fact from workflow_runs c
        where s.kind = 'sub_workflow' and s.status = 'running' and c.parent_step_run_id = s.id and c.parent_attempt = s.attempt
          and (c.status in ('completed', 'failed', 'timed_out', 'canceled')) is true) c on true
     left join lateral (
       select json_build_object('id', v.id, 'status', v.status, 'sentBy', v.sent_by,
                'isApproved', v.response_payload->'approved' is distinct from 'false'::jsonb, 'reason', v.response_payload->>'reason') as fact
         from waits v where s.kind in ('approval', 'wait_for_event') and s.status = 'waiting' and v.workflow_step_run_id = s.id
          and v.step_attempt = s.attempt) v on true
    where s.workflow_run_id = w.id) s
  left join lateral (
    select json_build_object('total', w.batch_total, 'parallel', w.batch_parallel, 'started', w.batch_started, 'begun', count(*)::int,
             'active', (count(*) filter (where c.status in ('pending', 'running', 'paused')))::int,
             'completed', (count(*) filter (where c.status = 'completed'))::int) as fact
      from workflow_runs c where w.batch_total is not null and c.parent_run_id = w.id and c.batch_index is not null
    having w.batch_total is not null) b on true`;

/** Loads workflow runs; those that do not exist are left out. */
export async function loadRuns(ids: readonly string[], pool: Pool): Promise<LoadedRun[]> {
  const { rows } = await pool.query<LoadedRun>({ name: 'load-workflow-runs', text: LOAD_SQL, values: [ids] });
  return rows;
}
