import type { Pool } from 'pg';
import { z } from 'zod';
import { type Actor, requireScope } from '../../auth/actor.ts';
import { AppError } from '../../core/errors.ts';
import { isUuid } from '../../core/ids.ts';
import { key } from '../../core/schemas.ts';
import { OPEN_WORKFLOW_STATUSES, type WorkflowRunStatus } from '../../core/workflow-state.ts';
import type { WorkflowDeps } from './deps.ts';
import { cancelWorkflowRun } from './operations.ts';
import { readWorkflow } from './visible-workflows.ts';

/** Workflow runs one call cancels at most. */
export const MAX_CANCELED = 1_000;

/** Which workflow runs to cancel: by id, or those under way that meet the conditions. */
export const CancelWorkflowRunsInput = z.strictObject({
  ids: z
    .array(z.string().min(1).max(64))
    .min(1)
    .max(MAX_CANCELED)
    .optional()
    .describe('These; goes without the other conditions.'),
  workflow: key(128).optional().describe('Those of this workflow, by id or slug.'),
  status: z.array(z.enum(OPEN_WORKFLOW_STATUSES)).min(1).max(3).optional().describe('Those in one of these statuses.'),
  reason: z.string().min(1).max(1_024).optional().describe('Why, for their stories.'),
});

/** What became of one workflow run. */
export interface CanceledItem {
  readonly id: string;
  readonly status: WorkflowRunStatus | null;
  readonly error: string | null;
}

/**
 * Cancels many workflow runs with all below them: by ids in the order given, by conditions the oldest first, at most
 * {@link MAX_CANCELED} a call. Each is canceled whole or not at all. BAD_REQUEST for ids and conditions together, or neither.
 */
export async function cancelWorkflowRuns(
  actor: Actor,
  input: z.output<typeof CancelWorkflowRunsInput>,
  deps: Pick<WorkflowDeps, 'advancer' | 'reads'>,
): Promise<CanceledItem[]> {
  requireScope(actor, 'workflows:write');
  const { ids, workflow, status, reason } = input;
  const hasConditions = workflow !== undefined || status !== undefined;
  if ((ids === undefined) === !hasConditions) throw new AppError('BAD_REQUEST', 'provide either ids or at least one condition');
  const meant = ids ? [...new Set(ids.map((id) => id.toLowerCase()))] : await select(actor, { workflow, status }, deps.reads);
  const errors = await Promise.all(
    meant.map((id) =>
      cancelWorkflowRun(actor, { id, reason }, deps).then(
        () => null,
        (error: unknown) => {
          if (error instanceof AppError) return error.message;
          throw error;
        },
      ),
    ),
  );
  const statuses = await readStatuses(actor, meant, deps.reads);
  return meant.map((id, index) => ({ id, status: statuses.get(id) ?? null, error: errors[index] ?? null }));
}

async function select(
  actor: Actor,
  { workflow, status }: { readonly workflow: string | undefined; readonly status: readonly WorkflowRunStatus[] | undefined },
  pool: Pool,
): Promise<string[]> {
  const workflowId = workflow === undefined ? null : (await readWorkflow(actor.projectId, workflow, pool)).id;
  const { rows } = await pool.query<{ id: string }>(
    `select id from workflow_runs where project_id = $1 and status = any ($2) and ($3::uuid is null or workflow_id = $3)
      order by id limit ${MAX_CANCELED}`,
    [actor.projectId, status ?? OPEN_WORKFLOW_STATUSES, workflowId],
  );
  return rows.map(({ id }) => id);
}

async function readStatuses(actor: Actor, ids: readonly string[], pool: Pool): Promise<Map<string, WorkflowRunStatus>> {
  const { rows } = await pool.query<{ id: string; status: WorkflowRunStatus }>(
    'select id, status from workflow_runs where project_id = $1 and id = any ($2::uuid[])',
    [actor.projectId, ids.filter(isUuid)],
  );
  return new Map(rows.map(({ id, status }) => [id, status]));
}
