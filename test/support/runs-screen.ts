import pg from 'pg';
import type { Locator, Page } from 'playwright-core';
import { expect } from 'vitest';
import { ADMIN_KEY, startTestApp, startTestExecutor, type TestApp, type TestExecutor } from './app.ts';
import { launchBrowser, type Visitor } from './browser.ts';

/** How long the screen may take to show what has happened. */
export const SOON = { timeout: 10_000, interval: 50 };
/** The part that scrolls, for scripts in the page. */
export const REGION = 'document.querySelector("section[aria-label=Runs]")';

/** What a trigger says of a run that is to start in an hour: it stays as it is while a test looks at it. */
export const delayed = (over: object = {}) => ({ scheduled_at: new Date(Date.now() + 3_600_000).toISOString(), ...over });

/** A server with an executor, and a browser that looks at its runs. */
export type RunsWorld = Awaited<ReturnType<typeof startRunsWorld>>;

/** Starts a {@link RunsWorld}. */
export async function startRunsWorld() {
  const [t, executor, browser]: [TestApp, TestExecutor, Awaited<ReturnType<typeof launchBrowser>>] = await Promise.all([
    startTestApp({ maxStreamsPerKey: 50 }),
    startTestExecutor(),
    launchBrowser(),
  ]);
  let jobs = 0;

  /** A job of its own, so that a test filters by it and sees no other test's runs. */
  async function makeJob(over: { readonly slug?: string; readonly [field: string]: unknown } = {}): Promise<string> {
    const slug = over.slug ?? `job-${++jobs}`;
    const body = { project_id: 'default', name: slug, slug, endpoint_url: executor.url, ...over };
    expect((await t.rest('POST', '/v1/jobs', { body })).status).toBe(201);
    return slug;
  }

  async function trigger(job: string, body: object = {}): Promise<string> {
    const answer = await t.rest('POST', `/v1/jobs/${job}/trigger`, { body: { payload: {}, ...body } });
    expect(answer.status).toBe(201);
    return answer.body.id;
  }

  const cancel = (id: string) => t.graphql('mutation ($id: ID!) { cancelRun(id: $id) { id } }', { id });

  async function triggerMany(job: string, number: number, item: (index: number) => object): Promise<void> {
    const items = Array.from({ length: number }, (_, index) => ({ payload: {}, ...item(index) }));
    expect((await t.rest('POST', `/v1/jobs/${job}/trigger/bulk`, { body: { items } })).status).toBe(201);
  }

  /** Moves runs back in time, over most of an hour, as if they had come one by one. */
  async function spread(...slugs: string[]): Promise<void> {
    const pool = new pg.Pool({ connectionString: t.databaseUrl, max: 1 });
    await pool.query(
      `update runs r set created_at = r.created_at - m.back, started_at = r.started_at - m.back, finished_at = r.finished_at - m.back
         from (select id, (row_number() over (order by md5(id::text)) * interval '68 seconds') as back from runs
                where job_id in (select j.id from jobs j where j.slug = any ($1))) m where m.id = r.id`,
      [slugs],
    );
    await pool.end();
  }

  async function newestOf(job: string, first: number): Promise<string[]> {
    const { runs } = await t.graphql<{ runs: { edges: { node: { id: string } }[] } }>(
      'query ($job: ID!, $first: Int!) { runs(filter: { job: $job, status: [DELAYED] }, first: $first) { edges { node { id } } } }',
      { job, first },
    );
    return runs.edges.map(({ node }) => node.id);
  }

  async function statusesOf(job: string): Promise<Record<string, number>> {
    const { runCounts } = await t.graphql<{ runCounts: { counts: { status: string; count: number }[] } }>(
      'query ($filter: RunFilter) { runCounts(filter: $filter) { counts { status count } } }',
      { filter: { job } },
    );
    return Object.fromEntries(runCounts.counts.filter(({ count }) => count > 0).map(({ status, count }) => [status, count]));
  }

  async function visitRuns(filter: string, work: (scene: Scene & Visitor) => Promise<void>, options: object = {}): Promise<void> {
    await browser.visit({ origins: [t.url], ...options }, async (visitor) => {
      await visitor.signIn(ADMIN_KEY);
      await visitor.page.goto(`/runs?${new URLSearchParams({ q: filter })}`);
      const scene = sceneOf(visitor.page);
      await scene.field.waitFor();
      await work({ ...visitor, ...scene });
    });
  }

  return {
    t,
    executor,
    makeJob,
    trigger,
    triggerMany,
    cancel,
    spread,
    newestOf,
    statusesOf,
    visitRuns,
    async close() {
      await browser.close();
      await executor.close();
      await t.close();
    },
  };
}

/** The parts of the screen. */
export interface Scene {
  readonly region: Locator;
  readonly rows: Locator;
  readonly field: Locator;
  readonly row: (id: string) => Locator;
}

/** Finds the parts of the screen in a page. */
export function sceneOf(page: Page): Scene {
  const region = page.getByRole('region', { name: 'Runs', exact: true });
  return {
    region,
    rows: region.locator('tbody tr:not([aria-hidden])'),
    field: page.getByRole('combobox', { name: 'Filter the runs' }),
    row: (id) => rowOf(page, id),
  };
}

/** The row of a run, by the link to its page. */
export function rowOf(page: Page, id: string): Locator {
  return page.locator('tbody tr', { has: page.locator(`a[href="/runs/${id}"]`) });
}

/** The run of a row. */
export async function idOf(row: Locator): Promise<string> {
  return (await row.getByRole('link').first().getAttribute('href'))?.split('/').at(-1) ?? '';
}

/** Waits until the first element found says this. */
export async function expectText(locator: Locator, text: RegExp): Promise<void> {
  await expect.poll(async () => ((await locator.count()) > 0 ? await locator.first().textContent() : null), SOON).toMatch(text);
}

/** Waits until these rows are there, in this order, and no others. */
export async function expectRows(rows: Locator, texts: readonly RegExp[]): Promise<void> {
  await expect.poll(() => rows.allTextContents(), SOON).toEqual(texts.map((text) => expect.stringMatching(text)));
}
