import { onTestFinished } from 'vitest';
import {
  type Client,
  createClient,
  createExecutor,
  type Executor,
  type ExecutorOptions,
  type Jobs,
} from '../../src/sdk/entry.ts';
import { type FakeAnswer, type FakeBaton, makeDispatch, type SeenRequest, startFakeBaton, TEST_SECRET } from './fake-baton.ts';

/** An executor and the fake server it reports to. */
export interface SdkSetup {
  readonly baton: FakeBaton;
  readonly executor: Executor;
  /** What the executor told `onError`. */
  readonly errors: unknown[];
}

/** Decides what the fake server answers. */
export type Script = (request: SeenRequest) => FakeAnswer | undefined | Promise<FakeAnswer | undefined>;

/** Starts a fake server and an executor of `jobs`; both end with the test. */
export async function setup(jobs: Jobs, script?: Script, options: Partial<ExecutorOptions> = {}): Promise<SdkSetup> {
  const baton = await startFakeBaton(script);
  const errors: unknown[] = [];
  const onError = (error: unknown) => void errors.push(error);
  const executor = createExecutor(jobs, { secrets: TEST_SECRET, batonUrl: baton.url, onError, ...options });
  onTestFinished(async () => {
    await executor.close({ graceMs: 0 });
    await baton.close();
  });
  return { baton, executor, errors };
}

/** A sound dispatch but for one header that is missing. */
export function without(header: string): Request {
  const request = makeDispatch();
  request.headers.delete(header);
  return request;
}

/** True for requests to a route of `/sdk/v1/runs/{id}/`. */
export function to(route: string): (request: SeenRequest) => boolean {
  return (request) => request.path.endsWith(`/${route}`);
}

/** Starts a fake server and a client of it; the server ends with the test. */
export async function setupClient(script: Script): Promise<{ readonly baton: FakeBaton; readonly client: Client }> {
  const baton = await startFakeBaton(script);
  onTestFinished(() => baton.close());
  return { baton, client: createClient({ url: `${baton.url}/`, apiKey: 'key-1', projectId: 'p1' }) };
}
