import type { RunActor } from '../../src/auth/actor.ts';
import { notFound } from '../../src/core/errors.ts';
import { streamRun } from '../../src/domain/runs/chunk.ts';
import { completeRun, failRun } from '../../src/domain/runs/complete.ts';
import { heartbeat } from '../../src/domain/runs/heartbeat.ts';
import { logRun, reportProgress } from '../../src/domain/runs/log.ts';
import { setOutput } from '../../src/domain/runs/output.ts';
import { spawnRun } from '../../src/domain/runs/spawn.ts';
import { type ChildrenWait as ChildrenWaitState, type ChildState, waitForChildren } from '../../src/domain/runs/waits.ts';
import { builder } from '../builder.ts';
import { RunOutput } from './details.ts';
import { ChildrenWaitStatusEnum, RunStatusEnum } from './enums.ts';
import { FailRun, LogRun, ReportProgress, SetOutput, SpawnRun, StreamRun, WaitForChildren } from './executor-inputs.ts';
import { ownRun } from './own-run.ts';
import { Run } from './type.ts';

// What an executor says about its own run, with the run token of the attempt as its only credential. The token names the run, so no
// field takes an id.

/** The run of the token that reported. */
export const OwnRun = builder.objectRef<RunActor>('OwnRun').implement({
  description: 'The run that an executor has reported on.',
  fields: (t) => ({
    id: t.exposeID('runId', { description: 'The run.' }),
    run: t.field({ type: Run, description: 'The run as it is now.', resolve: ({ runId }) => ({ id: runId }) }),
  }),
});

/** The place of a report in the story of its run. */
export const RunReport = builder.objectRef<{ readonly seq: number }>('RunReport').implement({
  description: 'What became of a report.',
  fields: (t) => ({ seq: t.exposeInt('seq', { description: 'Its number among the events of the run.' }) }),
});

const ChildRun = builder.objectRef<ChildState>('ChildRun').implement({
  description: 'A child as its waiting parent sees it.',
  fields: (t) => ({
    id: t.exposeID('id', { description: 'The child.' }),
    status: t.expose('status', { type: RunStatusEnum, description: 'Where it stands.' }),
    result: t.expose('result', { type: 'JSON', nullable: true, description: 'What it returned; null until it has completed.' }),
    error: t.exposeString('error', { nullable: true, description: 'Why it failed, if it did.' }),
  }),
});

const ChildrenWait = builder.objectRef<ChildrenWaitState>('ChildrenWait').implement({
  description: 'How a parent and its children stand.',
  fields: (t) => ({
    status: t.expose('status', { type: ChildrenWaitStatusEnum, description: 'Whether there is anything to wait for.' }),
    children: t.field({
      type: [ChildRun],
      description: 'The children that were asked for, oldest first.',
      resolve: ({ children }) => children,
    }),
  }),
});

builder.queryField('ownPayload', (t) =>
  t.field({
    type: 'JSON',
    nullable: true,
    description: 'The input of the caller’s run. Requires the run token of an attempt.',
    authScopes: { runToken: true },
    resolve: async (_root, _args, context) => {
      const { runId, projectId } = ownRun(context);
      const data = await context.prisma.runData.findFirst({ where: { runId, projectId }, select: { payload: true } });
      if (!data) throw notFound('run');
      return data.payload;
    },
  }),
);

builder.mutationFields((t) => {
  const authScopes = { runToken: true } as const;
  return {
    completeRun: t.field({
      type: OwnRun,
      description:
        'Ends the run with a result. Again with the same result answers alike; another one is a CONFLICT. UNPROCESSABLE when the result breaks the schema of the job. Requires the run token of an attempt.',
      args: { result: t.arg({ type: 'JSON', description: 'What the run returns, any JSON up to 1 MB.' }) },
      authScopes,
      resolve: async (_root, { result }, context) => {
        await completeRun(ownRun(context), result ?? null, context.runs);
        return ownRun(context);
      },
    }),
    failRun: t.field({
      type: OwnRun,
      description:
        'Ends the attempt with an error, and the run with it unless a retry is asked for. Requires the run token of an attempt.',
      args: { input: t.arg({ type: FailRun, required: true, description: 'Why, and what then.' }) },
      authScopes,
      resolve: async (_root, { input }, context) => {
        await failRun(ownRun(context), input, context.runs);
        return ownRun(context);
      },
    }),
    heartbeat: t.field({
      type: OwnRun,
      description: 'Says that the executor lives; CONFLICT says that it should stop. Requires the run token of an attempt.',
      authScopes,
      resolve: async (_root, _args, context) => {
        await heartbeat(ownRun(context), context.runs);
        return ownRun(context);
      },
    }),
    logRun: t.field({
      type: RunReport,
      description: 'Adds a line to the events of the run. Requires the run token of an attempt.',
      args: { input: t.arg({ type: LogRun, required: true, description: 'What to note.' }) },
      authScopes,
      resolve: async (_root, { input }, context) => ({ seq: await logRun(ownRun(context), input, context.runs) }),
    }),
    reportProgress: t.field({
      type: RunReport,
      description: 'Says how far the run is. Requires the run token of an attempt.',
      args: { input: t.arg({ type: ReportProgress, required: true, description: 'How far it is.' }) },
      authScopes,
      resolve: async (_root, { input }, context) => ({ seq: await reportProgress(ownRun(context), input, context.runs) }),
    }),
    streamRun: t.field({
      type: RunReport,
      description:
        'Adds pieces of text to a stream of the run, where everybody who follows it sees them at once. Requires the run token of an attempt.',
      args: { input: t.arg({ type: StreamRun, required: true, description: 'What to stream.' }) },
      authScopes,
      resolve: async (_root, { input }, context) => ({ seq: await streamRun(ownRun(context), input, context.runs) }),
    }),
    setOutput: t.field({
      type: RunOutput,
      description:
        'Stores a named value with the run, in place of the one before under that key. Requires the run token of an attempt.',
      args: { input: t.arg({ type: SetOutput, required: true, description: 'The value.' }) },
      authScopes,
      resolve: (_root, { input }, context) => setOutput(ownRun(context), input, context.runs),
    }),
    spawnRun: t.field({
      type: Run,
      description:
        'Starts a child run, or answers the one that was started before under the same spawn key. Requires the run token of an attempt.',
      args: { input: t.arg({ type: SpawnRun, required: true, description: 'The child.' }) },
      authScopes,
      resolve: async (_root, { input }, context) => ({ id: await spawnRun(ownRun(context), input, context.runs) }),
    }),
    waitForChildren: t.field({
      type: ChildrenWait,
      description:
        'Puts the run to sleep until its children have ended, unless they have; it is then dispatched again as the same attempt. Requires the run token of an attempt.',
      args: { input: t.arg({ type: WaitForChildren, required: true, description: 'Which children, and how long.' }) },
      authScopes,
      resolve: (_root, { input }, context) => waitForChildren(ownRun(context), input, context.runs),
    }),
  };
});
