const FINAL: ReadonlySet<string> = new Set([
  'COMPLETED',
  'FAILED',
  'TIMED_OUT',
  'CRASHED',
  'SYSTEM_FAILED',
  'CANCELED',
  'EXPIRED',
  'DEAD_LETTER',
]);

/** Whether nothing more happens to a run of this status by itself. */
export function isFinal(status: string): boolean {
  return FINAL.has(status);
}
