import { Worker } from 'node:worker_threads';
import { percentile } from './statistics.ts';

/** How long a server took to answer a request that has nothing to do, in milliseconds: what its event loop was held up, and little else. */
export interface Responsiveness {
  p50: number;
  p99: number;
  max: number;
}

/** Asks a server for its health every few milliseconds, from a thread of its own, until stopped; answers how that went. */
export function probe(url: string): () => Promise<Responsiveness> {
  const worker = new Worker(new URL('./probe-worker.ts', import.meta.url), { workerData: url });
  const measured = new Promise<number[]>((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });
  return async () => {
    worker.postMessage('stop');
    const values = await measured;
    return { p50: percentile(values, 50), p99: percentile(values, 99), max: percentile(values, 100) };
  };
}
