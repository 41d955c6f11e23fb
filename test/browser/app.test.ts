import { gzipSync } from 'node:zlib';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ADMIN_KEY, startTestApp, type TestApp } from '../support/app.ts';
import { describeInBrowser, launchBrowser, type TestBrowser, type Visitor } from '../support/browser.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { persist } from '../support/persist.ts';
import { PROCESS_KEY, type ServerProcess, startServerProcess } from '../support/server-process.ts';

/** The screens of the navigation: the key that follows g, the address, and the title. */
const SCREENS = [
  ['d', '/dead-letters', 'Dead letters'],
  ['j', '/jobs', 'Jobs'],
  ['w', '/workflows', 'Workflows'],
  ['s', '/schedules', 'Schedules'],
  ['b', '/batches', 'Batches'],
  ['k', '/keys', 'API keys'],
  ['h', '/webhooks', 'Webhooks'],
  ['y', '/system', 'System'],
  ['r', '/runs', 'Runs'],
] as const;

/** Kilobytes, compressed, that somebody waits for who comes for the first time. */
const FIRST_SCREEN_KB = 250;

const titleOf = (page: Page) => page.getByRole('heading', { level: 1 });
const pathOf = (page: Page) => new URL(page.url()).pathname;

describeInBrowser('the dashboard', () => {
  let t: TestApp;
  let browser: TestBrowser;
  beforeAll(async () => {
    [t, browser] = await Promise.all([startTestApp(), launchBrowser()]);
  });
  afterAll(async () => {
    await browser?.close();
    await t?.close();
  });

  const visit = (work: (visitor: Visitor) => Promise<void>, options: object = {}) =>
    browser.visit({ origins: [t.url], viewport: { width: 1_280, height: 800 }, ...options }, work);

  async function signIn(page: Page, key: string): Promise<void> {
    await page.getByLabel('API key').fill(key);
    await page.getByRole('button', { name: 'Sign in' }).click();
  }

  it('asks for a key, says when it opens nothing, goes on where somebody wanted to go, and lets them out', async () => {
    await visit(async ({ page, expectAccessible, expectFault }) => {
      expectFault(/status of 401/);
      await page.goto('/keys');
      await page.getByRole('heading', { name: 'Sign in to Baton' }).waitFor();
      await expectAccessible();
      await signIn(page, 'a key that opens nothing');
      await page.getByRole('alert').waitFor();
      expect(await page.getByLabel('API key').getAttribute('aria-invalid')).toBe('true');
      await signIn(page, ADMIN_KEY);
      await expect.poll(() => page.title()).toBe('API keys · Baton');

      await page.getByRole('button', { name: 'Sign out' }).click();
      await page.getByRole('heading', { name: 'Sign in to Baton' }).waitFor();
      expect(await page.context().cookies()).toEqual([]);
      await page.goBack();
      await page.getByRole('heading', { name: 'Sign in to Baton' }).waitFor();
    });
  });

  it('is opened by a link with a one-time token, which leaves the address', async () => {
    const token = await t.app.createSignInToken();
    await visit(async ({ page }) => {
      await page.goto(`/#token=${token}`);
      await expect.poll(() => page.title()).toBe('Runs · Baton');
      expect(page.url()).not.toContain('token');
    });
  });

  it('asks for the key when the session has ended, and shows the same address again', async () => {
    await visit(async ({ page, signIn: open, expectFault }) => {
      await open(ADMIN_KEY);
      await page.goto('/webhooks?tab=deliveries');
      await page.getByText('No messages').waitFor();
      await page.context().clearCookies();
      expectFault(/status of 401/);
      await page.getByLabel('Status').selectOption('dead');
      await page.getByRole('heading', { name: 'Sign in to Baton' }).waitFor();
      await signIn(page, ADMIN_KEY);
      await page.getByText('None was sent that fits these conditions').waitFor();
      expect(new URL(page.url()).search).toBe('?tab=deliveries&status=DEAD');
    });
  });

  it('is worked with the keyboard: g and a letter lead to each screen, ? tells how, typing is typing', async () => {
    await visit(async ({ page, signIn: open, expectAccessible }) => {
      await open(ADMIN_KEY);
      await page.goto('/');
      await expect.poll(() => pathOf(page)).toBe('/runs');
      await titleOf(page).waitFor();
      for (const [key, path, title] of SCREENS) {
        await page.keyboard.press('g');
        await page.keyboard.press(key);
        await expect.poll(() => page.title()).toBe(`${title} · Baton`);
        expect(pathOf(page)).toBe(path);
        expect(await page.locator('nav [aria-current=page]').innerText()).toBe(title);
      }
      await page.keyboard.press('?');
      const help = page.getByRole('dialog', { name: 'Keyboard shortcuts' });
      await help.getByText('Go to System').waitFor();
      await expectAccessible();
      await page.keyboard.press('g');
      await page.keyboard.press('k');
      await page.keyboard.press('Escape');
      await help.waitFor({ state: 'hidden' });
      await page.keyboard.press('/');
      await page.keyboard.type('gk');
      expect(pathOf(page)).toBe('/runs');

      // The first stop of the Tab key leads past the navigation.
      await page.reload();
      await titleOf(page).waitFor();
      await page.keyboard.press('Tab');
      await page.keyboard.press('Enter');
      expect(await page.evaluate('document.activeElement.id')).toBe('screen');
    });
  });

  it('keeps the theme that was chosen', async () => {
    await visit(
      async ({ page, signIn: open }) => {
        const ground = () => page.evaluate('getComputedStyle(document.body).backgroundColor');
        await open(ADMIN_KEY);
        await page.goto('/keys');
        const button = page.getByRole('button', { name: /^Theme/ });
        await button.waitFor();
        const dark = await ground();
        await button.click();
        await expect.poll(ground).not.toBe(dark);
        await page.reload();
        await button.waitFor();
        expect(await button.getAttribute('aria-label')).toContain('light');
        expect(await ground()).not.toBe(dark);
        await button.click();
        await expect.poll(ground).toBe(dark);
      },
      { colorScheme: 'dark' },
    );
  });

  it('says of an address that names no screen what there is instead', async () => {
    await visit(async ({ page, signIn: open, expectAccessible }) => {
      await open(ADMIN_KEY);
      await page.goto('/no/such/screen');
      await page.getByText('There is no such page').waitFor();
      expect(await page.title()).toBe('There is no such page · Baton');
      await expectAccessible();
      await page.getByRole('link', { name: 'Go to the runs' }).click();
      await expect.poll(() => page.title()).toBe('Runs · Baton');
    });
  });

  it('opens its navigation on a phone, and closes it when somebody has chosen', async () => {
    await visit(
      async ({ page, signIn: open, expectAccessible }) => {
        await open(ADMIN_KEY);
        await page.goto('/runs');
        await page.getByRole('button', { name: 'Open the navigation' }).click();
        await expectAccessible();
        await page.getByRole('link', { name: 'System' }).click();
        await expect.poll(() => page.title()).toBe('System · Baton');
        expect(await page.getByRole('link', { name: 'System' }).isVisible()).toBe(false);
      },
      { viewport: { width: 360, height: 740 } },
    );
  });

  it(`loads no more than ${FIRST_SCREEN_KB} kB for its first screen`, async () => {
    await visit(async ({ page, signIn: open }) => {
      await open(ADMIN_KEY);
      const files = new Map<string, Promise<number>>();
      page.on('response', (response) => {
        const { pathname } = new URL(response.url());
        if (/\.(js|css|html)$|^\/runs$/.test(pathname)) {
          files.set(
            pathname,
            response.body().then((body) => gzipSync(body, { level: 9 }).length),
          );
        }
      });
      await page.goto('/runs');
      await titleOf(page).waitFor();
      await page.getByText('Loading').first().waitFor({ state: 'hidden' });
      const sizes = await Promise.all(files.values());
      expect(sizes.length).toBeGreaterThan(3);
      expect(sizes.reduce((sum, size) => sum + size, 0) / 1_000).toBeLessThanOrEqual(FIRST_SCREEN_KB);
    });
  });
});

describeInBrowser('the dashboard while its server restarts', () => {
  let database: TestDatabase;
  let server: ServerProcess;
  let browser: TestBrowser;
  beforeAll(async () => {
    database = await createTestDatabase();
    [server, browser] = await Promise.all([startServerProcess(database.url), launchBrowser()]);
  });
  afterAll(async () => {
    await browser?.close();
    await server?.stop();
    await database?.drop();
  });

  it('says that what it shows may be old, until it is not', async () => {
    await persist(`${server.url}/v1/jobs`, { name: 'Later', slug: 'later', endpoint_url: 'http://127.0.0.1:9/' });
    const trigger = () =>
      persist(`${server.url}/v1/jobs/later/trigger`, { scheduled_at: new Date(Date.now() + 3_600_000).toISOString() });
    await trigger();
    await browser.visit({ origins: [server.url] }, async ({ page, signIn, expectFault }) => {
      await signIn(PROCESS_KEY);
      await page.goto('/runs');
      const rows = page.getByRole('region', { name: 'Runs' }).getByRole('row').filter({ hasText: 'delayed' });
      await expect.poll(() => rows.count()).toBe(1);

      expectFault(/ERR_/);
      const banner = page.getByText('The live connection is interrupted');
      const isBack = server.crash();
      await banner.waitFor();
      await isBack;
      await trigger();
      await expect.poll(() => rows.count(), { timeout: 20_000 }).toBe(2);
      await banner.waitFor({ state: 'hidden' });
    });
  });
});
