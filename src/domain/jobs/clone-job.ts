import { z } from 'zod';
import { type Actor, requireScope } from '../../auth/actor.ts';
import { Slug } from '../../core/schemas.ts';
import { DisplayName } from '../projects/project.ts';
import { createJob } from './create-job.ts';
import { readJob } from './find-job.ts';
import type { JobRow } from './job.ts';
import type { JobDeps } from './job-deps.ts';
import { JOB_DEFAULTS } from './job-input.ts';

/** What a copy of a job is called. */
export const CloneJobInput = z.strictObject({
  slug: Slug.describe('What the copy is called in URLs and code; unique among the jobs of the project.'),
  name: DisplayName.nullish().describe('Name of the copy, for people; that of the job when left out.'),
});

/** The parsed form of {@link CloneJobInput}. */
export type CloneJobInput = z.infer<typeof CloneJobInput>;

// Object.keys is typed for objects that may have more keys than their type says; this literal has exactly these.
const COPIED = Object.keys(JOB_DEFAULTS) as (keyof typeof JOB_DEFAULTS)[];

/**
 * Creates a job that says what another one says, with a signing secret of its own; it depends on nothing and has none of the secrets that
 * belong to the other. FORBIDDEN without `jobs:write`; NOT_FOUND for the job to copy; BAD_REQUEST when what it says would be refused today;
 * CONFLICT when the slug is taken.
 */
export async function cloneJob(
  actor: Actor,
  { job: idOrSlug, slug, name }: { readonly job: string } & CloneJobInput,
  deps: JobDeps,
): Promise<JobRow> {
  requireScope(actor, 'jobs:write');
  const job = await readJob(actor.projectId, idOrSlug, deps.pool);
  const copied = Object.fromEntries(COPIED.map((field) => [field, job[field]]));
  // The fields of a job are what a job is made from.
  return createJob(
    actor,
    { ...copied, slug, name: name ?? job.name, enabled: job.enabled } as Parameters<typeof createJob>[1],
    deps,
  );
}
