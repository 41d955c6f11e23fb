import { existsSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { type BrowserContext, chromium, type Page } from 'playwright-core';
import { API_KEY } from './baton.ts';
import { nowMs } from './clock.ts';
import type { Extent } from './options.ts';
import type { Stage } from './stage.ts';
import { startWorkflowBench } from './workflow-stage.ts';

const CHROMIUM = '/usr/bin/chromium';
const LOADS = 8;
const CHANGES_PER_SECOND = 200;
const TICK_MS = 100;
/** Runs that share a customer. */
const GROUP = 20;

/** What somebody at the dashboard waits for. */
export interface DashboardFigures {
  /** From the address to the first rows, each time in a browser that has never been there. */
  firstPaintMs: number[];
  /** From the Enter key to the rows of the filter. */
  filterMs: number[];
  /** The longest that the page did not answer while its list changed. */
  longestTaskMs: number;
  changesPerSecond: number;
  losses: string[];
}

/** The address of the first run in the list; empty without one. */
const FIRST_ROW = `(document.querySelector('section[aria-label="Runs"] tbody a[href^="/runs/"]')?.getAttribute('href') ?? '')`;

/** Drives the list of runs in a real browser; null where there is none. */
export async function measureDashboard(stage: Stage, { dashboardRuns, changeSeconds }: Extent): Promise<DashboardFigures | null> {
  if (!existsSync(CHROMIUM)) {
    process.stderr.write(`dashboard: left out, since there is no ${CHROMIUM}: apt-get install chromium\n`);
    return null;
  }
  const bench = await startWorkflowBench(stage);
  await addRuns(stage, dashboardRuns);
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--headless', '--no-sandbox', '--disable-gpu'] });
  stage.cleanup.defer(() => browser.close());
  async function visitor(): Promise<BrowserContext> {
    const context = await browser.newContext({ baseURL: bench.url, viewport: { width: 1_280, height: 800 } });
    const answer = await context.request.post('/session', { data: { api_key: API_KEY } });
    if (!answer.ok()) throw new Error(`Signing in was answered ${answer.status()}.`);
    return context;
  }

  const firstPaintMs: number[] = [];
  for (let n = 0; n < LOADS; n++) {
    const context = await visitor();
    const page = await context.newPage();
    await page.goto('/runs');
    // The clock of a page begins with its navigation.
    firstPaintMs.push(await page.evaluate<number>(whenever(`${FIRST_ROW} !== ''`, 'performance.now()')));
    await context.close();
  }
  process.stderr.write(`dashboard: first rows after ${firstPaintMs.map(Math.round).join(', ')} ms\n`);

  const context = await visitor();
  const page = await context.newPage();
  await page.goto('/runs');
  await page.evaluate(whenever(`${FIRST_ROW} !== ''`, 'true'));
  const filterMs: number[] = [];
  for (const filter of filtersOf(dashboardRuns)) filterMs.push(await timeFilter(page, filter));
  process.stderr.write(`dashboard: rows of filters after ${filterMs.map(Math.round).join(', ')} ms\n`);

  await page.goto('/runs');
  await page.evaluate(whenever(`${FIRST_ROW} !== ''`, 'true'));
  await page.evaluate(`globalThis.longest = 0; new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) globalThis.longest = Math.max(globalThis.longest, duration);
  }).observe({ type: 'longtask' }); undefined`);
  const changesPerSecond = await change(bench.send, changeSeconds);
  const longestTaskMs = await page.evaluate<number>('globalThis.longest');
  return { firstPaintMs, filterMs, longestTaskMs, changesPerSecond, losses: [] };
}

/** A script that resolves with `value` in the first frame in which `condition` holds, and fails when that takes half a minute. */
function whenever(condition: string, value: string): string {
  return `new Promise((resolve, reject) => {
    const look = () => (${condition}) ? resolve(${value}) : requestAnimationFrame(look);
    look();
    setTimeout(() => reject(new Error('there are no other rows at ' + location.href)), 30_000);
  })`;
}

/** Filters whose first rows differ from one to the next. */
function filtersOf(runs: number): readonly string[] {
  const customer = (share: number) => Math.floor((runs / GROUP) * share);
  return [
    'status:failed',
    `payload.customer.id:${customer(0.1)}`,
    'status:canceled',
    `payload.customer.id:${customer(0.9)}`,
    'job:step status:failed',
    'payload.kind:3',
    'error:"host 7 "',
    `payload.customer.id:${customer(0.5)} status:completed`,
    'status:canceled,failed',
    'payload.kind:4 status:completed',
    'error:"refused by host 17 "',
    `payload.customer.id:${customer(0.99)}`,
  ];
}

/** Milliseconds from the Enter key to the frame with the rows of a filter, typed into the bar. */
async function timeFilter(page: Page, filter: string): Promise<number> {
  const remove = page.getByRole('button', { name: 'Remove all filters' });
  if ((await remove.count()) > 0) await remove.click();
  const field = page.getByLabel('Filter the runs');
  await page.waitForTimeout(500);
  const before = await page.evaluate<string>(FIRST_ROW);
  await field.fill(filter);
  await page.evaluate(`addEventListener('keydown', ({ key }) => {
    if (key === 'Enter') globalThis.askedAt ??= performance.now();
  }, { capture: true }); globalThis.askedAt = undefined`);
  await field.press('Enter');
  const there = whenever(
    `${FIRST_ROW} !== '' && ${FIRST_ROW} !== ${JSON.stringify(before)}`,
    'performance.now() - globalThis.askedAt',
  );
  return page.evaluate<number>(there);
}

/** Lets runs come and be canceled for some seconds; answers how many changes a second there were. */
async function change(send: (method: 'POST', path: string, body: object) => Promise<unknown>, seconds: number): Promise<number> {
  const each = (CHANGES_PER_SECOND * TICK_MS) / 1_000 / 2;
  const later = new Date(Date.now() + 86_400_000).toISOString();
  const items = Array.from({ length: each }, () => ({ payload: {}, scheduled_at: later }));
  const startedAt = nowMs();
  let changes = 0;
  let last: readonly string[] = [];
  for (let tick = 1; nowMs() - startedAt < seconds * 1_000; tick++) {
    const [triggered] = await Promise.all([
      send('POST', '/v1/jobs/step/trigger/bulk', { items }) as Promise<{ results: { id: string }[] }>,
      last.length === 0
        ? null
        : send('POST', '/graphql', {
            query: 'mutation ($ids: [ID!]) { cancelRuns(input: { ids: $ids }) { __typename } }',
            variables: { ids: last },
          }),
    ]);
    changes += triggered.results.length + last.length;
    last = triggered.results.map(({ id }) => id);
    await delay(Math.max(0, startedAt + tick * TICK_MS - nowMs()));
  }
  return changes / ((nowMs() - startedAt) / 1_000);
}

/** Puts ended runs of a month into the database: one in ten failed, one in 25 was canceled. */
async function addRuns({ db }: Stage, count: number): Promise<void> {
  await db.query(
    `with source as (select * from jobs limit 1), numbered as (
       select n, case when n % 10 = 7 then 'failed' when n % 25 = 3 then 'canceled' else 'completed' end as status
         from generate_series(0, $1::int - 1) as n
     ), made as (
       insert into runs (id, project_id, job_id, status, timeout_secs, job_version, job_version_id, triggered_by, created_by, created_at,
                         event_seq, finished_at, error)
       select uuidv7(-m.n * interval '2 seconds'), j.project_id, j.id, m.status, 300, j.version, j.version_id, 'manual', 'bench',
              now() - m.n * interval '2 seconds', 0, now() - m.n * interval '2 seconds',
              case when m.status = 'failed' then 'the connection was refused by host ' || m.n % 60 || ' of the cluster' end
         from source j, numbered m
       returning id, project_id, (extract(epoch from now() - created_at) / 2)::int as n
     )
     insert into run_data (run_id, project_id, payload, payload_hash)
     select id, project_id, jsonb_build_object('n', n, 'customer', jsonb_build_object('id', n / ${GROUP}), 'kind', n % 5), 'bench' from made`,
    [count],
  );
  await db.query('vacuum (analyze) runs');
  await db.query('vacuum (analyze) run_data');
}
