import { tailRun } from '../../src/domain/runs/tail.ts';
import { builder } from '../builder.ts';
import { RunEvent } from './event.ts';

builder.subscriptionField('runEvents', (t) =>
  t.field({
    type: RunEvent,
    description:
      'Follows the story of a run: every event after `after` in order, each once, then live; it completes when the run has ended and everything is told. To go on after a broken connection, give the `seq` of the last event seen. Requires `runs:read`.',
    args: {
      runId: t.arg.id({ required: true, description: 'The run to follow.' }),
      after: t.arg.int({ defaultValue: 0, description: 'Only events with a higher `seq`; 0 is the beginning.' }),
    },
    authScopes: { scope: 'runs:read' },
    subscribe: (_root, { runId, after }, { actor, runs }) => tailRun(actor, { runId, after: after ?? 0 }, runs),
    resolve: (event) => event,
  }),
);
