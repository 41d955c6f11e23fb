import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ADMIN_KEY, startTestApp, startTestExecutor, type TestApp, type TestExecutor } from '../support/app.ts';
import { describeInBrowser, launchBrowser, type TestBrowser, type Visitor } from '../support/browser.ts';
import { keepScreenshot } from '../support/screenshots.ts';

describeInBrowser('the webhooks in a browser', () => {
  let t: TestApp;
  let browser: TestBrowser;
  let receiver: TestExecutor;
  beforeAll(async () => {
    [t, receiver, browser] = await Promise.all([startTestApp(), startTestExecutor(), launchBrowser()]);
  });
  afterAll(async () => {
    await browser?.close();
    await receiver?.close();
    await t?.close();
  });

  function visitWebhooks(search: string, work: (visitor: Visitor) => Promise<void>): Promise<void> {
    return browser.visit({ origins: [t.url], viewport: { width: 1_280, height: 800 } }, async (visitor) => {
      await visitor.signIn(ADMIN_KEY);
      await visitor.page.goto(`/webhooks${search}`);
      await work(visitor);
    });
  }

  async function subscribe(url: string, eventTypes = ['RUN_FAILED']): Promise<string> {
    const document =
      'mutation ($input: CreateWebhookSubscriptionInput!) { createWebhookSubscription(input: $input) { subscription { id } } }';
    const { createWebhookSubscription } = await t.graphql<{ createWebhookSubscription: { subscription: { id: string } } }>(
      document,
      { input: { webhookUrl: url, eventTypes } },
    );
    return createWebhookSubscription.subscription.id;
  }

  const deliveries = (page: Page) => page.getByRole('region', { name: 'Webhook deliveries' }).getByRole('row');

  async function choose(page: Page, url: string, action: RegExp): Promise<void> {
    await page.getByRole('button', { name: `Actions for ${url}` }).click();
    await page.getByRole('menuitem', { name: action }).click();
  }

  it('are subscribed, tested with a real message, looked into and sent again', async () => {
    const url = `${receiver.url}orders`;
    await visitWebhooks('', async ({ page, expectAccessible }) => {
      await page.getByText('Nobody is told yet').waitFor();
      await page.getByRole('button', { name: 'Subscribe a URL' }).click();
      const dialog = page.getByRole('dialog', { name: 'Subscribe a URL' });
      await dialog.getByRole('textbox', { name: 'URL' }).fill(url);
      await dialog.getByLabel('run.completed').check();
      await expectAccessible();
      await dialog.getByRole('button', { name: 'Subscribe' }).click();
      const secret = page.getByRole('dialog', { name: 'The signing secret' });
      const text = await secret.locator('code').innerText();
      expect(text).toMatch(/^whsec_/);
      await secret.getByRole('button', { name: 'I have kept it' }).click();
      expect(await page.content()).not.toContain(text);

      await choose(page, url, /Send a test/);
      const rows = deliveries(page);
      await rows.filter({ hasText: 'webhook.test' }).getByText('delivered').waitFor();
      expect(receiver.dispatches.at(-1)?.headers['webhook-id']).toBeTruthy();
      await expectAccessible();

      await page.getByRole('link', { name: 'webhook.test' }).click();
      const delivery = page.getByRole('dialog', { name: 'Delivery of webhook.test' });
      await delivery.getByText('HTTP 200').waitFor();
      await expect.poll(() => delivery.getByRole('region', { name: 'the message' }).innerText()).toContain('webhook.test');
      expect(await delivery.getByRole('region', { name: 'the answer' }).innerText()).toContain('ok');
      expect(new URL(page.url()).searchParams.get('delivery')).toBe(receiver.dispatches.at(-1)?.headers['webhook-id']);
      await expectAccessible();
      await delivery.getByRole('button', { name: 'Send as a new delivery' }).click();
      await expect.poll(() => rows.filter({ hasText: 'delivered' }).count()).toBe(2);
      expect(receiver.dispatches).toHaveLength(2);
      await keepScreenshot(page, 'webhooks');
    });
  });

  it('that fail say why, when they are tried again, and go at once when asked', async () => {
    receiver.answer((_dispatch, res) => res.writeHead(503).end('come back later'));
    const id = await subscribe(`${receiver.url}failing`, ['RUN_CANCELED']);
    const job = { project_id: 'default', name: 'Nightly', slug: 'nightly', endpoint_url: receiver.url };
    expect((await t.rest('POST', '/v1/jobs', { body: job })).status).toBe(201);
    const later = { payload: {}, scheduled_at: new Date(Date.now() + 3_600_000).toISOString() };
    const run = await t.rest('POST', '/v1/jobs/nightly/trigger', { body: later });
    await t.graphql('mutation ($id: ID!) { cancelRun(id: $id) { id } }', { id: run.body.id });
    await visitWebhooks(`?tab=deliveries&subscription=${id}`, async ({ page }) => {
      const rows = deliveries(page);
      await rows.filter({ hasText: 'run.canceled' }).filter({ hasText: 'failed' }).getByText('HTTP 503').waitFor();
      await page.getByLabel('Status').selectOption('delivered');
      await page.getByText('None was sent that fits these conditions').waitFor();
      await page.getByLabel('Status').selectOption('failed');
      await rows.filter({ hasText: 'HTTP 503' }).click();
      await page.getByText('come back later').waitFor();

      receiver.answer((_dispatch, res) => res.writeHead(204).end());
      await page.getByRole('button', { name: 'Try again now' }).click();
      await page.getByLabel('Status').selectOption('all');
      await rows.filter({ hasText: 'delivered' }).getByText('HTTP 204').waitFor();
    });
  });

  it('are changed, stopped and deleted', async () => {
    const url = `${receiver.url}changing`;
    await subscribe(url);
    await visitWebhooks('', async ({ page }) => {
      const row = page.getByRole('row').filter({ hasText: url });
      await choose(page, url, /Change/);
      const dialog = page.getByRole('dialog', { name: 'Change the subscription' });
      await dialog.getByLabel('run.canceled').check();
      await dialog.getByLabel('Active').uncheck();
      await dialog.getByRole('button', { name: 'Save' }).click();
      await row.getByText('inactive').waitFor();
      expect(await row.innerText()).toContain('run.failed, run.canceled');

      await choose(page, url, /Delete/);
      await page.getByRole('button', { name: 'Delete it' }).click();
      await row.waitFor({ state: 'detached' });
    });
  });
});
