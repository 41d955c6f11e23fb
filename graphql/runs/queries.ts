import { notFound } from '../../src/core/errors.ts';
import { visibleRun } from '../../src/domain/runs/visible-runs.ts';
import { builder } from '../builder.ts';
import { RunOrderEnum } from './enums.ts';
import { listRuns, RunConnection, RunFilter } from './list.ts';
import { Run } from './type.ts';

builder.queryFields((t) => ({
  run: t.prismaField({
    type: Run,
    description: 'One run; NOT_FOUND when there is none. Requires `runs:read`.',
    args: { id: t.arg.id({ required: true, description: 'The run.' }) },
    authScopes: { scope: 'runs:read' },
    resolve: async (query, _root, { id }, { actor, prisma }) => {
      const run = await prisma.run.findFirst({ ...query, where: visibleRun(actor, id) });
      if (!run) throw notFound('run');
      return run;
    },
  }),
  runs: t.connection(
    {
      type: Run,
      description: 'The runs of the project. Requires `runs:read`.',
      args: {
        filter: t.arg({ type: RunFilter, description: 'Which runs; all of them when left out.' }),
        order: t.arg({ type: RunOrderEnum, defaultValue: 'newest-first', description: 'In which order.' }),
      },
      authScopes: { scope: 'runs:read' },
      resolve: (_root, { filter, order, ...page }, context, info) =>
        listRuns({ filter: filter ?? {}, order: order ?? 'newest-first', page }, context, info),
    },
    RunConnection,
  ),
}));
