import type pg from 'pg';
import { type Cluster, startCluster } from './cluster.ts';
import { openPool } from './connections.ts';
import { type Executor, startExecutor } from './executor-client.ts';

/** What every subject is measured on: a fresh cluster and a fresh executor of its own. */
export interface Stage {
  cluster: Cluster;
  executor: Executor;
  /** The bench's own connections to the cluster, for looking and counting only. */
  db: pg.Pool;
  /** Node's arguments for a Baton server: options and the main file. */
  server: string[];
  cleanup: AsyncDisposableStack;
}

/** Starts a stage, its cluster in `directory`; everything ends with the stack. */
export async function startStage(directory: string, server: string[], cleanup: AsyncDisposableStack): Promise<Stage> {
  const cluster = await startCluster(directory, cleanup);
  const executor = await startExecutor(cleanup);
  const db = openPool(cluster.url, 2, 'bench');
  cleanup.defer(() => db.end());
  // The runs that the bench puts in by SQL; neither design knows of the table.
  await db.query('create table bench_history (run_id uuid primary key)');
  return { cluster, executor, db, server, cleanup };
}
