import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeInBrowser } from '../support/browser.ts';
import { DO } from '../support/rest-world.ts';
import { events, hasStatus, lines, poll, type RunPages, startRunPages } from '../support/run-pages.ts';

const SCREENSHOTS = fileURLToPath(new URL('../../docs/screenshots/', import.meta.url));
/** What the page keeps as long as it is not loaded anew. */
const SAME_PAGE = 'globalThis.isSamePage';
/** A bar or mark of the timeline, by its words. */
const bar = (page: Page, words: RegExp) => page.getByRole('img', { name: words });

describeInBrowser('the page of a run', () => {
  let t: RunPages;
  beforeAll(async () => {
    t = await startRunPages();
  });
  afterAll(() => t?.close());

  it('follows a run from the queue to its end, with its log, progress, stream and result', async () => {
    const { slug } = await t.world.createJob({ name: 'Write a summary', max_concurrency: 1 });
    const holder = await t.world.accepted({}, slug);
    const { id } = await t.world.done('POST', `/v1/jobs/${slug}/trigger`, {
      body: { payload: { ...DO.accept, topic: 'relays' } },
    });

    await t.visit(`/runs/${id}`, async ({ page }) => {
      await page.evaluate(`${SAME_PAGE} = true`);
      await hasStatus(page, 'queued');
      await page.getByText(/the limit of the job .* is full: 1 of 1 slot in use/).waitFor();
      await page.getByText('place 1').waitFor();

      await t.tell(holder, 'complete', {});
      const run = { id, token: await t.world.dispatched(id) };
      await hasStatus(page, 'executing');
      await t.tell(run, 'log', { message: 'reading the sources', data: { count: 12 } });
      await t.tell(run, 'progress', { percent: 40, message: 'almost half' });
      await events(page).getByText('reading the sources').click();
      await poll(() =>
        events(page)
          .getByRole('region', { name: /^Data of event/ })
          .innerText(),
      ).toContain('"count": 12');
      await events(page).getByText('almost half').waitFor();
      expect(await page.getByRole('progressbar', { name: 'Progress: almost half' }).getAttribute('value')).toBe('0.4');

      await page.getByRole('tab', { name: 'Stream' }).click();
      await page.getByText('Nothing streamed yet').waitFor();
      await t.tell(run, 'stream', { chunks: ['A baton ', 'is <b>passed'], stream_id: 'answer' });
      const stream = page.getByRole('region', { name: 'Stream answer' });
      await poll(() => stream.innerText()).toBe('A baton is <b>passed');
      await t.tell(run, 'stream', { chunks: ['</b> on.'], stream_id: 'answer', done: true });
      await poll(() => stream.innerText()).toBe('A baton is <b>passed</b> on.');
      await page.getByText('done', { exact: true }).waitFor();

      await page.getByRole('tab', { name: 'Payload & result' }).click();
      await page.getByText('There is none until the run has completed.').waitFor();
      await t.tell(run, 'complete', { result: { words: 128 } });
      await hasStatus(page, 'completed');
      await poll(() => page.getByRole('region', { name: 'result' }).innerText()).toContain('"words": 128');
      expect(await page.getByRole('region', { name: 'payload' }).innerText()).toContain('"topic": "relays"');
      expect(await page.evaluate(SAME_PAGE)).toBe(true);
    });
  });

  it('says what a waiting run waits for, and frees it by a button', async () => {
    const run = await t.world.accepted();
    await t.tell(run, 'wait-for-event', { event_key: `paid:${run.id}`, timeout_secs: 600 });

    await t.visit(`/runs/${run.id}`, async ({ page }) => {
      await page.getByText(`it waits for the event "paid:${run.id}", which nobody has sent`).waitFor();
      await page.getByRole('button', { name: 'Send the event' }).click();
      const dialog = page.getByRole('dialog');
      await dialog.getByLabel('Payload').fill('{"amount":');
      await dialog.getByText('This is no JSON').waitFor();
      expect(await dialog.getByRole('button', { name: 'Send event' }).isDisabled()).toBe(true);
      await dialog.getByLabel('Payload').fill('{"amount": 42}');
      await dialog.getByRole('button', { name: 'Send event' }).click();

      await t.world.dispatched(run.id, 2);
      await hasStatus(page, 'executing');
      await page.getByRole('tab', { name: 'State' }).click();
      await poll(() => page.getByRole('region', { name: `event:paid:${run.id}` }).innerText()).toContain('"amount": 42');
    });
  });

  it('replays a dead letter, and goes on following it', async () => {
    const { id } = await t.world.ended({ payload: DO.fail });

    await t.visit(`/runs/${id}`, async ({ page }) => {
      await hasStatus(page, 'dead letter');
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
    const run = await t.world.accepted();
    const child = await t.tell(run, 'spawn', {
      job_slug: t.world.job.slug,
      project_id: 'default',
      payload: DO.accept,
      spawn_key: 'page-1',
    });

    await t.visit(`/runs/${run.id}?tab=family`, async ({ page }) => {
      await page.getByText('page-1').waitFor();
      await page.keyboard.press('c');
      await page.getByRole('dialog').getByText('together with everything it spawned').waitFor();
      await page.getByRole('dialog').getByRole('button', { name: 'Cancel run' }).click();
      await hasStatus(page, 'canceled');
      await poll(() => page.getByRole('tabpanel').getByText('canceled').count()).toBe(1);
      await page.getByText('The run is canceled.').waitFor();
      expect(await page.getByRole('button', { name: 'Cancel' }).count()).toBe(0);
    });
    expect((await t.world.end(child.child_run_id ?? child.id)).status).toBe('canceled');
  });

  it('draws two attempts and a wait on one axis, which can be zoomed, read and gone through by keys', async () => {
    const { slug } = await t.world.createJob({
      slug: 'research-agent',
      name: 'Research agent',
      max_attempts: 3,
      retry_initial_delay_secs: 1,
    });
    const first = await t.world.accepted({ tags: { team: 'core' } }, slug);
    await t.tell(first, 'log', { message: 'searching for “relay”', level: 'info' });
    await t.tell(first, 'fail', { error: 'search service: connection reset by peer', retry: true });
    const second = { id: first.id, token: await t.world.dispatched(first.id, 2) };
    await t.tell(second, 'checkpoint', { state: { step: 1 } });
    await t.tell(second, 'usage', {
      provider: 'acme',
      model: 'large-1',
      prompt_tokens: 1_200,
      completion_tokens: 310,
      cost_microusd: 9_000,
    });
    await t.tell(second, 'tool-call', {
      tool_name: 'web.search',
      input: { q: 'relay' },
      output: { hits: 12 },
      duration_ms: 340,
      status: 'ok',
    });
    await t.tell(second, 'log', { message: 'found 12 sources, reading them', level: 'info', data: { sources: 12 } });
    await t.tell(second, 'log', { message: 'one source could not be read', level: 'warn' });
    await t.tell(second, 'output', { output_key: 'summary', value: { text: 'Never drop it.' } });
    await t.tell(second, 'wait-for-event', { event_key: 'approval:relay', timeout_secs: 600 });

    await t.visit(`/runs/${first.id}`, async ({ page, expectAccessible }) => {
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
      await poll(() => shown.innerText()).not.toBe(whole);

      await page.getByRole('button', { name: 'Show as a table' }).click();
      const table = page.getByRole('region', { name: 'Timeline as a table' });
      expect(await table.getByRole('row').count()).toBeGreaterThan(6);
      expect(await table.innerText()).toContain('goes on');
      await expectAccessible();
    });
  });

  it.each([
    ['an id that no run has', () => '01900000-0000-7000-8000-000000000000'],
    ['something that is no id', () => 'nonsense'],
    ['a run of another project', () => t.world.other.runId],
  ])('says in words that there is no such run: %s', async (_what, id) => {
    await t.visit(`/runs/${id()}`, async ({ page, expectAccessible }) => {
      await page.getByRole('heading', { name: 'There is no such run in this project' }).waitFor();
      await expectAccessible();
    });
  });

  it.each(['light', 'dark'] as const)('can be used by everybody: %s, every tab, also on a narrow screen', async (colorScheme) => {
    const run = await t.world.accepted({ tags: { team: 'core' }, metadata: { source: 'test' } });
    await t.tell(run, 'checkpoint', { state: { page: 1 } });
    await t.tell(run, 'tool-call', { tool_name: 'search', input: {}, output: {}, duration_ms: 5, status: 'ok' });
    await t.tell(run, 'usage', { provider: 'acme', model: 'large-1', prompt_tokens: 1, completion_tokens: 1, cost_microusd: 1 });
    await t.tell(run, 'output', { output_key: 'summary', value: 'x'.repeat(500) });
    await t.tell(run, 'stream', { chunk: 'word '.repeat(100) });
    await t.tell(run, 'spawn', { job_slug: t.world.job.slug, project_id: 'default', payload: DO.complete, spawn_key: 'child' });
    await t.tell(run, 'log', { message: `a long line ${'without an end '.repeat(40)}`, level: 'error' });
    await t.visit(
      `/runs/${run.id}`,
      async ({ page, expectAccessible }) => {
        await page.getByRole('tab', { name: 'Details' }).waitFor();
        const tabs = await page.getByRole('tab').count();
        for (let tab = 0; tab < tabs; tab++) {
          await page.getByRole('tabpanel').waitFor();
          await page.locator('[role=tabpanel] [role=status][aria-label^=Loading]').waitFor({ state: 'detached' });
          await expectAccessible();
          await page.setViewportSize({ width: 360, height: 740 });
          expect(await page.evaluate('document.querySelector("main").scrollWidth'), `tab ${tab}`).toBeLessThanOrEqual(360);
          if (tab === 0) await expectAccessible();
          await page.setViewportSize({ width: 1_280, height: 800 });
          await page.keyboard.press(']');
        }
      },
      { colorScheme },
    );
  });
});
