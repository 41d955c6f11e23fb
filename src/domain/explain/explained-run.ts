import type { Pool } from 'pg';
import type { Actor } from '../../auth/actor.ts';
import { notFound } from '../../core/errors.ts';
import type { ErrorClass } from '../../core/outcome.ts';
import type { RunStatus } from '../../core/run-state.ts';
import { visibleRun } from '../runs/visible-runs.ts';

/** A run with all that decides, from one look, why it is where it is. */
export interface ExplainedRun {
  readonly id: string;
  readonly projectId: string;
  readonly jobId: string;
  readonly status: RunStatus;
  readonly hold: string | null;
  readonly attempt: number;
  readonly priority: number;
  /** To the microsecond, as text: its place in the queue. */
  readonly createdAt: string;
  readonly created: Date;
  readonly queuedAt: Date | null;
  readonly scheduledAt: Date | null;
  readonly wakeAt: Date | null;
  readonly startedAt: Date | null;
  readonly finishedAt: Date | null;
  readonly nextRetryAt: Date | null;
  readonly expiresAt: Date | null;
  readonly error: string | null;
  readonly errorClass: ErrorClass | null;
  readonly maxAttempts: number;
  /** When it last changed its status; read of one that is paused or held back, whose story stands still, and of no other. */
  readonly changedAt: Date | null;
  readonly job: string;
  readonly isEnabled: boolean;
  readonly executionWindowCron: string | null;
  readonly timezone: string;
  readonly leaseUntil: Date | null;
  readonly deadlineAt: Date | null;
  readonly heartbeatAt: Date | null;
  /** The limit that it is held for. */
  readonly used: number | null;
  readonly capacity: number | null;
  /** The circuit that it is held for. */
  readonly circuitId: string | null;
  readonly endpoint: string | null;
  readonly failures: number | null;
  readonly retryAt: Date | null;
  /** Server processes that claim runs and have lately said that they live. */
  readonly workers: number;
}

/** Seconds of silence after which a server process no longer counts; it says that it lives every ten, unless told otherwise. */
const ALIVE_SECS = 60;

const SQL = `
select r.id, r.project_id as "projectId", r.job_id as "jobId", r.status, r.hold, r.attempt, r.priority, r.created_at::text as "createdAt",
       r.created_at as created, r.queued_at as "queuedAt", r.scheduled_at as "scheduledAt", r.wake_at as "wakeAt",
       r.started_at as "startedAt", r.finished_at as "finishedAt", r.next_retry_at as "nextRetryAt", r.expires_at as "expiresAt",
       r.error, r.error_class as "errorClass", coalesce(r.max_attempts_override, j.max_attempts) as "maxAttempts",
       case when r.status = 'paused' or r.hold is not null then (
         select e.created_at from run_events e where e.run_id = r.id and e.to_status is not null order by e.seq desc limit 1) end as "changedAt",
       j.slug as job, j.enabled as "isEnabled", j.execution_window_cron as "executionWindowCron", j.timezone,
       s.lease_until as "leaseUntil", s.deadline_at as "deadlineAt", coalesce(s.heartbeat_at, r.heartbeat_at) as "heartbeatAt",
       l.used, l.capacity, c.id as "circuitId", c.endpoint, c.failures, c.retry_at as "retryAt",
       (select count(*)::int from instances i where i.role <> 'api' and i.beat_at > now() - interval '${ALIVE_SECS} seconds') as workers
  from runs r join jobs j on j.id = r.job_id
  left join run_leases s on s.run_id = r.id
  left join limits l on l.key = case when r.hold like 'limit:%' then substr(r.hold, length('limit:') + 1) end
  left join circuits c on c.project_id = r.project_id
   and c.id = case when r.hold like 'circuit:%' then substr(r.hold, length('circuit:') + 1)::uuid end
 where r.id = $1 and r.project_id = $2`;

/** Reads a run to explain; NOT_FOUND for one of somebody else. */
export async function readExplainedRun(actor: Actor, runId: string, deps: { readonly reads: Pool }): Promise<ExplainedRun> {
  const { id, projectId } = visibleRun(actor, runId);
  const { rows } = await deps.reads.query<ExplainedRun>(SQL, [id, projectId]);
  const [run] = rows;
  if (!run) throw notFound('run');
  return run;
}
