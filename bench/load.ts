import { setTimeout as delay } from 'node:timers/promises';
import { nowMs } from './clock.ts';

/** Which calls to make: `count` of them, numbered from `first` on. */
export interface Numbers {
  first: number;
  count: number;
}

/**
 * About 300 bytes of JSON, the payload of one run. The number comes back in the run's result, which shows that results are stored
 * with the run they belong to.
 */
export function payloadOf(n: number): { n: number; note: string } {
  return { n, note: NOTE };
}

const NOTE = 'The quick brown fox jumps over the lazy dog. '.repeat(6);

/** Calls `send` for each number, `inFlight` calls open at any time, and resolves with the seconds it took; throws the first failure. */
export async function closedLoop(numbers: Numbers, inFlight: number, send: (n: number) => Promise<void>): Promise<number> {
  const end = numbers.first + numbers.count;
  let next = numbers.first;
  const sendUntilDone = async () => {
    while (next < end) await send(next++);
  };
  const startedAt = nowMs();
  await Promise.all(Array.from({ length: inFlight }, sendUntilDone));
  return (nowMs() - startedAt) / 1000;
}

/**
 * Calls `send` for each number at a fixed rate, whether or not earlier calls have been answered; resolves when all have been. Throws the
 * first failure, and makes no further call after it.
 */
export async function openLoop(numbers: Numbers, perSecond: number, send: (n: number) => Promise<void>): Promise<void> {
  const startedAt = nowMs();
  const failures: unknown[] = [];
  const calls: Promise<unknown>[] = [];
  for (let index = 0; index < numbers.count && failures.length === 0; index++) {
    await delay(Math.max(0, startedAt + (index * 1000) / perSecond - nowMs()));
    // Heard at once: a rejection that waits for the last call would count as unhandled.
    calls.push(send(numbers.first + index).catch((error: unknown) => failures.push(error)));
  }
  await Promise.all(calls);
  if (failures.length > 0) throw failures[0];
}
