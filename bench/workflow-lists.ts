import { nowMs } from './clock.ts';
import { percentile } from './statistics.ts';
import type { WorkflowBench } from './workflow-stage.ts';

const QUERIES = 200;
const WORKFLOWS = 50;
const ROWS = 50;

/** How long a page of one list took. */
export interface ListFigures {
  readonly title: string;
  readonly p50: number;
  readonly p95: number;
}

/** Puts ended workflow runs of {@link WORKFLOWS} workflows into the database and asks for pages of them, each way in turn. */
export async function measureLists(bench: WorkflowBench, count: number): Promise<ListFigures[]> {
  const ids = await addWorkflowRuns(bench, count);
  const v1 = '/v1/workflow-runs?project_id=default';
  const slugs = Array.from({ length: WORKFLOWS }, (_, index) => `listed-${index}`);
  const figures: ListFigures[] = [];
  async function list(title: string, pathOf: (n: number) => string, rowsIn: (answer: unknown) => unknown[]): Promise<void> {
    const took: number[] = [];
    for (let n = 0; n < QUERIES; n++) {
      const startedAt = nowMs();
      const rows = rowsIn(await bench.send('GET', pathOf(n)));
      took.push(nowMs() - startedAt);
      if (rows.length !== ROWS) throw new Error(`${title}: a page has ${rows.length} rows.`);
    }
    figures.push({ title, p50: percentile(took, 50), p95: percentile(took, 95) });
  }
  const bare = (answer: unknown) => answer as unknown[];
  const items = (answer: unknown) => (answer as { items: unknown[] }).items;
  await list('newest', () => `${v1}&limit=${ROWS}`, bare);
  await list('deep in the list', (n) => `${v1}&limit=${ROWS}&cursor=${ids[Math.floor((n / QUERIES) * ids.length)]}`, bare);
  await list('by status', () => `${v1}&limit=${ROWS}&status=failed`, bare);
  await list('by workflow', (n) => `${v1}&limit=${ROWS}&workflow_id=${slugs[n % WORKFLOWS]}`, bare);
  await list('automation runs with a total', () => `/api/v1/automation-runs?limit=${ROWS}`, items);
  await list('automation runs by status with a total', () => `/api/v1/automation-runs?limit=${ROWS}&status=completed`, items);
  return figures;
}

/** The ids of every thousandth of them, newest first. */
async function addWorkflowRuns({ stage: { db }, send }: WorkflowBench, count: number): Promise<string[]> {
  for (let index = 0; index < WORKFLOWS; index++) {
    await send('POST', '/v1/workflows', {
      slug: `listed-${index}`,
      name: 'Listed',
      steps: [{ step_ref: 'a', job_slug: 'step' }],
    });
  }
  await db.query(
    `with source as (select array_agg(id) as ids from workflows where slug like 'listed-%'), made as (
       insert into workflow_runs (id, project_id, workflow_id, workflow_version, status, triggered_by, created_by, created_at, started_at, finished_at)
       select uuidv7((n - $1::int) * interval '1 second'), 'default', s.ids[n % ${WORKFLOWS} + 1], 1,
              case when n % 20 = 0 then 'failed' when n % 33 = 0 then 'canceled' else 'completed' end, case when n % 3 = 0 then 'cron' else 'manual' end,
              'key:bench', now() + (n - $1::int) * interval '1 second', now(), now()
         from source s, generate_series(1, $1::int) as n
       returning id, project_id)
     insert into workflow_run_data (workflow_run_id, project_id, payload, payload_hash)
     select id, project_id, '{"team": "bench"}', 'bench' from made`,
    [count],
  );
  for (const table of ['workflow_runs', 'workflow_run_data']) await db.query(`vacuum (analyze) ${table}`);
  const { rows } = await db.query<{ id: string }>(
    `select id from (select id, row_number() over (order by id desc) as n from workflow_runs) w where n % 1000 = 500 order by id desc`,
  );
  return rows.map(({ id }) => id);
}
