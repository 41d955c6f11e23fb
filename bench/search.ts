import type { Pool } from 'pg';
import { pageRuns } from '../src/domain/runs/page.ts';
import { nowMs } from './clock.ts';
import { percentile } from './statistics.ts';

const QUERIES = 300;
/** Runs that share what is searched for. */
const GROUP = 20;

/** A search by payload among very many runs, over REST. */
export interface Search {
  p50: number;
  p95: number;
  /** The indexes that the plan reads, as EXPLAIN names them. */
  indexes: string[];
  /** The tables that it reads from end to end; there should be none. */
  scans: string[];
}

/** Puts runs with payloads of their own into the database and asks for some of them; each answer must be the group that was asked for. */
export async function measureSearch(db: Pool, count: number, get: (path: string) => Promise<unknown>): Promise<Search> {
  await addRuns(db, count);
  const values: number[] = [];
  for (let n = 0; n < QUERIES; n++) {
    const customer = Math.floor((n / QUERIES) * (count / GROUP));
    const query = new URLSearchParams({
      project_id: 'default',
      payload_contains: JSON.stringify({ customer: { id: customer } }),
    });
    const startedAt = nowMs();
    const found = await get(`/v1/runs?${query}`);
    values.push(nowMs() - startedAt);
    if (!Array.isArray(found) || found.length !== GROUP)
      throw new Error(`The search for customer ${customer} found the wrong runs.`);
  }
  return { p50: percentile(values, 50), p95: percentile(values, 95), ...(await explain(db)) };
}

async function addRuns(db: Pool, count: number): Promise<void> {
  await db.query(
    `with source as (select * from jobs limit 1), made as (
       insert into runs (id, project_id, job_id, status, timeout_secs, job_version, job_version_id, triggered_by, created_by, created_at,
                         event_seq, finished_at)
       select uuidv7(), j.project_id, j.id, 'completed', 300, j.version, j.version_id, 'manual', 'bench',
              now() - n * interval '1 millisecond', 0, now()
         from source j, generate_series(0, $1::int - 1) as n
       returning id, project_id, (extract(epoch from now() - created_at) * 1000)::int as n
     )
     insert into run_data (run_id, project_id, payload, payload_hash)
     select id, project_id, jsonb_build_object('n', n, 'customer', jsonb_build_object('id', n / ${GROUP}), 'kind', n % 5), 'bench' from made`,
    [count],
  );
  await db.query('vacuum (analyze) runs');
  await db.query('vacuum (analyze) run_data');
}

interface Plan {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly 'Index Name'?: string;
  readonly Plans?: readonly Plan[];
}

/** The plan of the statement that answers such a search. */
async function explain(db: Pool): Promise<Pick<Search, 'indexes' | 'scans'>> {
  let plan: Plan | undefined;
  const query = async (text: string, values: unknown[]) => {
    const { rows } = await db.query<{ 'QUERY PLAN': readonly { readonly Plan: Plan }[] }>(
      `explain (format json) ${text}`,
      values,
    );
    plan = rows[0]?.['QUERY PLAN'][0]?.Plan;
    return { rows: [] };
  };
  const actor = { kind: 'key', projectId: 'default', keyId: 'bench', scopes: new Set(['*'] as const) } as const;
  const input = { filter: { payloadContains: { customer: { id: 7 } } }, page: {}, order: 'newest-first' } as const;
  // A page asks nothing else of its pool.
  await pageRuns(actor, input, { reads: { query } as unknown as Pool });
  const nodes = plan ? [...nodesOf(plan)] : [];
  return {
    indexes: nodes.flatMap((node) => node['Index Name'] ?? []),
    scans: nodes.flatMap((node) => (node['Node Type'] === 'Seq Scan' ? (node['Relation Name'] ?? '?') : [])),
  };
}

function* nodesOf(plan: Plan): Generator<Plan> {
  yield plan;
  for (const inner of plan.Plans ?? []) yield* nodesOf(inner);
}
