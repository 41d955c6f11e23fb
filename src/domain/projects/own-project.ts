import type { Actor } from '../../auth/actor.ts';
import { notFound } from '../../core/errors.ts';

/** Passes the actor's own project, which it also is when none is named; NOT_FOUND for any other. */
export function requireOwnProject(actor: Actor, projectId: string | null | undefined): void {
  if (projectId != null && projectId !== actor.projectId) throw notFound('project');
}
