import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeInBrowser } from '../support/browser.ts';
import { httpStatements } from '../support/http-statements.ts';
import { delayed, expectRows, expectText, type RunsWorld, SOON, startRunsWorld } from '../support/runs-screen.ts';
import { keepScreenshot } from '../support/screenshots.ts';

describeInBrowser('the screen of the runs in a browser', () => {
  let w: RunsWorld;
  beforeAll(async () => {
    w = await startRunsWorld();
  });
  afterAll(() => w?.close());

  it('are canceled by filter, after a look at what it means, in pieces', async () => {
    const job = await w.makeJob();
    const other = await w.makeJob();
    await w.triggerMany(job, 450, () => delayed());
    await w.trigger(other, delayed());
    await w.visitRuns(`job:${job}`, async ({ page, rows }) => {
      await rows.first().getByRole('checkbox').check();
      await page.getByRole('button', { name: 'Select all 450 that match' }).click();
      await page.getByRole('button', { name: 'Cancel…' }).click();
      const dialog = page.getByRole('dialog');
      await expectText(dialog, /stopped for good/);
      expect(await dialog.getByRole('row').count()).toBe(10);
      await expect(w.statusesOf(job)).resolves.toEqual({ DELAYED: 450 });

      const values = page.evaluate(`new Promise((resolve) => {
        const seen = new Set();
        const look = () => {
          const bar = document.querySelector('dialog progress');
          if (bar) seen.add(bar.value);
          if (bar?.value === 1) resolve([...seen]);
          else requestAnimationFrame(look);
        };
        look();
      })`);
      await dialog.getByRole('button', { name: 'Cancel 450 runs' }).click();
      await expectText(dialog, /450 runs canceled\./);
      expect(((await values) as number[]).length).toBeGreaterThan(2);
      await expect(w.statusesOf(job)).resolves.toEqual({ CANCELED: 450 });
      await expect(w.statusesOf(other)).resolves.toEqual({ DELAYED: 1 });
      await dialog.getByRole('button', { name: 'Close' }).last().click();
      await expectText(rows.first(), /canceled/);
    });
  });

  it('are replayed and rescheduled when selected; those in another status stay and are told', async () => {
    const job = await w.makeJob({ max_attempts: 1 });
    w.executor.answer((_dispatch, res) => res.writeHead(422).end('no'));
    const failed = await w.trigger(job);
    await expect.poll(() => w.statusesOf(job), SOON).toEqual({ FAILED: 1 });
    w.executor.answer((_dispatch, res) => res.writeHead(200, { 'content-type': 'application/json' }).end('{}'));
    const waiting = await w.trigger(job, delayed());
    await w.visitRuns(`job:${job}`, async ({ page, row, rows }) => {
      await row(failed).getByRole('checkbox').check();
      await row(waiting)
        .getByRole('checkbox')
        .click({ modifiers: ['Shift'] });
      expect(await page.getByText('2 selected').count()).toBe(1);
      await page.getByRole('button', { name: 'Replay…' }).click();
      const dialog = page.getByRole('dialog');
      await expectText(dialog, /1 of the selected is in another status/);
      await dialog.getByRole('button', { name: 'Replay 1 run' }).click();
      await expectText(dialog, /1 run replayed\./);
      await dialog.getByRole('button', { name: 'Close' }).last().click();
      await expect.poll(() => rows.count(), SOON).toBe(3);
      await expectText(rows.first(), /completed/);

      await row(waiting).getByRole('checkbox').check();
      await page.getByRole('button', { name: 'Reschedule…' }).click();
      await dialog.getByRole('button', { name: 'Now' }).click();
      await dialog.getByRole('button', { name: 'Reschedule 1 run' }).click();
      await expectText(dialog, /1 run rescheduled\./);
      await expect.poll(() => w.statusesOf(job), SOON).toEqual({ FAILED: 1, COMPLETED: 2 });
    });
  });

  it('cost two documents and their subscription when the screen is shown, and remember their columns', async () => {
    const job = await w.makeJob();
    await w.trigger(job, delayed());
    await w.visitRuns(`job:${job}`, async ({ page, rows }) => {
      await expectRows(rows, [/delayed/]);
      await page.getByRole('img', { name: /^1 runs? created/ }).waitFor();
      const asked: string[] = [];
      page.on('request', (request) => {
        const { pathname } = new URL(request.url());
        const sent = request.postData() ?? '';
        if (pathname.startsWith('/graphql'))
          asked.push(/(?:query|mutation|subscription) (\w+)/.exec(sent)?.[1] ?? request.method());
      });
      const statements = await httpStatements(async () => {
        await page.reload();
        await expectRows(rows, [/delayed/]);
        await page.getByRole('img', { name: /^1 runs? created/ }).waitFor();
      });
      // The reservation of the stream, the stream, and what goes over it. On a busy machine the list may be loaded a second time, when the
      // stream begins later than it waits for that.
      expect([...new Set(asked)].toSorted()).toEqual(['GET', 'PUT', 'RunChanged', 'RunFigures', 'Runs', 'Viewer']);
      expect(statements.length).toBeLessThanOrEqual(40);

      const header = page.getByRole('columnheader', { name: 'Priority' });
      expect(await header.count()).toBe(0);
      await page.getByRole('button', { name: 'Columns' }).click();
      await page.getByRole('menuitemcheckbox', { name: 'Priority' }).click();
      await header.waitFor();
      await page.reload();
      await header.waitFor();
    });
  });

  it('obey the keyboard, and say so', async () => {
    const job = await w.makeJob();
    const [older, newer] = [await w.trigger(job, delayed()), await w.trigger(job, delayed())];
    await w.visitRuns(`job:${job}`, async ({ page, rows, row }) => {
      await expect.poll(() => rows.count(), SOON).toBe(2);
      for (const key of ['j', 'j', 'x']) await page.keyboard.press(key);
      expect(await row(older).getByRole('checkbox').isChecked()).toBe(true);
      await page.keyboard.press('Escape');
      expect(await row(older).getByRole('checkbox').isChecked()).toBe(false);
      await page.keyboard.press('/');
      expect(await page.evaluate('document.activeElement.getAttribute("role")')).toBe('combobox');
      await page.keyboard.press('Escape');
      await page.keyboard.press('Escape');
      await page.keyboard.press('?');
      await expectText(page.getByRole('dialog'), /Filter the runs.*Next row.*Open the row.*Select the row/s);
      await page.keyboard.press('Escape');
      await page.keyboard.press('k');
      await page.keyboard.press('Enter');
      await expect.poll(() => new URL(page.url()).pathname, SOON).toBe(`/runs/${newer}`);
    });
  });

  it.each(['light', 'dark'] as const)('are accessible, %s, with chips, a faulty filter and a dialog', async (colorScheme) => {
    const job = await w.makeJob();
    await w.triggerMany(job, 30, () => delayed({ tags: { team: 'core' } }));
    await w.visitRuns(
      `job:${job} created:1h`,
      async ({ page, rows, expectAccessible }) => {
        await page.getByRole('img', { name: /^30 runs/ }).waitFor();
        await expectAccessible();
        await rows.first().getByRole('checkbox').check();
        await page.keyboard.press('/');
        await page.keyboard.type('sta');
        await page.getByRole('option', { name: /^status:/ }).waitFor();
        await expectAccessible();
        await page.keyboard.press('Escape');
        await page.getByRole('button', { name: 'Cancel…' }).click();
        await page.getByRole('button', { name: 'Cancel 1 run' }).waitFor();
        await expectAccessible();
        await page.goto('/runs?q=oops');
        await expectText(page.locator('main'), /This filter is not understood/);
        await expectAccessible();
      },
      { colorScheme },
    );
  });

  it('look as on the picture', async () => {
    const slugs = ['send-invoice', 'resize-photo', 'sync-stock', 'charge-card'];
    for (const slug of slugs) await w.makeJob({ slug, name: slug, tags: { shop: 'north' }, max_attempts: 1 });
    w.executor.answer(({ payload }, res) => {
      const isBad = typeof payload === 'object' && payload !== null && Reflect.get(payload, 'order') === 13;
      res.writeHead(isBad ? 422 : 200, { 'content-type': 'application/json' }).end(isBad ? 'the card was declined' : '{}');
    });
    for (const [index, slug] of [...slugs, ...slugs].entries()) {
      await w.triggerMany(slug, 6, (order) => ({
        payload: { order: index === 7 && order < 3 ? 13 : order },
        tags: { shop: 'north', tier: order % 2 === 0 ? 'gold' : 'basic' },
        ...(order === 5 && delayed()),
      }));
    }
    await expect.poll(async () => (await w.statusesOf('charge-card')).FAILED, SOON).toBe(3);
    await w.spread('charge-card', 'send-invoice', 'sync-stock', 'resize-photo');
    await w.visitRuns(
      'created:1h tag.shop:north',
      async ({ page, rows }) => {
        await page.getByRole('button', { name: /^completed 37/ }).waitFor(SOON);
        await page.getByRole('img', { name: /^48 runs/ }).waitFor();
        await rows.nth(2).getByRole('checkbox').check();
        await keepScreenshot(page, 'runs');
      },
      { viewport: { width: 1280, height: 800 } },
    );
  });

  it('fit into 360 pixels', async () => {
    const job = await w.makeJob();
    await w.triggerMany(job, 30, () => delayed());
    await w.visitRuns(
      `job:${job}`,
      async ({ page, rows, expectAccessible }) => {
        await expect.poll(() => rows.count(), SOON).toBeGreaterThan(5);
        await page.getByRole('button', { name: 'delayed 30' }).waitFor();
        expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
        expect(await page.evaluate('document.querySelector("main").scrollWidth <= innerWidth')).toBe(true);
        expect(await rows.first().getByRole('link').isVisible()).toBe(true);
        await expectAccessible();
      },
      { viewport: { width: 360, height: 740 } },
    );
  });
});
