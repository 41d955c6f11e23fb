import { MACHINE_PRESETS } from '../../src/core/machine-preset.ts';
import {
  type ComputeCost as ComputeCostRow,
  MAX_COUNTED_RUNS,
  type ModelCost as ModelCostRow,
  type RunCost as RunCostRow,
} from '../../src/domain/runs/cost.ts';
import { builder } from '../builder.ts';
import { memberOf } from '../enum-values.ts';
import { MachinePresetEnum } from '../jobs/definition.ts';

/** Where a run can go on. */
export const RunCheckpoint = builder.prismaObject('RunCheckpoint', {
  fields: (t) => ({
    id: t.exposeID('id'),
    runId: t.exposeID('runId'),
    sequence: t.exposeInt('sequence'),
    source: t.exposeString('source'),
    state: t.expose('state', { type: 'JSONObject' }),
    createdAt: t.expose('createdAt', { type: 'DateTime' }),
  }),
});

/** A call of a language model. */
export const RunUsage = builder.prismaObject('RunUsage', {
  fields: (t) => ({
    id: t.exposeID('id'),
    runId: t.exposeID('runId'),
    seq: t.exposeInt('seq'),
    provider: t.exposeString('provider'),
    model: t.exposeString('model'),
    promptTokens: t.exposeInt('promptTokens'),
    completionTokens: t.exposeInt('completionTokens'),
    totalTokens: t.exposeInt('totalTokens'),
    costMicrousd: t.float({
      description: 'What it cost, in millionths of a US dollar.',
      // A report is limited to far less than a double holds exactly.
      resolve: ({ costMicrousd }) => Number(costMicrousd),
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime' }),
  }),
});

/** A call of a tool. */
export const RunToolCall = builder.prismaObject('RunToolCall', {
  fields: (t) => ({
    id: t.exposeID('id'),
    runId: t.exposeID('runId'),
    seq: t.exposeInt('seq'),
    toolName: t.exposeString('toolName'),
    input: t.expose('input', { type: 'JSON', nullable: true }),
    output: t.expose('output', { type: 'JSON', nullable: true }),
    durationMs: t.exposeInt('durationMs', { nullable: true }),
    status: t.exposeString('status', { nullable: true }),
    createdAt: t.expose('createdAt', { type: 'DateTime' }),
  }),
});

/** A value of a run's state. */
export const RunState = builder.prismaObject('RunState', {
  fields: (t) => ({
    runId: t.exposeID('runId'),
    key: t.exposeString('stateKey'),
    value: t.expose('value', { type: 'JSON', nullable: true }),
    updatedAt: t.expose('updatedAt', { type: 'DateTime' }),
  }),
});

/** Values of a run's state on a page, the same wherever they are listed. */
export const RunStateConnection = builder.connectionObject(
  { type: RunState, name: 'RunStateConnection', description: 'A page of values of a state.' },
  { name: 'RunStateEdge', description: 'A value on a page.' },
);

const ModelCost = builder.objectRef<ModelCostRow>('ModelCost').implement({
  description: 'What the calls of one model have cost.',
  fields: (t) => ({
    provider: t.exposeString('provider', { description: 'Who runs the model.' }),
    model: t.exposeString('model', { description: 'The model.' }),
    calls: t.exposeFloat('calls', { description: 'How often it was called.' }),
    promptTokens: t.exposeFloat('promptTokens', { description: 'Tokens that went in.' }),
    completionTokens: t.exposeFloat('completionTokens', { description: 'Tokens that came out.' }),
    tokens: t.exposeFloat('tokens', { description: 'Tokens in all.' }),
    microusd: t.exposeFloat('microusd', { description: 'What it cost, in millionths of a US dollar.' }),
  }),
});

const ComputeCost = builder.objectRef<ComputeCostRow>('ComputeCost').implement({
  description: 'What the machine time of managed runs on one preset has cost.',
  fields: (t) => ({
    preset: t.field({
      type: MachinePresetEnum,
      description: 'The machine.',
      resolve: ({ preset }) => memberOf(MACHINE_PRESETS, preset),
    }),
    attempts: t.exposeFloat('attempts', { description: 'How many attempts ran on it and have ended.' }),
    seconds: t.exposeFloat('seconds', { description: 'How long they took.' }),
    microusd: t.exposeFloat('microusd', { description: 'What that cost, in millionths of a US dollar.' }),
  }),
});

/** What a run has cost. Floats: sums go beyond an Int. */
export const RunCost = builder.objectRef<RunCostRow>('RunCost').implement({
  description: 'What a run has cost together with the runs that it spawned and that continue it, over all their attempts.',
  fields: (t) => ({
    microusd: t.exposeFloat('microusd', { description: 'Millionths of a US dollar.' }),
    tokens: t.exposeFloat('tokens', { description: 'Tokens of language models.' }),
    byModel: t.field({
      type: [ModelCost],
      description: 'The same by model, the dearest first.',
      resolve: ({ byModel }) => [...byModel],
    }),
    compute: t.field({
      type: [ComputeCost],
      description: 'The machine time of managed runs by preset, the dearest first.',
      resolve: ({ compute }) => [...compute],
    }),
    runs: t.exposeInt('runs', { description: 'How many runs were added up.' }),
    isPartial: t.exposeBoolean('isPartial', {
      description: `Whether there are more runs than are added up, which is ${MAX_COUNTED_RUNS.toLocaleString('en')}.`,
    }),
  }),
});
