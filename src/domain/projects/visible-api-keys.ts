import type { Actor } from '../../auth/actor.ts';
import { allows } from '../../auth/scopes.ts';
import { requireKeyManager } from './create-api-key.ts';

/**
 * The `where` of the API keys an actor can see: those of its own project, or all of them for a holder of `instance:admin`.
 * FORBIDDEN without `api-keys:manage`.
 */
export function visibleApiKeys(actor: Actor): { readonly projectId?: string } {
  requireKeyManager(actor);
  return allows(actor.scopes, 'instance:admin') ? {} : { projectId: actor.projectId };
}
