import { runDependencies } from '../../src/domain/dependencies/run-dependencies.ts';
import { builder } from '../builder.ts';
import { Job } from '../jobs/type.ts';
import { Run } from '../runs/type.ts';
import { JobDependency, RunDependencies } from './type.ts';

builder.prismaObjectField(Job, 'dependencies', (t) =>
  t.relation('dependencies', {
    type: JobDependency,
    description: 'The jobs that its runs wait for, in the order they were added; at most 50. Requires `jobs:read`.',
    authScopes: { scope: 'jobs:read' },
    query: { orderBy: { id: 'asc' } },
  }),
);

builder.prismaObjectFields(Run, (t) => ({
  dependencies: t.field({
    type: RunDependencies,
    description: 'What it waits or has waited for because its job depends on it. Requires `runs:read`.',
    authScopes: { scope: 'runs:read' },
    resolve: ({ id }, _args, { actor, runs }) => runDependencies(actor, id, runs),
  }),
}));
