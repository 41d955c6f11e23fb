import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ADMIN_KEY } from '../support/app.ts';
import { describeInBrowser, launchBrowser, type TestBrowser, type Visitor } from '../support/browser.ts';
import {
  type DashboardWorld,
  openScreen,
  SCREEN_NAMES,
  type ScreenName,
  startDashboardWorld,
} from '../support/dashboard-world.ts';
import { httpStatements } from '../support/http-statements.ts';

/**
 * The most that opening a screen may ask of GraphQL, the question who is signed in included, and the statements that may take: one more
 * than it needs, since the key is looked up again each second.
 */
const COSTS: Readonly<Record<ScreenName, readonly [requests: number, statements: number]>> = {
  // The list is asked for twice where the first word of its subscription takes more than 100 ms.
  'the runs': [4, 11],
  'a run': [3, 20],
  'the dead letters': [2, 5],
  'the jobs': [2, 6],
  'a job': [2, 8],
  'a new job': [1, 2],
  'a job that is changed': [2, 3],
  'a job that is triggered': [2, 6],
  'the workflows': [2, 5],
  'a workflow': [2, 5],
  'a run of a workflow': [2, 12],
  'the schedules': [2, 9],
  'a schedule': [3, 10],
  'the batches': [2, 5],
  'a batch': [3, 9],
  'the keys': [2, 3],
  'the webhooks': [2, 3],
  'the deliveries of webhooks': [2, 3],
  'the system': [2, 9],
};

describeInBrowser('every screen of the dashboard', () => {
  let world: DashboardWorld;
  let browser: TestBrowser;
  beforeAll(async () => {
    [world, browser] = await Promise.all([startDashboardWorld(), launchBrowser()]);
  });
  afterAll(async () => {
    await browser?.close();
    await world?.close();
  });

  function visit(work: (visitor: Visitor) => Promise<void>, options: object = {}): Promise<void> {
    return browser.visit({ origins: [world.url], viewport: { width: 1_280, height: 800 }, ...options }, async (visitor) => {
      await visitor.signIn(ADMIN_KEY);
      await work(visitor);
    });
  }

  // The fixture fails on any error in the console and on any request to another origin.
  it.each(SCREEN_NAMES)('has a title, is accessible in both themes, and fits a phone: %s', async (name) => {
    await visit(async ({ page, expectAccessible }) => {
      await openScreen(page, world.screens[name]);
      const [heading] = await page.getByRole('heading', { level: 1 }).allInnerTexts();
      expect(await page.title()).toBe(`${heading} · Baton`);
      await expectAccessible();
      await page.emulateMedia({ colorScheme: 'dark' });
      await expectAccessible();
      await page.setViewportSize({ width: 360, height: 740 });
      await expect.poll(() => overflowing(page)).toEqual([]);
    });
  });

  it.each(SCREEN_NAMES)('costs no more requests and statements than it has to: %s', async (name) => {
    await visit(async ({ page }) => {
      const [requests, statements] = COSTS[name];
      // Once before, for what the server keeps.
      await openScreen(page, world.screens[name]);
      let asked: readonly string[] = [];
      const spent = await httpStatements(async () => {
        asked = await openScreen(page, world.screens[name]);
      });
      expect(asked.length, asked.join(', ')).toBeLessThanOrEqual(requests);
      const caused = spent.filter(({ request }) => request === 'POST /graphql').map(({ text }) => text);
      expect(caused.length, caused.join('\n')).toBeLessThanOrEqual(statements);
    });
  });
});

/** What is wider than the window it is in and does not scroll on its own. */
function overflowing(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const scroller = document.querySelector('main');
    const wide = document.documentElement.scrollWidth > innerWidth || (scroller?.scrollWidth ?? 0) > (scroller?.clientWidth ?? 0);
    if (!wide) return [];
    return [...document.querySelectorAll('main *')]
      .filter((element) => element.getBoundingClientRect().right > innerWidth + 1)
      .map((element) => `${element.tagName.toLowerCase()}.${element.className}`)
      .slice(0, 8);
  });
}
