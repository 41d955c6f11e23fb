import type { Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { ADMIN_KEY, startTestApp, startTestExecutor, type TestApp, type TestExecutor } from '../support/app.ts';
import { describeInBrowser, launchBrowser, type TestBrowser, type Visitor } from '../support/browser.ts';
import { httpStatements } from '../support/http-statements.ts';
import { keepScreenshot } from '../support/screenshots.ts';

const SOON = { timeout: 10_000, interval: 50 };

/** Whether what is typed goes there. */
const hasFocus = async (control: Locator) =>
  (await control.page().evaluate('document.activeElement.id')) === (await control.getAttribute('id'));

const INVOICE = {
  type: 'object',
  required: ['customer', 'items', 'currency'],
  additionalProperties: false,
  properties: {
    customer: {
      type: 'object',
      title: 'Customer',
      required: ['email'],
      properties: { email: { type: 'string', format: 'email', title: 'Email' } },
    },
    items: {
      type: 'array',
      title: 'Items',
      minItems: 1,
      items: {
        type: 'object',
        required: ['sku'],
        properties: {
          sku: { type: 'string', title: 'SKU' },
          quantity: { type: 'integer', title: 'Quantity', minimum: 1, default: 1 },
        },
      },
    },
    currency: { type: 'string', title: 'Currency', enum: ['EUR', 'USD'] },
    urgent: { type: 'boolean', title: 'Urgent' },
  },
};

describeInBrowser('the jobs in a browser', () => {
  let t: TestApp;
  let executor: TestExecutor;
  let browser: TestBrowser;
  beforeAll(async () => {
    [t, executor, browser] = await Promise.all([startTestApp(), startTestExecutor(), launchBrowser()]);
    await makeJob('send-invoice', {
      name: 'Send invoice',
      payload_schema: INVOICE,
      max_concurrency: 10,
      tags: { team: 'billing' },
    });
    await makeJob('resize-image', { name: 'Resize images' });
  });
  afterAll(async () => {
    await browser?.close();
    await executor?.close();
    await t?.close();
  });

  async function makeJob(slug: string, over: object = {}): Promise<void> {
    const body = { project_id: 'default', name: slug, slug, endpoint_url: executor.url, ...over };
    expect((await t.rest('POST', '/v1/jobs', { body })).status).toBe(201);
  }

  async function visit(path: string, work: (visitor: Visitor & { page: Page }) => Promise<void>, options: object = {}) {
    await browser.visit({ origins: [t.url], viewport: { width: 1_280, height: 800 }, ...options }, async (visitor) => {
      await visitor.signIn(ADMIN_KEY);
      await visitor.page.goto(path);
      await visitor.page.getByRole('heading', { level: 1 }).waitFor();
      await work(visitor);
    });
  }

  const jobOf = async (slug: string, fields: string) =>
    (await t.graphql<{ job: Record<string, unknown> }>(`query ($slug: ID!) { job(id: $slug) { ${fields} } }`, { slug })).job;

  it('lists them with their figures in one request, finds them, and keeps the search in the address', async () => {
    const trigger = () => t.rest('POST', '/v1/jobs/resize-image/trigger', { body: { payload: { path: 'a.png' } } });
    for (let count = 0; count < 3; count++) expect((await trigger()).status).toBe(201);
    await vi.waitFor(
      async () =>
        expect((await jobOf('resize-image', 'usage { executing queued }'))['usage']).toEqual({ executing: 0, queued: 0 }),
      SOON,
    );

    await visit('/jobs', async ({ page }) => {
      const row = page.getByRole('row', { name: /Resize images/ });
      await row.getByText('100%').waitFor();
      await row.getByRole('img', { name: 'Resize images: 3 completed, 0 failed' }).waitFor();
      await keepScreenshot(page, 'jobs');

      await page.keyboard.press('/');
      await page.keyboard.type('INVOI');
      await row.waitFor({ state: 'detached' });
      await page.getByRole('row', { name: /Send invoice/ }).waitFor();
      expect(new URL(page.url()).search).toBe('?q=INVOI');

      await page.reload();
      expect(await page.getByRole('searchbox', { name: 'Search by name or slug' }).inputValue()).toBe('INVOI');
      await page.getByRole('searchbox').fill('nothing like it');
      await page.getByRole('button', { name: 'Show all jobs' }).click();
      await row.waitFor();

      await page.keyboard.press('j');
      await page.keyboard.press('Enter');
      await page.getByRole('tab', { name: 'Overview' }).waitFor();
    });
  });

  it('costs the same number of statements however many jobs there are', async () => {
    // Figures are kept for some seconds: each time those of another window are asked for.
    const count = async (window: string) => {
      const statements = await httpStatements(() =>
        visit(`/jobs?window=${window}`, async ({ page }) => page.getByRole('row', { name: /Send invoice/ }).waitFor()),
      );
      return statements.filter(({ request }) => request === 'POST /graphql').length;
    };
    const few = await count('hour');
    for (let index = 0; index < 10; index++) await makeJob(`many-${index}`);

    // The key may have to be looked up anew in between; ten jobs that are asked about one by one would cost ten.
    expect(await count('week')).toBeLessThan(few + 5);
    expect(few).toBeLessThanOrEqual(8);
  });

  it('disables a job, asked first, and takes it back', async () => {
    await makeJob('switched', { name: 'Switched' });
    await visit('/jobs/switched', async ({ page }) => {
      await page.getByRole('button', { name: 'More' }).click();
      await page.getByRole('menuitem', { name: 'Disable' }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Disable' }).click();
      await page.getByText('Switched is disabled.').waitFor();
      await vi.waitFor(async () => expect(await page.getByRole('button', { name: 'Trigger' }).isDisabled()).toBe(true), SOON);
      expect(await jobOf('switched', 'enabled')).toEqual({ enabled: false });

      await page.getByRole('button', { name: 'Undo' }).click();
      await vi.waitFor(async () => expect(await page.getByRole('button', { name: 'Trigger' }).isDisabled()).toBe(false), SOON);
      expect(await jobOf('switched', 'enabled')).toEqual({ enabled: true });
    });
  });

  it('creates a job, with what the server refuses at the field that it is about', async () => {
    await visit('/jobs/new', async ({ page }) => {
      await page.getByRole('button', { name: 'Create the job' }).click();
      expect(await page.getByLabel('Name *').getAttribute('aria-invalid')).toBe('true');
      await page.getByLabel('Name *').fill('Made here');
      await page.getByLabel('Slug *').fill('send-invoice');
      await page.getByLabel('Endpoint URL *').fill('ftp://example.com/x');
      await page.getByRole('button', { name: 'Create the job' }).click();
      const endpoint = page.getByLabel('Endpoint URL *');
      await vi.waitFor(async () => expect(await endpoint.getAttribute('aria-invalid')).toBe('true'), SOON);
      await vi.waitFor(async () => expect(await hasFocus(endpoint)).toBe(true), SOON);

      await endpoint.fill(executor.url);
      await page.getByRole('button', { name: 'Create the job' }).click();
      await page.getByText('a job with slug "send-invoice" already exists').waitFor();
      await page.getByLabel('Slug *').fill('made-here');
      await page.getByLabel('Runs at once', { exact: true }).fill('3');
      await page.getByRole('button', { name: 'Create the job' }).click();
      await page.getByRole('heading', { level: 1, name: 'Made here' }).waitFor();
    });
    expect(await jobOf('made-here', 'name maxConcurrency')).toEqual({ name: 'Made here', maxConcurrency: 3 });
  });

  it('changes a job, and refuses to when somebody else has changed it meanwhile', async () => {
    await makeJob('edited', { name: 'Edited', max_concurrency: 2 });
    await visit('/jobs/edited/edit', async ({ page }) => {
      await page.getByLabel('Runs at once', { exact: true }).fill('');
      await page.getByLabel('Attempts', { exact: true }).fill('7');
      await page.getByRole('button', { name: 'Save' }).click();
      await page.getByText('Edited is at version 2 now.').waitFor();
      expect(await jobOf('edited', 'maxConcurrency maxAttempts timeoutSecs')).toEqual({
        maxConcurrency: null,
        maxAttempts: 7,
        timeoutSecs: 300,
      });

      await page.getByRole('button', { name: 'Edit' }).click();
      await page.getByLabel('Timeout', { exact: true }).fill('60');
      expect((await t.rest('PATCH', '/v1/jobs/edited', { body: { timeout_secs: 90 } })).status).toBe(200);
      await page.getByRole('button', { name: 'Save' }).click();
      await page
        .getByRole('alert')
        .getByText(/version/)
        .waitFor();
      expect(await jobOf('edited', 'timeoutSecs')).toEqual({ timeoutSecs: 90 });
    });
  });

  it('tells what changed between two versions', async () => {
    await makeJob('versioned', { name: 'Versioned', payload_schema: { type: 'object' } });
    for (const body of [{ timeout_secs: 60 }, { payload_schema: { type: 'object', required: ['id'] } }]) {
      expect((await t.rest('PATCH', '/v1/jobs/versioned', { body })).status).toBe(200);
    }
    await visit('/jobs/versioned?tab=versions', async ({ page }) => {
      const changes = page.getByRole('region', { name: 'What changed' }).or(page.locator('section', { hasText: 'What changed' }));
      await changes.getByText('added: ').first().waitFor();
      expect(await changes.innerText()).toContain('"required": [');

      await page.getByRole('button', { name: /Version 2/ }).click();
      await changes.getByText('Timeout').waitFor();
      expect(await changes.locator('del').innerText()).toBe('300');
      expect(await changes.locator('ins').innerText()).toBe('60');

      await page.getByLabel('From version').selectOption('1');
      await page.getByLabel('to version').selectOption('3');
      await changes.getByText('Schema of the payload').waitFor();
      await changes.getByText('Timeout').waitFor();
      expect(new URL(page.url()).search).toContain('to=3');
    });
  });

  it('makes a form of the schema, says what is wrong where it is, tries without effect, and triggers', async () => {
    const before = executor.dispatches.length;
    await visit('/jobs/send-invoice/trigger', async ({ page }) => {
      await page.getByLabel('SKU *').waitFor();
      await page.getByRole('button', { name: 'Dry run' }).click();
      for (const label of ['Email *', 'SKU *', 'Currency *']) {
        const control = page.getByLabel(label);
        await vi.waitFor(async () => expect(await control.getAttribute('aria-invalid')).toBe('true'), SOON);
      }
      await vi.waitFor(async () => expect(await hasFocus(page.getByLabel('Email *'))).toBe(true), SOON);

      await page.getByLabel('Email *').fill('nobody');
      await page.getByText('must be a valid email').waitFor();
      await page.getByLabel('Email *').fill('ann@example.com');
      await page.getByLabel('SKU *').fill('A-1');
      await page.getByLabel('Quantity').fill('2');
      await page.getByRole('button', { name: 'Add to Items' }).click();
      await page.getByLabel('SKU *').nth(1).fill('B-2');
      await page.getByLabel('Currency *').selectOption({ label: 'USD' });
      await page.getByLabel('Urgent').check();

      await page.getByRole('button', { name: 'Dry run' }).click();
      await page.getByText(/Nothing was stored/).waitFor();
      await keepScreenshot(page, 'trigger-form');
      expect(executor.dispatches).toHaveLength(before);

      await page.getByRole('button', { name: 'Trigger' }).click();
      const link = page.getByRole('link', { name: 'See the run' });
      await link.waitFor();
      expect(await link.getAttribute('href')).toMatch(/^\/runs\/[0-9a-f-]{36}$/);
    });
    await vi.waitFor(() => expect(executor.dispatches).toHaveLength(before + 1), SOON);
    expect(executor.dispatches.at(-1)?.payload).toEqual({
      customer: { email: 'ann@example.com' },
      items: [
        { sku: 'A-1', quantity: 2 },
        { sku: 'B-2', quantity: 1 },
      ],
      currency: 'USD',
      urgent: true,
    });
  });

  it('keeps the form and the JSON in step, and begins with a payload there has been', async () => {
    const payload = { customer: { email: 'old@example.com' }, items: [{ sku: 'OLD', quantity: 4 }], currency: 'EUR' };
    const { body } = await t.rest('POST', '/v1/jobs/send-invoice/trigger', { body: { payload } });
    await visit('/jobs/send-invoice/trigger', async ({ page }) => {
      await page.getByRole('button', { name: `Use the payload of run ${body.id}` }).click();
      await vi.waitFor(async () => expect(await page.getByLabel('Email *').inputValue()).toBe('old@example.com'), SOON);
      await page.getByLabel('Email *').fill('new@example.com');

      await page.getByRole('tab', { name: 'JSON' }).click();
      const text = page.getByRole('textbox', { name: 'Payload' });
      expect(JSON.parse(await text.inputValue())).toEqual({ ...payload, customer: { email: 'new@example.com' } });
      await text.fill('{"currency": ');
      await page.getByText(/is not JSON/).waitFor();
      await text.fill(JSON.stringify({ ...payload, currency: 'USD', extra: 1 }));
      await page.getByRole('button', { name: 'Dry run' }).click();
      await page.getByText('extra is not allowed by the schema').waitFor();

      await text.fill(JSON.stringify({ ...payload, items: [{ sku: 'X' }, { sku: 'Y' }] }));
      await page.getByRole('tab', { name: 'Form' }).click();
      expect(await page.getByLabel('SKU *').nth(1).inputValue()).toBe('Y');
    });
  });

  it('takes JSON for a job without a schema, and says what the server refuses', async () => {
    await visit('/jobs/resize-image/trigger', async ({ page }) => {
      await page.getByRole('textbox', { name: 'Payload' }).fill('[1, 2]');
      await page.getByLabel('Priority').fill('99');
      await page.getByRole('button', { name: 'Trigger' }).click();
      await vi.waitFor(async () => expect(await page.getByLabel('Priority').getAttribute('aria-invalid')).toBe('true'), SOON);
      await page.getByLabel('Priority').fill('9');
      await page.getByLabel('Start', { exact: true }).selectOption('delay');
      await page.getByLabel('Delay *').fill('3600');
      await page.getByRole('button', { name: 'Trigger' }).click();
      await page.getByText('Resize images is triggered.').waitFor();
    });
    const { runs } = (await jobOf('resize-image', 'runs(first: 1) { edges { node { status priority payload } } }')) as {
      runs: unknown;
    };
    expect(runs).toEqual({ edges: [{ node: { status: 'DELAYED', priority: 9, payload: [1, 2] } }] });
  });

  it('shows the runs of a job as they come', async () => {
    await makeJob('followed', { name: 'Followed' });
    await visit('/jobs/followed', async ({ page }) => {
      await page.getByText('No runs yet').waitFor();
      expect((await t.rest('POST', '/v1/jobs/followed/trigger', { body: { payload: 1 } })).status).toBe(201);
      await page.getByRole('table').getByText('completed').waitFor();
      await page.getByText('1 of 1').waitFor();
    });
  });

  it.each([
    ['light', 1280],
    ['dark', 360],
  ] as const)('is accessible in the %s theme at %i pixels', async (colorScheme, width) => {
    const paths = [
      '/jobs',
      '/jobs/send-invoice',
      '/jobs/send-invoice?tab=configuration',
      '/jobs/versioned?tab=versions',
      '/jobs/send-invoice?tab=connections',
      '/jobs/send-invoice/edit',
      '/jobs/send-invoice/trigger',
    ];
    await visit(
      '/jobs',
      async ({ page, expectAccessible }) => {
        for (const path of paths) {
          await page.goto(path);
          await page.getByRole('heading', { level: 1 }).waitFor();
          await page
            .getByRole('status', { name: /^Loading/ })
            .first()
            .waitFor({ state: 'detached' });
          await expectAccessible();
          expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth'), path).toBe(true);
          expect(await page.evaluate('document.documentElement.scrollHeight <= innerHeight'), path).toBe(true);
        }
      },
      { colorScheme, viewport: { width, height: 800 } },
    );
  });
});
