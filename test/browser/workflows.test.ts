import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ADMIN_KEY, startTestApp, startTestExecutor, type TestApp, type TestExecutor } from '../support/app.ts';
import { describeInBrowser, launchBrowser, type TestBrowser, type Visitor } from '../support/browser.ts';
import { type FlowMaker, makeFlows, type WorkflowRunState } from '../support/flow-maker.ts';
import { expectWellMade } from '../support/well-made.ts';

const SCREENSHOT = fileURLToPath(new URL('../../docs/screenshots/workflow-run.png', import.meta.url));
const SOON = { timeout: 15_000, interval: 50 };
/** A job, somebody who decides, and a job afterwards. */
const REVIEWED = [
  { ref: 'draft', name: 'Draft', job: 'write' },
  {
    ref: 'review',
    name: 'Review',
    kind: 'APPROVAL',
    dependsOn: ['draft'],
    message: 'May it be published?',
    approvers: ['Ann', 'Bo'],
  },
  { ref: 'publish', name: 'Publish', job: 'write', dependsOn: ['review'] },
];

describeInBrowser('the workflows in a browser', () => {
  let t: TestApp;
  let browser: TestBrowser;
  let executor: TestExecutor;
  let flows: FlowMaker;
  let isBroken = false;
  beforeAll(async () => {
    [t, executor, browser] = await Promise.all([startTestApp(), startTestExecutor(), launchBrowser()]);
    executor.answer(({ headers }, res) => {
      if (isBroken && headers['x-job-slug'] === 'print') res.writeHead(500).end('no paper');
      else res.writeHead(200, { 'content-type': 'application/json' }).end('{"words":[1,2,3]}');
    });
    flows = makeFlows(t, executor.url);
    for (const slug of ['write', 'print']) await flows.job(slug);
    await flows.workflow('reviewed', REVIEWED, { name: 'Reviewed' });
    await flows.workflow('printed', [
      { ref: 'draft', name: 'Draft', job: 'write' },
      { ref: 'paper', name: 'Print', job: 'print', dependsOn: ['draft'] },
      { ref: 'mail', name: 'Mail', job: 'write', dependsOn: ['paper'] },
    ]);
  });
  afterAll(async () => {
    await browser?.close();
    await executor?.close();
    await t?.close();
  });

  function visit(path: string, work: (visitor: Visitor) => Promise<void>, options: object = {}): Promise<void> {
    return browser.visit({ origins: [t.url], ...options }, async (visitor) => {
      await visitor.signIn(ADMIN_KEY);
      await visitor.page.goto(path);
      await work(visitor);
    });
  }

  async function until(id: string, holds: (run: WorkflowRunState) => boolean): Promise<void> {
    await expect.poll(async () => holds(await flows.read(id)), SOON).toBe(true);
  }

  /** A run of the workflow with an approval, which waits for it. */
  async function reviewedRun(): Promise<string> {
    const id = await flows.trigger('reviewed', { title: 'On rivers' });
    await until(id, (run) => stepOf(run, 'review')?.status === 'WAITING');
    return id;
  }

  it('are approved in place by one of their approvers, and the graph moves on without a reload', async () => {
    const id = await reviewedRun();
    await visit(`/workflow-runs/${id}`, async ({ page }) => {
      await page.evaluate('globalThis.sameDocument = true');
      await nodeOf(page, 'Review', 'needs a decision').click();
      // The step that is looked at stands in the address.
      await expect.poll(() => page.url(), SOON).toContain('step=review');
      await page.reload();
      await page.evaluate('globalThis.sameDocument = true');
      await page.getByRole('button', { name: 'Approve' }).click();
      const dialog = page.getByRole('dialog');
      await dialog.getByText('May it be published?').waitFor();
      expect(await dialog.getByRole('button', { name: 'Approve' }).isDisabled()).toBe(true);
      await dialog.getByLabel('Decided by').selectOption('Ann');
      await dialog.getByLabel('Reason').fill('reads well');
      await dialog.getByRole('button', { name: 'Approve' }).click();

      await nodeOf(page, 'Publish', 'completed').waitFor();
      await page.locator('header').getByText('completed', { exact: true }).waitFor();
      await page.getByText(/approved by Ann .*reads well/).waitFor();
      expect(await page.evaluate('globalThis.sameDocument')).toBe(true);
      // A run that has ended offers nothing to do with its steps.
      expect(await page.getByRole('button', { name: 'Complete by hand' }).count()).toBe(0);
    });
    expect(stepOf(await flows.read(id), 'review')).toMatchObject({ decision: 'APPROVED', decisionReason: 'reads well' });
  });

  it('fail when they are declined, with who and why', async () => {
    const id = await reviewedRun();
    await visit(`/workflow-runs/${id}?step=review`, async ({ page }) => {
      await page.getByRole('button', { name: 'Decline' }).click();
      const dialog = page.getByRole('dialog');
      await dialog.getByLabel('Decided by').selectOption('Bo');
      await dialog.getByLabel('Reason').fill('too long');
      await dialog.getByRole('button', { name: 'Decline' }).click();

      await nodeOf(page, 'Review', 'failed').waitFor();
      await page
        .getByRole('alert')
        .getByText(/declined: too long/)
        .waitFor();
      await page.getByText(/declined by Bo .*too long/).waitFor();
    });
    expect((await flows.read(id)).status).toBe('FAILED');
  });

  it('show where they are at a glance', async () => {
    await flows.workflow(
      'weekly',
      [
        { ref: 'fetch', name: 'Fetch the pages', job: 'write' },
        {
          ref: 'count',
          name: 'Count the words',
          kind: 'MAP',
          job: 'write',
          items: 'steps.fetch.output.words',
          dependsOn: ['fetch'],
        },
        {
          ref: 'check',
          name: 'Is it long?',
          kind: 'CONDITION',
          when: '$count(steps.fetch.output.words) > 2',
          whenTrue: ['long'],
          whenFalse: ['short'],
          dependsOn: ['fetch'],
        },
        { ref: 'long', name: 'Long report', job: 'write', dependsOn: ['check'] },
        { ref: 'short', name: 'Short report', job: 'write', dependsOn: ['check'] },
        {
          ref: 'review',
          name: 'Review',
          kind: 'APPROVAL',
          message: 'May it be published?',
          dependsOn: ['count', 'long', 'short'],
        },
        { ref: 'publish', name: 'Publish', job: 'write', dependsOn: ['review'] },
      ],
      { name: 'Weekly report' },
    );
    const id = await flows.trigger('weekly', { site: 'https://example.org' });
    await until(id, (run) => stepOf(run, 'review')?.status === 'WAITING');
    const options = { viewport: { width: 1_280, height: 800 } };
    await visit(
      `/workflow-runs/${id}?step=review`,
      async ({ page }) => {
        await nodeOf(page, 'Count the words', '3 of 3 started').waitFor();
        await nodeOf(page, 'Short report', 'another branch was chosen').waitFor();
        await nodeOf(page, 'Publish', 'pending').waitFor();
        await page.getByRole('button', { name: 'Approve' }).waitFor();
        await page.screenshot({ path: SCREENSHOT });
      },
      options,
    );
  });

  it('go on from what failed as a new run, each leading to the other', async () => {
    isBroken = true;
    const failed = await flows.trigger('printed');
    await until(failed, ({ status }) => status === 'FAILED');
    isBroken = false;
    await visit(`/workflow-runs/${failed}`, async ({ page }) => {
      await page
        .getByRole('alert')
        .getByText(/no paper/)
        .waitFor();
      await page.getByRole('button', { name: 'Retry' }).click();
      await page.getByRole('menuitem', { name: 'What has not completed' }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Retry' }).click();

      await expect.poll(() => page.url(), SOON).not.toContain(failed);
      await nodeOf(page, 'Mail', 'completed').waitFor();
      await nodeOf(page, 'Draft', 'kept').waitFor();
      const retried = page.url().split('/').at(-1) ?? '';
      expect(await flows.read(retried)).toMatchObject({ retryOf: failed, retryMode: 'FROM_FAILED', status: 'COMPLETED' });

      await page.getByRole('link', { name: 'an earlier one' }).click();
      await page.getByRole('link', { name: 'a later one' }).waitFor();
      expect(page.url()).toContain(failed);
    });
  });

  it('go on behind a step that somebody completes by hand or skips', async () => {
    const held = await flows.workflow('held', [
      { ref: 'event', name: 'Event', kind: 'WAIT_FOR_EVENT', eventKey: 'never-sent' },
      { ref: 'later', name: 'Later', kind: 'SLEEP', sleepSecs: 3_600, dependsOn: ['event'] },
    ]);
    const id = await flows.trigger(held);
    await visit(`/workflow-runs/${id}?step=event`, async ({ page }) => {
      await page.getByText('never-sent', { exact: true }).waitFor();
      await page.getByRole('button', { name: 'Complete by hand' }).click();
      const dialog = page.getByRole('dialog');
      await dialog.getByLabel('Output').fill('{ nothing');
      await dialog.getByRole('button', { name: 'Complete it' }).click();
      await dialog.getByText(/The output is no JSON/).waitFor();
      await dialog.getByLabel('Output').fill('{ "sent": true }');
      await dialog.getByRole('button', { name: 'Complete it' }).click();
      await nodeOf(page, 'Event', 'completed').waitFor();

      await nodeOf(page, 'Later', 'waiting').click();
      await page.getByRole('button', { name: 'Skip' }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Skip it' }).click();
      await nodeOf(page, 'Later', 'skipped by a person').waitFor();
    });
    const run = await flows.read(id);
    expect(run.status).toBe('COMPLETED');
    expect(stepOf(run, 'event')?.output).toEqual({ sent: true });
  });

  it('are paused, with a way back, and canceled', async () => {
    const id = await reviewedRun();
    await visit(`/workflow-runs/${id}`, async ({ page }) => {
      await page.getByRole('button', { name: 'Pause' }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Pause it' }).click();
      await page.locator('header').getByText('paused', { exact: true }).waitFor();
      await page.getByRole('status').getByRole('button', { name: 'Resume' }).click();
      await page.locator('header').getByText('running', { exact: true }).waitFor();
      await page.getByRole('button', { name: 'Cancel' }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Cancel it' }).click();
      await page.locator('header').getByText('canceled', { exact: true }).waitFor();
    });
  });

  it('are triggered with an input that the server checks, and their runs come in the list by themselves', async () => {
    const id = await flows.workflow('strict', [{ ref: 'one', name: 'One', job: 'write' }], {
      inputSchema: { type: 'object', required: ['title'], properties: { title: { type: 'string' } } },
    });
    await visit(`/workflows/${id}?tab=runs`, async ({ page, openTab }) => {
      await page.getByText('No workflow runs here').waitFor();
      const other = await openTab();
      await other.goto(`/workflows/${id}`);
      await other.getByRole('button', { name: 'Trigger' }).click();
      const dialog = other.getByRole('dialog');
      await dialog.getByRole('button', { name: 'Trigger' }).click();
      await dialog.getByRole('alert').getByText(/title/).first().waitFor();
      // The form of the trigger screen of jobs; its other side is text.
      await dialog.getByRole('textbox', { name: /title/i }).waitFor();
      await dialog.getByRole('tab', { name: 'JSON' }).click();
      await dialog.getByRole('textbox', { name: 'Payload' }).fill('{ "title": "On rivers" }');
      await dialog.getByRole('button', { name: 'Trigger' }).click();
      await nodeOf(other, 'One', 'completed').waitFor();

      await page.getByRole('link', { name: /^0/ }).waitFor();
      await page.getByText('1 of 1').waitFor();
    });
  });

  it('let the list be narrowed to what waits for a person', async () => {
    const id = await reviewedRun();
    await visit('/workflows?tab=runs', async ({ page }) => {
      await page.getByLabel('Which workflow runs').selectOption('person');
      await expect.poll(() => page.url(), SOON).toContain('status=person');
      await page.getByRole('link', { name: id }).waitFor();
      for (const status of await page.locator('tbody tr td:first-child').allInnerTexts()) {
        if (status !== '') expect(['running', 'paused']).toContain(status);
      }
      await page.getByRole('link', { name: id }).click();
      await nodeOf(page, 'Review', 'needs a decision').waitFor();
    });
  });

  it('walk with the keyboard from step to step in the order of the work', async () => {
    const id = await reviewedRun();
    await visit(`/workflow-runs/${id}`, async ({ page }) => {
      await nodeOf(page, 'Draft', 'completed').focus();
      const focused = () => page.evaluate<string>('document.activeElement.textContent');
      await page.keyboard.press('Tab');
      expect(await focused()).toContain('Review');
      await page.keyboard.press('Tab');
      expect(await focused()).toContain('Publish');
      await page.keyboard.press('Shift+Tab');
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { name: 'Review', exact: true }).waitFor();
    });
  });

  it('of a thousand steps open on their timeline at once, and their graph does not freeze the page', async () => {
    const steps = Array.from({ length: 1_000 }, (_, index) => ({
      ref: `s${index}`,
      name: `Step ${index}`,
      kind: 'SLEEP',
      sleepSecs: 3_600,
      dependsOn: index < 10 ? [] : [0, 3, 7].map((by) => `s${(Math.floor(index / 10) - 1) * 10 + ((index + by) % 10)}`),
    }));
    const id = await flows.trigger(await flows.workflow('big', steps));
    await visit(`/workflow-runs/${id}`, async ({ page }) => {
      await page.getByRole('region', { name: 'Steps over time' }).getByRole('button', { name: 'Step 9', exact: true }).waitFor();
      // Only the rows in view are in the page.
      expect(await page.locator('tbody tr').count()).toBeLessThan(80);
      await page.evaluate(`globalThis.longest = 0;
        new PerformanceObserver((list) => list.getEntries().forEach(({ duration }) => { longest = Math.max(longest, duration); })).observe({ type: 'longtask' });`);
      await page.getByRole('tab', { name: 'Graph' }).click();
      await nodeOf(page, 'Step 999', 'sleep').waitFor({ state: 'attached' });
      // Dagre alone took ten seconds and more.
      expect(await page.evaluate('longest')).toBeLessThan(4_000);
    });
  });

  it('have screens without a fault that axe knows, light, dark and narrow, with every tab', async () => {
    const id = await reviewedRun();
    const { workflow } = await t.graphql<{ workflow: { id: string } }>('{ workflow(id: "reviewed") { id } }');
    const addresses = [
      '/workflows',
      '/workflows?tab=runs',
      `/workflows/${workflow.id}?step=review`,
      `/workflows/${workflow.id}?tab=versions`,
      `/workflow-runs/${id}?step=review`,
      `/workflow-runs/${id}?step=draft&tab=steps`,
      `/workflow-runs/${id}?tab=events`,
      `/workflow-runs/${id}?tab=data`,
    ];
    await visit('/workflows', async (visitor) => {
      for (const address of addresses) {
        await visitor.page.goto(address);
        await expectWellMade(visitor);
      }
    });
  });
});

/** A step of the graph by its name and a few words about how it stands. */
function nodeOf(page: Page, name: string, words: string) {
  return page
    .getByRole('region', { name: /^Steps/ })
    .getByRole('button')
    .filter({ hasText: name })
    .filter({ hasText: words });
}

function stepOf({ graph }: WorkflowRunState, ref: string) {
  return graph.nodes.find((step) => step.ref === ref);
}
