import type { Pool } from 'pg';
import { newId } from '../../core/ids.ts';
import { matchOf } from '../dependencies/match.ts';
import type { RunDeps } from './deps.ts';
import type { TransitionItem } from './transition.ts';

/** A delayed run, as far as what it is promoted to depends on it. */
export interface DelayedRun {
  readonly id: string;
  readonly jobId: string;
  readonly idempotencyKey: string | null;
  readonly dependencyKey: string | null;
  /** Its job depends on others. */
  readonly isDependent: boolean;
}

/** The columns of a {@link DelayedRun} of a row `r` of `runs`. */
const DELAYED_RUN_SQL = `r.id, r.job_id as "jobId", r.idempotency_key as "idempotencyKey", r.dependency_key as "dependencyKey",
  coalesce((select j.dependency_count > 0 from jobs j where j.id = r.job_id), false) as "isDependent"`;

/** The delayed runs whose moment has come, the longest overdue first. */
export async function findDueRuns(limit: number, deps: { readonly engine: Pool }): Promise<DelayedRun[]> {
  const { rows } = await deps.engine.query<DelayedRun>({
    name: 'due-delayed',
    text: `select ${DELAYED_RUN_SQL} from runs r where r.wake_at <= now() and r.status = 'delayed' order by r.wake_at limit $1`,
    values: [limit],
  });
  return rows;
}

/** Those of some runs that are delayed, whether their moment has come or not. */
export async function findDelayedRuns(ids: readonly string[], deps: { readonly engine: Pool }): Promise<DelayedRun[]> {
  const { rows } = await deps.engine.query<DelayedRun>({
    name: 'delayed-runs',
    text: `select ${DELAYED_RUN_SQL} from runs r where r.id = any ($1::uuid[]) and (r.status = 'delayed') is true`,
    values: [ids],
  });
  return rows;
}

/**
 * Lets delayed runs go on: into the queue, or, when what their job depends on has not ended as it should, to wait for that. A run that
 * somebody else has moved meanwhile stays where it is.
 */
export async function promoteRuns(
  runs: readonly DelayedRun[],
  deps: Pick<RunDeps, 'transitions' | 'dependencies'>,
): Promise<void> {
  const items = await Promise.all(
    runs.map(async (run): Promise<TransitionItem> => {
      const isReady = !run.isDependent || (await deps.dependencies.areMet(matchOf(run)));
      if (isReady) return { runId: run.id, event: 'promote', message: 'its scheduled time has come' };
      const message = 'its scheduled time has come, what its job depends on has not ended as it should yet';
      return { runId: run.id, event: 'depend', message, waitId: newId() };
    }),
  );
  await deps.transitions.many(items);
  const waiting = runs.filter((_run, index) => items[index]?.event === 'depend');
  if (waiting.length > 0) await deps.dependencies.stored(waiting.map(matchOf));
}
