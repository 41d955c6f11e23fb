/**
 * Milliseconds since the machine started. Every process of a machine reads the same clock, so that the time between a trigger in
 * one process and its receipt in another is a plain difference.
 */
export function nowMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
