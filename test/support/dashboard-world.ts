import type { Page } from 'playwright-core';
import { expect } from 'vitest';
import { DO, type RestWorld, startRestWorld } from './rest-world.ts';

/** A {@link RestWorld} with several of everything that a screen is about: one row alone would hide what each of them costs. */
export interface DashboardWorld extends RestWorld {
  /** Every screen of the dashboard. */
  readonly screens: Readonly<Record<ScreenName, string>>;
}

/** Every screen, by a name for people. */
export const SCREEN_NAMES = [
  'the runs',
  'a run',
  'the dead letters',
  'the jobs',
  'a job',
  'a new job',
  'a job that is changed',
  'a job that is triggered',
  'the workflows',
  'a workflow',
  'a run of a workflow',
  'the schedules',
  'a schedule',
  'the batches',
  'a batch',
  'the keys',
  'the webhooks',
  'the deliveries of webhooks',
  'the system',
] as const;
export type ScreenName = (typeof SCREEN_NAMES)[number];

/** Starts a {@link DashboardWorld}. */
export async function startDashboardWorld(): Promise<DashboardWorld> {
  const world = await startRestWorld({ maxStreamsPerKey: 100 });
  const { done, job } = world;
  for (const name of ['billing', 'mail', 'search', 'thumbnails', 'backup']) {
    await world.createJob({ name, slug: name });
    await done('POST', '/v1/workflows', { body: { slug: name, name, steps: [{ step_ref: 'only', job_slug: name }] } });
    await done('POST', '/v1/schedules', { body: { name, job_id: name, cron: '0 9 * * *' } });
    await done('POST', `/v1/workflows/${name}/trigger`);
  }
  const run = await world.accepted({ tags: { team: 'billing' } });
  await done('POST', `/sdk/v1/runs/${run.id}/log`, { key: run.token, body: { message: 'reading the invoices' } });
  await world.ended({ payload: DO.fail });
  const items = [{ payload: DO.complete }, { payload: DO.fail }, { payload: DO.complete }];
  const triggerBatch = () => done('POST', `/v1/jobs/${job.slug}/trigger/bulk`, { body: { items } });
  await triggerBatch();
  const batch = await triggerBatch();
  const steps = [
    { step_ref: 'fetch', job_slug: job.slug },
    { step_ref: 'approve', type: 'approval', depends_on: ['fetch'] },
  ];
  const workflow = await done('POST', '/v1/workflows', { body: { slug: 'invoices', name: 'Invoices', steps } });
  const workflowRun = await done('POST', '/v1/workflows/invoices/trigger');
  const schedule = await done('POST', '/v1/schedules', { body: { name: 'Each morning', job_id: job.slug, cron: '0 9 * * *' } });
  const subscription = await done('POST', '/v1/webhooks/subscriptions', {
    body: { webhook_url: 'http://127.0.0.1:9/', event_types: ['run.failed'] },
  });
  await done('POST', `/v1/webhooks/subscriptions/${subscription.id}/test`);
  await world.settled();
  return {
    ...world,
    screens: {
      'the runs': '/runs',
      'a run': `/runs/${run.id}`,
      'the dead letters': '/dead-letters',
      'the jobs': '/jobs',
      'a job': `/jobs/${job.id}`,
      'a new job': '/jobs/new',
      'a job that is changed': `/jobs/${job.id}/edit`,
      'a job that is triggered': `/jobs/${job.id}/trigger`,
      'the workflows': '/workflows',
      'a workflow': `/workflows/${workflow.id}`,
      'a run of a workflow': `/workflow-runs/${workflowRun.id}`,
      'the schedules': '/schedules',
      'a schedule': `/schedules/${schedule.id}`,
      'the batches': '/batches',
      'a batch': `/batches/${batch.batch_id}`,
      'the keys': '/keys',
      'the webhooks': '/webhooks',
      'the deliveries of webhooks': '/webhooks?tab=deliveries',
      'the system': '/system',
    },
  };
}

/** Counts what a page asks of GraphQL, streams left out, from now on. */
export function watchQueries(page: Page): { readonly asked: () => readonly string[]; readonly isQuiet: () => boolean } {
  const asked: string[] = [];
  let underWay = 0;
  const isQuery = (url: string) => new URL(url).pathname === '/graphql';
  page.on('request', (request) => {
    if (!isQuery(request.url())) return;
    underWay += 1;
    const { operationName, query } = request.postDataJSON() as { operationName?: string; query: string };
    asked.push(operationName ?? query.slice(0, 60));
  });
  const end = (request: { url(): string }) => {
    if (isQuery(request.url())) underWay -= 1;
  };
  page.on('requestfinished', end);
  page.on('requestfailed', end);
  return { asked: () => asked, isQuiet: () => underWay === 0 };
}

/** Opens an address and waits until the screen stands: it has its title, nothing is still loading, and every query is answered. */
export async function openScreen(page: Page, path: string): Promise<readonly string[]> {
  const queries = watchQueries(page);
  await page.goto(path);
  await page.getByRole('heading', { level: 1 }).waitFor();
  const loading = page.locator('main [aria-label^="Loading"]');
  // Twice in a row: what has come may ask for more.
  for (let quiet = 0; quiet < 3; quiet = (await loading.count()) === 0 && queries.isQuiet() ? quiet + 1 : 0) {
    await page.waitForTimeout(60);
  }
  expect(queries.asked().length).toBeGreaterThan(0);
  return queries.asked();
}
