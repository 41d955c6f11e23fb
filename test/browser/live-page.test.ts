import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { makeLivePage } from '../../examples/live/server.ts';
import { ADMIN_KEY } from '../support/app.ts';
import { describeInBrowser, launchBrowser, type TestBrowser } from '../support/browser.ts';
import { type AcceptedRun, type RestWorld, startRestWorld } from '../support/rest-world.ts';

describeInBrowser('the example page', () => {
  let world: RestWorld;
  let site: Server;
  let browser: TestBrowser;
  beforeAll(async () => {
    world = await startRestWorld();
    site = makeLivePage({ batonUrl: world.url, apiKey: ADMIN_KEY }).listen(0, '127.0.0.1');
    await once(site, 'listening');
    browser = await launchBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    site?.close();
    await world?.close();
  });

  const tell = (run: AcceptedRun, route: string, body: object) =>
    world.done('POST', `/sdk/v1/runs/${run.id}/${route}`, { key: run.token, body });

  it('follows a run from its beginning to its end', async () => {
    const run = await world.accepted();
    await tell(run, 'log', { message: 'before anybody looked' });
    const origin = `http://127.0.0.1:${(site.address() as AddressInfo).port}`;

    await browser.visit({ origins: [origin, world.url] }, async ({ page, expectFault, expectAccessible }) => {
      await page.goto(`/?run=${run.id}`);
      await page.getByText('before anybody looked').waitFor();
      await tell(run, 'stream', { chunks: ['Hel', 'lo'] });
      await expect.poll(() => page.locator('#text').innerText()).toBe('Hello');
      await expectAccessible();

      // The answer that says that all is told.
      expectFault(/status of 410/);
      await tell(run, 'complete', {});
      await page.locator('body[data-ended]').waitFor({ timeout: 20_000 });

      expect(await page.locator('#status').innerText()).toBe('completed');
      expect(await page.locator('#events li').allInnerTexts()).toEqual([
        'new → queued',
        'queued → dequeued',
        'dequeued → executing',
        'before anybody looked',
        'executing → completed',
      ]);
      expect(await page.locator('#text').innerText()).toBe('Hello');
    });
  });
});
