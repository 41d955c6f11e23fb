import type { Pool } from 'pg';
import { z } from 'zod';
import { type Actor, requireScope } from '../../auth/actor.ts';
import { notFound } from '../../core/errors.ts';
import { isEventKey } from './event-key.ts';
import { readNewest } from './newest-trigger.ts';

/** How an event trigger can stand. */
export const EVENT_STATUSES = ['waiting', 'received', 'timed_out', 'canceled'] as const;

/** What can wait for an event. */
export const EVENT_SOURCES = ['job_run', 'workflow_step'] as const;

/** Which event triggers are meant; all conditions must hold. */
export const EventFilterInput = z.strictObject({
  status: z.array(z.enum(EVENT_STATUSES)).min(1).max(EVENT_STATUSES.length).optional().describe('Any of these statuses.'),
  sourceType: z.enum(EVENT_SOURCES).optional().describe('What waits: a run of a job, or a step of a workflow.'),
});

/** The `where` of the event triggers that an actor can see and a filter means. */
export function visibleEvents(actor: Actor, filter: z.output<typeof EventFilterInput>) {
  return {
    projectId: actor.projectId,
    kind: 'event',
    ...(filter.status && { status: { in: filter.status } }),
    ...(filter.sourceType && { workflowStepRunId: filter.sourceType === 'job_run' ? null : { not: null } }),
  };
}

/** The id of the event trigger that a key names: the one that waits, else the newest. NOT_FOUND when there never was one. */
export async function findEvent(actor: Actor, key: string, deps: { readonly engine: Pool }): Promise<string> {
  requireScope(actor, 'runs:read');
  const newest = isEventKey(key) ? await readNewest(deps.engine, { projectId: actor.projectId, key, json: null }) : undefined;
  if (!newest) throw notFound('event trigger');
  return newest.id;
}

/** How many event triggers of a project there are, by how they stand. */
export interface EventStats {
  readonly total: number;
  readonly waiting: number;
  readonly received: number;
  readonly timedOut: number;
  readonly canceled: number;
  /** Seconds from the wait to its event, over those received; 0 when none was. */
  readonly averageWaitSecs: number;
}

/** Counts the event triggers that the project still keeps. */
export async function countEvents(actor: Actor, deps: { readonly reads: Pool }): Promise<EventStats> {
  requireScope(actor, 'runs:read');
  const { rows } = await deps.reads.query<EventStats>(
    `select count(*)::int as total,
            count(*) filter (where status = 'waiting')::int as waiting, count(*) filter (where status = 'received')::int as received,
            count(*) filter (where status = 'timed_out')::int as "timedOut", count(*) filter (where status = 'canceled')::int as canceled,
            coalesce(extract(epoch from avg(ended_at - created_at) filter (where status = 'received')), 0)::float8 as "averageWaitSecs"
       from waits where project_id = $1 and kind = 'event'`,
    [actor.projectId],
  );
  const [stats] = rows;
  if (!stats) throw new Error('a count answered no row');
  return stats;
}
