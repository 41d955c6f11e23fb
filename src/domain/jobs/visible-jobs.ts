import { z } from 'zod';
import type { Actor } from '../../auth/actor.ts';
import { notFound } from '../../core/errors.ts';
import { Tags } from '../../core/schemas.ts';
import { jobKeyColumn } from './job.ts';

/** Which jobs are meant; all conditions must hold, a missing one holds for every job. */
export const JobFilterInput = z.strictObject({
  slug: z.string().min(1).max(128).optional().describe('The job with this slug.'),
  search: z.string().min(1).max(128).optional().describe('Part of the name or the slug, in capitals or not.'),
  enabled: z.boolean().optional().describe('Only jobs that take triggers, or only those that refuse them.'),
  tags: Tags.optional().describe('The tags have all of these pairs.'),
});

/** A parsed {@link JobFilterInput}. */
export type JobFilter = z.output<typeof JobFilterInput>;

interface VisibleJobs {
  readonly projectId: string;
  readonly deletedAt: null;
}

/** The `where` of the live jobs of the actor's project that a filter means. */
export function visibleJobs(actor: Actor, { slug, search, enabled, tags = {} }: JobFilter) {
  return {
    ...live(actor),
    ...(slug !== undefined && { slug }),
    ...(enabled !== undefined && { enabled }),
    ...(search !== undefined && { OR: [{ name: anywhere(search) }, { slug: anywhere(search) }] }),
    AND: Object.entries(tags).map(([tag, value]) => ({ tags: { path: [tag], equals: value } })),
  };
}

/** The `where` of one live job of the actor's project by its id or slug; NOT_FOUND for what can be neither. */
export function visibleJob(actor: Actor, idOrSlug: string): VisibleJobs & { readonly id?: string; readonly slug?: string } {
  const key = jobKeyColumn(idOrSlug);
  if (!key) throw notFound('job');
  return { ...live(actor), ...(key === 'id' ? { id: idOrSlug } : { slug: idOrSlug }) };
}

/** The condition that a text contains `part`; Prisma takes it as a pattern of LIKE, in which some characters have a meaning. */
function anywhere(part: string) {
  return { contains: part.replace(/[\\%_]/g, '\\$&'), mode: 'insensitive' } as const;
}

function live(actor: Actor): VisibleJobs {
  return { projectId: actor.projectId, deletedAt: null };
}
