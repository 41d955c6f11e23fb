import { z } from 'zod';
import type { Actor } from '../../auth/actor.ts';
import { notFound } from '../../core/errors.ts';
import { isUuid } from '../../core/ids.ts';
import { isSlug, key } from '../../core/schemas.ts';

/** Which batches are meant; all conditions must hold. */
export const BatchFilterInput = z.strictObject({
  job: key(128).optional().describe('Id or slug of the job.'),
  key: key(256).optional().describe('The batch that was triggered under this key.'),
});

/** The `where` of a batch that the actor can see; NOT_FOUND for what cannot be an id. */
export function visibleBatch(actor: Actor, id: string): { readonly id: string; readonly projectId: string } {
  if (!isUuid(id)) throw notFound('batch');
  return { id, projectId: actor.projectId };
}

/** The `where` of the batches that an actor can see and a filter means. */
export function visibleBatches(actor: Actor, filter: z.output<typeof BatchFilterInput>) {
  return {
    projectId: actor.projectId,
    ...(filter.job !== undefined && jobCondition(filter.job)),
    ...(filter.key !== undefined && { key: filter.key }),
  };
}

function jobCondition(job: string) {
  if (isUuid(job)) return { jobId: job };
  // What cannot be a slug names no job.
  return isSlug(job) ? { job: { slug: job } } : { id: { in: [] as string[] } };
}
