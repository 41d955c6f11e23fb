import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createExecutor, type Secrets } from '../../src/sdk/entry.ts';
import { linkCheckJobs } from './jobs.ts';

/** What the example executor needs to know. */
export interface LinkCheckExecutorOptions {
  /** The directory it may look into. */
  readonly base: string;
  readonly batonUrl: string;
  readonly secrets: Secrets;
  /** On 127.0.0.1; 0 (default) takes a free one. */
  readonly port?: number;
}

/** A running executor. */
export interface LinkCheckExecutor {
  /** The `endpoint_url` for its jobs. */
  readonly url: string;
  /** Ends what runs, or hands it back after `graceMs`, and stops listening. */
  close(options?: { readonly graceMs?: number }): Promise<void>;
}

/** Starts an executor of the link-check jobs on the loopback interface. */
export async function startLinkCheckExecutor(options: LinkCheckExecutorOptions): Promise<LinkCheckExecutor> {
  const executor = createExecutor(linkCheckJobs(options.base), { secrets: options.secrets, batonUrl: options.batonUrl });
  const server = createServer(executor.node);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  // A TCP server's address is an object; only a pipe's is a string.
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/`,
    async close(grace) {
      await executor.close(grace);
      server.close();
      server.closeAllConnections();
    },
  };
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
