import { notFound } from '../../src/core/errors.ts';
import { JobFilterInput, visibleJob, visibleJobs } from '../../src/domain/jobs/visible-jobs.ts';
import { builder } from '../builder.ts';
import { NEWEST_FIRST, pageOf, sliceOf } from '../connection.ts';
import { describedBy, leavingOutNulls } from '../input.ts';
import { rowSelection } from '../selection.ts';
import { Job } from './type.ts';

const described = describedBy(JobFilterInput);
const JobFilter = builder
  .inputType('JobFilter', {
    description: 'Which jobs are meant; all conditions must hold, and one left out holds for every job.',
    fields: (t) => ({
      slug: t.string(described.slug),
      search: t.string(described.search),
      enabled: t.boolean(described.enabled),
      tags: t.field({ type: 'StringMap', ...described.tags }),
    }),
  })
  .validate(leavingOutNulls(JobFilterInput));

builder.queryFields((t) => ({
  job: t.prismaField({
    type: Job,
    description: 'One job; NOT_FOUND when there is none, or it was deleted. Requires `jobs:read`.',
    args: { id: t.arg.id({ required: true, description: 'Id or slug of the job.' }) },
    authScopes: { scope: 'jobs:read' },
    resolve: async (query, _root, { id }, { actor, prisma }) => {
      const job = await prisma.job.findFirst({ ...query, where: visibleJob(actor, id) });
      if (!job) throw notFound('job');
      return job;
    },
  }),
  jobs: t.connection(
    {
      type: Job,
      description: 'The jobs of the project, newest first. Requires `jobs:read`.',
      args: { filter: t.arg({ type: JobFilter, description: 'Which jobs; all of them when left out.' }) },
      authScopes: { scope: 'jobs:read' },
      resolve: async (_root, { filter, ...page }, context, info) => {
        const slice = sliceOf(page, NEWEST_FIRST);
        const rows = await context.prisma.job.findMany({
          ...rowSelection(context, info),
          ...slice.within(visibleJobs(context.actor, filter ?? {})),
        });
        return pageOf(rows, slice);
      },
    },
    { name: 'JobConnection', description: 'A page of jobs.' },
    { name: 'JobEdge', description: 'A job on a page.' },
  ),
}));
