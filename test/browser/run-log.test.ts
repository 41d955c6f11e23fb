import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeInBrowser } from '../support/browser.ts';
import { httpStatements } from '../support/http-statements.ts';
import { DO } from '../support/rest-world.ts';
import { events, lines, poll, type RunPages, startRunPages } from '../support/run-pages.ts';

describeInBrowser('the log on the page of a run', () => {
  let t: RunPages;
  beforeAll(async () => {
    t = await startRunPages();
  });
  afterAll(() => t?.close());

  it('filters the log by level, type and text; the address keeps it, and live lines are held to it', async () => {
    const run = await t.world.accepted();
    await t.tell(run, 'log', { message: 'reading page 1', level: 'info' });
    await t.tell(run, 'log', { message: 'page 2 is gone', level: 'error', data: { http_status: 404 } });
    await t.tell(run, 'log', { message: 'page 3 is slow', level: 'warn' });

    await t.visit(`/runs/${run.id}`, async ({ page }) => {
      await events(page).getByText('page 3 is slow').waitFor();
      await page.getByRole('button', { name: 'error', exact: true }).click();
      await poll(() => lines(page)).not.toContain('page 1');
      expect(await lines(page)).toContain('page 2 is gone');
      expect(page.url()).toContain('level=ERROR');

      await t.tell(run, 'log', { message: 'page 4 is fine', level: 'info' });
      await t.tell(run, 'log', { message: 'page 5 is gone', level: 'error' });
      await events(page).getByText('page 5 is gone').waitFor();
      expect(await lines(page)).not.toContain('page 4');

      await page.reload();
      await events(page).getByText('page 5 is gone').waitFor();
      expect(await lines(page)).not.toContain('page 4');

      await page.keyboard.press('/');
      await page.keyboard.type('PAGE 2');
      await poll(() => lines(page)).not.toContain('page 5');
      await events(page).getByText('page 2 is gone').waitFor();
      await t.tell(run, 'log', { message: 'page 20 is gone', level: 'error' });
      await events(page).getByText('page 20 is gone').waitFor();
      expect(page.url()).toMatch(/q=PAGE(\+|%20)2/);
      await page.getByLabel('Search the events').fill('no such words');
      await page.getByRole('button', { name: 'Remove the filters' }).click();
      await events(page).getByText('page 4 is fine').waitFor();
      expect(await page.getByLabel('Search the events').inputValue()).toBe('');

      await page.getByLabel('Type of event').selectOption('STATE_CHANGE');
      await events(page).getByText('dispatched to the executor').waitFor();
      expect(await lines(page)).not.toContain('page');
    });
  });

  it('keeps a story of 100,000 events in a small window, from its end back to its beginning', async () => {
    const run = await t.world.accepted();
    await t.world.sql(
      `insert into run_events (run_id, seq, type, level, message, attempt, epoch)
       select $1, 3 + n, 'log', 'info', 'line ' || n, 1, 1 from generate_series(1, 100000) as n`,
      [run.id],
    );
    await t.world.sql('update runs set event_seq = 100003 where id = $1', [run.id]);

    await t.visit(`/runs/${run.id}`, async ({ page }) => {
      await events(page).getByText('line 100000', { exact: true }).waitFor();
      expect(await events(page).locator('[data-seq]').count()).toBeLessThan(80);
      await events(page).hover();
      await poll(async () => {
        await page.mouse.wheel(0, -2_000);
        return firstSeq(page);
      }).toBeLessThan(99_700);
      await t.tell(run, 'log', { message: 'written while reading' });
      await page.getByRole('button', { name: /^(Follow the end|Go to the newest)$/ }).click();
      await events(page).getByText('written while reading').waitFor();
      expect(await page.getByLabel('Follow', { exact: true }).isChecked()).toBe(true);
      await page.keyboard.press('f');
      await page.getByRole('button', { name: 'Beginning' }).click();
      await events(page).getByText('line 1', { exact: true }).waitFor();
      expect(await events(page).locator('[data-seq]').count()).toBeLessThan(80);
    });
  });

  /** The number of the first event in the page. */
  async function firstSeq(page: Page): Promise<number> {
    return Number(await events(page).locator('[data-seq]').first().getAttribute('data-seq'));
  }

  it('is loaded by few questions, as many for a run with a long story as for any', async () => {
    const cost = async (id: string) => {
      const statements = await httpStatements(() =>
        t.visit(`/runs/${id}`, async ({ page }) => {
          await events(page).getByText('completed', { exact: true }).first().waitFor();
        }),
      );
      return statements.filter(({ request }) => request === 'POST /graphql').length;
    };
    const plain = await t.world.ended({ payload: DO.complete });
    const rich = await t.world.accepted();
    for (let index = 0; index < 10; index++) {
      await t.tell(rich, 'log', { message: `line ${index}` });
      await t.tell(rich, 'spawn', {
        job_slug: t.world.job.slug,
        project_id: 'default',
        payload: DO.complete,
        spawn_key: `${index}`,
      });
    }
    await t.tell(rich, 'complete', {});

    const first = await cost(plain.id);
    expect(first).toBeLessThanOrEqual(20);
    expect(await cost(rich.id)).toBeLessThanOrEqual(first + 1);
  });
});
