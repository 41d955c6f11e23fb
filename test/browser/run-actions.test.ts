import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeInBrowser } from '../support/browser.ts';
import { DO } from '../support/rest-world.ts';
import { events, hasStatus, poll, type RunPages, startRunPages } from '../support/run-pages.ts';

describeInBrowser('what can be done to a run on its page', () => {
  let t: RunPages;
  beforeAll(async () => {
    t = await startRunPages();
  });
  afterAll(() => t?.close());

  it('pauses a process and resumes it by undo, and restarts it on another machine', async () => {
    const managed = { execution_mode: 'managed', image_uri: 'exec:sleep 60', endpoint_url: null };
    const { slug } = await t.world.createJob(managed);
    const { id } = await t.world.done('POST', `/v1/jobs/${slug}/trigger`, { body: {} });

    await t.visit(`/runs/${id}`, async ({ page }) => {
      const dialog = page.getByRole('dialog');
      await hasStatus(page, 'executing');
      await page.keyboard.press('p');
      await dialog.getByRole('button', { name: 'Pause' }).click();
      await hasStatus(page, 'paused');
      await page.getByText('The run is paused.').locator('..').getByRole('button', { name: 'Resume' }).click();
      await hasStatus(page, 'executing');
      await page.getByRole('button', { name: 'Restart' }).click();
      await dialog.getByLabel('Machine').selectOption('small 2x');
      await dialog.getByRole('button', { name: 'Restart' }).click();
      await events(page).getByText('restarted by user with small-2x').waitFor();
      await dialog.waitFor({ state: 'hidden' });
      await hasStatus(page, 'executing');
      await page.keyboard.press('c');
      await dialog.getByRole('button', { name: 'Cancel run' }).click();
      await hasStatus(page, 'canceled');
    });
  });

  it('moves the start of a run, and back', async () => {
    const at = (days: number) => new Date(Math.floor(Date.now() / 1_000) * 1_000 + days * 86_400_000);
    const [first, other] = [at(10), at(20)];
    const body = { scheduled_at: first.toISOString(), payload: DO.accept };
    const { id } = await t.world.done('POST', `/v1/jobs/${t.world.job.slug}/trigger`, { body });
    const scheduledAt = async () => Date.parse((await t.world.done('GET', `/v1/runs/${id}`)).scheduled_at);

    await t.visit(
      `/runs/${id}`,
      async ({ page }) => {
        await hasStatus(page, 'delayed');
        await page.getByRole('button', { name: 'Reschedule' }).click();
        // The page is in UTC, so that what is typed is what is meant.
        await page.getByLabel('Start at').fill(other.toISOString().slice(0, 19));
        await page.getByRole('dialog').getByRole('button', { name: 'Reschedule' }).click();
        await page.getByText(/^The run starts/).waitFor();
        expect(await scheduledAt()).toBe(other.getTime());
        await page.getByRole('button', { name: 'Undo' }).click();
        await poll(scheduledAt).toBe(first.getTime());
      },
      { timezoneId: 'UTC' },
    );
  });

  it('shows somebody who may only read runs what they may see, and offers nothing', async () => {
    const run = await t.world.accepted();
    await t.tell(run, 'wait-for-event', { event_key: `read:${run.id}` });
    const key = await t.world.keyWith('runs:read');
    await t.visit(
      `/runs/${run.id}`,
      async ({ page }) => {
        await page.getByText(`it waits for the event "read:${run.id}"`).waitFor();
        await events(page).getByText('dispatched to the executor').waitFor();
        for (const name of ['Cancel', 'Send the event']) expect(await page.getByRole('button', { name }).count()).toBe(0);
        await page.getByRole('tab', { name: 'Lineage' }).click();
        await page.getByText('It has spawned no runs').waitFor();
        await page.getByRole('tab', { name: 'Details' }).click();
        await page.getByText('Nobody was told.').waitFor();
      },
      { key },
    );
  });

  it('switches tabs and follows by keys, which the help lists', async () => {
    const { id } = await t.world.ended({ payload: DO.complete });
    await t.visit(`/runs/${id}`, async ({ page, expectAccessible }) => {
      await page.getByRole('tab', { name: 'Logs', selected: true }).waitFor();
      await page.keyboard.press(']');
      await page.getByRole('tab', { name: 'Payload & result', selected: true }).waitFor();
      expect(page.url()).toContain('tab=payload');
      await page.keyboard.press('[');
      await page.keyboard.press('[');
      await page.getByRole('tab', { name: 'Details', selected: true }).waitFor();
      await page.goto(`/runs/${id}`);
      const follow = page.getByLabel('Follow', { exact: true });
      await follow.waitFor();
      await page.keyboard.press('f');
      expect(await follow.isChecked()).toBe(false);
      await page.keyboard.press('k');
      await page.keyboard.press('Enter');
      await poll(() => events(page).locator('[aria-expanded=true]').count()).toBe(1);
      await page.keyboard.press('?');
      await page.getByRole('dialog').getByText('Follow the end of the log').waitFor();
      await expectAccessible();
    });
  });

  it('gives its trigger away as curl and GraphQL, and its story as a file', async () => {
    const { id } = await t.world.ended({ payload: { ...DO.complete, text: "it's" } });
    await t.visit(
      `/runs/${id}`,
      async ({ page }) => {
        const take = async (item: string) => {
          await page.getByRole('button', { name: 'More' }).click();
          await page.getByRole('menuitem', { name: item }).click();
        };
        await take('Copy as curl');
        await page.getByText('Copied: it triggers a run like this one.').waitFor();
        expect(await page.evaluate('navigator.clipboard.readText()')).toContain(`/v1/jobs/${t.world.job.id}/trigger'`);
        await take('Copy as GraphQL');
        await poll(() => page.evaluate('navigator.clipboard.readText()')).toContain(`"text": "it's"`);
        const download = page.waitForEvent('download');
        await take('Download debug bundle');
        expect((await download).suggestedFilename()).toBe(`run-${id}.json`);
      },
      { permissions: ['clipboard-read', 'clipboard-write'], acceptDownloads: true },
    );
  });
});
