import type { Pool } from 'pg';

/** The tables that hold something of every run, and the column that names the run. */
const TABLES = { runs: 'id', run_data: 'run_id', run_results: 'run_id', run_events: 'run_id' } as const;

/**
 * Copies a completed run, with its payload, result and events, so many times under new ids; the ids go into bench_history. Columns
 * are taken from the catalog, so a new one is copied as well.
 */
export async function cloneRun(db: Pool, count: number): Promise<void> {
  const { rows } = await db.query<{ id: string }>(`select id from runs where status = 'completed' limit 1`);
  const source = rows[0]?.id;
  if (source === undefined) throw new Error('There is no completed run to copy.');
  await db.query(`insert into bench_history select uuidv7(interval '-1 day') from generate_series(1, $1::int)`, [count]);
  for (const [table, key] of Object.entries(TABLES)) await cloneRows(db, { table, key, source });
}

async function cloneRows(db: Pool, { table, key, source }: { table: string; key: string; source: string }): Promise<void> {
  const { rows } = await db.query<{ name: string }>(
    `select quote_ident(attname) as name from pg_attribute
     where attrelid = $1::regclass and attnum > 0 and not attisdropped and attgenerated = '' order by attnum`,
    [table],
  );
  const columns = rows.map(({ name }) => name);
  const values = columns.map((name) => (name === key ? 'bench_history.run_id' : `source.${name}`));
  await db.query(
    `insert into ${table} (${columns.join(', ')})
     select ${values.join(', ')} from bench_history, ${table} source where source.${key} = $1`,
    [source],
  );
}
