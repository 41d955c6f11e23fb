import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeInBrowser } from '../support/browser.ts';
import {
  delayed,
  expectRows,
  expectText,
  idOf,
  REGION,
  type RunsWorld,
  rowOf,
  SOON,
  sceneOf,
  startRunsWorld,
} from '../support/runs-screen.ts';
import { traceTasks } from '../support/trace-tasks.ts';

describeInBrowser('the runs in a browser', () => {
  let w: RunsWorld;
  beforeAll(async () => {
    w = await startRunsWorld();
  });
  afterAll(() => w?.close());

  it('come, change and go in a list without a reload, also while two tabs have every stream open', async () => {
    const job = await w.makeJob();
    await w.visitRuns(`job:${job} status:delayed,canceled`, async ({ page, rows, openTab, row }) => {
      const marked = 'globalThis.sameDocument = true';
      await page.evaluate(marked);
      await expectText(page.locator('main'), /No run matches/);
      const other = await openTab();
      await other.goto(`/runs?q=job:${job}+status:delayed`);

      const [first, second] = [await w.trigger(job, delayed()), await w.trigger(job, delayed())];
      await expectRows(rows, [/delayed/, /delayed/]);
      await expectRows(sceneOf(other).rows, [/delayed/, /delayed/]);

      await w.cancel(first);
      await expectText(row(first), /canceled/);
      // What a list asks for and no longer is leaves it.
      await expectRows(sceneOf(other).rows, [/delayed/]);
      expect(await sceneOf(other).row(second).count()).toBe(1);
      await w.t.graphql('mutation ($id: ID!, $at: DateTime!) { rescheduleRun(id: $id, input: { scheduledAt: $at }) { id } }', {
        id: second,
        at: new Date().toISOString(),
      });
      await expectRows(rows, [/canceled/]);
      expect(await page.evaluate('globalThis.sameDocument')).toBe(true);
    });
  });

  it('keep still while somebody reads further down, and wait behind a button', async () => {
    const job = await w.makeJob();
    await w.triggerMany(job, 150, () => delayed());
    const [top] = await w.newestOf(job, 1);
    await w.visitRuns(`job:${job} status:delayed`, async ({ page, rows }) => {
      await expect.poll(() => rows.count(), SOON).toBeGreaterThan(10);
      await page.evaluate(`${REGION}.scrollTo(0, 1200)`);
      // The rows in view are drawn: the thirtieth is the first of them, after the twelve that are drawn ahead.
      await expect.poll(() => rows.first().getAttribute('aria-rowindex'), SOON).toBe('20');
      const id = await idOf(rows.nth(20));
      const before = await rowOf(page, id).boundingBox();
      const [newest] = [await w.trigger(job, delayed()), await w.trigger(job, delayed())];
      const pill = page.getByRole('button', { name: '2 new' });
      await pill.waitFor();
      expect(await rowOf(page, id).boundingBox()).toEqual(before);

      // One that leaves above moves nothing either.
      await w.cancel(top ?? '');
      await expect.poll(() => rows.first().getAttribute('aria-rowindex'), SOON).toBe('19');
      expect(await rowOf(page, id).boundingBox()).toEqual(before);
      await pill.click();
      await expect.poll(() => page.evaluate(`${REGION}.scrollTop`)).toBe(0);
      await rowOf(page, newest).waitFor();
      expect(await pill.count()).toBe(0);
    });
  });

  it('are found by payload, tag and error, typed with suggestions; the address holds it all', async () => {
    const job = await w.makeJob({ max_attempts: 1 });
    const wanted = await w.trigger(job, delayed({ payload: { customer: { id: 42 } }, tags: { team: 'core' } }));
    await w.trigger(job, delayed({ payload: { customer: { id: '42' } }, tags: { team: 'core' } }));
    await w.trigger(job, delayed({ payload: { customer: { id: 42 } } }));
    await w.visitRuns('', async ({ page, rows, field }) => {
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
    const job = await w.makeJob();
    await w.trigger(job, delayed({ payload: { order: { total: 7, 'ship to': 'Ann' } }, tags: { squad: 'blue team' } }));
    await w.visitRuns('', async ({ page, rows }) => {
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
    const job = await w.makeJob();
    await w.triggerMany(job, 100, () => delayed());
    await w.visitRuns(`job:${job}`, async ({ page, rows }) => {
      await expect.poll(() => rows.count(), SOON).toBeGreaterThan(10);
      const stopTracing = await traceTasks(page);
      const begin = Date.now();
      let told = 0;
      for (let tick = 1; tick <= 10; tick++) {
        const before = await w.newestOf(job, 50);
        await w.triggerMany(job, 50, () => delayed());
        await w.t.graphql('mutation ($ids: [ID!]) { cancelRuns(input: { ids: $ids }) { canceled } }', { ids: before });
        told += 100;
        await new Promise((resolve) => setTimeout(resolve, begin + tick * 500 - Date.now()));
      }
      expect(told / ((Date.now() - begin) / 1_000)).toBeGreaterThan(150);
      await expect.poll(() => rows.first().getAttribute('aria-rowindex'), SOON).toBe('2');
      const [newest] = await w.newestOf(job, 1);
      await rowOf(page, newest ?? '').waitFor();
      const { longestMs, tasks } = await stopTracing();
      // It has drawn them, and not all of them at once.
      expect(tasks).toBeGreaterThan(100);
      expect(longestMs).toBeLessThanOrEqual(100);
    });
  });

  it('are not shown by a filter that is not understood, which says why', async () => {
    await w.visitRuns('status:delayed colour:red', async ({ page, rows }) => {
      await expectText(page.getByRole('alert').first(), /colour is no filter; begin with status/);
      expect(await rows.count()).toBe(0);
      await page.getByRole('button', { name: 'Remove colour:red' }).click();
      await expect.poll(() => rows.count(), SOON).toBeGreaterThan(0);
    });
  });

  it('are kept as a view that everybody has, until somebody deletes it', async () => {
    const job = await w.makeJob();
    await w.trigger(job, delayed());
    await w.visitRuns(`job:${job} status:delayed`, async ({ page, rows }) => {
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
        .poll(() => w.t.graphql('{ savedViews(screen: "runs") { name query } }'), SOON)
        .toEqual({ savedViews: [{ name: 'My delayed runs', query: expect.stringContaining(job) }] });
    });
  });

  it('are counted by status, and a status is a button', async () => {
    const job = await w.makeJob();
    await w.triggerMany(job, 3, () => delayed());
    const id = await w.trigger(job, delayed());
    await w.cancel(id);
    await w.visitRuns(`job:${job}`, async ({ page, rows }) => {
      await page.getByRole('button', { name: 'canceled 1' }).click();
      await expectRows(rows, [/canceled/]);
      await page.getByRole('button', { name: 'delayed 3', pressed: false }).click();
      await expect.poll(() => rows.count(), SOON).toBe(4);
      expect(new URL(page.url()).searchParams.get('q')).toBe(`job:${job} status:delayed,canceled`);
    });
  });

  it('are filtered by the time that is brushed, and by a range that is chosen', async () => {
    const job = await w.makeJob();
    await w.triggerMany(job, 4, () => delayed());
    await w.visitRuns(`job:${job} created:15m`, async ({ page, rows }) => {
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
});
