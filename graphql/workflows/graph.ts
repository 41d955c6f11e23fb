import { builder } from '../builder.ts';
import { definitionOf } from './definition.ts';
import { ALSO_OF_MUTATIONS } from './scopes.ts';
import { StepRun, WorkflowRun } from './type.ts';

const GraphEdge = builder.objectRef<{ readonly from: string; readonly to: string }>('WorkflowGraphEdge').implement({
  description: 'A dependency between two steps.',
  fields: (t) => ({
    from: t.exposeString('from', { description: 'The step that must be over.' }),
    to: t.exposeString('to', { description: 'The step that starts afterwards.' }),
  }),
});

interface GraphParts {
  readonly nodes: readonly (typeof StepRun.$inferType)[];
  readonly edges: readonly { readonly from: string; readonly to: string }[];
}

const Graph = builder.objectRef<GraphParts>('WorkflowGraph').implement({
  description: 'A workflow run as a graph.',
  fields: (t) => ({
    nodes: t.field({
      type: [StepRun],
      description: 'Its steps as they stand now, in the order of the definition.',
      complexity: { field: 5, multiplier: 100 },
      resolve: ({ nodes }) => [...nodes],
    }),
    edges: t.field({ type: [GraphEdge], description: 'What depends on what.', resolve: ({ edges }) => [...edges] }),
  }),
});

builder.prismaObjectFields(WorkflowRun, (t) => ({
  graph: t.field({
    type: Graph,
    description:
      'Its steps as nodes with their states, and what depends on what. Requires `workflows:read`, or another scope of workflows.',
    authScopes: ALSO_OF_MUTATIONS,
    // The steps are read with their workflow runs, those of a whole list at once.
    select: (_args, _context, nestedSelection) => ({
      steps: nestedSelection({ orderBy: { position: 'asc' } }, ['nodes']),
      definition: { select: { definition: true } },
    }),
    resolve: ({ steps, definition }) => ({
      nodes: steps,
      edges: definitionOf(definition.definition).steps.flatMap(({ ref, dependsOn }) =>
        dependsOn.map((from) => ({ from, to: ref })),
      ),
    }),
  }),
}));
