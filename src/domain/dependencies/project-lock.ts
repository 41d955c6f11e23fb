import type { PoolClient } from 'pg';

/**
 * Lets one change of the dependencies of a project happen after the other, until the end of the transaction. What a circle is depends
 * on all of them, and each change writes two jobs, which two changes might lock crosswise.
 */
export async function lockDependencies(client: PoolClient, projectId: string): Promise<void> {
  await client.query(`select pg_advisory_xact_lock(hashtextextended('dependencies ' || $1, 0))`, [projectId]);
}
