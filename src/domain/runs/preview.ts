import type { Pool } from 'pg';
import { type Actor, requireScope } from '../../auth/actor.ts';
import { RUN_STATUSES } from '../../core/run-state.ts';
import { compileFilter, type RunFilter } from './filter.ts';
import { type OwnAction, statusesFor } from './run-actions.ts';
import { selectedStatuses } from './select-runs.ts';

/** The most that a preview counts. */
export const MAX_PREVIEW_COUNT = 10_000;
/** Runs that a preview shows. */
const SAMPLE = 10;

/** The operations over a filter, each with what it does to every run. */
const ACTION_OF = {
  cancel: 'cancel',
  replay: 'replay',
  replay_dead_letters: 'replay_dead_letter',
  reschedule: 'reschedule',
} as const satisfies Record<string, OwnAction>;

/** An operation over a filter. */
export type BulkOperation = keyof typeof ACTION_OF;

/** What a filter means at this moment. */
export interface RunPreview {
  readonly count: number;
  /** There are more than `count`. */
  readonly isCapped: boolean;
  /** The newest of them. */
  readonly sampleIds: readonly string[];
}

/** Counts the runs that a filter means, or those of them that an operation would be done to, and picks a few to look at. */
export async function previewRuns(
  actor: Actor,
  input: { readonly filter: RunFilter; readonly operation?: BulkOperation | null | undefined },
  deps: { readonly reads: Pool },
): Promise<RunPreview> {
  requireScope(actor, 'runs:read');
  const { filter, operation } = input;
  const status = [...selectedStatuses({ filter, statuses: operation ? statusesFor(ACTION_OF[operation]) : RUN_STATUSES })];
  if (status.length === 0) return { count: 0, isCapped: false, sampleIds: [] };
  const condition = compileFilter(actor, status.length === RUN_STATUSES.length ? filter : { ...filter, status });
  const { values } = condition;
  const sql = operation === 'reschedule' ? `${condition.sql} and r.epoch = 0` : condition.sql;
  const [counted, sample] = await Promise.all([
    deps.reads.query<{ count: number }>(
      `select count(*)::int as count from (select from runs r where ${sql} limit ${MAX_PREVIEW_COUNT + 1}) found`,
      [...values],
    ),
    deps.reads.query<{ id: string }>(
      `select r.id from runs r where ${sql} order by r.created_at desc, r.id desc limit ${SAMPLE}`,
      [...values],
    ),
  ]);
  const found = counted.rows[0]?.count ?? 0;
  return {
    count: Math.min(found, MAX_PREVIEW_COUNT),
    isCapped: found > MAX_PREVIEW_COUNT,
    sampleIds: sample.rows.map(({ id }) => id),
  };
}
