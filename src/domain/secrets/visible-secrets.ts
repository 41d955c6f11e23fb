import type { z } from 'zod';
import type { Actor } from '../../auth/actor.ts';
import { notFound } from '../../core/errors.ts';
import { isUuid } from '../../core/ids.ts';
import type { SecretFilterInput } from './secret.ts';

/** The `where` of the secrets that an actor can see and a filter means. */
export function visibleSecrets(actor: Actor, { environmentId, jobId, key }: z.output<typeof SecretFilterInput>) {
  return {
    projectId: actor.projectId,
    ...(environmentId !== undefined && { environment: byIdOrSlug(environmentId) }),
    ...(jobId !== undefined && { job: { ...byIdOrSlug(jobId), deletedAt: null } }),
    ...(key !== undefined && { key }),
  };
}

/** The `where` of one of them; NOT_FOUND for what cannot be an id. */
export function visibleSecret(actor: Actor, id: string): { readonly id: string; readonly projectId: string } {
  if (!isUuid(id)) throw notFound('secret');
  return { id, projectId: actor.projectId };
}

function byIdOrSlug(idOrSlug: string): { readonly id: string } | { readonly slug: string } {
  return isUuid(idOrSlug) ? { id: idOrSlug } : { slug: idOrSlug };
}
