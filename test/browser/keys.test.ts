import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ADMIN_KEY, startTestApp, type TestApp } from '../support/app.ts';
import { describeInBrowser, launchBrowser, type TestBrowser, type Visitor } from '../support/browser.ts';
import { keepScreenshot } from '../support/screenshots.ts';

describeInBrowser('the API keys in a browser', () => {
  let t: TestApp;
  let browser: TestBrowser;
  beforeAll(async () => {
    [t, browser] = await Promise.all([startTestApp(), launchBrowser()]);
  });
  afterAll(async () => {
    await browser?.close();
    await t?.close();
  });

  async function makeKey(name: string, rights: object): Promise<string> {
    const document = 'mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { key } }';
    const { createApiKey } = await t.graphql<{ createApiKey: { key: string } }>(document, { input: { name, ...rights } });
    return createApiKey.key;
  }

  /** What the API answers to somebody with this key who lists the jobs. */
  const statusWith = async (key: string) => (await t.rest('GET', '/v1/jobs', { key })).status;
  const row = (page: Page, name: string) => page.getByRole('row').filter({ hasText: name });

  function visitKeys(key: string, work: (visitor: Visitor) => Promise<void>, options: object = {}): Promise<void> {
    return browser.visit({ origins: [t.url], viewport: { width: 1_280, height: 800 }, ...options }, async (visitor) => {
      await visitor.signIn(key);
      await visitor.page.goto('/keys');
      await work(visitor);
    });
  }

  async function choose(page: Page, name: string, action: 'Rotate…' | 'Revoke…'): Promise<void> {
    await page.getByRole('button', { name: `Actions for ${name}` }).click();
    await page.getByRole('menuitem', { name: action }).click();
  }

  it('are made with the scopes that were chosen, shown once, and revoked', async () => {
    await visitKeys(ADMIN_KEY, async ({ page, expectAccessible }) => {
      await page.getByRole('button', { name: 'Create a key' }).click();
      await page.getByLabel('Name').fill('nightly import');
      const create = page.getByRole('button', { name: 'Create the key' });
      expect(await create.isDisabled()).toBe(true);
      await page.getByLabel('See jobs and their settings').check();
      await expectAccessible();
      await create.click();

      const shown = page.getByRole('dialog', { name: 'The key nightly import' });
      const key = await shown.locator('code').innerText();
      await expectAccessible();
      expect(await statusWith(key)).toBe(200);
      expect((await t.rest('GET', '/v1/runs?project_id=default', { key })).status).toBe(403);
      await page.keyboard.press('Escape');
      await row(page, 'nightly import').getByText('active').waitFor();
      expect(await page.content()).not.toContain(key);
      expect(await row(page, 'nightly import').innerText()).toContain('jobs:read');

      await choose(page, 'nightly import', 'Revoke…');
      await page.getByText('This cannot be undone').waitFor();
      await page.getByRole('button', { name: 'Revoke the key' }).click();
      await row(page, 'nightly import').getByText('revoked').waitFor();
      await expect.poll(() => statusWith(key)).toBe(401);
    });
  });

  it('end the session of whoever revokes the one they signed in with', async () => {
    const key = await makeKey('of a person', { scopes: ['ALL'] });
    await visitKeys(key, async ({ page, expectFault }) => {
      await row(page, 'of a person').getByText('yours').waitFor();
      await choose(page, 'of a person', 'Revoke…');
      await page.getByText('your session ends, too').waitFor();
      expectFault(/status of 401/);
      await page.getByRole('button', { name: 'Revoke the key' }).click();
      await page.getByRole('heading', { name: 'Sign in to Baton' }).waitFor();
      expect(await page.context().cookies()).toEqual([]);
    });
  });

  it('are replaced without a gap, also the one somebody is signed in with', async () => {
    const old = await makeKey('deployer', { role: 'ADMIN' });
    await visitKeys(old, async ({ page }) => {
      await choose(page, 'deployer', 'Rotate…');
      await page.getByLabel('The old key works on for').selectOption('not at all');
      await page.getByRole('button', { name: 'Rotate the key' }).click();

      const shown = page.getByRole('dialog', { name: 'The key deployer' });
      const key = await shown.locator('code').innerText();
      await row(page, 'deployer').getByText('replaced').waitFor();
      expect(await statusWith(key)).toBe(200);
      await expect.poll(() => statusWith(old)).toBe(401);
      await shown.getByRole('button', { name: 'I have kept it' }).click();
      await row(page, 'deployer').filter({ hasText: 'active' }).getByText('yours').waitFor();
    });
  });

  it('are nothing to somebody who does not manage keys', async () => {
    const key = await makeKey('a reader', { scopes: ['RUNS_READ'] });
    await visitKeys(key, async ({ page, expectAccessible }) => {
      await page.getByText('Your key does not manage keys').waitFor();
      expect(await page.getByRole('button', { name: 'Create a key' }).count()).toBe(0);
      await expectAccessible();
    });
  });

  it('look like this', async () => {
    await makeKey('billing service', { scopes: ['JOBS_TRIGGER', 'RUNS_READ'], expiresInDays: 90 });
    await makeKey('on call', { role: 'OPERATOR' });
    await visitKeys(ADMIN_KEY, async ({ page }) => {
      await row(page, 'on call').waitFor();
      await keepScreenshot(page, 'keys');
    });
  });
});
