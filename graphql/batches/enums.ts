import { BATCH_MODES, type BatchMode, CALLBACK_MOMENTS, type CallbackMoment } from '../../src/domain/batches/batch-options.ts';
import type { BatchStatus } from '../../src/domain/batches/batch-status.ts';
import type { BATCH_SORT_FIELDS } from '../../src/domain/batches/list-batches.ts';
import { builder } from '../builder.ts';
import { enumValues, memberOf } from '../enum-values.ts';

/** Where a batch stands. */
export const BatchStatusEnum = builder.enumType('BatchStatus', {
  description: 'Where a batch stands, by what its runs do.',
  values: enumValues<BatchStatus>({
    created: 'It is stored, none of its items yet.',
    invalid: 'Every item was refused.',
    queued: 'Its runs wait for their turn, and none has ended.',
    scheduled: 'All that is left of it is to start later.',
    blocked: 'All that is left of it waits for a slot, an endpoint, an event, another run or a person.',
    stopped: 'It was canceled, or runs of it were; it can be resumed.',
    running: 'Executors work on it, or have and will.',
    failed: 'Everything has ended, and nothing well.',
    partial_succeeded: 'Everything has ended, some of it well.',
    succeeded: 'Everything has ended well.',
  }),
});

/** How a batch was triggered. */
export const BatchModeEnum = builder.enumType('BatchMode', {
  description: 'How a batch was triggered.',
  values: enumValues<BatchMode>({
    async: 'Its items were stored; what came of them is looked up or called back.',
    live: 'Its caller waited for the result of its one item.',
  }),
});

/** What is called back for. */
export const CallbackMomentEnum = builder.enumType('CallbackMoment', {
  description: 'What a callback is sent for.',
  values: enumValues<CallbackMoment>({
    all: 'The end of each run, and of the batch.',
    final: 'The end of the batch.',
  }),
});

/** What a search for batches is sorted by. */
export const BatchSortFieldEnum = builder.enumType('BatchSortField', {
  description: 'What batches are sorted by.',
  values: enumValues<(typeof BATCH_SORT_FIELDS)[number]>({
    created_at: 'When they were triggered.',
    updated_at: 'When they were last stored to, canceled, resumed, or ended.',
    status: 'Where they stand, by name. Those under way are looked at one by one.',
    job: 'The slugs of their jobs.',
  }),
});

/** The mode that a column holds. */
export const modeOf = (text: string): BatchMode => memberOf(BATCH_MODES, text);

/** The moment that a column holds. */
export const momentOf = (text: string): CallbackMoment => memberOf(CALLBACK_MOMENTS, text);
