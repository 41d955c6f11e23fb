import type { GraphQLResolveInfo } from 'graphql';
import { type RunListChange, watchRuns } from '../../src/domain/changes/watch-runs.ts';
import { builder } from '../builder.ts';
import type { GraphQLContext } from '../context.ts';
import { rowSelection } from '../selection.ts';
import { RunFilter } from './list.ts';
import { Run } from './type.ts';

const RunChangeKind = builder.enumType('RunChangeKind', {
  description: 'What a change of a run means to a list.',
  values: {
    ENTER: { value: 'enter', description: 'The run is in the list: put it there, or in the place of what you have of it.' },
    CHANGE: { value: 'change', description: 'The run was in the list and still is: it is another now.' },
    LEAVE: { value: 'leave', description: 'The run is not in the list: take it out if you have it.' },
  } as const,
});

interface LoadedChange {
  readonly kind: 'enter' | 'change' | 'leave';
  readonly runId: string;
  readonly run: { readonly id: string } | null;
}

const RunChange = builder.objectRef<LoadedChange>('RunChange').implement({
  description: 'What happened to a run as far as a list is concerned.',
  fields: (t) => ({
    kind: t.field({ type: RunChangeKind, description: 'What it means to the list.', resolve: ({ kind }) => kind }),
    runId: t.exposeID('runId', { description: 'The run.' }),
    run: t.field({
      type: Run,
      nullable: true,
      description: 'The run as it is now; null on LEAVE.',
      // Loaded with the selection of this field, which the type of the row cannot say.
      resolve: ({ run }) => run as typeof Run.$inferType | null,
    }),
  }),
});

const RunChanges = builder
  .objectRef<Omit<RunListChange, 'changes'> & { readonly changes: readonly LoadedChange[] }>('RunChanges')
  .implement({
    description: 'What changed in a live list since the event before.',
    fields: (t) => ({
      cursor: t.exposeString('cursor', { description: 'Give it as `after` to go on behind this event.' }),
      reset: t.exposeBoolean('isReset', {
        description:
          'Load the list anew: this is the first event, or changes may have been missed. All that comes after it will be told.',
      }),
      changes: t.field({
        type: [RunChange],
        description: 'At most 100, each run once, to be applied by run: put on ENTER and CHANGE, take out on LEAVE.',
        complexity: { field: 1, multiplier: 10 },
        resolve: ({ changes }) => changes,
      }),
    }),
  });

builder.subscriptionField('runChanged', (t) =>
  t.field({
    type: RunChanges,
    description:
      'Follows a list of runs: which ones enter it, change in it and leave it, several in one event when much happens at once. The first event is a reset, unless `after` can be gone on from (for five minutes). Load the list after every reset and apply what follows to it: then you have what `runs` with this filter answers. A change is one of status, metadata, payload or idempotency key; log lines, progress and heartbeats are none. An event without changes every two minutes of silence brings a fresh cursor. Requires `runs:read`.',
    args: {
      projectId: t.arg.id({ description: 'The project; NOT_FOUND for another than the key’s own, which it is when left out.' }),
      filter: t.arg({ type: RunFilter, description: 'Which runs; all of them when left out.' }),
      after: t.arg.string({ description: 'The `cursor` of the last event seen.' }),
    },
    authScopes: { scope: 'runs:read' },
    subscribe: (_root, { projectId, filter, after }, { actor, runs, delivery }) =>
      watchRuns(
        actor,
        { projectId: projectId ?? undefined, filter: filter ?? {}, after: delivery.lastEventId ?? after ?? null },
        runs,
      ),
    async resolve(event, _args, context, info) {
      context.delivery.deliver({ cursor: event.cursor, since: event.oldestAt });
      return { ...event, changes: await loadChanges(event.changes, context, info) };
    },
  }),
);

/** Loads what the document asks of the runs. One that retention deletes meanwhile is left out: that it leaves is told next. */
async function loadChanges(
  changes: RunListChange['changes'],
  context: GraphQLContext,
  info: GraphQLResolveInfo,
): Promise<readonly LoadedChange[]> {
  const ids = changes.filter(({ kind }) => kind !== 'leave').map(({ runId }) => runId);
  const rows =
    ids.length === 0
      ? []
      : await context.prisma.run.findMany({
          ...rowSelection(context, info, ['changes', 'run']),
          where: { id: { in: ids }, projectId: context.actor.projectId },
        });
  const byId = new Map(rows.map((row) => [row.id, row]));
  return changes.flatMap(({ kind, runId }) => {
    const run = byId.get(runId) ?? null;
    return kind === 'leave' || run ? [{ kind, runId, run }] : [];
  });
}
