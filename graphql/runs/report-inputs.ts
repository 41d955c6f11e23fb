import { AnnotateRunInput } from '../../src/domain/runs/annotate.ts';
import { SaveCheckpointInput } from '../../src/domain/runs/checkpoint.ts';
import { ContinueRunInput } from '../../src/domain/runs/continue.ts';
import { ReportResourcesInput } from '../../src/domain/runs/resources.ts';
import { SetStateInput } from '../../src/domain/runs/state.ts';
import { ReportToolCallInput } from '../../src/domain/runs/tool-call.ts';
import { ReportUsageInput } from '../../src/domain/runs/usage.ts';
import { builder } from '../builder.ts';
import { describedBy, leavingOutNulls } from '../input.ts';

const saved = describedBy(SaveCheckpointInput);
/** Where a run can go on. */
export const SaveCheckpoint = builder
  .inputType('SaveCheckpointInput', {
    description: 'Where a run can go on.',
    fields: (t) => ({
      state: t.field({ type: 'JSONObject', required: true, ...saved.state }),
      source: t.string(saved.source),
    }),
  })
  .validate(leavingOutNulls(SaveCheckpointInput));

const used = describedBy(ReportUsageInput);
/** A call of a language model. */
export const ReportUsage = builder
  .inputType('ReportUsageInput', {
    description: 'A call of a language model.',
    fields: (t) => ({
      provider: t.string({ required: true, ...used.provider }),
      model: t.string({ required: true, ...used.model }),
      promptTokens: t.int(used.promptTokens),
      completionTokens: t.int(used.completionTokens),
      totalTokens: t.int(used.totalTokens),
      // A dear call has more millionths of a dollar than an Int holds.
      costMicrousd: t.float(used.costMicrousd),
    }),
  })
  .validate(leavingOutNulls(ReportUsageInput));

const called = describedBy(ReportToolCallInput);
/** A call of a tool. */
export const ReportToolCall = builder
  .inputType('ReportToolCallInput', {
    description: 'A call of a tool.',
    fields: (t) => ({
      toolName: t.string({ required: true, ...called.toolName }),
      input: t.field({ type: 'JSON', ...called.input }),
      output: t.field({ type: 'JSON', ...called.output }),
      durationMs: t.int(called.durationMs),
      status: t.string(called.status),
    }),
  })
  .validate(leavingOutNulls(ReportToolCallInput));

const kept = describedBy(SetStateInput);
/** A value to keep with a run. */
export const SetState = builder
  .inputType('SetStateInput', {
    description: 'A value to keep from one attempt to the next.',
    fields: (t) => ({ key: t.string({ required: true, ...kept.key }), value: t.field({ type: 'JSON', ...kept.value }) }),
  })
  .validate(leavingOutNulls(SetStateInput));

const annotated = describedBy(AnnotateRunInput);
/** Notes to merge into the metadata of a run. */
export const AnnotateRun = builder
  .inputType('AnnotateRunInput', {
    description: 'Notes to merge into the metadata of a run.',
    fields: (t) => ({ annotations: t.field({ type: 'StringMap', required: true, ...annotated.annotations }) }),
  })
  .validate(leavingOutNulls(AnnotateRunInput));

const sampled = describedBy(ReportResourcesInput);
/** What an executor uses. */
export const ReportResources = builder
  .inputType('ReportResourcesInput', {
    description: 'What an executor uses of its machine.',
    fields: (t) => ({
      memoryMb: t.float(sampled.memoryMb),
      memoryPercent: t.float(sampled.memoryPercent),
      cpuPercent: t.float(sampled.cpuPercent),
    }),
  })
  .validate(leavingOutNulls(ReportResourcesInput));

const continued = describedBy(ContinueRunInput);
/** A run that carries on. The schema itself: a payload that is null is not one that is left out. */
export const ContinueRun = builder
  .inputType('ContinueRunInput', {
    description: 'A run that carries on where another leaves off.',
    fields: (t) => ({ payload: t.field({ type: 'JSON', ...continued.payload }), key: t.string(continued.key) }),
  })
  .validate(ContinueRunInput.extend({ key: ContinueRunInput.shape.key.nullable().transform((key) => key ?? undefined) }));
