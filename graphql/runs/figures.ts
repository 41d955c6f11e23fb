import { type RunStatusCounts as Counts, countRuns } from '../../src/domain/runs/count-runs.ts';
import { type Bucket, type RunHistogram as Histogram, readHistogram } from '../../src/domain/runs/run-histogram.ts';
import { builder } from '../builder.ts';
import { RunFilter } from './list.ts';
import { StatusCount } from './queue-stats.ts';

const RunStatusCounts = builder.objectRef<Counts>('RunStatusCounts').implement({
  description: 'How the runs that a filter means stand.',
  fields: (t) => ({
    counts: t.field({
      type: [StatusCount],
      description: 'The runs by status; every status that the filter allows is there.',
      resolve: ({ counts }) => counts,
    }),
    total: t.exposeInt('total', { description: 'All of them together, as far as they were counted.' }),
    isCapped: t.exposeBoolean('isCapped', {
      description:
        'Whether there may be more: a status is counted up to 100,000, and a filter by more than status and time among the newest 100,000 runs, 25,000 when it asks for payload, metadata or tags that many runs have.',
    }),
  }),
});

const RunHistogramBucket = builder.objectRef<Bucket>('RunHistogramBucket').implement({
  description: 'The runs that were created in one stretch of time.',
  fields: (t) => ({
    at: t.expose('at', { type: 'DateTime', description: 'When the stretch begins.' }),
    counts: t.field({
      type: [StatusCount],
      description: 'Its runs by the status they are in now; statuses without a run are left out.',
      resolve: ({ counts }) => counts,
    }),
  }),
});

const RunHistogram = builder.objectRef<Histogram>('RunHistogram').implement({
  description: 'Runs by the time of their creation and by status.',
  fields: (t) => ({
    from: t.expose('from', { type: 'DateTime', description: 'When the first stretch begins.' }),
    to: t.expose('to', { type: 'DateTime', description: 'When the last stretch ends.' }),
    bucketSecs: t.exposeFloat('bucketSecs', { description: 'How long each stretch is, in seconds.' }),
    isSampled: t.exposeBoolean('isSampled', {
      description:
        'Whether some numbers are estimates: where there are too many runs to look at, the newest of a stretch stand for all of it.',
    }),
    buckets: t.field({
      type: [RunHistogramBucket],
      description: 'All stretches, in the order of time.',
      resolve: ({ buckets }) => buckets,
    }),
  }),
});

builder.queryFields((t) => {
  const projectId = t.arg.id({
    description: 'The project; NOT_FOUND for another than the key’s own, which it is when left out.',
  });
  const filter = t.arg({ type: RunFilter, description: 'Which runs; all of them when left out.' });
  const authScopes = { scope: 'runs:read' } as const;
  return {
    runCounts: t.field({
      type: RunStatusCounts,
      description: 'Counts the runs that a filter means by status, at a bounded cost. Requires `runs:read`.',
      args: { projectId, filter },
      authScopes,
      complexity: 50,
      resolve: (_root, { projectId: project, filter: meant }, { actor, runs }) =>
        countRuns(actor, { projectId: project, filter: meant ?? {} }, runs),
    }),
    runHistogram: t.field({
      type: RunHistogram,
      description: 'The runs that a filter means, by the time of their creation and by status. Requires `runs:read`.',
      args: {
        projectId,
        filter,
        from: t.arg({ type: 'DateTime', required: true, description: 'Runs created at this moment or later.' }),
        to: t.arg({ type: 'DateTime', required: true, description: 'Runs created before this moment.' }),
        buckets: t.arg.int({ defaultValue: 60, description: 'Into how many stretches of equal length: 1 to 200.' }),
      },
      authScopes,
      complexity: 50,
      resolve: (_root, { projectId: project, filter: meant, ...range }, { actor, runs }) =>
        readHistogram(actor, { ...range, projectId: project, filter: meant ?? {} }, runs),
    }),
  };
});
