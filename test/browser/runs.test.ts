import type { Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ADMIN_KEY, startTestApp, startTestExecutor, type TestApp, type TestExecutor } from '../support/app.ts';
import { describeInBrowser, launchBrowser, type TestBrowser, type Visitor } from '../support/browser.ts';

const SOON = { timeout: 10_000, interval: 50 };
const REGION = 'document.querySelector("section[aria-label=Runs]")';
const LATER = () => new Date(Date.now() + 3_600_000).toISOString();

describeInBrowser('the runs in a browser', () => {
  let t: TestApp;
  let browser: TestBrowser;
  let executor: TestExecutor;
  let jobs = 0;
  beforeAll(async () => {
    [t, executor, browser] = await Promise.all([startTestApp({ maxStreamsPerKey: 50 }), startTestExecutor(), launchBrowser()]);
  });
  afterAll(async () => {
    await browser?.close();
    await executor?.close();
    await t?.close();
  });

  /** A job of its own, so that a test filters by it and sees no other test's runs. */
  async function makeJob(over: object = {}): Promise<string> {
    const slug = `job-${++jobs}`;
    const body = { project_id: 'default', name: slug, slug, endpoint_url: executor.url, ...over };
    expect((await t.rest('POST', '/v1/jobs', { body })).status).toBe(201);
    return slug;
  }

  async function trigger(job: string, body: object = {}): Promise<string> {
    const answer = await t.rest('POST', `/v1/jobs/${job}/trigger`, { body: { payload: {}, ...body } });
    expect(answer.status).toBe(201);
    return answer.body.id;
  }

  const cancel = (id: string) => t.graphql('mutation ($id: ID!) { cancelRun(id: $id) { id } }', { id });

  async function triggerMany(job: string, number: number, item: (index: number) => object): Promise<void> {
    const items = Array.from({ length: number }, (_, index) => ({ payload: {}, ...item(index) }));
    expect((await t.rest('POST', `/v1/jobs/${job}/trigger/bulk`, { body: { items } })).status).toBe(201);
  }

  const delayed = (over: object = {}) => ({ scheduled_at: LATER(), ...over });

  async function newestOf(job: string, first: number): Promise<string[]> {
    const { runs } = await t.graphql<{ runs: { edges: { node: { id: string } }[] } }>(
      'query ($job: ID!, $first: Int!) { runs(filter: { job: $job, status: [DELAYED] }, first: $first) { edges { node { id } } } }',
      { job, first },
    );
    return runs.edges.map(({ node }) => node.id);
  }

  async function statusesOf(job: string): Promise<Record<string, number>> {
    const { runCounts } = await t.graphql<{ runCounts: { counts: { status: string; count: number }[] } }>(
      'query ($filter: RunFilter) { runCounts(filter: $filter) { counts { status count } } }',
      { filter: { job } },
    );
    return Object.fromEntries(runCounts.counts.filter(({ count }) => count > 0).map(({ status, count }) => [status, count]));
  }

  async function visitRuns(filter: string, work: (scene: Scene & Visitor) => Promise<void>, options: object = {}): Promise<void> {
    await browser.visit({ origins: [t.url], ...options }, async (visitor) => {
      await visitor.signIn(ADMIN_KEY);
      await visitor.page.goto(`/runs?${new URLSearchParams({ q: filter })}`);
      const scene = sceneOf(visitor.page);
      await scene.field.waitFor();
      await work({ ...visitor, ...scene });
    });
  }

  it('come, change and go in a list without a reload, also while two tabs have every stream open', async () => {
    const job = await makeJob();
    await visitRuns(`job:${job} status:delayed,canceled`, async ({ page, rows, openTab, row }) => {
      const marked = 'globalThis.sameDocument = true';
      await page.evaluate(marked);
      await expectText(page.locator('main'), /No run matches/);
      const other = await openTab();
      await other.goto(`/runs?q=job:${job}+status:delayed`);

      const [first, second] = [await trigger(job, delayed()), await trigger(job, delayed())];
      await expectRows(rows, [/delayed/, /delayed/]);
      await expectRows(sceneOf(other).rows, [/delayed/, /delayed/]);

      await cancel(first);
      await expectText(row(first), /canceled/);
      // What a list asks for and no longer is leaves it.
      await expectRows(sceneOf(other).rows, [/delayed/]);
      expect(await sceneOf(other).row(second).count()).toBe(1);
      await t.graphql('mutation ($id: ID!, $at: DateTime!) { rescheduleRun(id: $id, input: { scheduledAt: $at }) { id } }', {
        id: second,
        at: new Date().toISOString(),
      });
      await expectRows(rows, [/canceled/]);
      expect(await page.evaluate('globalThis.sameDocument')).toBe(true);
    });
  });

  it('keep still while somebody reads further down, and wait behind a button', async () => {
    const job = await makeJob();
    await triggerMany(job, 150, () => delayed());
    await visitRuns(`job:${job}`, async ({ page, rows }) => {
      await expect.poll(() => rows.count(), SOON).toBeGreaterThan(10);
      await page.evaluate(`${REGION}.scrollTo(0, 1200)`);
      const middle = rows.nth(20);
      const [id, before] = [await idOf(middle), await middle.boundingBox()];
      const [newest] = [await trigger(job, delayed()), await trigger(job, delayed())];

      const pill = page.getByRole('button', { name: '2 new' });
      await pill.waitFor();
      expect(await rowOf(page, id).boundingBox()).toEqual(before);
      // A row that leaves above moves nothing either.
      await pill.click();
      await expect.poll(() => page.evaluate(`${REGION}.scrollTop`)).toBe(0);
      await rowOf(page, newest).waitFor();
      expect(await pill.count()).toBe(0);
    });
  });

  it('are found by payload, tag and error, typed with suggestions; the address holds it all', async () => {
    const job = await makeJob({ max_attempts: 1 });
    const wanted = await trigger(job, delayed({ payload: { customer: { id: 42 } }, tags: { team: 'core' } }));
    await trigger(job, delayed({ payload: { customer: { id: '42' } }, tags: { team: 'core' } }));
    await trigger(job, delayed({ payload: { customer: { id: 42 } } }));
    await visitRuns('', async ({ page, rows, field }) => {
      await page.keyboard.press('/');
      await page.keyboard.type(`job:${job} payload.customer.id:42 tag.team:core stat`);
      await page.getByRole('option', { name: /^status:/ }).waitFor();
      await page.keyboard.press('ArrowDown');
      await page.keyboard.press('Enter');
      await page.keyboard.type('del');
      await page.getByRole('option', { name: 'status:delayed' }).click();

      await expectRows(rows, [new RegExp(wanted.slice(-8))]);
      const address = page.url();
      expect(new URL(address).searchParams.get('q')).toBe(`job:${job} payload.customer.id:42 tag.team:core status:delayed`);
      expect(address).toContain(`?q=job:${job}+payload.customer.id:42+tag.team:core+status:delayed`);

      await page.reload();
      await expectRows(rows, [new RegExp(wanted.slice(-8))]);
      await page.getByRole('button', { name: 'Change payload.customer.id:42' }).click();
      expect(await field.inputValue()).toBe('payload.customer.id:42');
      await field.fill('payload.customer.id:"42"');
      await field.press('Enter');
      await expect.poll(() => idOf(rows.first()), SOON).not.toBe(wanted);
      await page.goBack();
      await page.goBack();
      await expectRows(rows, [new RegExp(wanted.slice(-8))]);
    });
  });

  it('suggest what the newest runs have: jobs, names and values', async () => {
    const job = await makeJob();
    await trigger(job, delayed({ payload: { order: { total: 7, 'ship to': 'Ann' } }, tags: { squad: 'blue team' } }));
    await visitRuns('', async ({ page, rows }) => {
      const take = async (typed: string, option: string) => {
        await page.keyboard.type(typed);
        await page.getByRole('option', { name: option }).first().click();
      };
      await page.keyboard.press('/');
      await take(`job:${job}`, `job:${job}`);
      await take('payload.order.t', 'payload.order.total:');
      await take('', 'payload.order.total:7');
      await take('payload.order."', 'payload.order."ship to":');
      await take('', 'payload.order."ship to":Ann');
      await take('tag.squ', 'tag.squad:');
      await take('', 'tag.squad:"blue team"');
      await expectRows(rows, [/delayed/]);
      expect(new URL(page.url()).searchParams.get('q')).toBe(
        `job:${job} payload.order.total:7 payload.order."ship to":Ann tag.squad:"blue team"`,
      );
    });
  });

  it('stay responsive while 200 of them change in a second', async () => {
    const job = await makeJob();
    await triggerMany(job, 100, () => delayed());
    await visitRuns(`job:${job}`, async ({ page, rows }) => {
      await expect.poll(() => rows.count(), SOON).toBeGreaterThan(10);
      const stopTracing = await traceTasks(page);
      const begin = Date.now();
      let told = 0;
      for (let tick = 1; tick <= 10; tick++) {
        const before = await newestOf(job, 50);
        await triggerMany(job, 50, () => delayed());
        await t.graphql('mutation ($ids: [ID!]) { cancelRuns(input: { ids: $ids }) { canceled } }', { ids: before });
        told += 100;
        await new Promise((resolve) => setTimeout(resolve, begin + tick * 500 - Date.now()));
      }
      expect(told / ((Date.now() - begin) / 1_000)).toBeGreaterThan(150);
      await expect.poll(() => rows.first().getAttribute('aria-rowindex'), SOON).toBe('2');
      const [newest] = await newestOf(job, 1);
      await rowOf(page, newest ?? '').waitFor();
      const { longestMs, tasks } = await stopTracing();
      // It has drawn them, and not all of them at once.
      expect(tasks).toBeGreaterThan(100);
      expect(longestMs).toBeLessThanOrEqual(100);
    });
  });

  it('are not shown by a filter that is not understood, which says why', async () => {
    await visitRuns('status:delayed colour:red', async ({ page, rows }) => {
      await expectText(page.getByRole('alert').first(), /colour is no filter; begin with status/);
      expect(await rows.count()).toBe(0);
      await page.getByRole('button', { name: 'Remove colour:red' }).click();
      await expect.poll(() => rows.count(), SOON).toBeGreaterThan(0);
    });
  });

  it('are kept as a view that everybody has, until somebody deletes it', async () => {
    const job = await makeJob();
    await trigger(job, delayed());
    await visitRuns(`job:${job} status:delayed`, async ({ page, rows }) => {
      const menu = () => page.getByRole('button', { name: 'Views' }).click();
      await menu();
      await page.getByRole('menuitem', { name: 'Save this filter …' }).click();
      await page.getByLabel('Name').fill('My delayed runs');
      await page.getByRole('button', { name: 'Save', exact: true }).click();
      await page.getByText('“My delayed runs” is saved').waitFor();

      await page.goto('/runs');
      await menu();
      await page.getByRole('menuitem', { name: 'My delayed runs' }).click();
      await expectRows(rows, [/delayed/]);
      expect(new URL(page.url()).searchParams.get('q')).toBe(`job:${job} status:delayed`);
      await menu();
      await page.getByRole('menuitem', { name: 'Delete “My delayed runs” …' }).click();
      await page.getByRole('button', { name: 'Delete', exact: true }).click();
      await page.getByRole('button', { name: 'Undo' }).click();
      await expect
        .poll(() => t.graphql('{ savedViews(screen: "runs") { name query } }'), SOON)
        .toEqual({ savedViews: [{ name: 'My delayed runs', query: expect.stringContaining(job) }] });
    });
  });

  it('are counted by status, and a status is a button', async () => {
    const job = await makeJob();
    await triggerMany(job, 3, () => delayed());
    const id = await trigger(job, delayed());
    await cancel(id);
    await visitRuns(`job:${job}`, async ({ page, rows }) => {
      await page.getByRole('button', { name: 'canceled 1' }).click();
      await expectRows(rows, [/canceled/]);
      await page.getByRole('button', { name: 'delayed 3', pressed: false }).click();
      await expect.poll(() => rows.count(), SOON).toBe(4);
      expect(new URL(page.url()).searchParams.get('q')).toBe(`job:${job} status:delayed,canceled`);
    });
  });

  it('are filtered by the time that is brushed, and by a range that is chosen', async () => {
    const job = await makeJob();
    await triggerMany(job, 4, () => delayed());
    await visitRuns(`job:${job} created:15m`, async ({ page, rows }) => {
      const plot = page.getByRole('img', { name: /^4 runs created from .*, 0 of them failed/ });
      await plot.waitFor();
      await expect.poll(() => rows.count(), SOON).toBe(4);
      const over = page.locator('.u-over');
      const box = (await over.boundingBox()) ?? { x: 0, y: 0, width: 0, height: 0 };
      const drag = async (from: number, to: number) => {
        await page.mouse.move(box.x + box.width * from, box.y + box.height / 2);
        await page.mouse.down();
        await page.mouse.move(box.x + box.width * to, box.y + box.height / 2, { steps: 5 });
        await page.mouse.up();
      };
      await drag(0.1, 0.5);
      await expectText(page.locator('main'), /No run matches/);
      const filter = new URL(page.url()).searchParams.get('q');
      expect(filter).toMatch(new RegExp(`^job:${job} created:[\\dT:-]+Z\\.\\.[\\dT:-]+Z$`));
      await page.getByRole('button', { name: 'Chosen time' }).click();
      await page.getByRole('menuitem', { name: 'Last hour' }).click();
      await expect.poll(() => rows.count(), SOON).toBe(4);
      expect(new URL(page.url()).searchParams.get('q')).toBe(`job:${job} created:1h`);
    });
  });

  it('are canceled by filter, after a look at what it means, in pieces', async () => {
    const job = await makeJob();
    const other = await makeJob();
    await triggerMany(job, 450, () => delayed());
    await trigger(other, delayed());
    await visitRuns(`job:${job}`, async ({ page, rows }) => {
      await rows.first().getByRole('checkbox').check();
      await page.getByRole('button', { name: 'Select all 450 that match' }).click();
      await page.getByRole('button', { name: 'Cancel…' }).click();
      const dialog = page.getByRole('dialog');
      await expectText(dialog, /stopped for good/);
      expect(await dialog.getByRole('row').count()).toBe(10);
      await expect(statusesOf(job)).resolves.toEqual({ DELAYED: 450 });

      const values = page.evaluate(`new Promise((resolve) => {
        const seen = new Set();
        const look = () => {
          const bar = document.querySelector('dialog progress');
          if (bar) seen.add(bar.value);
          if (bar?.value === 1) resolve([...seen]);
          else requestAnimationFrame(look);
        };
        look();
      })`);
      await dialog.getByRole('button', { name: 'Cancel 450 runs' }).click();
      await expectText(dialog, /450 runs canceled\./);
      expect(((await values) as number[]).length).toBeGreaterThan(2);
      await expect(statusesOf(job)).resolves.toEqual({ CANCELED: 450 });
      await expect(statusesOf(other)).resolves.toEqual({ DELAYED: 1 });
      await dialog.getByRole('button', { name: 'Close' }).last().click();
      await expectText(rows.first(), /canceled/);
    });
  });

  it('are replayed and rescheduled when selected; those in another status stay and are told', async () => {
    const job = await makeJob({ max_attempts: 1 });
    executor.answer((_dispatch, res) => res.writeHead(422).end('no'));
    const failed = await trigger(job);
    await expect.poll(() => statusesOf(job), SOON).toEqual({ FAILED: 1 });
    executor.answer((_dispatch, res) => res.writeHead(200, { 'content-type': 'application/json' }).end('{}'));
    const waiting = await trigger(job, delayed());
    await visitRuns(`job:${job}`, async ({ page, row, rows }) => {
      await row(failed).getByRole('checkbox').check();
      await row(waiting)
        .getByRole('checkbox')
        .click({ modifiers: ['Shift'] });
      expect(await page.getByText('2 selected').count()).toBe(1);
      await page.getByRole('button', { name: 'Replay…' }).click();
      const dialog = page.getByRole('dialog');
      await expectText(dialog, /1 of the selected is in another status/);
      await dialog.getByRole('button', { name: 'Replay 1 run' }).click();
      await expectText(dialog, /1 run replayed\./);
      await dialog.getByRole('button', { name: 'Close' }).last().click();
      await expect.poll(() => rows.count(), SOON).toBe(3);
      await expectText(rows.first(), /completed/);

      await row(waiting).getByRole('checkbox').check();
      await page.getByRole('button', { name: 'Reschedule…' }).click();
      await dialog.getByRole('button', { name: 'Now' }).click();
      await dialog.getByRole('button', { name: 'Reschedule 1 run' }).click();
      await expectText(dialog, /1 run rescheduled\./);
      await expect.poll(() => statusesOf(job), SOON).toEqual({ FAILED: 1, COMPLETED: 2 });
    });
  });

  it('obey the keyboard, and say so', async () => {
    const job = await makeJob();
    const [older, newer] = [await trigger(job, delayed()), await trigger(job, delayed())];
    await visitRuns(`job:${job}`, async ({ page, rows, row }) => {
      await expect.poll(() => rows.count(), SOON).toBe(2);
      for (const key of ['j', 'j', 'x']) await page.keyboard.press(key);
      expect(await row(older).getByRole('checkbox').isChecked()).toBe(true);
      await page.keyboard.press('Escape');
      expect(await row(older).getByRole('checkbox').isChecked()).toBe(false);
      await page.keyboard.press('/');
      expect(await page.evaluate('document.activeElement.getAttribute("role")')).toBe('combobox');
      await page.keyboard.press('Escape');
      await page.keyboard.press('Escape');
      await page.keyboard.press('?');
      await expectText(page.getByRole('dialog'), /Filter the runs.*Next row.*Open the row.*Select the row/s);
      await page.keyboard.press('Escape');
      await page.keyboard.press('k');
      await page.keyboard.press('Enter');
      await expect.poll(() => new URL(page.url()).pathname, SOON).toBe(`/runs/${newer}`);
    });
  });

  it.each(['light', 'dark'] as const)('are accessible, %s, with chips, a faulty filter and a dialog', async (colorScheme) => {
    const job = await makeJob();
    await triggerMany(job, 30, () => delayed({ tags: { team: 'core' } }));
    await visitRuns(
      `job:${job} created:1h`,
      async ({ page, rows, expectAccessible }) => {
        await page.getByRole('img', { name: /^30 runs/ }).waitFor();
        await expectAccessible();
        await rows.first().getByRole('checkbox').check();
        await page.keyboard.press('/');
        await page.keyboard.type('sta');
        await page.getByRole('option', { name: /^status:/ }).waitFor();
        await expectAccessible();
        await page.keyboard.press('Escape');
        await page.getByRole('button', { name: 'Cancel…' }).click();
        await page.getByRole('button', { name: 'Cancel 1 run' }).waitFor();
        await expectAccessible();
        await page.goto('/runs?q=oops');
        await expectText(page.locator('main'), /This filter is not understood/);
        await expectAccessible();
      },
      { colorScheme },
    );
  });

  it('fit into 360 pixels', async () => {
    const job = await makeJob();
    await triggerMany(job, 30, () => delayed());
    await visitRuns(
      `job:${job}`,
      async ({ page, rows, expectAccessible }) => {
        await expect.poll(() => rows.count(), SOON).toBeGreaterThan(5);
        await page.getByRole('button', { name: 'delayed 30' }).waitFor();
        expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
        expect(await page.evaluate('document.querySelector("main").scrollWidth <= innerWidth')).toBe(true);
        expect(await rows.first().getByRole('link').isVisible()).toBe(true);
        await expectAccessible();
      },
      { viewport: { width: 360, height: 740 } },
    );
  });
});

interface TraceEvent {
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  /** How long the thread itself ran, in microseconds. */
  readonly tdur?: number;
  readonly args: { readonly name?: string };
}

/**
 * Measures the tasks of the page's main thread by the time it ran: what PerformanceObserver calls long tasks has in it what others took on
 * a busy machine, where 20 ms of arithmetic were seen to take 600.
 */
async function traceTasks(page: Page): Promise<() => Promise<{ longestMs: number; tasks: number }>> {
  const browser = page.context().browser();
  await browser?.startTracing(page, { categories: ['toplevel', '__metadata'] });
  return async () => {
    const trace = JSON.parse(String(await browser?.stopTracing())) as { traceEvents: readonly TraceEvent[] };
    const threads = new Set(
      trace.traceEvents
        .filter(({ name, args }) => name === 'thread_name' && args.name === 'CrRendererMain')
        .map(({ pid, tid }) => `${pid} ${tid}`),
    );
    const tasks = trace.traceEvents.filter(
      ({ name, pid, tid, tdur }) => name.endsWith('RunTask') && tdur !== undefined && threads.has(`${pid} ${tid}`),
    );
    return { longestMs: Math.max(...tasks.map(({ tdur = 0 }) => tdur / 1_000)), tasks: tasks.length };
  };
}

interface Scene {
  readonly region: Locator;
  readonly rows: Locator;
  readonly field: Locator;
  readonly row: (id: string) => Locator;
}

function sceneOf(page: Page): Scene {
  const region = page.getByRole('region', { name: 'Runs', exact: true });
  return {
    region,
    rows: region.locator('tbody tr:not([aria-hidden])'),
    field: page.getByRole('combobox', { name: 'Filter the runs' }),
    row: (id) => rowOf(page, id),
  };
}

/** By the link to its page. */
function rowOf(page: Page, id: string): Locator {
  return page.locator('tbody tr', { has: page.locator(`a[href="/runs/${id}"]`) });
}

async function idOf(row: Locator): Promise<string> {
  return (await row.getByRole('link').first().getAttribute('href'))?.split('/').at(-1) ?? '';
}

async function expectText(locator: Locator, text: RegExp): Promise<void> {
  await expect.poll(async () => ((await locator.count()) > 0 ? await locator.first().textContent() : null), SOON).toMatch(text);
}

async function expectRows(rows: Locator, texts: readonly RegExp[]): Promise<void> {
  await expect.poll(() => rows.allTextContents(), SOON).toEqual(texts.map((text) => expect.stringMatching(text)));
}
