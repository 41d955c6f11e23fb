import type { Pool } from 'pg';
import { z } from 'zod';
import type { Actor } from '../../auth/actor.ts';
import { notFound } from '../../core/errors.ts';
import { isUuid } from '../../core/ids.ts';
import { key, Tags } from '../../core/schemas.ts';
import { WORKFLOW_RUN_STATUSES } from '../../core/workflow-state.ts';
import { WORKFLOW_COLUMNS, type WorkflowRow, workflowKeyColumn } from './workflow.ts';

/** Which workflows are meant; all conditions must hold. */
export const WorkflowFilterInput = z.strictObject({
  slug: z.string().min(1).max(128).optional().describe('The workflow with this slug.'),
  enabled: z.boolean().optional().describe('Only workflows that take triggers, or only those that refuse them.'),
  tags: Tags.optional().describe('The tags have all of these pairs.'),
});

/** Which workflow runs are meant; all conditions must hold. */
export const WorkflowRunFilterInput = z.strictObject({
  status: z
    .array(z.enum(WORKFLOW_RUN_STATUSES))
    .min(1)
    .max(WORKFLOW_RUN_STATUSES.length)
    .optional()
    .describe('Any of these statuses.'),
  workflow: key(128).optional().describe('Id or slug of the workflow.'),
  triggeredBy: key(64).optional().describe('What triggered it: manual, workflow, retry, cron.'),
  parentRunId: key(64).optional().describe('Those that are the work of steps of this workflow run.'),
  isTopLevel: z.boolean().optional().describe('Only those that stand below no other one, or only those that do.'),
  waitsForPerson: z
    .boolean()
    .optional()
    .describe('Only those that are paused, or where an approval waits for a decision, or only the others.'),
  scheduleId: key(64).optional().describe('Those that one schedule has made, of the moments it still knows.'),
  retryOf: key(64).optional().describe('Those that do this workflow run again.'),
  tags: Tags.optional().describe('The tags have all of these pairs.'),
  createdAfter: z.date().optional().describe('Created at this moment or later.'),
  createdBefore: z.date().optional().describe('Created before this moment.'),
});

/** A parsed {@link WorkflowRunFilterInput}. */
export type WorkflowRunFilter = z.output<typeof WorkflowRunFilterInput>;

/** The `where` of the live workflows of the actor's project that a filter means. */
export function visibleWorkflows(actor: Actor, { slug, enabled, tags = {} }: z.output<typeof WorkflowFilterInput>) {
  return {
    projectId: actor.projectId,
    deletedAt: null,
    ...(slug !== undefined && { slug }),
    ...(enabled !== undefined && { enabled }),
    AND: hasTags(tags),
  };
}

/** The `where` of one live workflow of the actor's project by id or slug; NOT_FOUND for what can be neither. */
export function visibleWorkflow(actor: Actor, idOrSlug: string) {
  return { projectId: actor.projectId, deletedAt: null, [workflowKeyColumn(idOrSlug)]: idOrSlug };
}

/** The `where` of one workflow run that the actor can see; NOT_FOUND for what cannot be an id. */
export function visibleWorkflowRun(actor: Actor, id: string): { readonly id: string; readonly projectId: string } {
  if (!isUuid(id)) throw notFound('workflow run');
  return { id, projectId: actor.projectId };
}

/** The `where` of one step of a workflow run that the actor can see; NOT_FOUND for what cannot be the id of one. */
export function visibleStep(actor: Actor, { workflowRunId, ref }: { readonly workflowRunId: string; readonly ref: string }) {
  if (!isUuid(workflowRunId) || !ref.isWellFormed() || ref.includes('\0')) throw notFound('step');
  return { workflowRunId, projectId: actor.projectId, stepRef: ref };
}

/** A UUID that names nothing: the condition of what cannot be met. */
const NOTHING = { id: { in: [] as string[] } };

/** The condition of those that stand still until a person does something. */
const HELD = {
  OR: [{ status: 'paused' }, { status: 'running', steps: { some: { kind: 'approval', status: 'waiting' } } }],
};

/** The `where` of the workflow runs of the actor's project that a filter means. */
export function visibleWorkflowRuns(actor: Actor, filter: WorkflowRunFilter) {
  const { status, workflow, triggeredBy, parentRunId, scheduleId, retryOf, tags = {}, createdAfter, createdBefore } = filter;
  const { isTopLevel, waitsForPerson } = filter;
  return {
    projectId: actor.projectId,
    ...(status && { status: { in: status } }),
    ...(triggeredBy !== undefined && { triggeredBy }),
    ...((createdAfter || createdBefore) && {
      createdAt: { ...(createdAfter && { gte: createdAfter }), ...(createdBefore && { lt: createdBefore }) },
    }),
    ...(isTopLevel !== undefined && { parentRunId: isTopLevel ? null : { not: null } }),
    AND: [
      ...(waitsForPerson === undefined ? [] : [waitsForPerson ? HELD : { NOT: HELD }]),
      ...(workflow === undefined ? [] : [isUuid(workflow) ? { workflowId: workflow } : { workflow: { slug: workflow } }]),
      ...(parentRunId === undefined ? [] : [isUuid(parentRunId) ? { parentRunId } : NOTHING]),
      ...(scheduleId === undefined ? [] : [isUuid(scheduleId) ? { scheduleFire: { scheduleId } } : NOTHING]),
      ...(retryOf === undefined ? [] : [isUuid(retryOf) ? { retryOfId: retryOf } : NOTHING]),
      ...hasTags(tags).map((data) => ({ data })),
    ],
  };
}

function hasTags(tags: Readonly<Record<string, string>>) {
  return Object.entries(tags).map(([tag, value]) => ({ tags: { path: [tag], equals: value } }));
}

/** A live workflow of a project by id or slug, for functions that have checked their actor. NOT_FOUND when there is none. */
export async function readWorkflow(projectId: string, idOrSlug: string, pool: Pool): Promise<WorkflowRow> {
  const { rows } = await pool.query<WorkflowRow>(
    `select ${WORKFLOW_COLUMNS} from workflows where project_id = $1 and ${workflowKeyColumn(idOrSlug)} = $2 and deleted_at is null`,
    [projectId, idOrSlug],
  );
  if (!rows[0]) throw notFound('workflow');
  return rows[0];
}
