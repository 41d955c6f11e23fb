import type { Pool } from 'pg';
import type { z } from 'zod';
import { type Actor, actorName, requireScope } from '../../auth/actor.ts';
import { AppError, notFound } from '../../core/errors.ts';
import { isUuid, newId } from '../../core/ids.ts';
import { transact } from '../../db/transact.ts';
import { requireOwnProject } from '../projects/own-project.ts';
import { MAX_VIEWS, type SavedViewRow, type SaveViewInput, VIEW_COLUMNS } from './saved-view.ts';

/**
 * Keeps a view for everybody in the project, in place of the one with its name on its screen. FORBIDDEN without `runs:write`, NOT_FOUND for
 * another project, CONFLICT beyond {@link MAX_VIEWS}.
 */
export async function saveView(
  actor: Actor,
  input: z.output<typeof SaveViewInput>,
  deps: { readonly reads: Pool },
): Promise<SavedViewRow> {
  requireScope(actor, 'runs:write');
  requireOwnProject(actor, input.projectId);
  const view = await transact(deps.reads, async (client) => {
    // Those who save at the same moment count one after the other.
    await client.query('select from projects where id = $1 for no key update', [actor.projectId]);
    const { rows } = await client.query<SavedViewRow>(SAVE_SQL, [
      newId(),
      actor.projectId,
      input.name,
      input.screen,
      input.query,
      actorName(actor),
    ]);
    return rows[0];
  });
  if (!view) throw new AppError('CONFLICT', `a project has at most ${MAX_VIEWS} saved views: delete one first`);
  return view;
}

const SAVE_SQL = `
insert into saved_views (id, project_id, name, screen, query, created_by)
select $1, $2, $3, $4, $5, $6
 where (select count(*) from saved_views v where v.project_id = $2) < ${MAX_VIEWS}
    or exists (select from saved_views v where v.project_id = $2 and v.screen = $4 and v.name = $3)
on conflict (project_id, screen, name) do update set query = excluded.query, updated_at = now()
returning ${VIEW_COLUMNS}`;

/** Deletes a view, and returns it. FORBIDDEN without `runs:write`, NOT_FOUND for unknown and foreign ones. */
export async function deleteSavedView(actor: Actor, id: string, deps: { readonly reads: Pool }): Promise<SavedViewRow> {
  requireScope(actor, 'runs:write');
  if (!isUuid(id)) throw notFound('saved view');
  const { rows } = await deps.reads.query<SavedViewRow>(
    `delete from saved_views where id = $1 and project_id = $2 returning ${VIEW_COLUMNS}`,
    [id, actor.projectId],
  );
  if (!rows[0]) throw notFound('saved view');
  return rows[0];
}
