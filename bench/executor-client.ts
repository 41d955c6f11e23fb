import { request } from 'undici';
import { type Child, startProgram } from './child.ts';
import { nowMs } from './clock.ts';
import type { Receipt } from './executor.ts';
import { freePort } from './ports.ts';

const STALL_MS = 30_000;

/** The executor process, seen from the bench. */
export interface Executor {
  child: Child;
  /** Where runs are posted to. */
  url: string;
  /** Waits until this many distinct runs have been received in all; throws when 30 seconds pass without a new one. */
  waitForRuns(count: number): Promise<void>;
  /** All receipts from number `from` on, oldest first. */
  receipts(from: number): Promise<Receipt[]>;
}

/** Starts the executor on a free port. */
export async function startExecutor(cleanup: AsyncDisposableStack): Promise<Executor> {
  const port = await freePort();
  const child = await startProgram('executor', new URL('./executor.ts', import.meta.url), { ...process.env, PORT: String(port) });
  cleanup.defer(child.stop);
  const origin = `http://127.0.0.1:${port}`;

  async function waitForRuns(count: number): Promise<void> {
    let received = -1;
    let progressAt = nowMs();
    while (received < count) {
      const answer = await request(`${origin}/receipts/count?at-least=${count}`);
      const now = Number(await answer.body.text());
      if (now > received) progressAt = nowMs();
      received = now;
      if (nowMs() - progressAt > STALL_MS) {
        throw new Error(`The executor received ${received} of ${count} runs, and no further one for ${STALL_MS / 1000} s.`);
      }
    }
  }

  async function receipts(from: number): Promise<Receipt[]> {
    const answer = await request(`${origin}/receipts?from=${from}`);
    // Our own program in the next file writes exactly this.
    return (await answer.body.json()) as Receipt[];
  }

  return { child, url: `${origin}/`, waitForRuns, receipts };
}
