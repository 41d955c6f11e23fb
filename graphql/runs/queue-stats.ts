import type { QueueStats as Stats } from '../../src/domain/changes/count-queue.ts';
import { followQueue } from '../../src/domain/changes/follow-queue.ts';
import type { StatusCount as RunCount } from '../../src/domain/runs/count-runs.ts';
import { builder } from '../builder.ts';
import { RunStatusEnum } from './enums.ts';

/** How many runs are in a status. */
export const StatusCount = builder.objectRef<RunCount>('StatusCount').implement({
  description: 'How many runs are in a status.',
  fields: (t) => ({
    status: t.field({ type: RunStatusEnum, description: 'The status.', resolve: ({ status }) => status }),
    count: t.exposeInt('count', { description: 'The number of runs, as far as they were counted.' }),
  }),
});

const QueueStats = builder.objectRef<Stats>('QueueStats').implement({
  description: 'How the queue of a project stands.',
  fields: (t) => ({
    projectId: t.exposeID('projectId', { description: 'The project.' }),
    at: t.expose('at', { type: 'DateTime', description: 'When it was counted.' }),
    counts: t.field({
      type: [StatusCount],
      description: 'The runs that have not ended, by status, each counted up to 100,000; every such status is there.',
      resolve: ({ counts }) => counts,
    }),
    depth: t.int({
      description: 'Runs in the queue, those included that wait in it for a retry or for a limit.',
      resolve: ({ counts }) => countOf(counts, ['queued']),
    }),
    executing: t.int({
      description: 'Runs that an executor works on or is about to.',
      resolve: ({ counts }) => countOf(counts, ['dequeued', 'executing']),
    }),
    oldestDueAt: t.expose('oldestDueAt', {
      type: 'DateTime',
      nullable: true,
      description:
        'Since when the oldest run that could be claimed has been due: its age is the time since. Null when none is due.',
    }),
    endedLastMinute: t.exposeInt('endedLastMinute', {
      description: 'Runs that ended within the last minute, however they ended.',
    }),
  }),
});

function countOf(counts: Stats['counts'], statuses: readonly string[]): number {
  return counts.reduce((sum, { status, count }) => (statuses.includes(status) ? sum + count : sum), 0);
}

builder.subscriptionField('queueStats', (t) =>
  t.field({
    type: QueueStats,
    description:
      'Follows how the queue stands: at once, then about once a second while it changes. A client that comes back is told the present state. Requires `stats:read`.',
    args: {
      projectId: t.arg.id({ description: 'The project; NOT_FOUND for another than the key’s own, which it is when left out.' }),
    },
    authScopes: { scope: 'stats:read' },
    subscribe: (_root, { projectId }, { actor, runs }) => followQueue(actor, { projectId: projectId ?? undefined }, runs),
    resolve(stats, _args, { delivery }) {
      delivery.deliver({ cursor: stats.at.toISOString(), since: null });
      return stats;
    },
  }),
);
