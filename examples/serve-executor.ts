import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
// In a project of your own: from 'baton/sdk'.
import { createExecutor, type Jobs, type Secrets } from '../src/sdk/entry.ts';

/** Where an executor listens, and for whom it works. */
export interface ServeOptions {
  readonly batonUrl: string;
  readonly secrets: Secrets;
  /** On 127.0.0.1; 0 (default) takes a free one. */
  readonly port?: number | undefined;
}

/** A running executor. */
export interface RunningExecutor {
  /** The `endpoint_url` for its jobs. */
  readonly url: string;
  /** Ends what runs, or hands it back after `graceMs`, and stops listening. */
  close(options?: { readonly graceMs?: number }): Promise<void>;
}

/** Starts an executor of some jobs on the loopback interface. */
export async function serveExecutor(jobs: Jobs, { batonUrl, secrets, port = 0 }: ServeOptions): Promise<RunningExecutor> {
  const executor = createExecutor(jobs, { secrets, batonUrl });
  const server = createServer(executor.node);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  // A TCP server's address is an object; only a pipe's is a string.
  const address = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${address.port}/`,
    async close(grace) {
      await executor.close(grace);
      server.close();
      server.closeAllConnections();
    },
  };
}
