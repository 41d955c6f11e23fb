import type { ServerResponse } from 'node:http';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ADMIN_KEY, startTestApp, startTestExecutor, type TestApp, type TestExecutor } from '../support/app.ts';
import { describeInBrowser, launchBrowser, type TestBrowser, type Visitor } from '../support/browser.ts';
import { makeFlows } from '../support/flow-maker.ts';
import { httpStatements } from '../support/http-statements.ts';
import { expectWellMade } from '../support/well-made.ts';

const SCREENSHOT = fileURLToPath(new URL('../../docs/screenshots/batches.png', import.meta.url));

describeInBrowser('the batches in a browser', () => {
  let t: TestApp;
  let browser: TestBrowser;
  let executor: TestExecutor;
  /** Dispatches that have no answer yet. */
  let held: ServerResponse[] = [];
  beforeAll(async () => {
    [t, executor, browser] = await Promise.all([startTestApp({ leaseMs: 60_000 }), startTestExecutor(), launchBrowser()]);
    executor.answer(({ payload }, res) => {
      if ((payload as { hold?: boolean }).hold) held.push(res);
      else if ((payload as { fail?: boolean }).fail) res.writeHead(400).end('no such page');
      else res.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    });
    await makeFlows(t, executor.url).job('resize', {
      name: 'Resize',
      payloadSchema: { type: 'object', properties: { width: { type: 'integer' } } },
    });
  });
  afterAll(async () => {
    for (const res of held) res.end();
    await browser?.close();
    await executor?.close();
    await t?.close();
  });

  function visit(path: string, work: (visitor: Visitor) => Promise<void>): Promise<void> {
    return browser.visit({ origins: [t.url] }, async (visitor) => {
      await visitor.signIn(ADMIN_KEY);
      await visitor.page.goto(path);
      await work(visitor);
    });
  }

  async function trigger(payloads: readonly object[]): Promise<string> {
    const items = payloads.map((payload) => ({ payload }));
    const { status, body } = await t.rest('POST', '/v1/jobs/resize/trigger/bulk', { body: { items } });
    expect(status).toBe(201);
    return body.batch_id;
  }

  const release = () => {
    for (const res of held) res.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    held = [];
  };

  it('teach how to make one while there are none', async () => {
    await visit('/batches', async ({ page }) => {
      await page.getByText('No batches yet').waitFor();
    });
  });

  it('go on before the eyes of whoever looks, in the list and on their page', async () => {
    const id = await trigger([{}, { fail: true }, { hold: true }, { hold: true }]);
    await expect.poll(() => held.length, { timeout: 10_000 }).toBe(2);
    await visit(`/batches/${id}`, async ({ page, openTab }) => {
      await page.evaluate('globalThis.sameDocument = true');
      const list = await openTab();
      await list.goto('/batches');
      await list.getByText('under way').waitFor();
      await page.getByText('50%', { exact: true }).waitFor();
      await page.getByText('under way').waitFor();
      expect(await page.getByRole('region', { name: 'Runs of the batch' }).getByText('executing').count()).toBe(2);

      release();

      await page.getByText('100%', { exact: true }).waitFor();
      await page.getByText('finished').waitFor();
      // The runs below follow.
      await expect.poll(() => page.getByRole('region', { name: 'Runs of the batch' }).getByText('completed').count()).toBe(3);
      await list.getByText('finished').waitFor();
      await list.getByText('100%', { exact: true }).waitFor();
      expect(await page.evaluate('globalThis.sameDocument')).toBe(true);
    });
  });

  it('are canceled, and go on when that is taken back', async () => {
    const id = await trigger([{}, { hold: true }, { hold: true }]);
    await expect.poll(() => held.length, { timeout: 10_000 }).toBe(2);
    await visit(`/batches/${id}`, async ({ page }) => {
      await page.getByRole('button', { name: 'Cancel', exact: true }).click();
      await page.getByRole('dialog').getByText('about 2 of 3 runs').waitFor();
      await page.getByRole('button', { name: 'Cancel the batch' }).click();
      await page.getByText('finished').waitFor();
      release();

      await page.getByRole('button', { name: 'Go on' }).click();
      await page.getByText('under way').waitFor();
      await expect.poll(() => held.length, { timeout: 10_000 }).toBe(2);
      release();
      await page.getByText('finished').waitFor();
      await page.getByText('100%', { exact: true }).waitFor();
    });
  });

  it('show the runs of a status and the items that could not be made runs', async () => {
    const id = await trigger([{}, { fail: true }, { width: 'wide' }]);
    await visit(`/batches/${id}`, async ({ page }) => {
      await page.getByText('finished').waitFor();
      const runs = page.getByRole('region', { name: 'Runs of the batch' });
      const failed = (await page.getByLabel('Status').locator('option').allInnerTexts()).find((text) =>
        /failed|dead letter/.test(text),
      );
      await page.getByLabel('Status').selectOption({ label: failed ?? '' });
      await expect.poll(() => runs.getByRole('row').count()).toBe(2);
      await runs.getByText(/no such page/).waitFor();
      await page.reload();
      await expect.poll(() => runs.getByRole('row').count()).toBe(2);

      await page.getByRole('tab', { name: /Faulty items/ }).click();
      await page.getByRole('region', { name: 'Faulty items' }).getByText(/width/).waitFor();
    });
  });

  it('need no more statements for a longer list', async () => {
    const load = () =>
      httpStatements(() => visit('/batches', async ({ page }) => void (await page.getByRole('table').waitFor())));
    const few = (await load()).length;
    for (let index = 0; index < 3; index++) await trigger([{}]);
    await expect
      .poll(async () => (await t.rest('GET', '/v1/runs?project_id=default&status=executing')).body.data?.length ?? 0)
      .toBe(0);
    expect((await load()).length).toBeLessThanOrEqual(few);
  });

  it('have screens without a fault that axe knows, light, dark and narrow', async () => {
    const id = await trigger([{}, { width: 'wide' }]);
    await visit('/batches', async (visitor) => {
      await expectWellMade(visitor);
      await visitor.page.screenshot({ path: SCREENSHOT });
      await visitor.page.goto(`/batches/${id}`);
      await expectWellMade(visitor);
      await visitor.page.goto(`/batches/${id}?tab=failures`);
      await expectWellMade(visitor);
    });
  });
});
