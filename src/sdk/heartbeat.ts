import type { Clock } from './clock.ts';

/** Calls `beat` every `intervalMs`, the first time after one interval and never twice at once, until `signal` aborts. */
export async function beatUntil(
  signal: AbortSignal,
  beat: () => Promise<void>,
  pace: { clock: Clock; intervalMs: number },
): Promise<void> {
  while (!signal.aborted) {
    try {
      await pace.clock.sleep(pace.intervalMs, signal);
    } catch {
      // The only way out of this sleep is the signal.
      return;
    }
    await beat();
  }
}
