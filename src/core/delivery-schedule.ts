const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/**
 * Pauses between the attempts of a webhook: the two documented ones (reference semantics §5.6), then those that Standard Webhooks
 * recommends, eleven attempts over three days.
 */
export const WEBHOOK_PAUSES_MS: readonly number[] = [
  SECOND,
  5 * SECOND,
  5 * MINUTE,
  30 * MINUTE,
  2 * HOUR,
  5 * HOUR,
  10 * HOUR,
  14 * HOUR,
  20 * HOUR,
  24 * HOUR,
];

/** Pauses between the attempts to tell somebody of a wait: five attempts, 5 s × 5^n, 30 minutes at most (reference semantics §5.6). */
export const NOTICE_PAUSES_MS: readonly number[] = [0, 1, 2, 3].map((n) => Math.min(5 * SECOND * 5 ** n, 30 * MINUTE));

/** However long a receiver asks us to stay away, we try again after this. */
export const MAX_DELIVERY_PAUSE_MS = 24 * HOUR;

/** Pauses are spread by ±20 %, so that what failed together does not come back together. */
const JITTER = 0.2;

/**
 * Milliseconds from a failed attempt to the next one; null when it was the last. A receiver that asks for a longer pause gets it.
 *
 * @param attempt the one that failed, from 1
 * @param random a source in [0, 1), injected so that tests are exact
 */
export function nextDeliveryMs(
  pausesMs: readonly number[],
  attempt: number,
  { retryAfterMs = null, random = Math.random }: { readonly retryAfterMs?: number | null; readonly random?: () => number } = {},
): number | null {
  const pause = pausesMs[attempt - 1];
  if (pause === undefined) return null;
  const jittered = pause * (1 - JITTER + 2 * JITTER * random());
  return Math.round(Math.min(Math.max(jittered, retryAfterMs ?? 0), MAX_DELIVERY_PAUSE_MS));
}
