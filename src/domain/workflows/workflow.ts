import { AppError, notFound } from '../../core/errors.ts';
import { isUuid } from '../../core/ids.ts';
import { isSlug } from '../../core/schemas.ts';

/** A workflow, as the database has it. */
export interface WorkflowRow {
  readonly id: string;
  readonly projectId: string;
  readonly slug: string;
  readonly name: string;
  readonly description: string;
  readonly enabled: boolean;
  readonly tags: Readonly<Record<string, string>>;
  readonly version: number;
  readonly versionId: string;
  readonly createdBy: string;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  readonly deletedAt: Date | null;
}

/** The columns of `workflows` under the names of {@link WorkflowRow}. */
export const WORKFLOW_COLUMNS = `id, project_id as "projectId", slug, name, description, enabled, tags, version, version_id as "versionId",
  created_by as "createdBy", created_at as "createdAt", updated_at as "updatedAt", deleted_at as "deletedAt"`;

/** The column that a name of a workflow is looked up by; NOT_FOUND for what can be neither id nor slug. */
export function workflowKeyColumn(idOrSlug: string): 'id' | 'slug' {
  if (isUuid(idOrSlug)) return 'id';
  if (isSlug(idOrSlug)) return 'slug';
  throw notFound('workflow');
}

/** The CONFLICT of a slug that a live workflow of the project has. */
export function workflowSlugTaken(slug: string): AppError {
  return new AppError('CONFLICT', `a workflow with slug "${slug}" already exists`);
}
