import type { BrowserContextOptions, Page } from 'playwright-core';
import { expect } from 'vitest';
import { ADMIN_KEY } from './app.ts';
import { launchBrowser, type Visitor } from './browser.ts';
import { type AcceptedRun, type RestWorld, startRestWorld } from './rest-world.ts';

/** A server with runs, and a browser that looks at them. */
export interface RunPages {
  readonly world: RestWorld;
  /** Reports something in the name of a run's executor. */
  tell(run: AcceptedRun, route: string, body: object): Promise<RestWorld['job'] & Record<string, string>>;
  /** Lets somebody who is signed in look at a path; with the key of an administrator unless told otherwise. */
  visit(
    path: string,
    work: (visitor: Visitor) => Promise<void>,
    options?: BrowserContextOptions & { readonly key?: string },
  ): Promise<void>;
  close(): Promise<void>;
}

/** Starts {@link RunPages} for one test file. */
export async function startRunPages(): Promise<RunPages> {
  const world = await startRestWorld();
  const browser = await launchBrowser();
  return {
    world,
    tell: (run, route, body) => world.done('POST', `/sdk/v1/runs/${run.id}/${route}`, { key: run.token, body }),
    visit: (path, work, { key = ADMIN_KEY, ...options } = {}) =>
      browser.visit({ origins: [world.url], viewport: { width: 1_280, height: 800 }, ...options }, async (visitor) => {
        await visitor.signIn(key);
        await visitor.page.goto(path);
        await work(visitor);
      }),
    async close() {
      await browser.close();
      await world.close();
    },
  };
}

/** As `expect.poll`, with the patience that a browser on a busy machine needs. */
export const poll = <Value>(read: () => Value) => expect.poll(read, { timeout: 15_000 });

/** Resolves when the header of the page of a run says this status. */
export function hasStatus(page: Page, words: string): Promise<void> {
  return page.locator('header').getByRole('status').getByText(words, { exact: true }).waitFor();
}

/** The log on the page of a run. */
export const events = (page: Page) => page.getByRole('region', { name: 'Events' });

/** The lines of that log that are in the page. */
export async function lines(page: Page): Promise<string> {
  return (await events(page).locator('[data-seq]').allInnerTexts()).join('\n');
}
