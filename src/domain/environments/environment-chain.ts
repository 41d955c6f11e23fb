import type { PoolClient } from 'pg';
import { badEnvironment, MAX_CHAIN } from './environment.ts';

/**
 * The environment `id` (an expression) of project `project` and those it takes from, nearest first, as `chain (id, slug, parent_id,
 * variables, depth)`.
 */
export function chainSql(project: string, id: string): string {
  return `chain as (
  select e.id, e.slug, e.parent_id, e.variables, 1 as depth from environments e where e.id = ${id} and e.project_id = ${project}
   union all
  select e.id, e.slug, e.parent_id, e.variables, c.depth + 1
    from chain c join environments e on e.id = c.parent_id and e.project_id = ${project} where c.depth < ${MAX_CHAIN}
)`;
}

/**
 * Lets one change of the environments of a project happen after the other, until the end of the transaction: what a circle is depends on
 * all of them, and so does how many there are.
 */
export async function lockEnvironments(client: PoolClient, projectId: string): Promise<void> {
  await client.query(`select pg_advisory_xact_lock(hashtextextended('environments ' || $1, 0))`, [projectId]);
}

/** Passes a parent that leads to no circle and to no chain that is too long; BAD_REQUEST otherwise. Under {@link lockEnvironments}. */
export async function checkParent(
  client: PoolClient,
  { id, parentId }: { readonly id: string; readonly parentId: string },
): Promise<void> {
  const { rows } = await client.query<{ above: number; below: number; circle: boolean }>(
    `with recursive above as (
       select e.id, e.parent_id, 1 as depth from environments e where e.id = $2
        union all
       select e.id, e.parent_id, a.depth + 1 from above a join environments e on e.id = a.parent_id where a.depth < 100
     ), below as (
       select $1::uuid as id, 1 as depth
        union all
       select e.id, b.depth + 1 from below b join environments e on e.parent_id = b.id where b.depth < 100
     )
     select (select max(depth) from above) as above, (select max(depth) from below) as below,
            exists (select from above where id = $1) as circle`,
    [id, parentId],
  );
  const found = rows[0];
  if (found?.circle) throw badEnvironment('parent_id', 'takes from this environment already: they would take from each other');
  if (found && found.above + found.below > MAX_CHAIN) {
    throw badEnvironment('parent_id', `must not make a row of more than ${MAX_CHAIN} environments that take from one another`);
  }
}
