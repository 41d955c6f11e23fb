import { notFound } from '../../src/core/errors.ts';
import { annotateRun } from '../../src/domain/runs/annotate.ts';
import { saveCheckpoint } from '../../src/domain/runs/checkpoint.ts';
import { continueRun } from '../../src/domain/runs/continue.ts';
import { reportResources } from '../../src/domain/runs/resources.ts';
import { deleteState, getState, setState } from '../../src/domain/runs/state.ts';
import { reportToolCall } from '../../src/domain/runs/tool-call.ts';
import { reportUsage } from '../../src/domain/runs/usage.ts';
import { builder } from '../builder.ts';
import { OwnRun, RunReport } from './executor.ts';
import { ownRun } from './own-run.ts';
import {
  AnnotateRun,
  ContinueRun,
  ReportResources,
  ReportToolCall,
  ReportUsage,
  SaveCheckpoint,
  SetState,
} from './report-inputs.ts';
import { RunCheckpoint, RunState, RunStateConnection, RunToolCall, RunUsage } from './report-types.ts';
import { listState } from './state-list.ts';
import { Run } from './type.ts';

// What an executor keeps with its own run and reads back. As in executor.ts, the token names the run.

const authScopes = { runToken: true } as const;

builder.queryFields((t) => ({
  ownCheckpoint: t.prismaField({
    type: RunCheckpoint,
    description: 'The newest checkpoint of the caller’s run; NOT_FOUND while it has none. Requires the run token of an attempt.',
    authScopes,
    resolve: async (query, _root, _args, context) => {
      const { runId, projectId } = ownRun(context);
      const where = { runId, run: { projectId } };
      const checkpoint = await context.prisma.runCheckpoint.findFirst({ ...query, where, orderBy: { sequence: 'desc' } });
      if (!checkpoint) throw notFound('checkpoint');
      return checkpoint;
    },
  }),
  ownState: t.field({
    type: RunState,
    description:
      'A value of the state of the caller’s run; NOT_FOUND when there is none under that key. Requires the run token of an attempt.',
    args: { key: t.arg.string({ required: true, description: 'Name of the value.' }) },
    authScopes,
    resolve: (_root, { key }, context) => getState(ownRun(context), key, context.runs),
  }),
  ownStates: t.connection(
    {
      type: RunState,
      description: 'The state of the caller’s run, by key. Requires the run token of an attempt.',
      authScopes,
      resolve: (_root, page, context, info) => {
        const { runId, projectId } = ownRun(context);
        return listState({ where: { runId, run: { projectId } }, page }, context, info);
      },
    },
    RunStateConnection,
  ),
}));

builder.mutationFields((t) => ({
  saveCheckpoint: t.field({
    type: RunCheckpoint,
    description:
      'Saves where the run can go on; the newest checkpoint is handed to the next attempt. CONFLICT unless the run is executing or waiting. Requires the run token of an attempt.',
    args: { input: t.arg({ type: SaveCheckpoint, required: true, description: 'The checkpoint.' }) },
    authScopes,
    resolve: (_root, { input }, context) => saveCheckpoint(ownRun(context), input, context.runs),
  }),
  reportUsage: t.field({
    type: RunUsage,
    description: 'Notes a call of a language model. Requires the run token of an attempt.',
    args: { input: t.arg({ type: ReportUsage, required: true, description: 'The call.' }) },
    authScopes,
    resolve: (_root, { input }, context) => reportUsage(ownRun(context), input, context.runs),
  }),
  reportToolCall: t.field({
    type: RunToolCall,
    description: 'Notes a call of a tool. Requires the run token of an attempt.',
    args: { input: t.arg({ type: ReportToolCall, required: true, description: 'The call.' }) },
    authScopes,
    resolve: (_root, { input }, context) => reportToolCall(ownRun(context), input, context.runs),
  }),
  setState: t.field({
    type: RunState,
    description:
      'Keeps a value from one attempt to the next, in place of the one before under that key. Requires the run token of an attempt.',
    args: { input: t.arg({ type: SetState, required: true, description: 'The value.' }) },
    authScopes,
    resolve: (_root, { input }, context) => setState(ownRun(context), input, context.runs),
  }),
  deleteState: t.field({
    type: OwnRun,
    description:
      'Forgets a value of the state; NOT_FOUND when there is none under that key. Requires the run token of an attempt.',
    args: { key: t.arg.string({ required: true, description: 'Name of the value.' }) },
    authScopes,
    resolve: async (_root, { key }, context) => {
      await deleteState(ownRun(context), key, context.runs);
      return ownRun(context);
    },
  }),
  annotateRun: t.field({
    type: OwnRun,
    description: 'Merges notes into the metadata of the run. Requires the run token of an attempt.',
    args: { input: t.arg({ type: AnnotateRun, required: true, description: 'The notes.' }) },
    authScopes,
    resolve: async (_root, { input }, context) => {
      await annotateRun(ownRun(context), input, context.runs);
      return ownRun(context);
    },
  }),
  reportResources: t.field({
    type: RunReport,
    description: 'Says what memory and CPU the run uses. Requires the run token of an attempt.',
    args: { input: t.arg({ type: ReportResources, required: true, description: 'What it uses.' }) },
    authScopes,
    resolve: async (_root, { input }, context) => ({ seq: await reportResources(ownRun(context), input, context.runs) }),
  }),
  continueRun: t.field({
    type: Run,
    description:
      'Starts a run of the same job that carries on where this one leaves off, or answers the one that was started before under the same key. This run goes on as it is. Requires the run token of an attempt.',
    args: { input: t.arg({ type: ContinueRun, required: true, description: 'The run.' }) },
    authScopes,
    resolve: async (_root, { input }, context) => ({ id: await continueRun(ownRun(context), input, context.runs) }),
  }),
}));
