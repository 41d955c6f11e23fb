import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ADMIN_KEY } from '../support/app.ts';
import { describeInBrowser, launchBrowser, type TestBrowser, type Visitor } from '../support/browser.ts';
import { httpStatements } from '../support/http-statements.ts';
import { type AcceptedRun, DO, type RestWorld, startRestWorld } from '../support/rest-world.ts';

const SCREENSHOTS = fileURLToPath(new URL('../../docs/screenshots/', import.meta.url));
/** What the page keeps as long as it is not loaded anew. */
const SAME_PAGE = 'globalThis.isSamePage';

describeInBrowser('the page of a run', () => {
  let world: RestWorld;
  let browser: TestBrowser;
  beforeAll(async () => {
    world = await startRestWorld();
    browser = await launchBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    await world?.close();
  });

  const tell = (run: AcceptedRun, route: string, body: object) =>
    world.done('POST', `/sdk/v1/runs/${run.id}/${route}`, { key: run.token, body });
  const status = (page: Page) => page.locator('header').getByRole('status');
  const events = (page: Page) => page.getByRole('region', { name: 'Events' });
  /** The lines of the log that are in the page, each from its time on. */
  const lines = async (page: Page) => (await events(page).locator('[data-seq]').allInnerTexts()).join('\n');
  const bar = (page: Page, words: RegExp) => page.getByRole('img', { name: words });

  function visit(path: string, work: (visitor: Visitor) => Promise<void>, options: object = {}): Promise<void> {
    return browser.visit({ origins: [world.url], viewport: { width: 1_280, height: 800 }, ...options }, async (visitor) => {
      await visitor.signIn(ADMIN_KEY);
      await visitor.page.goto(path);
      await work(visitor);
    });
  }

  it('follows a run from the queue to its end, with its log, progress, stream and result', async () => {
    const { slug } = await world.createJob({ name: 'Write a summary', max_concurrency: 1 });
    const holder = await world.accepted({}, slug);
    const { id } = await world.done('POST', `/v1/jobs/${slug}/trigger`, { body: { payload: { ...DO.accept, topic: 'relays' } } });

    await visit(`/runs/${id}`, async ({ page }) => {
      await page.evaluate(`${SAME_PAGE} = true`);
      await expect.poll(() => status(page).innerText()).toBe('queued');
      await page.getByText(/the limit of the job .* is full: 1 of 1 slot in use/).waitFor();
      await page.getByText('place 1').waitFor();

      await tell(holder, 'complete', {});
      const run = { id, token: await world.dispatched(id) };
      await expect.poll(() => status(page).innerText()).toBe('executing');
      await tell(run, 'log', { message: 'reading the sources', data: { count: 12 } });
      await tell(run, 'progress', { percent: 40, message: 'almost half' });
      await events(page).getByText('reading the sources').click();
      await expect
        .poll(() =>
          events(page)
            .getByRole('region', { name: /^Data of event/ })
            .innerText(),
        )
        .toContain('"count": 12');
      await events(page).getByText('almost half').waitFor();
      expect(await page.getByRole('progressbar', { name: 'Progress: almost half' }).getAttribute('value')).toBe('0.4');

      await page.getByRole('tab', { name: 'Stream' }).click();
      await page.getByText('Nothing streamed yet').waitFor();
      await tell(run, 'stream', { chunks: ['A baton ', 'is <b>passed'], stream_id: 'answer' });
      const stream = page.getByRole('region', { name: 'Stream answer' });
      await expect.poll(() => stream.innerText()).toBe('A baton is <b>passed');
      await tell(run, 'stream', { chunks: ['</b> on.'], stream_id: 'answer', done: true });
      await expect.poll(() => stream.innerText()).toBe('A baton is <b>passed</b> on.');
      await page.getByText('done', { exact: true }).waitFor();

      await page.getByRole('tab', { name: 'Payload & result' }).click();
      await page.getByText('There is none until the run has completed.').waitFor();
      await tell(run, 'complete', { result: { words: 128 } });
      await expect.poll(() => status(page).innerText()).toBe('completed');
      await expect.poll(() => page.getByRole('region', { name: 'result' }).innerText()).toContain('"words": 128');
      expect(await page.getByRole('region', { name: 'payload' }).innerText()).toContain('"topic": "relays"');
      expect(await page.evaluate(SAME_PAGE)).toBe(true);
    });
  });

  it('says what a waiting run waits for, and frees it by a button', async () => {
    const run = await world.accepted();
    await tell(run, 'wait-for-event', { event_key: `paid:${run.id}`, timeout_secs: 600 });

    await visit(`/runs/${run.id}`, async ({ page }) => {
      await page.getByText(`it waits for the event "paid:${run.id}", which nobody has sent`).waitFor();
      await page.getByRole('button', { name: 'Send the event' }).click();
      const dialog = page.getByRole('dialog');
      await dialog.getByLabel('Payload').fill('{"amount":');
      await dialog.getByText('This is no JSON').waitFor();
      expect(await dialog.getByRole('button', { name: 'Send event' }).isDisabled()).toBe(true);
      await dialog.getByLabel('Payload').fill('{"amount": 42}');
      await dialog.getByRole('button', { name: 'Send event' }).click();

      await world.dispatched(run.id, 2);
      await expect.poll(() => status(page).innerText()).toBe('executing');
      await page.getByRole('tab', { name: 'State' }).click();
      await expect.poll(() => page.getByRole('region', { name: `event:paid:${run.id}` }).innerText()).toContain('"amount": 42');
    });
  });

  it('replays a dead letter, and goes on following it', async () => {
    const { id } = await world.ended({ payload: DO.fail });

    await visit(`/runs/${id}`, async ({ page }) => {
      await expect.poll(() => status(page).innerText()).toBe('dead letter');
      await page.keyboard.press('r');
      await page.getByRole('dialog').getByRole('button', { name: 'Replay' }).click();
      await events(page).getByText('replayed from the dead letters').waitFor();
      await bar(page, /^executing, then dead letter/)
        .nth(1)
        .waitFor();
      await page.getByText('Attempt 1 (round 2)').waitFor();
      expect(await lines(page)).toMatch(/dead letter[\s\S]*replayed from the dead letters[\s\S]*dead letter/);
    });
  });

  it('cancels a run with what it spawned', async () => {
    const run = await world.accepted();
    const child = await tell(run, 'spawn', {
      job_slug: world.job.slug,
      project_id: 'default',
      payload: DO.accept,
      spawn_key: 'page-1',
    });

    await visit(`/runs/${run.id}?tab=family`, async ({ page }) => {
      await page.getByText('page-1').waitFor();
      await page.keyboard.press('c');
      await page.getByRole('dialog').getByText('together with everything it spawned').waitFor();
      await page.getByRole('dialog').getByRole('button', { name: 'Cancel run' }).click();
      await expect.poll(() => status(page).innerText()).toBe('canceled');
      await expect.poll(() => page.getByRole('tabpanel').getByText('canceled').count()).toBe(1);
      await page.getByText('The run is canceled.').waitFor();
      expect(await page.getByRole('button', { name: 'Cancel' }).count()).toBe(0);
    });
    expect((await world.end(child.child_run_id ?? child.id)).status).toBe('canceled');
  });

  it('filters the log by level, type and text; the address keeps it, and live lines are held to it', async () => {
    const run = await world.accepted();
    await tell(run, 'log', { message: 'reading page 1', level: 'info' });
    await tell(run, 'log', { message: 'page 2 is gone', level: 'error', data: { http_status: 404 } });
    await tell(run, 'log', { message: 'page 3 is slow', level: 'warn' });

    await visit(`/runs/${run.id}`, async ({ page }) => {
      await events(page).getByText('page 3 is slow').waitFor();
      await page.getByRole('button', { name: 'error', exact: true }).click();
      await expect.poll(() => lines(page)).not.toContain('page 1');
      expect(await lines(page)).toContain('page 2 is gone');
      expect(page.url()).toContain('level=ERROR');

      await tell(run, 'log', { message: 'page 4 is fine', level: 'info' });
      await tell(run, 'log', { message: 'page 5 is gone', level: 'error' });
      await events(page).getByText('page 5 is gone').waitFor();
      expect(await lines(page)).not.toContain('page 4');

      await page.reload();
      await events(page).getByText('page 5 is gone').waitFor();
      expect(await lines(page)).not.toContain('page 4');

      await page.keyboard.press('/');
      await page.keyboard.type('PAGE 2');
      await expect.poll(() => lines(page)).not.toContain('page 5');
      await events(page).getByText('page 2 is gone').waitFor();
      await tell(run, 'log', { message: 'page 20 is gone', level: 'error' });
      await events(page).getByText('page 20 is gone').waitFor();
      expect(page.url()).toMatch(/q=PAGE(\+|%20)2/);
      await page.getByLabel('Search the events').fill('no such words');
      await page.getByRole('button', { name: 'Remove the filters' }).click();
      await events(page).getByText('page 4 is fine').waitFor();

      await page.getByLabel('Type of event').selectOption('STATE_CHANGE');
      await events(page).getByText('dispatched to the executor').waitFor();
      expect(await lines(page)).not.toContain('page');
    });
  });

  it('draws two attempts and a wait on one axis, which can be zoomed, read and gone through by keys', async () => {
    const { slug } = await world.createJob({
      slug: 'research-agent',
      name: 'Research agent',
      max_attempts: 3,
      retry_initial_delay_secs: 1,
    });
    const first = await world.accepted({ tags: { team: 'core' } }, slug);
    await tell(first, 'log', { message: 'searching for “relay”', level: 'info' });
    await tell(first, 'fail', { error: 'search service: connection reset by peer', retry: true });
    const second = { id: first.id, token: await world.dispatched(first.id, 2) };
    await tell(second, 'checkpoint', { state: { step: 1 } });
    await tell(second, 'usage', {
      provider: 'acme',
      model: 'large-1',
      prompt_tokens: 1_200,
      completion_tokens: 310,
      cost_microusd: 9_000,
    });
    await tell(second, 'tool-call', {
      tool_name: 'web.search',
      input: { q: 'relay' },
      output: { hits: 12 },
      duration_ms: 340,
      status: 'ok',
    });
    await tell(second, 'log', { message: 'found 12 sources, reading them', level: 'info', data: { sources: 12 } });
    await tell(second, 'log', { message: 'one source could not be read', level: 'warn' });
    await tell(second, 'output', { output_key: 'summary', value: { text: 'Never drop it.' } });
    await tell(second, 'wait-for-event', { event_key: 'approval:relay', timeout_secs: 600 });

    await visit(`/runs/${first.id}`, async ({ page, expectAccessible }) => {
      await bar(page, /^executing, failed, to be tried again/).waitFor();
      await bar(page, /^delay before the retry · 1\.\d s/).waitFor();
      await bar(page, /^executing, then waiting/).waitFor();
      await bar(page, /^waits for event approval:relay: waiting .* goes on$/).waitFor();
      await bar(page, /^checkpoint/).waitFor();
      expect(await page.getByText(/^Attempt \d$/).allInnerTexts()).toEqual(['Attempt 1', 'Attempt 2']);
      mkdirSync(SCREENSHOTS, { recursive: true });
      await page.screenshot({ path: `${SCREENSHOTS}run.png` });

      await bar(page, /^queued/)
        .first()
        .focus();
      await page.keyboard.press('ArrowDown');
      const isFocused = `document.activeElement.getAttribute('aria-label')`;
      expect(await page.evaluate(isFocused)).toMatch(/^delay before the retry/);
      await page.keyboard.press('+');
      const shown = page.getByText(/ shown$/);
      const whole = await shown.innerText();
      expect(await page.getByRole('button', { name: 'Show all of the run' }).isEnabled()).toBe(true);
      await page.keyboard.press('0');
      const plot = page.getByRole('group', { name: /^Timeline/ });
      const box = await plot.boundingBox();
      if (!box) throw new Error('no timeline');
      await page.mouse.move(box.x + box.width * 0.25, box.y + box.height - 4);
      await page.mouse.down();
      await page.mouse.move(box.x + box.width * 0.5, box.y + box.height - 4, { steps: 4 });
      await page.mouse.up();
      await expect.poll(() => shown.innerText()).not.toBe(whole);

      await page.getByRole('button', { name: 'Show as a table' }).click();
      const table = page.getByRole('region', { name: 'Timeline as a table' });
      expect(await table.getByRole('row').count()).toBeGreaterThan(6);
      expect(await table.innerText()).toContain('goes on');
      await expectAccessible();
    });
  });

  it('keeps a story of 100,000 events in a small window, from its end back to its beginning', async () => {
    const run = await world.accepted();
    await world.sql(
      `insert into run_events (run_id, seq, type, level, message, attempt, epoch)
       select $1, 3 + n, 'log', 'info', 'line ' || n, 1, 1 from generate_series(1, 100000) as n`,
      [run.id],
    );
    await world.sql('update runs set event_seq = 100003 where id = $1', [run.id]);

    await visit(`/runs/${run.id}`, async ({ page }) => {
      await events(page).getByText('line 100000', { exact: true }).waitFor();
      expect(await events(page).locator('[data-seq]').count()).toBeLessThan(80);
      await events(page).hover();
      for (let turn = 0; turn < 40; turn++) await page.mouse.wheel(0, -2_000);
      await expect.poll(async () => firstSeq(page)).toBeLessThan(99_700);
      await tell(run, 'log', { message: 'written while reading' });
      await page.getByRole('button', { name: /^(Follow the end|Go to the newest)$/ }).click();
      await events(page).getByText('written while reading').waitFor();
      expect(await events(page).locator('[data-seq]').count()).toBeLessThan(80);
    });
  });

  /** The number of the first event in the page. */
  async function firstSeq(page: Page): Promise<number> {
    return Number(await events(page).locator('[data-seq]').first().getAttribute('data-seq'));
  }

  it('switches tabs and follows by keys, which the help lists', async () => {
    const { id } = await world.ended({ payload: DO.complete });
    await visit(`/runs/${id}`, async ({ page, expectAccessible }) => {
      await page.getByRole('tab', { name: 'Logs', selected: true }).waitFor();
      await page.keyboard.press(']');
      await page.getByRole('tab', { name: 'Payload & result', selected: true }).waitFor();
      expect(page.url()).toContain('tab=payload');
      await page.keyboard.press('[');
      await page.keyboard.press('[');
      await page.getByRole('tab', { name: 'Details', selected: true }).waitFor();
      await page.goto(`/runs/${id}`);
      const follow = page.getByLabel('Follow', { exact: true });
      await follow.waitFor();
      await page.keyboard.press('f');
      expect(await follow.isChecked()).toBe(false);
      await page.keyboard.press('k');
      await page.keyboard.press('Enter');
      await expect.poll(() => events(page).locator('[aria-expanded=true]').count()).toBe(1);
      await page.keyboard.press('?');
      await page.getByRole('dialog').getByText('Follow the end of the log').waitFor();
      await expectAccessible();
    });
  });

  it('gives its trigger away as curl and GraphQL, and its story as a file', async () => {
    const { id } = await world.ended({ payload: { ...DO.complete, text: "it's" } });
    await visit(
      `/runs/${id}`,
      async ({ page }) => {
        const take = async (item: string) => {
          await page.getByRole('button', { name: 'More' }).click();
          await page.getByRole('menuitem', { name: item }).click();
        };
        await take('Copy as curl');
        await page.getByText('Copied: it triggers a run like this one.').waitFor();
        expect(await page.evaluate('navigator.clipboard.readText()')).toContain(`/v1/jobs/${world.job.id}/trigger'`);
        await take('Copy as GraphQL');
        await expect.poll(() => page.evaluate('navigator.clipboard.readText()')).toContain(`"text": "it's"`);
        const download = page.waitForEvent('download');
        await take('Download debug bundle');
        expect((await download).suggestedFilename()).toBe(`run-${id}.json`);
      },
      { permissions: ['clipboard-read', 'clipboard-write'], acceptDownloads: true },
    );
  });

  it('is loaded by few questions, as many for a run with a long story as for any', async () => {
    const cost = async (id: string) => {
      const statements = await httpStatements(() =>
        visit(`/runs/${id}`, async ({ page }) => {
          await events(page).getByText('completed', { exact: true }).first().waitFor();
        }),
      );
      return statements.filter(({ request }) => request === 'POST /graphql').length;
    };
    const plain = await world.ended({ payload: DO.complete });
    const rich = await world.accepted();
    for (let index = 0; index < 10; index++) {
      await tell(rich, 'log', { message: `line ${index}` });
      await tell(rich, 'spawn', { job_slug: world.job.slug, project_id: 'default', payload: DO.complete, spawn_key: `${index}` });
    }
    await tell(rich, 'complete', {});

    const first = await cost(plain.id);
    expect(first).toBeLessThanOrEqual(20);
    expect(await cost(rich.id)).toBeLessThanOrEqual(first + 1);
  });

  it.each([
    ['an id that no run has', () => '01900000-0000-7000-8000-000000000000'],
    ['something that is no id', () => 'nonsense'],
    ['a run of another project', () => world.other.runId],
  ])('says in words that there is no such run: %s', async (_what, id) => {
    await visit(`/runs/${id()}`, async ({ page, expectAccessible }) => {
      await page.getByRole('heading', { name: 'There is no such run in this project' }).waitFor();
      await expectAccessible();
    });
  });

  it.each(['light', 'dark'] as const)('can be used by everybody: %s, every tab, also on a narrow screen', async (colorScheme) => {
    const run = await world.accepted({ tags: { team: 'core' }, metadata: { source: 'test' } });
    await tell(run, 'checkpoint', { state: { page: 1 } });
    await tell(run, 'tool-call', { tool_name: 'search', input: {}, output: {}, duration_ms: 5, status: 'ok' });
    await tell(run, 'usage', { provider: 'acme', model: 'large-1', prompt_tokens: 1, completion_tokens: 1, cost_microusd: 1 });
    await tell(run, 'output', { output_key: 'summary', value: 'x'.repeat(500) });
    await tell(run, 'stream', { chunk: 'word '.repeat(100) });
    await tell(run, 'spawn', { job_slug: world.job.slug, project_id: 'default', payload: DO.complete, spawn_key: 'child' });
    await tell(run, 'log', { message: `a long line ${'without an end '.repeat(40)}`, level: 'error' });
    await visit(
      `/runs/${run.id}`,
      async ({ page, expectAccessible }) => {
        for (const tab of [
          'logs',
          'payload',
          'state',
          'outputs',
          'checkpoints',
          'tools',
          'usage',
          'stream',
          'family',
          'trace',
          'details',
        ]) {
          await page.goto(`/runs/${run.id}?tab=${tab}`);
          await page.getByRole('tabpanel').waitFor();
          await page.locator('[role=tabpanel] [role=status][aria-label^=Loading]').waitFor({ state: 'detached' });
          await expectAccessible();
          await page.setViewportSize({ width: 360, height: 740 });
          expect(await page.evaluate('document.querySelector("main").scrollWidth'), tab).toBeLessThanOrEqual(360);
          if (tab === 'logs') await expectAccessible();
          await page.setViewportSize({ width: 1_280, height: 800 });
        }
      },
      { colorScheme },
    );
  });
});
