import { type DeadLetterGroup as Group, groupDeadLetters } from '../../src/domain/runs/dead-letter-groups.ts';
import { builder } from '../builder.ts';
import { Job } from '../jobs/type.ts';
import { RunFilter } from './list.ts';
import { Run } from './type.ts';

const DeadLetterGroup = builder.objectRef<Group>('DeadLetterGroup').implement({
  description: 'Dead letters of one job that have the same kind of error: figures, ids and what is quoted in it do not count.',
  fields: (t) => ({
    id: t.exposeID('id', { description: 'For `errorGroup` of a filter, to list or replay them.' }),
    error: t.exposeString('error', { description: 'The error of the newest of them.' }),
    job: t.prismaField({
      type: Job,
      description: 'Their job. Requires `jobs:read`.',
      authScopes: { scope: 'jobs:read' },
      resolve: (query, { jobId }, _args, { prisma }) => prisma.job.findUniqueOrThrow({ ...query, where: { id: jobId } }),
    }),
    count: t.exposeInt('count', { description: 'How many they are, as far as they were counted.' }),
    isCapped: t.exposeBoolean('isCapped', {
      description: 'Whether there are more: a group is counted up to 10,000, all groups together up to 200,000.',
    }),
    firstAt: t.expose('firstAt', { type: 'DateTime', description: 'When the first of those counted died.' }),
    lastAt: t.expose('lastAt', { type: 'DateTime', description: 'When the last of them died.' }),
    sample: t.prismaField({
      type: Run,
      description: 'The newest of them.',
      resolve: (query, { sampleId }, _args, { prisma }) => prisma.run.findUniqueOrThrow({ ...query, where: { id: sampleId } }),
    }),
  }),
});

builder.queryField('deadLetterGroups', (t) =>
  t.field({
    type: [DeadLetterGroup],
    description:
      'The dead letters that a filter means, by job and kind of error, the largest groups first, at most 100. Requires `runs:read`.',
    args: {
      projectId: t.arg.id({ description: 'The project; NOT_FOUND for another than the key’s own, which it is when left out.' }),
      filter: t.arg({ type: RunFilter, description: 'Which of them; all when left out.' }),
    },
    authScopes: { scope: 'runs:read' },
    complexity: { field: 50, multiplier: 20 },
    resolve: (_root, { projectId, filter }, { actor, runs }) =>
      groupDeadLetters(actor, { projectId, filter: filter ?? {} }, runs),
  }),
);
