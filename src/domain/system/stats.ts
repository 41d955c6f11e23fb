import type { Pool } from 'pg';
import { type Actor, requireScope } from '../../auth/actor.ts';
import { allows } from '../../auth/scopes.ts';
import { countQueue } from '../changes/count-queue.ts';
import { measureSql } from './measure-minute.ts';

/** A background loop of the process that answers. */
export interface LoopState {
  readonly name: string;
  /** Seconds since it last succeeded. */
  readonly ageSecs: number;
  readonly intervalSecs: number;
  readonly isHealthy: boolean;
}

/** What is told about the process that answers. */
export interface SystemDeps {
  readonly reads: Pool;
  readonly version: string;
  readonly loops: () => readonly LoopState[];
}

/** How the queue of the project stands and, for its administrator, the whole installation. */
export interface SystemStats {
  readonly at: Date;
  readonly version: string;
  readonly queueDepth: number;
  readonly executing: number;
  readonly oldestDueAt: Date | null;
  /** Null without `instance:admin`. */
  readonly instance: InstanceStats | null;
}

/** How the whole installation stands. */
export interface InstanceStats {
  readonly queueDepth: number;
  readonly executing: number;
  /** Within the last 60 seconds. */
  readonly startedPerMinute: number;
  readonly endedPerMinute: number;
  readonly startP50Ms: number | null;
  readonly startP95Ms: number | null;
  readonly databaseBytes: number;
  readonly tables: readonly TableSize[];
  readonly loops: readonly LoopState[];
  readonly processes: readonly ServerProcess[];
}

/** What a table takes up, with its indexes. */
export interface TableSize {
  readonly name: string;
  readonly bytes: number;
  /** As the planner estimates them. */
  readonly rows: number;
}

/** A server process on the database. */
export interface ServerProcess {
  readonly id: string;
  readonly role: 'all' | 'api' | 'worker';
  readonly startedAt: Date;
  readonly beatAt: Date;
  readonly isAlive: boolean;
}

/** Processes that an answer tells of, and seconds of silence after which one no longer counts as alive. */
const MAX_PROCESSES = 100;
const ALIVE_SECS = 60;

/** Reads how things stand; the cost is bounded whatever is in the queue. FORBIDDEN without `stats:read`. */
export async function readSystemStats(actor: Actor, deps: SystemDeps): Promise<SystemStats> {
  requireScope(actor, 'stats:read');
  const isAdmin = actor.kind === 'key' && allows(actor.scopes, 'instance:admin');
  const [queue, instance] = await Promise.all([countQueue(deps.reads, actor.projectId), isAdmin ? readInstance(deps) : null]);
  const countOf = (...statuses: string[]) =>
    queue.counts.reduce((sum, { status, count }) => (statuses.includes(status) ? sum + count : sum), 0);
  return {
    at: queue.at,
    version: deps.version,
    queueDepth: countOf('queued'),
    executing: countOf('dequeued', 'executing'),
    oldestDueAt: queue.oldestDueAt,
    instance,
  };
}

type Measured = Omit<InstanceStats, 'tables' | 'loops' | 'processes'>;

async function readInstance({ reads, loops }: SystemDeps): Promise<InstanceStats> {
  const [measured, tables, processes] = await Promise.all([
    reads.query<Measured>(
      `select m.queue_depth as "queueDepth", m.executing, m.started as "startedPerMinute", m.ended as "endedPerMinute",
              m.start_p50_ms as "startP50Ms", m.start_p95_ms as "startP95Ms", m.database_bytes::float8 as "databaseBytes"
         from (${measureSql("now() - interval '1 minute'", 'now()')}) m`,
    ),
    reads.query<TableSize>(
      `select c.relname as name, pg_total_relation_size(c.oid)::float8 as bytes, greatest(c.reltuples, 0)::float8 as rows
         from pg_class c where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace order by 2 desc, 1`,
    ),
    reads.query<ServerProcess>(
      `select i.id, i.role, i.started_at as "startedAt", i.beat_at as "beatAt",
              i.beat_at > now() - interval '${ALIVE_SECS} seconds' as "isAlive"
         from instances i order by i.beat_at desc, i.id limit ${MAX_PROCESSES}`,
    ),
  ]);
  const [minute] = measured.rows;
  if (!minute) throw new Error('measuring a minute answered no row');
  return { ...minute, tables: tables.rows, loops: loops(), processes: processes.rows };
}
