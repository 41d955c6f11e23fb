import type { JobRow } from '../../src/domain/jobs/job.ts';
import { type JobVersion as JobVersionRow, JobVersionsInput, listJobVersions } from '../../src/domain/jobs/job-versions.ts';
import { builder } from '../builder.ts';
import { JobDefinition } from './definition.ts';

/** What a job said at one of its versions. */
export const JobVersion = builder
  .objectRef<JobVersionRow['definition'] & Omit<JobVersionRow, 'definition'>>('JobVersion')
  .implement({
    description: 'What a job said at one of its versions. A run keeps to the version it was triggered under.',
    interfaces: [JobDefinition],
    fields: (t) => ({
      jobId: t.exposeID('jobId', { description: 'The job.' }),
      version: t.exposeInt('version', { description: 'Counts from 1.' }),
      versionId: t.exposeID('versionId', { description: 'Public id of the version, `ver_…`.' }),
      backwardsCompatible: t.exposeBoolean('backwardsCompatible', {
        description: 'Whether runs of the version before may go on with it, for the version policy `MINOR`.',
      }),
      createdBy: t.exposeString('createdBy', { description: 'Who made this version.' }),
      createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was made.' }),
    }),
  });

/** A definition of work. */
export const Job = builder.prismaObject('Job', {
  interfaces: [JobDefinition],
  fields: (t) => ({
    id: t.exposeID('id'),
    projectId: t.exposeID('projectId'),
    enabled: t.exposeBoolean('enabled'),
    signingSecret: t.exposeString('signingSecret', {
      description: 'What dispatches are signed with (Standard Webhooks, `whsec_…`). Requires `jobs:write`.',
      authScopes: { scope: 'jobs:write' },
    }),
    version: t.exposeInt('version'),
    versionId: t.exposeID('versionId'),
    createdBy: t.exposeString('createdBy'),
    createdAt: t.expose('createdAt', { type: 'DateTime' }),
    updatedAt: t.expose('updatedAt', { type: 'DateTime' }),
    deletedAt: t.expose('deletedAt', { type: 'DateTime', nullable: true }),
    versions: t.field({
      type: [JobVersion],
      description: 'What it said at each version, newest first; none of a deleted job. Requires `jobs:read`.',
      args: {
        limit: t.arg.int({ description: 'How many at most: 1 to 100, 50 when left out.' }),
        before: t.arg.int({ description: 'Only versions below this one: the last one of the page before.' }),
      },
      validate: JobVersionsInput.omit({ job: true }),
      authScopes: { scope: 'jobs:read' },
      resolve: async ({ id, deletedAt }, { limit, before }, { actor, jobs }) => {
        if (deletedAt) return [];
        const versions = await listJobVersions(actor, { job: id, limit, before }, jobs);
        return versions.map(({ definition, ...version }) => ({ ...definition, ...version }));
      },
    }),
  }),
});

/** A job as the domain answers it, for the type above. */
export function jobNode(job: JobRow): typeof Job.$inferType {
  return { ...job, retryDelaysSecs: [...job.retryDelaysSecs] };
}
