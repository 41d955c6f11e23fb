import type { InputFieldBuilder } from '@pothos/core';
import { RunTargetInput } from '../../src/domain/runs/bulk-target.ts';
import { cancelRuns } from '../../src/domain/runs/cancel-many.ts';
import { setDebugMode } from '../../src/domain/runs/debug-mode.ts';
import { replayDeadLetters } from '../../src/domain/runs/dlq-replay-many.ts';
import { previewRuns } from '../../src/domain/runs/preview.ts';
import { replayRun } from '../../src/domain/runs/replay.ts';
import { replayRuns } from '../../src/domain/runs/replay-many.ts';
import { RescheduleRunInput, rescheduleRun } from '../../src/domain/runs/reschedule.ts';
import { RescheduleRunsInput, rescheduleRuns } from '../../src/domain/runs/reschedule-many.ts';
import { resetIdempotencyKey } from '../../src/domain/runs/reset-idempotency.ts';
import { builder } from '../builder.ts';
import { describedBy, leavingOutNulls } from '../input.ts';
import {
  CancelRunsResult,
  ReplayDeadLettersResult,
  ReplayRunsResult,
  RescheduleRunsResult,
  RunOperationEnum,
  RunPreview,
} from './bulk.ts';
import { RunFilter } from './list.ts';
import { Run } from './type.ts';

const RunTarget = builder
  .inputType('RunTargetInput', {
    description: 'Which runs an operation over many is about: `ids`, or a `filter` with at least one condition.',
    fields: (t) => targetFields(t),
  })
  .validate(leavingOutNulls(RunTargetInput));

const DeadLetters = builder
  .inputType('ReplayDeadLettersInput', {
    description: 'Which dead letters to replay: `ids`, or a `filter`; an empty one means all of the project.',
    fields: (t) => targetFields(t),
  })
  .validate(leavingOutNulls(RunTargetInput));

const RescheduleRuns = builder
  .inputType('RescheduleRunsInput', {
    description: 'Which runs are to start at another time: `ids`, or a `filter` with at least one condition; and when.',
    fields: (t) => ({
      ...targetFields(t),
      scheduledAt: t.field({ type: 'DateTime', required: true, ...describedBy(RescheduleRunsInput).scheduledAt }),
    }),
  })
  .validate(leavingOutNulls(RescheduleRunsInput));

const rescheduled = describedBy(RescheduleRunInput);
const RescheduleRun = builder
  .inputType('RescheduleRunInput', {
    description: 'When a run is to start, and with what.',
    fields: (t) => ({
      scheduledAt: t.field({ type: 'DateTime', required: true, ...rescheduled.scheduledAt }),
      payload: t.field({ type: 'JSONObject', ...rescheduled.payload }),
    }),
  })
  .validate(leavingOutNulls(RescheduleRunInput));

builder.queryField('previewRuns', (t) =>
  t.field({
    type: RunPreview,
    description:
      'Counts the runs that a filter means and shows a few, before something is done to all of them. Requires `runs:read`.',
    args: {
      filter: t.arg({ type: RunFilter, required: true, description: 'Which runs.' }),
      operation: t.arg({ type: RunOperationEnum, description: 'Only those that this would be done to; all when left out.' }),
    },
    authScopes: { scope: 'runs:read' },
    resolve: (_root, { filter, operation }, { actor, runs }) => previewRuns(actor, { filter, operation }, runs),
  }),
);

builder.mutationFields((t) => {
  const id = t.arg.id({ required: true, description: 'The run.' });
  const target = t.arg({ type: RunTarget, required: true, description: 'Which runs.' });
  const authScopes = { scope: 'runs:write' } as const;
  return {
    cancelRuns: t.field({
      type: CancelRunsResult,
      description:
        'Cancels many runs and everything they spawned; a filter means the runs that have not ended. Requires `runs:write`.',
      args: { input: target },
      authScopes,
      resolve: (_root, { input }, { actor, runs }) => cancelRuns(actor, input, runs),
    }),
    replayRun: t.field({
      type: Run,
      description:
        'Does the work of a failed, timed out, crashed or system-failed run again, as a new run under the job as it is now. Requires `runs:write`.',
      args: {
        id,
        fromCheckpoint: t.arg.int({
          description:
            'The sequence of a checkpoint of the run: its state becomes the payload, and the new run is in debug mode.',
        }),
      },
      authScopes,
      resolve: async (_root, { id: runId, fromCheckpoint }, { actor, runs }) => ({
        id: await replayRun(actor, { runId, fromCheckpoint }, runs),
      }),
    }),
    replayRuns: t.field({
      type: ReplayRunsResult,
      description:
        'Replays many runs, each as `replayRun` does; a filter means the runs that can be replayed. Requires `runs:write`.',
      args: { input: target },
      authScopes,
      resolve: (_root, { input }, { actor, runs }) => replayRuns(actor, input, runs),
    }),
    replayDeadLetters: t.field({
      type: ReplayDeadLettersResult,
      description:
        'Puts many dead-lettered runs back into the queue, the oldest first; CONFLICT when there was none. Requires `runs:write`.',
      args: { input: t.arg({ type: DeadLetters, required: true, description: 'Which dead letters.' }) },
      authScopes,
      resolve: (_root, { input }, { actor, runs }) => replayDeadLetters(actor, input, runs),
    }),
    rescheduleRun: t.field({
      type: Run,
      description:
        'Moves the start of a run that nobody has started yet, and may replace its payload; NOT_FOUND for any other. Requires `runs:write`.',
      args: { id, input: t.arg({ type: RescheduleRun, required: true, description: 'When, and with what.' }) },
      authScopes,
      resolve: async (_root, { id: runId, input }, { actor, runs }) => {
        await rescheduleRun(actor, { runId, change: input }, runs);
        return { id: runId };
      },
    }),
    rescheduleRuns: t.field({
      type: RescheduleRunsResult,
      description: 'Moves the start of many runs; a filter means the runs that nobody has started yet. Requires `runs:write`.',
      args: { input: t.arg({ type: RescheduleRuns, required: true, description: 'Which runs, and when.' }) },
      authScopes,
      resolve: (_root, { input }, { actor, runs }) => rescheduleRuns(actor, input, runs),
    }),
    resetIdempotencyKey: t.field({
      type: Run,
      description:
        'Takes the idempotency key off a run that nobody works on, so that it can be used again; NOT_FOUND for any other. Requires `runs:write`.',
      args: { id },
      authScopes,
      resolve: async (_root, { id: runId }, { actor, runs }) => {
        await resetIdempotencyKey(actor, runId, runs);
        return { id: runId };
      },
    }),
    setDebugMode: t.field({
      type: Run,
      description:
        'Switches whether what is sent to the executor and what it answers are kept as events, from the next dispatch on. Requires `runs:write`.',
      args: { id, enabled: t.arg.boolean({ required: true, description: 'Whether to keep them.' }) },
      authScopes,
      resolve: async (_root, { id: runId, enabled }, { actor, runs }) => {
        await setDebugMode(actor, { runId, debugMode: enabled }, runs);
        return { id: runId };
      },
    }),
  };
});

function targetFields(t: InputFieldBuilder<typeof builder.$inferSchemaTypes, 'InputObject'>) {
  const described = describedBy(RunTargetInput);
  return {
    ids: t.idList(described.ids),
    filter: t.field({ type: RunFilter, ...described.filter }),
    limit: t.int(described.limit),
    after: t.string(described.after),
  };
}
