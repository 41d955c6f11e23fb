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

/** Calls `send` for each number at a fixed rate, whether or not earlier calls have been answered; resolves when all have been. */
export async function openLoop(numbers: Numbers, perSecond: number, send: (n: number) => Promise<void>): Promise<void> {
  const startedAt = nowMs();
  const calls: Promise<void>[] = [];
  for (let index = 0; index < numbers.count; index++) {
    await delay(Math.max(0, startedAt + (index * 1000) / perSecond - nowMs()));
    calls.push(send(numbers.first + index));
  }
  await Promise.all(calls);
}
