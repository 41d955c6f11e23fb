import type { Actor } from '../../auth/actor.ts';
import { notFound } from '../../core/errors.ts';
import { isUuid } from '../../core/ids.ts';

/** The `where` of a run that the actor can see; NOT_FOUND for what cannot be an id. */
export function visibleRun(actor: Actor, id: string): { readonly id: string; readonly projectId: string } {
  if (!isUuid(id)) throw notFound('run');
  return { id, projectId: actor.projectId };
}
