import type { BulkItem } from '../../src/domain/runs/bulk-target.ts';
import type { BulkCanceled } from '../../src/domain/runs/cancel-many.ts';
import type { BulkDeadLettersReplayed } from '../../src/domain/runs/dlq-replay-many.ts';
import type { BulkOperation, RunPreview as Preview } from '../../src/domain/runs/preview.ts';
import type { BulkReplayed, ReplayedItem } from '../../src/domain/runs/replay-many.ts';
import type { BulkRescheduled } from '../../src/domain/runs/reschedule-many.ts';
import { builder } from '../builder.ts';
import type { GraphQLContext } from '../context.ts';
import { enumValues } from '../enum-values.ts';
import { RunStatusEnum } from './enums.ts';
import { Run } from './type.ts';

/** Runs that one answer shows as runs; of the others it tells the ids. */
const MAX_SHOWN = 500;

const BulkRun = builder.objectRef<BulkItem>('BulkRunResult').implement({
  description: 'What became of one of many runs.',
  fields: (t) => ({
    id: t.exposeID('id', { description: 'The run, as it was named.' }),
    status: t.expose('status', {
      type: RunStatusEnum,
      nullable: true,
      description: 'Its status after the operation; null when there is no such run.',
    }),
    error: t.exposeString('error', { nullable: true, description: 'Why the operation was not done to it; null when it was.' }),
  }),
});

const END_CURSOR = 'For `after`, to go on behind the runs that a filter with a limit has selected; null when there are no more.';

const LISTED = 'One for each id, in the order given; for a filter at most 1,000, those that failed first.';

/** The answer to a cancelation of many runs. */
export const CancelRunsResult = builder.objectRef<BulkCanceled>('CancelRunsResult').implement({
  description: 'What came of canceling many runs.',
  fields: (t) => ({
    results: t.field({ type: [BulkRun], description: LISTED, resolve: ({ results }) => results }),
    total: t.exposeInt('total', { description: 'How many runs were meant.' }),
    canceled: t.exposeInt('canceled', { description: 'How many of them were canceled.' }),
    failed: t.exposeInt('failed', { description: 'How many were not.' }),
    endCursor: t.exposeString('endCursor', { nullable: true, description: END_CURSOR }),
    descendants: t.exposeInt('descendants', {
      description: 'How many others were canceled because a run above them was.',
    }),
  }),
});

const ReplayOutcomeEnum = builder.enumType('ReplayOutcome', {
  description: 'Whether a run was replayed.',
  values: enumValues<ReplayedItem['outcome']>({
    replayed: 'There is a new run.',
    skipped: 'It has not ended in a way that is replayed.',
    failed: 'It is unknown, or its job does not take it.',
  }),
});

const ReplayedRun = builder.objectRef<ReplayedItem>('ReplayedRun').implement({
  description: 'What became of one of many runs to replay.',
  fields: (t) => ({
    originalId: t.exposeID('originalId', { description: 'The run, as it was named.' }),
    newId: t.exposeID('newId', { nullable: true, description: 'The run that does its work again; null when none does.' }),
    outcome: t.expose('outcome', { type: ReplayOutcomeEnum, description: 'Whether it was replayed.' }),
    error: t.exposeString('error', { nullable: true, description: 'Why it was not replayed; null when it was.' }),
  }),
});

/** The answer to a replay of many runs. */
export const ReplayRunsResult = builder.objectRef<BulkReplayed>('ReplayRunsResult').implement({
  description: 'What came of replaying many runs.',
  fields: (t) => ({
    results: t.field({ type: [ReplayedRun], description: LISTED, resolve: ({ results }) => results }),
    runs: t.prismaField({
      type: [Run],
      description: 'The new runs among the results, at most 500, in the same order.',
      complexity: { field: 5, multiplier: 100 },
      resolve: (query, { results }, _args, context) =>
        inOrder(
          results.flatMap(({ newId }) => newId ?? []),
          context,
          (where) => context.prisma.run.findMany({ ...query, where }),
        ),
    }),
    total: t.exposeInt('total', { description: 'How many runs were meant.' }),
    replayed: t.exposeInt('replayed', { description: 'How many of them were replayed.' }),
    skipped: t.exposeInt('skipped', { description: 'How many have not ended in a way that is replayed.' }),
    failed: t.exposeInt('failed', { description: 'How many are unknown, or not taken by their job.' }),
    endCursor: t.exposeString('endCursor', { nullable: true, description: END_CURSOR }),
  }),
});

/** The answer to a replay of many dead letters. */
export const ReplayDeadLettersResult = builder.objectRef<BulkDeadLettersReplayed>('ReplayDeadLettersResult').implement({
  description: 'What came of replaying many dead letters.',
  fields: (t) => ({
    results: t.field({ type: [BulkRun], description: LISTED, resolve: ({ results }) => results }),
    runs: t.prismaField({
      type: [Run],
      description: 'The replayed runs among the results, at most 500, in the same order.',
      complexity: { field: 5, multiplier: 100 },
      resolve: (query, { results }, _args, context) =>
        inOrder(
          results.flatMap(({ id, error }) => (error === null ? id : [])),
          context,
          (where) => context.prisma.run.findMany({ ...query, where }),
        ),
    }),
    total: t.exposeInt('total', { description: 'How many runs were meant.' }),
    replayed: t.exposeInt('replayed', { description: 'How many of them are queued again.' }),
    failed: t.exposeInt('failed', { description: 'How many are unknown, or no dead letters.' }),
    endCursor: t.exposeString('endCursor', { nullable: true, description: END_CURSOR }),
  }),
});

/** The answer to a change of the start of many runs. */
export const RescheduleRunsResult = builder.objectRef<BulkRescheduled>('RescheduleRunsResult').implement({
  description: 'What came of moving the start of many runs.',
  fields: (t) => ({
    results: t.field({ type: [BulkRun], description: LISTED, resolve: ({ results }) => results }),
    total: t.exposeInt('total', { description: 'How many runs were meant.' }),
    rescheduled: t.exposeInt('rescheduled', { description: 'How many of them start at another time now.' }),
    failed: t.exposeInt('failed', { description: 'How many are unknown, or were started before.' }),
    endCursor: t.exposeString('endCursor', { nullable: true, description: END_CURSOR }),
  }),
});

/** An operation that a preview is of. */
export const RunOperationEnum = builder.enumType('RunOperation', {
  description: 'An operation over the runs that a filter means.',
  values: enumValues<BulkOperation>({
    cancel: 'Cancel those that have not ended.',
    replay: 'Replay those that have failed.',
    replay_dead_letters: 'Replay those that are dead letters.',
    reschedule: 'Move the start of those that nobody has started yet.',
  }),
});

/** What a filter means at this moment. */
export const RunPreview = builder.objectRef<Preview>('RunPreview').implement({
  description: 'What a filter means at this moment.',
  fields: (t) => ({
    count: t.exposeInt('count', { description: 'How many runs; it goes no further than 10,000.' }),
    isCapped: t.exposeBoolean('isCapped', { description: 'Whether there are more than `count`.' }),
    sample: t.prismaField({
      type: [Run],
      description: 'The newest of them, at most ten.',
      resolve: (query, { sampleIds }, _args, context) =>
        inOrder(sampleIds, context, (where) => context.prisma.run.findMany({ ...query, where })),
    }),
  }),
});

interface Where {
  readonly id: { readonly in: string[] };
  readonly projectId: string;
}

/** Loads runs at once and answers them in the order of their ids; one that retention deletes meanwhile is left out. */
async function inOrder<Row extends { readonly id: string }>(
  ids: readonly string[],
  { actor }: GraphQLContext,
  load: (where: Where) => Promise<Row[]>,
): Promise<Row[]> {
  const shown = ids.slice(0, MAX_SHOWN);
  const rows = await load({ id: { in: shown }, projectId: actor.projectId });
  const byId = new Map(rows.map((row) => [row.id, row]));
  return shown.flatMap((id) => byId.get(id) ?? []);
}
