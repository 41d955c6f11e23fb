import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ADMIN_KEY, startTestApp, startTestExecutor, type TestApp, type TestExecutor } from '../support/app.ts';
import { describeInBrowser, launchBrowser, type TestBrowser, type Visitor } from '../support/browser.ts';
import { makeFlows } from '../support/flow-maker.ts';
import { expectWellMade } from '../support/well-made.ts';

const SCREENSHOT = fileURLToPath(new URL('../../docs/screenshots/schedules.png', import.meta.url));
const SOON = { timeout: 15_000, interval: 50 };

interface ScheduleState {
  readonly name: string;
  readonly status: string;
  readonly cron: string | null;
  readonly timezone: string;
  readonly payload: unknown;
}

describeInBrowser('the schedules in a browser', () => {
  let t: TestApp;
  let browser: TestBrowser;
  let executor: TestExecutor;
  beforeAll(async () => {
    [t, executor, browser] = await Promise.all([startTestApp(), startTestExecutor(), launchBrowser()]);
    const flows = makeFlows(t, executor.url);
    await flows.job('sweep', { name: 'Sweep' });
    await flows.workflow('report', [{ ref: 'one', job: 'sweep' }], { name: 'Report' });
  });
  afterAll(async () => {
    await browser?.close();
    await executor?.close();
    await t?.close();
  });

  function visit(path: string, work: (visitor: Visitor) => Promise<void>, options: object = {}): Promise<void> {
    return browser.visit({ origins: [t.url], timezoneId: 'America/New_York', locale: 'en-US', ...options }, async (visitor) => {
      await visitor.signIn(ADMIN_KEY);
      await visitor.page.goto(path);
      await work(visitor);
    });
  }

  async function create(name: string, fields: object = {}): Promise<string> {
    const input = { name, cron: '0 9 * * *', timezone: 'Asia/Tokyo', job: 'sweep', ...fields };
    const data = await t.graphql<{ createSchedule: { id: string } }>(
      'mutation ($input: CreateScheduleInput!) { createSchedule(input: $input) { id } }',
      { input },
    );
    return data.createSchedule.id;
  }

  async function read(id: string): Promise<ScheduleState> {
    const query = 'query ($id: ID!) { schedule(id: $id) { name status cron timezone payload } }';
    return (await t.graphql<{ schedule: ScheduleState }>(query, { id })).schedule;
  }

  it('are made with a look at the next moments while one types, and say what is wrong with an expression', async () => {
    await visit('/schedules', async ({ page }) => {
      await page.getByText('Nothing starts by itself yet').waitFor();
      await page.getByRole('button', { name: 'Create a schedule' }).click();
      const dialog = page.getByRole('dialog');
      const preview = dialog.getByRole('region', { name: 'The next moments' });
      await dialog.getByLabel('Name').fill('Nightly');
      await dialog.getByLabel('Starts').selectOption({ label: 'Report' });
      // The zone of whoever looks is offered.
      expect(await dialog.getByLabel('Time zone').inputValue()).toBe('America/New_York');
      await dialog.getByLabel('Cron expression').fill('61 * * * *');
      await preview.getByRole('alert').waitFor();
      await dialog.getByLabel('Cron expression').fill('30 4 * * *');
      await dialog.getByLabel('Time zone').fill('Europe/Berlin');
      await expect.poll(() => preview.getByRole('listitem').count(), SOON).toBe(5);
      // Half past four in Berlin is half past ten in the evening in New York, whatever the season, save some weeks of the year.
      expect(await preview.getByRole('listitem').first().innerText()).toMatch(
        /1[01]:30:00 PM E[SD]T[\s\S]*4:30 AM in Europe\/Berlin/,
      );
      await dialog.getByLabel('Payload').fill('{ "deep": true }');
      await dialog.getByRole('button', { name: 'Create the schedule' }).click();

      await page.getByRole('link', { name: 'Nightly' }).click();
      await page.getByText('Report').waitFor();
      expect(await read(page.url().split('/').at(-1) ?? '')).toEqual({
        name: 'Nightly',
        status: 'ACTIVE',
        cron: '30 4 * * *',
        timezone: 'Europe/Berlin',
        payload: { deep: true },
      });
    });
  });

  it('are changed, and a payload that is emptied is an empty one', async () => {
    const id = await create('Hourly', { payload: { old: 1 } });
    await visit(`/schedules/${id}`, async ({ page }) => {
      await page.getByRole('button', { name: 'Change', exact: true }).click();
      const dialog = page.getByRole('dialog');
      expect(await dialog.getByLabel('Starts').isDisabled()).toBe(true);
      await dialog.getByLabel('Cron expression').fill('0 * * * *');
      await dialog.getByLabel('Payload').fill('');
      await dialog.getByRole('button', { name: 'Save' }).click();
      await page.getByText('0 * * * *').waitFor();
      await page.getByRole('region', { name: 'the payload' }).getByText('{}').waitFor();
    });
    expect(await read(id)).toMatchObject({ cron: '0 * * * *', payload: {} });
  });

  it('are paused with a way back, and canceled for good', async () => {
    const id = await create('Paused');
    await visit('/schedules', async ({ page }) => {
      const row = page.getByRole('row').filter({ hasText: 'Paused' });
      await page.getByRole('button', { name: 'Actions for Paused' }).click();
      await page.getByRole('menuitem', { name: /^Pause/ }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Pause the schedule' }).click();
      await row.getByText('paused', { exact: true }).waitFor();
      expect((await read(id)).status).toBe('PAUSED');
      await page.getByRole('status').getByRole('button', { name: 'Resume' }).click();
      await row.getByText('active', { exact: true }).waitFor();

      await page.getByRole('button', { name: 'Actions for Paused' }).click();
      await page.getByRole('menuitem', { name: /^Cancel/ }).click();
      await page
        .getByRole('dialog')
        .getByText(/cannot be resumed/)
        .waitFor();
      await page.getByRole('dialog').getByRole('button', { name: 'Cancel the schedule' }).click();
      await row.getByText('canceled', { exact: true }).waitFor();
      // Nothing more can be done with it.
      await expect.poll(() => page.getByRole('button', { name: 'Actions for Paused' }).count(), SOON).toBe(0);
    });
    expect((await read(id)).status).toBe('CANCELED');
  });

  it('are run now, and the moment with its run stands in the history and in the list', async () => {
    const id = await create('At once', { workflow: 'report', job: undefined });
    await visit(`/schedules/${id}`, async ({ page }) => {
      await page.getByText('It has not fired yet.').waitFor();
      await page.getByRole('button', { name: 'Run now' }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Run it now' }).click();
      await page.getByRole('link', { name: 'Its schedule' }).click();
      await page.getByRole('heading', { name: 'At once' }).waitFor();
      const moment = page.getByRole('region', { name: 'Moments' }).getByRole('row').filter({ hasText: 'started' });
      await moment.getByText('completed', { exact: true }).waitFor();
      await page.goto('/schedules');
      await page.getByRole('row').filter({ hasText: 'At once' }).getByText('completed', { exact: true }).waitFor();
    });
  });

  it('say which moments were missed, and come by themselves in an open history', async () => {
    const id = await create('Missed', { cron: '* * * * *' });
    await visit(`/schedules/${id}?outcome=MISSED`, async ({ page }) => {
      await page.getByText('None ended like this.').waitFor();
      const client = new pg.Client({ connectionString: t.databaseUrl });
      await client.connect();
      await client.query("update schedules set next_fire_at = now() - interval '2 hours' where id = $1", [id]);
      await client.end();
      await page.getByText(/^\d+ moments until/).waitFor();
      expect(await page.getByLabel('What became of it').inputValue()).toBe('MISSED');
    });
  });

  it('have screens without a fault that axe knows, light, dark and narrow', async () => {
    const id = await create('Looked at');
    await visit('/schedules', async (visitor) => {
      await expectWellMade(visitor);
      await visitor.page.screenshot({ path: SCREENSHOT });
      await visitor.page.goto(`/schedules/${id}`);
      await expectWellMade(visitor);
      await visitor.page.getByRole('button', { name: 'Change', exact: true }).click();
      await visitor.page.getByRole('dialog').getByRole('listitem').first().waitFor();
      await expectWellMade(visitor);
    });
  });
});
