import pg from 'pg';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ADMIN_KEY, startTestApp, startTestExecutor, type TestApp, type TestExecutor } from '../support/app.ts';
import { describeInBrowser, launchBrowser, type TestBrowser, type Visitor } from '../support/browser.ts';
import { freePort } from '../support/free-port.ts';
import { keepScreenshot } from '../support/screenshots.ts';

describeInBrowser('the system in a browser', () => {
  let t: TestApp;
  let browser: TestBrowser;
  let executor: TestExecutor;
  beforeAll(async () => {
    [t, executor, browser] = await Promise.all([startTestApp(), startTestExecutor(), launchBrowser()]);
    executor.answer((_dispatch, res) => res.writeHead(202).end());
  });
  afterAll(async () => {
    await browser?.close();
    await executor?.close();
    await t?.close();
  });

  const figure = (page: Page, label: string) => page.locator('dl > div').filter({ hasText: label }).locator('dd > span').first();
  const panel = (page: Page, title: string) =>
    page.locator('section').filter({ has: page.getByRole('heading', { name: title }) });

  async function trigger(job: Readonly<Record<string, unknown>> & { readonly slug: string }, runs: number): Promise<void> {
    expect((await t.rest('POST', '/v1/jobs', { body: { project_id: 'default', name: job.slug, ...job } })).status).toBe(201);
    const items = Array.from({ length: runs }, () => ({ payload: {} }));
    expect((await t.rest('POST', `/v1/jobs/${job.slug}/trigger/bulk`, { body: { items } })).status).toBe(201);
  }

  /** A day as it might have been: busy by day, quiet by night, and a server that was away for half an hour. */
  async function rememberDay(): Promise<void> {
    const client = new pg.Client({ connectionString: t.databaseUrl });
    await client.connect();
    await client.query(
      `insert into system_samples (at, queue_depth, executing, started, ended, start_p50_ms, start_p95_ms, database_bytes)
       select date_trunc('minute', now()) - m * interval '1 minute', 40 * busy + 300 * burst, 24 * busy, 900 * busy, 895 * busy,
              12 + 6 * busy, 30 + 25 * busy + 400 * burst, 4000000 + (1440 - m) * 4500
         from generate_series(1, 1440) as m,
              lateral (select 1 + sin(m / 230.0) + 0.03 * sin(m * 1.7) as busy, case when m between 200 and 218 then 1 else 0 end as burst) as day
        where m not between 640 and 670`,
    );
    await client.end();
  }

  function visitSystem(
    key: string,
    search: string,
    work: (visitor: Visitor) => Promise<void>,
    options: object = {},
  ): Promise<void> {
    return browser.visit({ origins: [t.url], viewport: { width: 1_280, height: 800 }, ...options }, async (visitor) => {
      await visitor.signIn(key);
      await visitor.page.goto(`/system${search}`);
      await work(visitor);
    });
  }

  it('shows the queue as it fills, without a reload, and how the installation stood', async () => {
    await rememberDay();
    await t.graphql('mutation ($input: SetModelPriceInput!) { setModelPrice(input: $input) { id } }', {
      input: { provider: 'acme', model: 'writer-2', promptMicrousd: 250_000, completionMicrousd: 1_250_000 },
    });
    await visitSystem(ADMIN_KEY, '?range=24h', async ({ page, expectAccessible }) => {
      await page.getByText('Everything runs as it should').waitFor();
      await expect.poll(() => figure(page, 'In the queue').innerText()).toBe('0');
      await trigger({ slug: 'slow', endpoint_url: executor.url, max_concurrency: 1 }, 3);
      await expect.poll(() => figure(page, 'In the queue').innerText()).toBe('2');
      expect(await figure(page, 'Executing').innerText()).toBe('1');
      expect(await figure(page, 'Database').innerText()).toMatch(/MiB$/);

      const queue = page.getByRole('img', { name: /^Queue\. In the queue: .* at most \d+/ });
      await queue.hover();
      await page.getByRole('img', { name: /^Throughput per minute\./ }).waitFor();
      await panel(page, 'Server processes').getByText('alive').waitFor();
      expect(await panel(page, 'Background loops').getByRole('row').count()).toBeGreaterThan(3);
      expect(await panel(page, 'Tables').innerText()).toContain('runs');
      expect(await panel(page, 'Model prices').innerText()).toMatch(/acme\s+writer-2\s+\$0\.25\s+\$1\.25/);
      await expectAccessible();
      await page.mouse.move(0, 0);
      await keepScreenshot(page, 'system');

      await page.getByLabel('Time the plots are of').selectOption('Last hour');
      await expect.poll(() => new URL(page.url()).searchParams.get('range')).toBe('1h');
    });
  });

  it('tells of an endpoint that cannot be reached, and lets its runs go', async () => {
    await trigger({ slug: 'away', endpoint_url: `http://127.0.0.1:${await freePort()}/`, max_attempts: 1 }, 8);
    await expect
      .poll(async () => (await t.graphql<{ circuitBreakers: { edges: object[] } }>(OPEN_CIRCUITS)).circuitBreakers.edges.length)
      .toBe(1);
    await visitSystem(ADMIN_KEY, '', async ({ page, expectAccessible }) => {
      await page.getByText(/could not be reached \d+ times in a row/).waitFor();
      await page.getByText(/Mend the endpoint/).waitFor();
      await expectAccessible();
      await panel(page, 'Circuit breakers').getByRole('button', { name: 'Reset' }).click();
      await page.getByRole('button', { name: 'Reset the circuit' }).click();
      await page.getByText('waiting runs go now').waitFor();
    });
  });

  it('shows whoever is not its administrator the queue of the project alone', async () => {
    const { createApiKey } = await t.graphql<{ createApiKey: { key: string } }>(
      'mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { key } }',
      { input: { name: 'a watcher', scopes: ['STATS_READ'] } },
    );
    await visitSystem(
      createApiKey.key,
      '',
      async ({ page, expectAccessible }) => {
        await expect.poll(() => figure(page, 'Executing').innerText()).toBe('1');
        await page.getByRole('img', { name: /^Queue of this project/ }).waitFor();
        expect(await page.getByRole('heading', { level: 2 }).allInnerTexts()).toEqual([
          'Queue of this project, since you opened this screen',
        ]);
        await expectAccessible();
      },
      { colorScheme: 'dark' },
    );
  });
});

const OPEN_CIRCUITS = '{ circuitBreakers(filter: { state: [OPEN] }) { edges { node { id } } } }';
