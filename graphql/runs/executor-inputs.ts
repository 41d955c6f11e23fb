import { z } from 'zod';
import { isUuid } from '../../src/core/ids.ts';
import { StreamRunInput } from '../../src/domain/runs/chunk.ts';
import { LogRunInput, ReportProgressInput } from '../../src/domain/runs/log.ts';
import { SetOutputInput } from '../../src/domain/runs/output.ts';
import { SpawnInput } from '../../src/domain/runs/spawn.ts';
import { builder } from '../builder.ts';
import { describedBy, leavingOutNulls } from '../input.ts';
import { LogLevelEnum, ReportTypeEnum } from './enums.ts';

const MAX_ERROR_LENGTH = 10_000;

/**
 * An error is cut and cleaned, never refused: an executor that could not say why it failed would leave its run to the timeout. What a
 * program prints may well be long, or have NUL characters in it.
 */
const FailRunSchema = z.strictObject({
  error: z
    .string()
    .transform((error) => error.slice(0, MAX_ERROR_LENGTH).replaceAll('\0', '\uFFFD').toWellFormed() || 'failed')
    .describe('Why, for people; what is beyond 10,000 characters is cut.'),
  retry: z.boolean().default(false).describe('Let the retry policy of the job decide what comes next; false ends the run.'),
});

const failed = describedBy(FailRunSchema);
/** How an executor gives up. */
export const FailRun = builder
  .inputType('FailRunInput', {
    description: 'How an executor gives up.',
    fields: (t) => ({ error: t.string({ required: true, ...failed.error }), retry: t.boolean(failed.retry) }),
  })
  .validate(
    z.preprocess(
      (input: { readonly error: string; readonly retry?: boolean | null }) => ({ ...input, retry: input.retry ?? false }),
      FailRunSchema,
    ),
  );

const logged = describedBy(LogRunInput);
/** What an executor notes. */
export const LogRun = builder
  .inputType('LogRunInput', {
    description: 'What an executor notes.',
    fields: (t) => ({
      message: t.string({ required: true, ...logged.message }),
      level: t.field({ type: LogLevelEnum, ...logged.level }),
      type: t.field({ type: ReportTypeEnum, ...logged.type }),
      data: t.field({ type: 'JSONObject', ...logged.data }),
    }),
  })
  .validate(leavingOutNulls(LogRunInput));

const progressed = describedBy(ReportProgressInput);
/** How far an executor is. */
export const ReportProgress = builder
  .inputType('ReportProgressInput', {
    description: 'How far an executor is.',
    fields: (t) => ({
      percent: t.float(progressed.percent),
      message: t.string({ required: true, ...progressed.message }),
      step: t.string(progressed.step),
      etaSecs: t.float(progressed.etaSecs),
    }),
  })
  .validate(leavingOutNulls(ReportProgressInput));

const streamed = describedBy(StreamRunInput);
/** What an executor streams. */
export const StreamRun = builder
  .inputType('StreamRunInput', {
    description: 'What an executor streams.',
    fields: (t) => ({
      chunk: t.string(streamed.chunk),
      chunks: t.stringList(streamed.chunks),
      streamId: t.string(streamed.streamId),
      done: t.boolean(streamed.done),
      sequence: t.int(streamed.sequence),
    }),
  })
  .validate(leavingOutNulls(StreamRunInput));

const stored = describedBy(SetOutputInput);
/** A named value to store with a run. */
export const SetOutput = builder
  .inputType('SetOutputInput', {
    description: 'A named value to store with a run.',
    fields: (t) => ({
      key: t.string({ required: true, ...stored.key }),
      value: t.field({ type: 'JSON', ...stored.value }),
      schema: t.field({ type: 'JSONObject', ...stored.schema }),
    }),
  })
  .validate(leavingOutNulls(SetOutputInput));

const spawned = describedBy(SpawnInput);
/** A child to start. */
export const SpawnRun = builder
  .inputType('SpawnRunInput', {
    description: 'A child run to start.',
    fields: (t) => ({
      job: t.id({ required: true, ...spawned.job }),
      payload: t.field({ type: 'JSON', ...spawned.payload }),
      priority: t.int(spawned.priority),
      spawnKey: t.string(spawned.spawnKey),
      awaitCompletion: t.boolean(spawned.awaitCompletion),
      awaitTimeoutSecs: t.int(spawned.awaitTimeoutSecs),
    }),
  })
  .validate(leavingOutNulls(SpawnInput));

const MAX_AWAITED = 1_000;
const MAX_WAIT_SECS = 30 * 86_400;

const WaitForChildrenSchema = z.strictObject({
  runIds: z
    .array(z.string().refine(isUuid, 'must be the id of a run'))
    .min(1)
    .max(MAX_AWAITED)
    .nullable()
    .default(null)
    .describe('The children to wait for; all of them when left out.'),
  timeoutSecs: z.int().min(1).max(MAX_WAIT_SECS).default(3_600).describe('Seconds to wait at most: 3,600 when left out.'),
});

const awaited = describedBy(WaitForChildrenSchema);
/** Which children to wait for. */
export const WaitForChildren = builder
  .inputType('WaitForChildrenInput', {
    description: 'Which children to wait for, and how long.',
    fields: (t) => ({ runIds: t.idList(awaited.runIds), timeoutSecs: t.int(awaited.timeoutSecs) }),
  })
  .validate(leavingOutNulls(WaitForChildrenSchema));
