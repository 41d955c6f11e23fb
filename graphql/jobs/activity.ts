import type { SparkPoint } from '../../src/domain/jobs/job-sparkline.ts';
import type { JobUsage as Usage } from '../../src/domain/jobs/job-usage.ts';
import { builder } from '../builder.ts';
import { HealthWindowEnum } from './health.ts';
import { Job } from './type.ts';

const JobSparkPoint = builder.objectRef<SparkPoint>('JobSparkPoint').implement({
  description: 'How many runs of a job ended in a stretch of time.',
  fields: (t) => ({
    at: t.expose('at', { type: 'DateTime', description: 'When the stretch begins.' }),
    completed: t.exposeInt('completed', {
      description: 'Those that completed; estimated from the newest of them where many ended.',
    }),
    failed: t.exposeInt('failed', { description: 'Those that ended in any other way, canceled ones not included; likewise.' }),
  }),
});

const JobUsage = builder.objectRef<Usage & { readonly maxConcurrency: number | null }>('JobUsage').implement({
  description: 'What the runs of a job take up at the moment.',
  fields: (t) => ({
    executing: t.exposeInt('executing', { description: 'Runs that an executor works on or is about to.' }),
    queued: t.exposeInt('queued', {
      description: 'Runs in the queue, those included that wait in it for a retry or for a limit.',
    }),
    blocked: t.exposeInt('blocked', { description: 'Those of them that wait for a limit with no room left.' }),
    maxConcurrency: t.exposeInt('maxConcurrency', {
      nullable: true,
      description: 'How many of its runs may execute at the same time; null is unlimited.',
    }),
    keysFull: t.exposeInt('keysFull', { description: 'Concurrency keys with a full limit that some of them wait for.' }),
    isCapped: t.exposeBoolean('isCapped', {
      description: 'Whether there may be more: the oldest 20,000 runs of the project in each status are looked at.',
    }),
  }),
});

builder.prismaObjectFields(Job, (t) => ({
  sparkline: t.field({
    type: [JobSparkPoint],
    description: 'How its runs have ended over time, the oldest stretch first; some seconds old at most. Requires `jobs:read`.',
    args: {
      window: t.arg({ type: HealthWindowEnum, description: 'How far back to look; a day when left out.' }),
      buckets: t.arg.int({ defaultValue: 24, description: 'Into how many stretches of equal length: 1 to 100.' }),
    },
    authScopes: { scope: 'jobs:read' },
    complexity: { field: 10, multiplier: 1 },
    resolve: ({ id }, { window, buckets }, { actor, runs }) =>
      runs.jobSparklines.of(actor, id, { window: window ?? '1d', buckets: buckets ?? 24 }),
  }),
  usage: t.field({
    type: JobUsage,
    description: 'What its runs take up at the moment. Requires `jobs:read`.',
    authScopes: { scope: 'jobs:read' },
    select: { maxConcurrency: true },
    complexity: 10,
    resolve: async ({ id, maxConcurrency }, _args, { actor, runs }) => ({
      ...(await runs.jobUsages.of(actor, id)),
      maxConcurrency,
    }),
  }),
}));
