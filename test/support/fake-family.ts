import { onTestFinished } from 'vitest';
import { createExecutor, type Jobs } from '../../src/sdk/entry.ts';
import {
  type FakeAnswer,
  type FakeBaton,
  latch,
  makeDispatch,
  type SeenRequest,
  startFakeBaton,
  TEST_SECRET,
} from './fake-baton.ts';

/** A run of the fake server. */
export interface FakeRun {
  readonly id: string;
  readonly slug: string;
  readonly payload: unknown;
  epoch: number;
  status: 'queued' | 'executing' | 'waiting' | 'completed' | 'failed';
  result: unknown;
  error: string | null;
}

/** A fake server that knows runs and their children. */
export interface FakeFamily {
  readonly baton: FakeBaton;
  /** Dispatches the one run that is not a child and resolves when it has ended. */
  runToEnd(slug: string, payload: unknown): Promise<FakeRun>;
}

/** As much of Baton as a parent with children needs: it dispatches, and wakes a waiting parent when its children have ended. */
export async function startFamily(jobs: Jobs): Promise<FakeFamily> {
  const runs = new Map<string, FakeRun>();
  const done = latch<FakeRun>();
  const isOver = (run: FakeRun) => run.status === 'completed' || run.status === 'failed';
  const children = () => [...runs.values()].filter((run) => run.id !== 'root');

  async function dispatch(run: FakeRun): Promise<void> {
    run.status = 'executing';
    run.epoch += 1;
    const response = await executor.fetch(
      makeDispatch({ slug: run.slug, payload: run.payload, runId: run.id, epoch: run.epoch }),
    );
    if (response.status !== 202) throw new Error(`the executor answered ${response.status}`);
  }

  async function answer({ path, body }: SeenRequest): Promise<FakeAnswer | undefined> {
    const [, id = '', route] = /runs\/([^/]+)\/(.+)$/.exec(path) ?? [];
    const run = runs.get(decodeURIComponent(id));
    const input = body as { job_slug: string; payload: unknown; spawn_key: string; result: unknown; error: string };
    if (!run) return { status: 404 };
    if (route === 'spawn') {
      const child = runs.get(input.spawn_key) ?? {
        id: input.spawn_key,
        slug: input.job_slug,
        payload: input.payload,
        epoch: 0,
        status: 'queued',
        result: null,
        error: null,
      };
      if (!runs.has(child.id)) setImmediate(() => void dispatch(child));
      runs.set(child.id, child);
      return { status: 202, body: { id: child.id, status: child.status } };
    }
    if (route === 'wait-for-children') {
      const ready = children().every(isOver);
      if (!ready) run.status = 'waiting';
      return { status: 200, body: { status: ready ? 'ready' : 'waiting', children: children() } };
    }
    if (route !== 'complete' && route !== 'fail') return undefined;
    Object.assign(
      run,
      route === 'complete' ? { status: 'completed', result: input.result } : { status: 'failed', error: input.error },
    );
    const root = runs.get('root');
    if (run === root) done.open(run);
    else if (root?.status === 'waiting' && children().every(isOver)) setImmediate(() => void dispatch(root));
    return undefined;
  }

  const baton = await startFakeBaton(answer);
  const executor = createExecutor(jobs, { secrets: TEST_SECRET, batonUrl: baton.url });
  onTestFinished(async () => {
    await executor.close({ graceMs: 0 });
    await baton.close();
  });
  return {
    baton,
    async runToEnd(slug, payload) {
      const root: FakeRun = { id: 'root', slug, payload, epoch: 0, status: 'queued', result: null, error: null };
      runs.set('root', root);
      await dispatch(root);
      return done.promise;
    },
  };
}
