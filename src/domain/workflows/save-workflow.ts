import type { Pool } from 'pg';
import type { z } from 'zod';
import { type Actor, actorName, requireScope } from '../../auth/actor.ts';
import { AppError, notFound } from '../../core/errors.ts';
import { newId, newVersionId } from '../../core/ids.ts';
import { isUniqueViolation } from '../../db/errors.ts';
import { transact } from '../../db/transact.ts';
import type { CreateWorkflowInput, Definition, UpdateWorkflowInput } from './definition.ts';
import { hashDefinition, resolveDefinition } from './resolve-definition.ts';
import { readWorkflow } from './visible-workflows.ts';
import { WORKFLOW_COLUMNS, type WorkflowRow, workflowKeyColumn, workflowSlugTaken } from './workflow.ts';

/** What saving workflows works with. */
export interface SaveDeps {
  readonly reads: Pool;
}

/**
 * Creates a workflow at version 1. FORBIDDEN without `workflows:write`, CONFLICT when a live workflow has the slug, BAD_REQUEST, naming
 * the steps, for a definition that could not run; nothing is stored then.
 */
export async function createWorkflow(
  actor: Actor,
  input: z.output<typeof CreateWorkflowInput>,
  deps: SaveDeps,
): Promise<WorkflowRow> {
  requireScope(actor, 'workflows:write');
  const { slug, name, description = '', enabled = true, tags = {}, ...given } = input;
  const id = newId();
  const definition = await resolveDefinition(
    { ...EMPTY, ...withoutUndefined(given), steps: given.steps },
    { projectId: actor.projectId, selfId: id, selfSlug: slug },
    deps.reads,
  );
  const { rows } = await deps.reads.query<WorkflowRow>(
    `with made as (
       insert into workflows (id, project_id, slug, name, description, enabled, tags, version_id, created_by)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
       on conflict (project_id, slug) where deleted_at is null do nothing returning *
     ), recorded as (${versionSql('made', '$10', '$11')})
     select ${WORKFLOW_COLUMNS} from made`,
    [
      id,
      actor.projectId,
      slug,
      name,
      description,
      enabled,
      JSON.stringify(tags),
      newVersionId(),
      actorName(actor),
      JSON.stringify(definition),
      hashDefinition(definition),
    ],
  );
  if (!rows[0]) throw workflowSlugTaken(slug);
  return rows[0];
}

/**
 * Changes a workflow. What it says makes the next version unless it says the same as before; runs keep to theirs. Errors as for
 * {@link createWorkflow}, NOT_FOUND for an unknown one, CONFLICT when it is not at the version that was expected.
 */
export async function updateWorkflow(
  actor: Actor,
  input: { readonly workflow: string; readonly changes: z.output<typeof UpdateWorkflowInput> },
  deps: SaveDeps,
): Promise<WorkflowRow> {
  requireScope(actor, 'workflows:write');
  const { slug, name, description, enabled, tags, expectedVersion, ...given } = input.changes;
  const column = workflowKeyColumn(input.workflow);
  return transact(deps.reads, async (client) => {
    const { rows: found } = await client.query<WorkflowRow>(
      `select ${WORKFLOW_COLUMNS} from workflows where project_id = $1 and ${column} = $2 and deleted_at is null for update`,
      [actor.projectId, input.workflow],
    );
    const [old] = found;
    if (!old) throw notFound('workflow');
    if (expectedVersion !== undefined && expectedVersion !== old.version) {
      throw new AppError('CONFLICT', `the workflow is at version ${old.version}, not ${expectedVersion}: read it again`);
    }
    const { rows: versions } = await client.query<{ definition: Definition; hash: string }>(
      'select definition, definition_hash as hash from workflow_versions where workflow_id = $1 and version = $2',
      [old.id, old.version],
    );
    const [before] = versions;
    if (!before) throw new Error(`the workflow ${old.id} has no version ${old.version}`);
    const isSaid = Object.values(given).some((value) => value !== undefined);
    const definition = isSaid
      ? await resolveDefinition(
          { ...before.definition, ...withoutUndefined(given), steps: given.steps ?? withoutIds(before.definition) },
          { projectId: actor.projectId, selfId: old.id, selfSlug: slug ?? old.slug },
          client,
        )
      : before.definition;
    const hash = isSaid ? hashDefinition(definition) : before.hash;
    const isNew = hash !== before.hash || (name ?? old.name) !== old.name || (description ?? old.description) !== old.description;
    const { rows } = await client
      .query<WorkflowRow>(
        `with made as (
           update workflows set slug = $2, name = $3, description = $4, enabled = $5, tags = $6, updated_at = now(),
                  version = version + case when $7 then 1 else 0 end, version_id = case when $7 then $8 else version_id end
            where id = $1 returning *
         ), recorded as (${versionSql('made', '$10', '$11', { createdBy: '$9', where: '$7' })})
         select ${WORKFLOW_COLUMNS} from made`,
        [
          old.id,
          slug ?? old.slug,
          name ?? old.name,
          description ?? old.description,
          enabled ?? old.enabled,
          JSON.stringify(tags ?? old.tags),
          isNew,
          newVersionId(),
          actorName(actor),
          JSON.stringify(definition),
          hash,
        ],
      )
      .catch((error: unknown) => {
        throw isUniqueViolation(error) ? workflowSlugTaken(slug ?? old.slug) : error;
      });
    if (!rows[0]) throw new Error(`the workflow ${old.id} was locked and is gone`);
    return rows[0];
  });
}

/** Deletes a workflow and frees its slug; its runs stay. CONFLICT while one of them goes on, NOT_FOUND for an unknown one. */
export async function deleteWorkflow(actor: Actor, idOrSlug: string, deps: SaveDeps): Promise<WorkflowRow> {
  requireScope(actor, 'workflows:write');
  const { id } = await readWorkflow(actor.projectId, idOrSlug, deps.reads);
  const { rows } = await deps.reads.query<WorkflowRow>(
    `update workflows set deleted_at = now(), updated_at = now()
      where id = $1 and deleted_at is null and not exists (select from workflow_runs r
              where r.workflow_id = $1 and r.status in ('pending', 'running', 'paused')) returning ${WORKFLOW_COLUMNS}`,
    [id],
  );
  if (!rows[0]) throw new AppError('CONFLICT', 'workflow has runs under way: cancel them first or wait for their end');
  return rows[0];
}

const EMPTY = { inputSchema: null, outputSchema: null, output: null, timeoutSecs: null, maxParallelSteps: null };

/** Steps as they were given: what was looked up is looked up again. */
function withoutIds({ steps }: Definition) {
  return steps.map(({ jobId, workflowId, dependsOn, ...step }) => ({
    ...step,
    dependsOn: [...dependsOn],
    ...(jobId && { job: jobId }),
    ...(workflowId && { workflow: workflowId }),
  }));
}

function withoutUndefined<T extends object>(fields: T): { [Field in keyof T]: Exclude<T[Field], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [Field in keyof T]: Exclude<T[Field], undefined>;
  };
}

/** The CTE that writes the history beside the change itself, so that neither is ever seen without the other. */
function versionSql(
  source: string,
  definition: string,
  hash: string,
  { createdBy = 's.created_by', where = 'true' }: { readonly createdBy?: string; readonly where?: string } = {},
): string {
  return `insert into workflow_versions (workflow_id, version, version_id, name, description, definition, definition_hash, created_by)
    select s.id, s.version, s.version_id, s.name, s.description, ${definition}, ${hash}, ${createdBy} from ${source} s where ${where}`;
}
