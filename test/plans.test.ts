import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newId } from '../src/core/ids.ts';
import { openPools, type Pools } from '../src/db/pool.ts';
import { summarizeBatches } from '../src/domain/batches/summary.ts';
import { countRuns } from '../src/domain/runs/count-runs.ts';
import type { RunFilter } from '../src/domain/runs/filter.ts';
import { pageRuns } from '../src/domain/runs/page.ts';
import { selectRuns } from '../src/domain/runs/select-runs.ts';
import { createTestDatabase } from './support/database.ts';
import { actorOf } from './support/jobs.ts';

const RUNS = 20_000;
const BATCHES = 10;
const PROJECT = 'default';

let pools: Pools;
let close: () => Promise<void>;
const batchIds = Array.from({ length: BATCHES }, () => newId());
const jobId = newId();

/** Twenty thousand runs: every second one of another project, tags and metadata that few and that many of them share. */
beforeAll(async () => {
  const database = await createTestDatabase();
  pools = openPools(database.url, { engineSize: 1, readSize: 2, applicationName: 'baton-test' });
  close = async () => {
    await pools.close();
    await database.drop();
  };
  await pools.reads.query(`insert into projects (id, name) values ('default', 'x'), ('other', 'x')`);
  await pools.reads.query(
    `insert into jobs (id, project_id, slug, name, endpoint_url, signing_secret, version_id, created_by)
     values ($1, 'default', 'planned', 'x', 'http://127.0.0.1:9/', 'x', 'ver_x', 'test')`,
    [jobId],
  );
  await pools.reads.query(
    `insert into batches (id, project_id, job_id, total, stored, created_by)
     select id, 'default', $2, $3, $3, 'test' from unnest($1::uuid[]) as id`,
    [batchIds, jobId, RUNS / BATCHES],
  );
  await pools.reads.query(
    `with made as (
       insert into runs (id, project_id, job_id, status, timeout_secs, job_version, job_version_id, triggered_by, created_by, batch_id,
                         created_at, started_at, finished_at, priority)
       select uuidv7(), case n % 2 when 0 then 'default' else 'other' end, $1,
              (array['completed', 'completed', 'completed', 'failed', 'queued'])[1 + n / 2 % 5], 300, 1, 'ver_x', 'manual', 'test',
              ($2::uuid[])[1 + n % ${BATCHES}], now() - n * interval '1 second', now(), now(), 0
         from generate_series(0, ${RUNS - 1}) as n
       returning id, project_id, (extract(epoch from now() - created_at))::int as n
     )
     insert into run_data (run_id, project_id, payload, payload_hash, metadata, tags)
     select id, project_id, jsonb_build_object('n', n, 'customer', jsonb_build_object('id', n / 20), 'kind', n % 3), 'x',
            jsonb_build_object('region', 'r' || n / 50), jsonb_build_object('team', 't' || n / 50)
       from made`,
    [jobId, batchIds],
  );
  await pools.reads.query('vacuum analyze runs');
  await pools.reads.query('vacuum analyze run_data');
});
afterAll(() => close());

interface Plan {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly 'Index Name'?: string;
  readonly 'Actual Rows': number;
  readonly 'Actual Loops': number;
  readonly 'Rows Removed by Filter'?: number;
  readonly Plans?: readonly Plan[];
}

/** A pool that explains, with execution, every statement that goes through it. */
function explaining(pool: pg.Pool): { readonly pool: pg.Pool; readonly plans: Plan[] } {
  const plans: Plan[] = [];
  const query = async (config: string | { text: string; values?: unknown[] }, values?: unknown[]) => {
    const text = typeof config === 'string' ? config : config.text;
    const given = typeof config === 'string' ? values : config.values;
    const { rows } = await pool.query(`explain (analyze, format json) ${text}`, given);
    plans.push(rows[0]['QUERY PLAN'][0].Plan);
    return pool.query(text, given);
  };
  // The functions under test call nothing else of a pool.
  return { pool: { query } as unknown as pg.Pool, plans };
}

function* nodesOf(plan: Plan): Generator<Plan> {
  yield plan;
  for (const inner of plan.Plans ?? []) yield* nodesOf(inner);
}

/** Everything that was read and looked at by a plan, rows and loops. */
function rowsTouched(plan: Plan): number {
  return [...nodesOf(plan)]
    .filter((node) => node['Relation Name'] !== undefined || node['Node Type'] === 'Bitmap Index Scan')
    .reduce((sum, node) => sum + (node['Actual Rows'] + (node['Rows Removed by Filter'] ?? 0)) * node['Actual Loops'], 0);
}

const scansOf = (plan: Plan) =>
  [...nodesOf(plan)].filter((node) => node['Node Type'] === 'Seq Scan').map((node) => node['Relation Name']);
const indexesOf = (plan: Plan) => [...nodesOf(plan)].flatMap((node) => node['Index Name'] ?? []);
/** How many rows the largest sort of a plan took. */
const sortedBy = (plan: Plan) =>
  Math.max(
    0,
    ...[...nodesOf(plan)].filter((node) => node['Node Type'] === 'Sort').map((node) => node.Plans?.[0]?.['Actual Rows'] ?? 0),
  );

async function pageOf(filter: RunFilter, after?: string) {
  const { pool, plans } = explaining(pools.reads);
  const input = { filter, page: { first: 50, after }, order: 'newest-first' as const };
  const page = await pageRuns(actorOf(PROJECT), input, { reads: pool });
  const [plan] = plans;
  if (!plan) throw new Error('nothing was asked');
  return { page, plan };
}

describe('a page of runs', () => {
  it.each<[string, RunFilter, string, number]>([
    ['of the project', {}, 'runs_by_project', 51],
    ['in one status', { status: ['queued'] }, 'runs_by_status', 51],
    ['of a batch', { batchId: batchIds[0] as string }, 'runs_by_batch', 51],
    ['whose payload contains a rare pair', { payloadContains: { customer: { id: 7 } } }, 'run_data_search', 10],
    ['whose payload contains one value', { payloadContains: { n: 4_444 } }, 'run_data_search', 1],
    ['whose payload contains nothing of the kind', { payloadContains: { nobody: true } }, 'run_data_search', 0],
    ['with a rare tag', { tags: { team: 't3' } }, 'run_data_search', 25],
    ['with a rare fact', { metadata: { region: 'r3' } }, 'run_data_search', 25],
    ['whose payload contains what many do', { payloadContains: { kind: 1 } }, 'runs_by_project', 51],
  ])('%s comes out of an index', async (_, filter, index, rows) => {
    const { page, plan } = await pageOf(filter);

    expect(page.rows).toHaveLength(Math.min(rows, 50));
    expect(scansOf(plan)).toEqual([]);
    expect(indexesOf(plan)).toContain(index);
    expect(sortedBy(plan)).toBeLessThan(100);
    expect(rowsTouched(plan)).toBeLessThan(600);
  });

  it.each<[string, RunFilter]>([
    ['of the project', {}],
    ['in one status', { status: ['completed'] }],
    ['of a batch', { batchId: batchIds[0] as string }],
  ])('%s costs the same wherever it stands', async (_, filter) => {
    let cursor: string | undefined;
    const touched: number[] = [];
    for (let pages = 0; pages < 8; pages++) {
      const { page, plan } = await pageOf(filter, cursor);
      cursor = page.rows.at(-1)?.cursor;
      touched.push(rowsTouched(plan));
      expect(sortedBy(plan)).toBe(0);
    }

    expect(new Set(touched)).toEqual(new Set([51]));
  });
});

describe('a count of runs', () => {
  it.each<[string, RunFilter, number]>([
    ['of the project', {}, RUNS / 2],
    ['in one status', { status: ['queued'] }, RUNS / 10],
    ['of a time', { createdAfter: new Date(Date.now() - 100_000) }, 50],
  ])('%s reads the index alone', async (_, filter, rows) => {
    const { pool, plans } = explaining(pools.reads);

    const { total } = await countRuns(actorOf(PROJECT), { filter }, { reads: pool });

    const [plan] = plans as [Plan];
    expect(Math.abs(total - rows)).toBeLessThan(50);
    expect(indexesOf(plan)).toEqual(['runs_by_status']);
    expect([...nodesOf(plan)].map((node) => node['Node Type'])).toContain('Index Only Scan');
    expect(rowsTouched(plan)).toBeLessThanOrEqual(total + 50);
  });

  it.each<[string, RunFilter, string]>([
    ['whose payload contains a rare pair', { payloadContains: { customer: { id: 7 } } }, 'run_data_search'],
    ['of a group of errors', { errorGroup: newId() }, 'runs_dead_by_error'],
    ['with an error that none has', { errorContains: 'nothing' }, 'runs_with_error'],
  ])('%s looks at few runs', async (_, filter, index) => {
    const { pool, plans } = explaining(pools.reads);

    await countRuns(actorOf(PROJECT), { filter }, { reads: pool });

    expect(plans.flatMap(indexesOf)).toContain(index);
    expect(plans.flatMap(scansOf)).toEqual([]);
    expect(plans.reduce((sum, plan) => sum + rowsTouched(plan), 0)).toBeLessThan(200);
  });
});

describe('the state of a batch', () => {
  it('is counted in an index alone', async () => {
    const { pool, plans } = explaining(pools.reads);

    const summary = (await summarizeBatches(actorOf(PROJECT), [batchIds[0] as string], { reads: pool })).get(
      batchIds[0] as string,
    );

    const [plan] = plans as [Plan];
    const total = Object.values(summary?.counts ?? {}).reduce((sum, count) => sum + count, 0);
    expect(total).toBe(RUNS / BATCHES);
    expect([...nodesOf(plan)].map((node) => node['Node Type'])).toContain('Index Only Scan');
    expect(indexesOf(plan)).toContain('runs_by_batch_status');
    expect(rowsTouched(plan)).toBeLessThan(RUNS / BATCHES + BATCHES + 5);
  });
});

describe('the runs that a bulk operation selects', () => {
  it('of a batch come a page at a time, without a look at the others', async () => {
    const { pool, plans } = explaining(pools.reads);
    const filter = { batchId: batchIds[0] as string };

    let count = 0;
    for await (const { ids } of selectRuns(
      actorOf(PROJECT),
      { filter, statuses: ['completed', 'failed', 'queued'] },
      { reads: pool },
    )) {
      count += ids.length;
    }

    expect(count).toBe(RUNS / BATCHES);
    const pages = plans.filter((plan) => indexesOf(plan).length > 0);
    expect(pages.flatMap(scansOf)).toEqual([]);
    for (const plan of pages) {
      // Each status by itself: what is left of it, in the index and in the table, and never that of another status.
      expect(rowsTouched(plan)).toBeLessThanOrEqual(2 * (RUNS / BATCHES));
    }
  });
});
