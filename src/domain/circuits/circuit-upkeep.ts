import type { Pool } from 'pg';
import { COUNT_SQL, FORGET_SQL } from './circuit-statements.ts';

/** Deletes up to `limit` circuits that have not changed for a week; answers how many. */
export async function forgetCircuits(limit: number, deps: { readonly engine: Pool }): Promise<number> {
  const { rowCount } = await deps.engine.query({ name: 'forget-circuits', text: FORGET_SQL, values: [limit] });
  return rowCount ?? 0;
}

/** How many circuits are open and half open, all projects together. */
export async function countBrokenCircuits(pool: Pool): Promise<{ readonly state: string; readonly count: number }[]> {
  const { rows } = await pool.query<{ state: string; count: number }>(COUNT_SQL);
  const countOf = new Map(rows.map(({ state, count }) => [state, count]));
  return ['open', 'half_open'].map((state) => ({ state, count: countOf.get(state) ?? 0 }));
}
