import { RUN_STATUSES, type RunStatus } from '../../src/core/run-state.ts';
import { builder } from '../builder.ts';
import { Job } from '../jobs/type.ts';
import { BatchModeEnum, BatchStatusEnum, CallbackMomentEnum, modeOf, momentOf } from './enums.ts';
import { summaryOf } from './summary-loader.ts';

const runsRead = { scope: 'runs:read' } as const;

/** How many runs are in each status. */
const RunCounts = builder.objectRef<Readonly<Record<RunStatus, number>>>('RunCounts').implement({
  description: 'How many runs are in each status.',
  fields: (t) => ({
    total: t.int({
      description: 'All of them.',
      resolve: (counts) => RUN_STATUSES.reduce((sum, status) => sum + counts[status], 0),
    }),
    ...Object.fromEntries(
      RUN_STATUSES.map((status) => [
        status.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase()),
        t.int({ description: `Those that are ${status}.`, resolve: (counts) => counts[status] }),
      ]),
    ),
  }),
});

/** An item of a batch that has no run of its own. */
export const BatchItem = builder.prismaObject('BatchItem', {
  description: 'An item of a batch that was refused.',
  fields: (t) => ({
    index: t.exposeInt('ord', { description: 'Where it stands in the list, from 0.' }),
    error: t.exposeString('error', { nullable: true, description: 'Why there is no run of it.' }),
  }),
});

/** Runs triggered together. */
export const Batch = builder.prismaObject('Batch', {
  select: { id: true },
  fields: (t) => ({
    id: t.exposeID('id'),
    projectId: t.exposeID('projectId'),
    jobId: t.exposeID('jobId'),
    key: t.exposeString('key', { nullable: true }),
    total: t.exposeInt('total'),
    stored: t.exposeInt('stored'),
    created: t.exposeInt('created'),
    failed: t.exposeInt('failed'),
    number: t.exposeInt('number'),
    mode: t.field({
      type: BatchModeEnum,
      description: 'How it was triggered.',
      select: { mode: true },
      resolve: ({ mode }) => modeOf(mode),
    }),
    status: t.field({
      type: BatchStatusEnum,
      description: 'Where it stands, by what its runs do now.',
      resolve: async ({ id }, _args, context) => (await summaryOf(id, context)).status,
    }),
    postponedUntil: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'When the first of its runs that are to start later starts; null when none is.',
      resolve: async ({ id }, _args, context) => (await summaryOf(id, context)).postponedUntil,
    }),
    lastError: t.string({
      nullable: true,
      description: 'Why the newest of its runs that failed did, or its last refused item was refused; null when all is well.',
      resolve: async ({ id }, _args, context) => (await summaryOf(id, context)).lastError,
    }),
    outputCount: t.int({
      description: 'How many of its runs have completed and are still kept.',
      resolve: async ({ id }, _args, context) => (await summaryOf(id, context)).counts.completed,
    }),
    parameters: t.expose('parameters', { type: 'JSON', nullable: true }),
    callbackUrl: t.exposeString('callbackUrl', { nullable: true }),
    callbackOn: t.field({
      type: CallbackMomentEnum,
      nullable: true,
      description: 'What is called back for; null when nobody is.',
      select: { callbackOn: true },
      resolve: ({ callbackOn }) => (callbackOn === null ? null : momentOf(callbackOn)),
    }),
    scheduleId: t.exposeID('scheduleId', { nullable: true }),
    canceledAt: t.expose('canceledAt', { type: 'DateTime', nullable: true }),
    resumes: t.exposeInt('resumes'),
    createdBy: t.exposeString('createdBy'),
    createdAt: t.expose('createdAt', { type: 'DateTime' }),
    updatedAt: t.expose('updatedAt', { type: 'DateTime' }),
    jobSlug: t.string({
      description: 'The slug of its job.',
      select: { job: { select: { slug: true } } },
      resolve: ({ job }) => job.slug,
    }),
    job: t.relation('job', {
      type: Job,
      description: 'The job that was triggered. Requires `jobs:read`.',
      authScopes: { scope: 'jobs:read' },
    }),
    counts: t.field({
      type: RunCounts,
      description: 'Its runs that are still kept, by status, counted now. Requires `runs:read`.',
      authScopes: runsRead,
      resolve: async ({ id }, _args, context) => (await summaryOf(id, context)).counts,
    }),
    progress: t.float({
      description: 'The share of its items that are over with: 0 to 1. Requires `runs:read`.',
      authScopes: runsRead,
      resolve: async ({ id }, _args, context) => (await summaryOf(id, context)).progress,
    }),
    isFinished: t.boolean({
      description: 'Whether everything is stored and every run has ended. Requires `runs:read`.',
      authScopes: runsRead,
      resolve: async ({ id }, _args, context) => (await summaryOf(id, context)).isFinished,
    }),
    startedAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'When its first run was started; null before.',
      resolve: async ({ id }, _args, context) => (await summaryOf(id, context)).startedAt,
    }),
    finishedAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'When its last run ended; null while any goes on, and for a batch without runs.',
      resolve: async ({ id }, _args, context) => (await summaryOf(id, context)).finishedAt,
    }),
  }),
});
