import { type RunningExecutor, type ServeOptions, serveExecutor } from '../serve-executor.ts';
import { linkCheckJobs } from './jobs.ts';

/** What the example executor needs to know. */
export interface LinkCheckExecutorOptions extends ServeOptions {
  /** The directory it may look into. */
  readonly base: string;
}

/** Starts an executor of the link-check jobs on the loopback interface. */
export function startLinkCheckExecutor({ base, ...options }: LinkCheckExecutorOptions): Promise<RunningExecutor> {
  return serveExecutor(linkCheckJobs(base), options);
}

if (import.meta.main) {
  const { BATON_URL = 'http://127.0.0.1:8080', BATON_SIGNING_SECRET, LINK_CHECK_BASE = '.', PORT = '9090' } = process.env;
  if (!BATON_SIGNING_SECRET)
    throw new Error('BATON_SIGNING_SECRET is missing: the signing secret of the link-check jobs, comma-separated');
  const secrets = BATON_SIGNING_SECRET.split(',');
  const executor = await startLinkCheckExecutor({
    base: LINK_CHECK_BASE,
    batonUrl: BATON_URL,
    secrets: () => secrets,
    port: Number(PORT),
  });
  console.log(`link-check listens on ${executor.url}`);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void executor.close());
}
