import { pauseRun, RestartRunInput, restartRun, resumeRun } from '../../src/domain/runs/managed.ts';
import { builder } from '../builder.ts';
import { describedBy } from '../input.ts';
import { MachinePresetEnum } from '../jobs/definition.ts';
import { Run } from './type.ts';

const restarted = describedBy(RestartRunInput);

builder.mutationFields((t) => {
  const id = t.arg.id({ required: true, description: 'The run.' });
  const authScopes = { scope: 'runs:write' } as const;
  return {
    pauseRun: t.field({
      type: Run,
      description:
        'Stops the process of a managed run until it is resumed; it keeps its last checkpoint. BAD_REQUEST unless it executes or is paused already. Requires `runs:write`.',
      args: { id },
      authScopes,
      resolve: async (_root, { id: runId }, { actor, runs }) => {
        await pauseRun(actor, runId, runs);
        return { id: runId };
      },
    }),
    resumeRun: t.field({
      type: Run,
      description:
        'Puts a paused run back into the queue: a new process goes on from its last checkpoint. BAD_REQUEST unless it is paused. Requires `runs:write`.',
      args: { id },
      authScopes,
      resolve: async (_root, { id: runId }, { actor, runs }) => {
        await resumeRun(actor, runId, runs);
        return { id: runId };
      },
    }),
    restartRun: t.field({
      type: Run,
      description:
        'Starts the process of a managed run anew from its last checkpoint, on another machine if asked for. BAD_REQUEST unless it executes or is paused. Requires `runs:write`.',
      args: { id, machinePreset: t.arg({ type: MachinePresetEnum, ...restarted.machinePreset }) },
      authScopes,
      resolve: async (_root, { id: runId, machinePreset }, { actor, runs }) => {
        await restartRun(actor, { runId, machinePreset: machinePreset ?? undefined }, runs);
        return { id: runId };
      },
    }),
  };
});
