import type { Pool } from 'pg';
import { AppError } from '../../core/errors.ts';

/** The newest wait for a key. */
export interface NewestTrigger {
  readonly id: string;
  readonly status: 'waiting' | 'received' | 'timed_out' | 'canceled';
  /** The run that waits, or the workflow run whose step does. */
  readonly runId: string | null;
  readonly workflowRunId: string | null;
  /** Whether it received the payload that was asked about. */
  readonly isSame: boolean;
}

/** Looks up the newest wait for a key in a project, and whether it received `json`; undefined when there never was one. */
export async function readNewest(
  pool: Pool,
  of: { readonly projectId: string; readonly key: string; readonly json: string | null },
): Promise<NewestTrigger | undefined> {
  const { rows } = await pool.query<NewestTrigger>({
    name: 'newest-trigger',
    text: `select w.id, w.status, w.run_id as "runId", w.workflow_run_id as "workflowRunId", coalesce(w.response_payload = $3::jsonb, false) as "isSame"
             from waits w where w.project_id = $1 and w.event_key = $2 order by w.id desc limit 1`,
    values: [of.projectId, of.key, of.json],
  });
  return rows[0];
}

/** The CONFLICT of an event that nobody waits for any more. */
export function notWaiting(): AppError {
  return new AppError('CONFLICT', 'event trigger is not in waiting state');
}
