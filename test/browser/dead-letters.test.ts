import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { ADMIN_KEY, startTestApp, startTestExecutor, type TestApp, type TestExecutor } from '../support/app.ts';
import { describeInBrowser, launchBrowser, type TestBrowser, type Visitor } from '../support/browser.ts';
import { keepScreenshot } from '../support/screenshots.ts';

const SOON = { timeout: 15_000, interval: 100 };
/** More than are replayed by one request. */
const MANY = 130;

describeInBrowser('the dead letters in a browser', () => {
  let t: TestApp;
  let executor: TestExecutor;
  let browser: TestBrowser;
  /** What the executor does with the runs of a job: refuses them in words, or completes them. */
  const broken = new Set<string>();
  beforeAll(async () => {
    [t, executor, browser] = await Promise.all([startTestApp(), startTestExecutor(), launchBrowser()]);
    executor.answer(({ headers, payload }, res) => {
      const slug = String(headers['x-job-slug']);
      if (!broken.has(slug)) return res.writeHead(200, { 'content-type': 'application/json' }).end('{"ok":true}');
      return res.writeHead(500).end(`the provider of ${slug} refused order ${(payload as { order: number }).order}`);
    });
  });
  afterAll(async () => {
    await browser?.close();
    await executor?.close();
    await t?.close();
  });

  async function makeDead(slug: string, count: number): Promise<void> {
    const body = { project_id: 'default', name: slug, slug, endpoint_url: executor.url, max_attempts: 1 };
    expect((await t.rest('POST', '/v1/jobs', { body })).status).toBe(201);
    broken.add(slug);
    const items = Array.from({ length: count }, (_, order) => ({ payload: { order } }));
    expect((await t.rest('POST', `/v1/jobs/${slug}/trigger/bulk`, { body: { items } })).status).toBe(201);
    await vi.waitFor(async () => expect(await countOf(slug, 'DEAD_LETTER')).toBe(count), SOON);
  }

  async function countOf(job: string, status: string): Promise<number> {
    const { runCounts } = await t.graphql<{ runCounts: { total: number } }>(
      'query ($filter: RunFilter) { runCounts(filter: $filter) { total } }',
      { filter: { job, status: [status] } },
    );
    return runCounts.total;
  }

  async function visit(path: string, work: (visitor: Visitor & { page: Page }) => Promise<void>, options: object = {}) {
    await browser.visit({ origins: [t.url], viewport: { width: 1_280, height: 800 }, ...options }, async (visitor) => {
      await visitor.signIn(ADMIN_KEY);
      await visitor.page.goto(path);
      await visitor.page.getByRole('heading', { level: 1 }).waitFor();
      await work(visitor);
    });
  }

  it('says what a dead letter is when there is none, and shows one as soon as it dies', async () => {
    await visit('/dead-letters', async ({ page, expectAccessible }) => {
      await page.getByText('A run that has failed as often as its job tries becomes a dead letter').waitFor();
      await expectAccessible();

      await makeDead('first-to-die', 1);
      await page.getByRole('row', { name: /first-to-die/ }).waitFor();
    });
  });

  it('replays one first, watches it to its end, then the rest in pieces', async () => {
    await makeDead('mended', MANY);
    broken.delete('mended');
    await visit('/dead-letters', async ({ page }) => {
      const row = page.getByRole('row', { name: /mended/ });
      await row.getByText(String(MANY), { exact: true }).waitFor();
      await row.getByRole('link', { name: /refused order/ }).click();
      await page.getByRole('heading', { name: 'What killed them' }).waitFor();
      expect(await page.getByRole('region', { name: 'payload of the last' }).innerText()).toContain('"order":');
      expect(new URL(page.url()).searchParams.get('group')).toMatch(/^[0-9a-f-]+$/);

      await page.getByRole('button', { name: 'Replay the group' }).click();
      const dialog = page.getByRole('dialog');
      await dialog.getByRole('button', { name: 'Replay one first' }).click();
      await dialog.getByText('It has completed').waitFor();
      expect(await countOf('mended', 'COMPLETED')).toBe(1);

      await dialog.getByRole('button', { name: `Replay the other ${MANY - 1}` }).click();
      await dialog.getByText(`Done: ${MANY - 1} of ${MANY - 1} are queued again.`).waitFor();
      expect(await dialog.getByRole('progressbar').getAttribute('value')).toBe('1');
      await vi.waitFor(async () => expect(await countOf('mended', 'COMPLETED')).toBe(MANY), SOON);
      await dialog.getByRole('button', { name: 'Close' }).first().click();
      await page.getByText('Nothing is left of this group').waitFor();
    });
  });

  it('says when the first one fails again, and leaves the rest alone', async () => {
    await makeDead('still-broken', 3);
    await visit('/dead-letters?job=still-broken', async ({ page }) => {
      await page.getByRole('button', { name: /^Replay the dead letters of still-broken/ }).click();
      const dialog = page.getByRole('dialog');
      await dialog.getByRole('button', { name: 'Replay one first' }).click();
      await dialog.getByText('It has not completed').waitFor();
      await dialog.getByRole('button', { name: 'Replay the other 2 anyway' }).waitFor();
      await page.keyboard.press('Escape');
      await dialog.waitFor({ state: 'detached' });
    });
    expect(await countOf('still-broken', 'DEAD_LETTER')).toBe(3);
  });

  it('replays a single one, by the keyboard alone, and finds groups by their error', async () => {
    await makeDead('single', 2);
    broken.delete('single');
    await visit('/dead-letters', async ({ page }) => {
      await page.keyboard.press('/');
      await page.keyboard.type('provider of single');
      await page.getByRole('row', { name: /still-broken/ }).waitFor({ state: 'detached' });
      await page.keyboard.press('Escape');
      await page.keyboard.press('j');
      await page.keyboard.press('Enter');
      const replay = page.getByRole('button', { name: /^Replay run/ });
      await replay.first().focus();
      await page.keyboard.press('Enter');
      await page.getByRole('dialog').getByRole('button', { name: 'Replay' }).focus();
      await page.keyboard.press('Enter');
      await page.getByText('It is queued again.').waitFor();
      await vi.waitFor(async () => expect(await replay.count()).toBe(1), SOON);
    });
    await vi.waitFor(async () => expect(await countOf('single', 'COMPLETED')).toBe(1), SOON);
  });

  it.each([
    ['light', 1280],
    ['dark', 360],
  ] as const)('is accessible in the %s theme at %i pixels', async (colorScheme, width) => {
    await visit(
      '/dead-letters',
      async ({ page, expectAccessible }) => {
        const link = page.getByRole('link', { name: /still-broken refused/ });
        await link.waitFor();
        if (colorScheme === 'light') await keepScreenshot(page, 'dead-letters');
        await expectAccessible();
        expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
        await link.click();
        await page.getByRole('button', { name: 'Replay the group' }).click();
        await page.getByRole('dialog').waitFor();
        await expectAccessible();
        await page.keyboard.press('Escape');
        await page
          .getByRole('button', { name: /^Replay run/ })
          .first()
          .waitFor();
        await expectAccessible();
      },
      { colorScheme, viewport: { width, height: 800 } },
    );
  });
});
