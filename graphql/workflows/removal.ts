import { deleteWorkflowRun } from '../../src/domain/workflows/delete-run.ts';
import { builder } from '../builder.ts';

builder.mutationField('deleteWorkflowRun', (t) =>
  t.id({
    description:
      'Deletes a workflow run that has ended, with its steps, its story and the workflow runs below it; answers its id. CONFLICT while it goes on, or is the work of one that does. Requires `workflows:write`.',
    args: { id: t.arg.id({ required: true, description: 'The workflow run.' }) },
    authScopes: { scope: 'workflows:write' },
    resolve: async (_root, { id }, { actor, workflows }) => {
      await deleteWorkflowRun(actor, id, workflows);
      return id;
    },
  }),
);
