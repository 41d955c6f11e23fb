import { createRootRoute, createRoute, createRouter, redirect } from '@tanstack/react-router';
import { NotFound } from './not-found.tsx';
import { ScreenError } from './screen-error.tsx';
import { Shell } from './shell.tsx';

const root = createRootRoute({ component: Shell, notFoundComponent: NotFound, errorComponent: ScreenError });

/** The search part of an address as it is: each screen reads the parameters it knows and keeps the rest. */
const looseSearch = (search: Record<string, unknown>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(search).map(([key, value]) => [key, typeof value === 'string' ? value : JSON.stringify(value)]),
  );

const home = createRoute({
  getParentRoute: () => root,
  path: '/',
  beforeLoad: () => {
    throw redirect({ to: '/runs' });
  },
});

// Each screen is a chunk of its own, loaded when it is first shown.
const runs = createRoute({ getParentRoute: () => root, path: '/runs', validateSearch: looseSearch }).lazy(() =>
  import('../runs/runs-screen.tsx').then(({ Route }) => Route),
);

const run = createRoute({ getParentRoute: () => root, path: '/runs/$runId', validateSearch: looseSearch }).lazy(() =>
  import('../run/run-screen.tsx').then(({ Route }) => Route),
);

const jobs = createRoute({ getParentRoute: () => root, path: '/jobs', validateSearch: looseSearch }).lazy(() =>
  import('../jobs/jobs-screen.tsx').then(({ Route }) => Route),
);

const newJob = createRoute({ getParentRoute: () => root, path: '/jobs/new' }).lazy(() =>
  import('../jobs/form/new-job-screen.tsx').then(({ Route }) => Route),
);

const job = createRoute({ getParentRoute: () => root, path: '/jobs/$jobId', validateSearch: looseSearch }).lazy(() =>
  import('../jobs/job-screen.tsx').then(({ Route }) => Route),
);

const editJob = createRoute({ getParentRoute: () => root, path: '/jobs/$jobId/edit' }).lazy(() =>
  import('../jobs/form/edit-job-screen.tsx').then(({ Route }) => Route),
);

const triggerJob = createRoute({ getParentRoute: () => root, path: '/jobs/$jobId/trigger', validateSearch: looseSearch }).lazy(
  () => import('../jobs/trigger/trigger-screen.tsx').then(({ Route }) => Route),
);

const deadLetters = createRoute({ getParentRoute: () => root, path: '/dead-letters', validateSearch: looseSearch }).lazy(() =>
  import('../dead-letters/dead-letters-screen.tsx').then(({ Route }) => Route),
);

const workflows = createRoute({ getParentRoute: () => root, path: '/workflows', validateSearch: looseSearch }).lazy(() =>
  import('../workflows/workflows-screen.tsx').then(({ Route }) => Route),
);

const workflow = createRoute({ getParentRoute: () => root, path: '/workflows/$workflowId', validateSearch: looseSearch }).lazy(
  () => import('../workflows/workflow-screen.tsx').then(({ Route }) => Route),
);

const workflowRun = createRoute({
  getParentRoute: () => root,
  path: '/workflow-runs/$workflowRunId',
  validateSearch: looseSearch,
}).lazy(() => import('../workflows/workflow-run-screen.tsx').then(({ Route }) => Route));

const schedules = createRoute({ getParentRoute: () => root, path: '/schedules', validateSearch: looseSearch }).lazy(() =>
  import('../schedules/schedules-screen.tsx').then(({ Route }) => Route),
);

const schedule = createRoute({ getParentRoute: () => root, path: '/schedules/$scheduleId', validateSearch: looseSearch }).lazy(
  () => import('../schedules/schedule-screen.tsx').then(({ Route }) => Route),
);

const batches = createRoute({ getParentRoute: () => root, path: '/batches' }).lazy(() =>
  import('../batches/batches-screen.tsx').then(({ Route }) => Route),
);

const batch = createRoute({ getParentRoute: () => root, path: '/batches/$batchId', validateSearch: looseSearch }).lazy(() =>
  import('../batches/batch-screen.tsx').then(({ Route }) => Route),
);

const keys = createRoute({ getParentRoute: () => root, path: '/keys', validateSearch: looseSearch }).lazy(() =>
  import('../keys/keys-screen.tsx').then(({ Route }) => Route),
);

const webhooks = createRoute({ getParentRoute: () => root, path: '/webhooks', validateSearch: looseSearch }).lazy(() =>
  import('../webhooks/webhooks-screen.tsx').then(({ Route }) => Route),
);

const system = createRoute({ getParentRoute: () => root, path: '/system', validateSearch: looseSearch }).lazy(() =>
  import('../system/system-screen.tsx').then(({ Route }) => Route),
);

/** Every screen of the dashboard and its address. */
export const router = createRouter({
  routeTree: root.addChildren([
    home,
    runs,
    run,
    deadLetters,
    jobs,
    newJob,
    job,
    editJob,
    triggerJob,
    workflows,
    workflow,
    workflowRun,
    schedules,
    schedule,
    batches,
    batch,
    keys,
    webhooks,
    system,
  ]),
  defaultPreload: 'intent',
  scrollRestoration: true,
  // Plain strings both ways: a filter like `42` stays text, and addresses stay readable: colons and commas may stand as they are.
  parseSearch: (search) => Object.fromEntries(new URLSearchParams(search)),
  stringifySearch: (search) => {
    const text = new URLSearchParams(
      Object.entries(search).filter((entry): entry is [string, string] => typeof entry[1] === 'string' && entry[1] !== ''),
    )
      .toString()
      .replaceAll('%3A', ':')
      .replaceAll('%2C', ',');
    return text === '' ? '' : `?${text}`;
  },
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
