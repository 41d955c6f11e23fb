import pg from 'pg';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestExecutor, type TestExecutor } from '../support/app.ts';
import { describeInBrowser, launchBrowser, type TestBrowser } from '../support/browser.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { persist } from '../support/persist.ts';
import { PROCESS_KEY, type ServerProcess, startServerProcess } from '../support/server-process.ts';

/** High enough for every line of these logs to be in the page. */
const TALL = { width: 1_280, height: 4_000 };

describeInBrowser('the page of a run that is interrupted', () => {
  let database: TestDatabase;
  let executor: TestExecutor;
  let server: ServerProcess;
  let browser: TestBrowser;
  const tokens = new Map<string, string>();

  beforeAll(async () => {
    database = await createTestDatabase();
    executor = await startTestExecutor();
    executor.answer(({ headers }, res) => {
      tokens.set(String(headers['x-run-id']), String(headers['x-run-token']));
      res.writeHead(202).end();
    });
    server = await startServerProcess(database.url, { BATON_LEASE_SECS: '60' });
    browser = await launchBrowser();
    await persist(`${server.url}/v1/jobs`, { name: 'Followed', slug: 'followed', endpoint_url: executor.url, timeout_secs: 600 });
  });
  afterAll(async () => {
    await browser?.close();
    await server?.stop();
    await executor?.close();
    await database?.drop();
  });

  /** A run in the hands of its executor. */
  async function startRun() {
    const { id } = await persist(`${server.url}/v1/jobs/followed/trigger`, {});
    await expect.poll(() => tokens.has(id), { timeout: 10_000 }).toBe(true);
    const report = (what: string, body: object) =>
      persist(`${server.url}/sdk/v1/runs/${id}/${what}`, body, { key: tokens.get(id) ?? '' });
    return { id, report, say: (message: string) => report('log', { message }) };
  }

  const shown = (page: Page) =>
    page.locator('[data-seq]').evaluateAll((rows) => rows.map((row) => Number(row.getAttribute('data-seq'))));

  /** The numbers of all events of a run, as they are stored. */
  async function stored(runId: string): Promise<number[]> {
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    const { rows } = await client.query<{ seq: number }>(
      `select seq from run_events where run_id = $1 and type <> 'chunk' order by seq`,
      [runId],
    );
    await client.end();
    return rows.map(({ seq }) => seq);
  }

  it('connects again by itself when the server was killed, and has missed nothing', async () => {
    const run = await startRun();
    await browser.visit({ origins: [server.url], viewport: TALL }, async ({ page, signIn, expectFault }) => {
      await signIn(PROCESS_KEY);
      await page.goto(`/runs/${run.id}`);
      for (let index = 0; index < 5; index++) await run.say(`before ${index}`);
      await page.getByText('before 4').waitFor();

      // What the browser itself says about a server that is away.
      expectFault(/^console: Failed to load resource: net::ERR_|ERR_INCOMPLETE_CHUNKED/);
      await run.say('just before');
      await server.crash();
      for (let index = 0; index < 10; index++) await run.say(`after ${index}`);
      await run.report('complete', { result: { ok: true } });

      await expect.poll(() => page.locator('header').getByRole('status').innerText(), { timeout: 45_000 }).toBe('completed');
      await expect.poll(() => shown(page), { timeout: 10_000 }).toEqual(await stored(run.id));
      expect(await page.getByText('The live connection is interrupted').count()).toBe(0);
    });
  });

  it('asks somebody whose session has ended to sign in, and shows the same again', async () => {
    const run = await startRun();
    await run.say('something to read');
    await browser.visit({ origins: [server.url], viewport: TALL }, async ({ page, signIn, expectFault }) => {
      await signIn(PROCESS_KEY);
      await page.goto(`/runs/${run.id}?level=INFO`);
      await page.getByText('something to read').waitFor();

      expectFault(/status of 401/);
      await page.context().clearCookies();
      await page.getByRole('tab', { name: 'State' }).click();
      await page.getByRole('heading', { name: 'Sign in to Baton' }).waitFor();
      await page.getByLabel('API key').fill(PROCESS_KEY);
      await page.getByRole('button', { name: 'Sign in' }).click();

      await page.getByRole('tab', { name: 'State', selected: true }).waitFor();
      expect(page.url()).toContain(`/runs/${run.id}?level=INFO&tab=state`);
      await run.report('state', { key: 'plan', value: { steps: 3 } });
      await page.getByRole('region', { name: 'plan' }).getByText('"steps": 3').waitFor();
    });
  });
});
